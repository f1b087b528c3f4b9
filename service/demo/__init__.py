"""`callscribe demo`: a whole call on one machine, with no account and no network."""

from service.demo.options import Options, can_browse
from service.demo.play import run

__all__ = ["Options", "can_browse", "run"]
