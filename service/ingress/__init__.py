"""What comes from Telnyx: webhooks and media, verified, parsed and handed on.

`webhook_route` verifies a webhook (`skew` watches the clock), has it parsed (`service.wire`) and
tells the call. `media_route` admits media WebSockets by their token, `media_socket` reads one of
them within its `limits` (a `frame_socket`, which wakes no task for a frame), `jitter/` puts its
frames in order, and `decoding_feed` decodes what only its own decoder can measure. What comes is
counted (`counters`), and what comes too often is cut off (`rate_limiter`; `forgeries`, before a
signature is looked at) and not logged each time (`log_throttle`).
"""
