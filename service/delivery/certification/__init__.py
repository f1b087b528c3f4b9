"""Tries a receiver of webhooks with everything that may come, and says what it mishandles.

`certify` runs the `checks`: those of what a receiver must take are in `deliveries`, those of what
it must refuse in `forgeries`. They send `samples` to the `receiver` and judge what it answers: what
becomes of an event that it took cannot be seen from here.
"""

from service.delivery.certification.checks import CONTRACTS, Finding, certify, check_secret

__all__ = ["CONTRACTS", "Finding", "certify", "check_secret"]
