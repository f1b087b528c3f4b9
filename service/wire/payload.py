"""What a payload of audio says of itself, without being decoded."""

from typing import Final, NamedTuple

CODED_RATE_HZ: Final = 16_000
"""Sample rate of what OPUS and AMR-WB are decoded to, whatever rate their `start` tells.

Speech has little to say above 8 kHz, and engines take 16 kHz.
"""


class Payload(NamedTuple):
    """One payload of an encoding whose frames differ in size."""

    duration_ms: float
    begins_silence: bool = False
    """It is silent, and says that more silence follows, of which little is sent (DTX)."""
