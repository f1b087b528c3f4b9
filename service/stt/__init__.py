"""Recognitions: our sessions with a speech-to-text engine, one track over as many as it takes.

`recognitions` is the door: a `recognition` runs one `session` after the other, each over one
`connection`; the `track` is what outlives them. `follow` is for the command line, `files` for
whole files.
"""
