"""Wire formats, pure: bytes in, typed values out, and back. Every room may read these.

`webhooks` (with `webhook_fields`, for what may be missing or of another type), `texml`, `media`,
`audio` and `signature` are Telnyx's, `providers` its list of engines, and `parties` are whom it
dials; `stt` is spoken with Telnyx and with our own recogniser, `events` and `subtitles` are what
goes out, `metadata` is what the former say of their call, and `shown` text as people see it.
`payload` says how long coded audio plays (`opus`, `amr_wb`), and `payload_decoder` decodes it
(`ffmpeg`). `stream_tokens` are what applications sign that start streams themselves, and
`webhook_secret` says what our own webhooks are signed with.
"""
