"""One live stream over a WebSocket.

`route` lets a client in by its `parameters`, `socket` is our side of its WebSocket, `connection`
speaks Telnyx's protocol on it, `intake` takes the audio to the `transcriber`, and that has partials
and finals sent as `results`.
"""
