"""What comes from Telnyx: webhooks and media, verified, parsed and handed on.

`webhook_route` verifies a webhook (`skew`), has it parsed (`wire/webhooks`) and tells the call.
`media_route` admits media WebSockets by their token, `media_socket` reads one of them, and
`jitter/` puts its frames in order.
"""
