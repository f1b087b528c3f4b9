"""The live feed over HTTP: Server-Sent Events and a WebSocket, from the hub of `service.feed`."""
