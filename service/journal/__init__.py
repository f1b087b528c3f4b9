"""The durable, ordered log of every call, and what is read from it.

`database` opens the adapter that a URL says (`address`), and `maintenance` audits, encrypts and
rekeys it as a whole; each adapter is a folder with its SQL in it (`sqlite/`, `postgresql/`).
`copying` moves a stopped journal from one to another, by its `tables`. Beside them stands what
every adapter shares: `worker` (group commit, in a thread or on the loop) and `task_worker` (in a
task), `admission` (which entries may be written), `entry_rows` and `settlement` (the rows they
become, and how far lanes came), `key_rows`, `lane_rows` and `filter_rows` (keys, lanes and what
endpoints get as rows), `filters` (of calls and words), `search` (what people type, taken apart),
`words` (of a text, as they are compared), `finding` (where they are in it), `bindings` (of keys),
`accesses` (rows of the access log), `erasure_audit` (what an audit can be asked) and `statements`
(which loads the SQL).
"""
