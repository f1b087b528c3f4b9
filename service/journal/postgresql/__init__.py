"""The journal on PostgreSQL 15 and newer: what SQLite's adapter promises, over asyncpg.

asyncpg, because a group commit binds whole columns as arrays, in binary, for a fifth of the CPU of
any other driver. There is no pool: a connection each for the writer, for reads and for searches,
and no query in flight is ever cancelled; a connection that fails is given up and made anew.

Indexes hold nothing that changes with every event or delivery, so that PostgreSQL can update
calls and lanes in place (HOT): `call.open` tells which calls anybody still has to look at.
"""
