"""Endpoints over HTTP: how their deliveries go, and having parked ones tried or a call replayed."""
