"""Calls over HTTP: read, controlled, erased, and heard."""
