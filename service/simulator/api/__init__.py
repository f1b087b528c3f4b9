"""The API as an application sees it: REST, the STT WebSocket, files."""
