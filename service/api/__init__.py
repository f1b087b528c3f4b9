"""The public HTTP API: operations declared once, served by the router, described in OpenAPI.

`assembly` puts it together. `calls/`, `search/`, `deliveries/` and `feed/` hold the routes of
these, `token_routes`, `access_routes`, `engine_routes` and `about_routes` the others; `health` and
`metrics` are for whoever runs it. One of the `operations` has a path, models and a scope: `router`
serves it, `reading` checks its requests (by the types of `parameters`), `openapi`, `event_schemas`
and `report_schema` describe it. `access` decides who may ask, by `keys`, `tokens`, `bound_calls`
and a `rate_limiter`, and `access_log` notes who looked at what; `problems` are refusals, `cursors`
lead from page to page, `headers` stand on every answer, and `outgoing` bounds what waits to be
sent.
"""
