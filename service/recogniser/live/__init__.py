"""One live stream over a WebSocket: its parameters, its connection, its transcriber."""
