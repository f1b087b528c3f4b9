"""Search over HTTP: what was said, searches that are saved, and their feeds."""
