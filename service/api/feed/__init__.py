"""The live feed over HTTP: Server-Sent Events and a WebSocket, from the hub of `service.feed`.

`routes` lets a subscriber in by its `query` and hands it to `sse` or `websocket`; `connections`
counts and ends them; `operation` is how all of it is described.
"""
