"""`callscribe demo`: a whole call on one machine, with no account and no network."""

from service.demo.options import Options

__all__ = ["Options"]
