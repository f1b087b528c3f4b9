"""Whom Telnyx can dial: numbers in E.164, and SIP addresses."""

import re
from typing import Final

PARTY: Final = (
    r"^(\+[1-9][0-9]{4,17}|"
    r"sips?:[A-Za-z0-9._~!$&'()*+=%-]+@[A-Za-z0-9.-]+(:[0-9]{1,5})?(;[A-Za-z0-9=._-]+)*)$"
)
"""What it looks like, as a pattern that JSON Schema has, too."""


def check_party(text: str) -> str:
    """Accept a number such as +13125550100, or a SIP address.

    Raises:
        ValueError: It is neither.
    """
    if not re.fullmatch(PARTY, text):
        raise ValueError('should be a number such as "+13125550100", or "sip:user@host"')
    return text
