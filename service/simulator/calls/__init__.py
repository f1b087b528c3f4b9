"""The calls of a scenario, from the first ring to the last webhook."""
