"""The journal on PostgreSQL 15 and newer: what SQLite's adapter promises, over asyncpg.

asyncpg, because a group commit binds whole columns as arrays, in binary, for a fifth of the CPU of
any other driver. There is no pool: a connection each for the writer, for reads and for searches,
and no query in flight is ever cancelled; a connection that fails is given up and made anew.

`journal`, `library`, `keys`, `searches`, `access`, `forwards`, `audit` and `copying` are the ports'
other side. `writer` is its group commit, `entries` and `summaries` the rows of one (with `text` as
the server can hold it), `searching` a text's words and a search in its terms. `connection`,
`side_connection` and `opening` connect; `migrations` makes the tables, `reindexing` the words of
older ones, `roster` has the workers that share them and `claims` what many of their calls are asked
for at once, `amending` puts other bodies in the place of old ones, `moving` is what endpoints that
are gone did not get, `scrubbing` clears rows of what was erased away, and `checkup` looks at a
server before calls depend on it.

Indexes hold nothing that changes with every event or delivery, so that PostgreSQL can update calls
and lanes in place (HOT): `call.open` tells which calls anybody still has to look at, `call.owner`
who.
"""
