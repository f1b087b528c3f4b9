"""Observability: metrics that Prometheus scrapes, and traces sent to a collector."""
