"""A whole file over HTTP.

`route` reads the form and its upload (`uploads`, `forms`, `model_config`; `bad_fields` are
refused), or has `fetching` get what a URL leads to; `transcription` hears it, and
`rendering` writes the transcript as it was asked for.
"""
