"""What we tell Telnyx: commands with an id each, bounded retries, errors that mean something."""

from service.carrier.client import open_carrier

__all__ = ["open_carrier"]
