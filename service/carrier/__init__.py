"""Commands to Telnyx: each has an id, bounded retries, and errors that say what to do.

`client` is the port's implementation on Telnyx's SDK, which `sdk` loads; `actions` turns our
commands into the SDK's calls, `answers` reads what Telnyx says to questions, and `refusals` turns
what it refuses into our errors. These three are pure. `providers` asks for the list of engines,
`tapes` fetches recordings.
"""

from service.carrier.client import open_carrier

__all__ = ["open_carrier"]
