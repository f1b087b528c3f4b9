"""Endpoints over HTTP: how their deliveries go, and having parked ones tried or a call replayed.

`routes` has the operations, `models` what they answer, and `retries` the tries under way.
"""
