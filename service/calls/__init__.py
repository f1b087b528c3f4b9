"""What a call means. Pure: no asyncio, clock, logger, vendor or I/O.

`session` takes the inputs of one `turn` and gives its outcome; `ordering` puts webhooks in order,
`transcription` and `streams` ask for words and audio, `transcripts` and `utterances` make them
events, `gaps`, `pauses` and `coverage` account for the rest. `engines/` is who can hear what.
"""
