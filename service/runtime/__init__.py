"""The calls that are live in this process: load, receive, commit, carry out."""
