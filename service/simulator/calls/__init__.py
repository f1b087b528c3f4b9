"""The calls of a scenario: planned, run, and each from its first ring to its last webhook."""
