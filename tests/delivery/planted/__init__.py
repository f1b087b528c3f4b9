"""Receivers of webhooks with one planted fault each, which `callscribe certify` must name."""

from tests.delivery.planted import ordering, reading, refusing, verifying
from tests.delivery.planted.receiver import FAULTS, Crm, open_crm

__all__ = ["FAULTS", "Crm", "open_crm", "ordering", "reading", "refusing", "verifying"]
