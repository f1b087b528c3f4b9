"""The hardened HTTP listener that every room with routes is served by; it knows no other room."""
