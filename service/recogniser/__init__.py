"""A speech engine of our own behind the same WebSocket protocol as Telnyx STT."""
