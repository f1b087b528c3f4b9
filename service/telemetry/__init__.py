"""Observability: metrics that Prometheus scrapes, and traces sent to a collector.

`metrics` and `tracing` are observers of what happens, `observers` makes one of both, and
`telemetry` opens them; `readings` are figures that other rooms count. Labels and spans hold slugs,
times and counts: never a word that was said, or a number.
"""
