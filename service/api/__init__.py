"""The public HTTP API: operations declared once, served by the router, described in OpenAPI.

`assembly` puts it together. `calls/`, `search/`, `deliveries/` and `feed/` hold the routes of
these, `token_routes`, `engine_routes` and `about_routes` the others; `health` and `metrics` are for
whoever runs it. One of the `operations` has a path, models and a scope: `router` serves it,
`reading` checks its requests (by the types of `parameters`), `openapi` and `event_schemas` describe
it. `access` decides who may ask, by `keys`, `tokens` and a `rate_limiter`; `problems` are refusals,
`cursors` lead from page to page, `headers` stand on every answer, and `outgoing` bounds what waits
to be sent.
"""
