"""One call that is placed to see what Telnyx does, beside what the simulator does in its place.

`call` is its steps: `api` sends the commands, `line` takes webhooks (`webhooks`) and media sockets
(`media`, whose numbers `frames` reads), for which `watch` waits, and `engines` listens to what is
said. All that is seen goes into `facts`, which hold names and codes and nothing of anybody.
`simulated` plays the same call against the simulator, and `report` lays the two side by side.
"""

from service.trial.call import Patience, Trial, place_call
from service.trial.facts import Facts
from service.trial.report import Outcome, compare, judge
from service.trial.simulated import place_simulated

__all__ = [
    "Facts",
    "Outcome",
    "Patience",
    "Trial",
    "compare",
    "judge",
    "place_call",
    "place_simulated",
]
