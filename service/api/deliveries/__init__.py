"""Endpoints over HTTP: how their deliveries go, and having parked ones tried or a call replayed.

`routes` and `endpoint_routes` have the operations, `models` what they answer, and `retries` the
tries under way.
"""
