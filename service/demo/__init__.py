"""`callscribe demo`: a whole call on one machine, with no account and no network.

`options` say which `demo_call` it is. `play` opens the recogniser, a simulated Telnyx, the service
and a `receiver`; `screen` shows the transcript, `console_link` leads to the console. `findings`
judges what arrived, with `wer` for the words, for the `summary`.
"""

from service.demo.options import Options, can_browse
from service.demo.play import run

__all__ = ["Options", "can_browse", "run"]
