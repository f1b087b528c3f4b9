"""The console: a page for people, which uses only the public API with a token."""
