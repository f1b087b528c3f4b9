"""The journal in one SQLite file, plain or encrypted by SQLCipher.

`journal`, `library`, `keys` and `searches` are the ports; each works on threads and connections
of its own. `file` makes, locks and migrates; all SQL is in `sql/`.
"""
