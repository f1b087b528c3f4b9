"""Commands to Telnyx: each has an id, bounded retries, and errors that say what to do."""

from service.carrier.client import open_carrier

__all__ = ["open_carrier"]
