"""The live feed: every durable event once, and partials as they come, for whoever watches.

The hub reads the journal once for all; a subscription is a cursor of its own over what the hub has.
"""
