"""Which codec Telnyx is asked to encode a route's fork with.

What comes is what `start` says: where Telnyx cannot transcode, it is the call's own.
"""

from typing import Final

from service.calls.engines.table import engine_for
from service.calls.routes import Route

NARROW: Final = "PCMU"
WIDE: Final = "L16"
_NARROW_HZ: Final = 8_000


def stream_codec_for(route: Route) -> str:
    """Return the route's own choice, or the codec that costs least for what its engine takes.

    PCMU for an engine that takes 8 kHz: no codec has fewer bytes to decode, and where the engine
    takes mu-law they go through untouched. L16, which comes at 16 kHz, for one that takes only
    more: nothing has to be resampled, and what a wideband call has above 4 kHz is there.
    """
    if route.stream_codec:
        return route.stream_codec
    rates_hz = engine_for(route.engine, route.model).rates_hz
    return WIDE if rates_hz and _NARROW_HZ not in rates_hz else NARROW
