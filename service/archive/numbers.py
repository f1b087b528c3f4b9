"""Numbers of calls to be erased: given whole, since a pattern is no number."""

_SIGNS = ("*", "?", "[")
"""What patterns are made of. In a SIP address they may stand for themselves, but at its end."""


def check_whole(number: str) -> str:
    """Return the number as it is.

    Raises:
        ValueError: It is a pattern, for which nothing would be erased.
    """
    address = "@" in number
    if number.endswith("*") or (not address and any(sign in number for sign in _SIGNS)):
        raise ValueError(
            "should be one number, whole, such as +13125550100: erasing takes no pattern"
        )
    return number
