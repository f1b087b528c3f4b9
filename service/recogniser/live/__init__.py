"""One live stream over a WebSocket.

The route lets a client in, the connection speaks Telnyx's protocol, the intake takes its audio to
the transcriber, and the transcriber sends partials and finals.
"""
