"""The hardened HTTP listener that every room with routes is served by; it knows no other room.

`listen` opens it. `connections` have the deadlines that `limits` sets, and the `gate` lets so many
in, counted by whom proxies say they speak for (`forwarded`); `bodies` are read within bounds,
`handshakes` are checked, `access` logs without tokens or numbers. `answers` are problem details;
`files` and `ranges` are streamed, through an `outlet` where an answer goes on for long.
"""
