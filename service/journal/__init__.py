"""The durable, ordered log of every call, and what is read from it.

`database` picks the adapter by URL; each adapter is a folder with its SQL in it (`sqlite/`).
Beside them stands what every adapter shares: the group-commit worker, the admission of entries,
rows and settlements, the reading of searches, the loader of statements.
"""
