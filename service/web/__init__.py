"""The hardened HTTP listener that every room with routes is served by; it knows no other room.

`listen` opens it. `connections` have the deadlines and caps that `limits` sets, `handshakes` are
checked, `access` logs without tokens or numbers. `answers` are problem details; `files` and
`ranges` are streamed, through an `outlet` where an answer goes on for long.
"""
