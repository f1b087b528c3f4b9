"""Search over HTTP: what was said, searches that are saved, and their feeds.

`routes` has the operations, `models` what is asked and answered, `kept` which searches
are whose, `feed` what a saved search finds
as it is committed.
"""
