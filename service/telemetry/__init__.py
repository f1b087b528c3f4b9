"""Observability: metrics that Prometheus scrapes, and traces sent to a collector.

`metrics` and `tracing` are observers of what happens; `readings` are figures that other rooms
count. Labels and spans hold slugs, times and counts: never a word that was said, or a number.
"""
