"""The faults: each plays its rounds in a world of its own, and returns what came of it."""
