"""Delivers events to endpoints: lanes, retries, signing and sinks.

A delivery that is given up is *parked*: the journal's list of parked deliveries is the
dead-letter queue, from which people retry.
"""
