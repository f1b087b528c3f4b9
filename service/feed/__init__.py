"""The live feed: every durable event once, and partials as they come, for whoever watches.

`hub` reads the journal once for all into a `ring` of the newest events; a `subscription` is a
cursor of its own over what the hub has. Its `filter` chooses `items`, by `call_lookup` where it
asks for something of a call; `partials` holds what has no final yet, and `frames` is how all of it
is written.
"""
