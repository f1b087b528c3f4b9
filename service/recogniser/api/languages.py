"""Which languages may be asked for: the engine understands English."""

from typing import Final

LANGUAGE: Final = "en"
_UNDERSTOOD: Final = frozenset({LANGUAGE, "multi", "auto", "auto_detect"})
ENGLISH_ONLY: Final = "The local engine understands English only."


def is_understood(language: str) -> bool:
    """Whether this language, of any region, may be asked for, as `en-GB` or `multi`."""
    return language.lower().replace("_", "-").split("-")[0] in _UNDERSTOOD
