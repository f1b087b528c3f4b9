"""The journal in one SQLite file, plain or encrypted by SQLCipher.

`journal`, `library`, `keys`, `searches`, `access` and `forwards` are the ports; each works on
threads and connections of its own. `file` makes and migrates, by the binding that `driver` picks,
and `locks` keeps other services out; all SQL is in `sql/`. A thread has a `connection`: the
`writer` commits `entries` by it (`bulk`: many rows by one statement), and keys, searches and their
like have a `side_connection` each, out of the writer's way. `log` keeps the write-ahead log from
taking the disk, `fulltext` is the index of words. `erasure` removes a call for good, `audit` looks
for what is left of it, `moving` is what endpoints that are gone did not get, `amending` puts other
bodies in the place of old ones, `copying` reads or fills one for a move, `encryption` writes a
whole file anew under another key, and `backup` a copy of it.
"""
