"""A disk whose power can be cut: a FUSE file system that keeps in memory what was not synced.

`volatile` is what it holds, `fuse` speaks with the kernel, `process` runs both on their own,
`power` mounts it, cuts it off and brings it back.
"""
