"""How much more than a hidden word is silent, where all of an utterance is; and for ever."""

from typing import Final

WHOLE_MARGIN_MS: Final = 500
"""Around an utterance of which all is silent, because its words have no times."""
TO_THE_END_MS: Final = 1 << 40
"""The end of a stretch that goes on."""
