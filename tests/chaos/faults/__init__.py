"""The faults: each plays its rounds in a world of its own, and returns what came of it.

`catalogue` has all of them. `harms` are done to several workers on one PostgreSQL, which a `ward`
has: `workers` plays them while words are said in the call, `audio` where audio comes. `older` is
another version of the service.
"""
