"""The durable, ordered log of every call."""
