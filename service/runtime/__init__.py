"""The calls that are live in this process: receive, commit, hand on.

`registry` finds the `call` that an input is for; `commit` writes what its turn led to, `effects`
hands it on, `commands` has Telnyx told, and `media_streams` brings audio to its recognitions.
"""
