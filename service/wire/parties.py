"""Whom Telnyx can dial: numbers in E.164, and SIP addresses."""

import re
from typing import Final

_PARTY: Final = re.compile(r"\+[1-9][0-9]{4,17}|sips?:[^\s@,;<>\"]+@[^\s@,<>\"]+")


def check_party(text: str) -> str:
    """Accept a number such as +13125550100, or a SIP address.

    Raises:
        ValueError: It is neither.
    """
    if not _PARTY.fullmatch(text):
        raise ValueError('should be a number such as "+13125550100", or "sip:user@host"')
    return text
