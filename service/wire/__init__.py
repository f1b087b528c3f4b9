"""Wire formats, pure: bytes in, typed values out, and back. Every room may read these.

`webhooks` (with `webhook_fields`, for what may be missing or of another type), `media`, `audio` and
`signature` are Telnyx's, and `providers` its list of engines; `stt` is spoken with Telnyx and with
our own recogniser, `events` and `subtitles` are what goes out. `payload` says how long coded audio
plays (`opus`, `amr_wb`), and `payload_decoder` decodes it (`ffmpeg`).
"""
