"""`callscribe demo`: a whole call on one machine, with no account and no network.

`play` opens the recogniser, a simulated Telnyx, the service and a `receiver`; `screen` shows the
transcript, and `findings` judges what arrived, for the `summary`.
"""

from service.demo.options import Options, can_browse
from service.demo.play import run

__all__ = ["Options", "can_browse", "run"]
