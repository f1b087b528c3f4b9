"""Noticing that this machine's clock is off, by the time stamps of genuine webhooks."""

from collections.abc import Callable, Mapping, Sequence

import structlog
from nacl.signing import VerifyKey

from service.errors import ForgedInputError
from service.ingress.log_throttle import LogThrottle
from service.wire.signature import TIMESTAMP_HEADER, TOLERANCE_S, verify

log = structlog.get_logger()

TOLD_FROM_S = 30.0


class SkewWatch:
    """Verifies webhooks, and warns when genuine ones are stamped more than 30 s off our clock.

    Beyond 300 s every webhook is refused, so that is told too: it looks like a wrong key
    otherwise. At most one warning a minute. `network` is Telnyx's time as well as it is known:
    a clock of ours that was set wrong costs no webhook once genuine ones have come.
    """

    def __init__(
        self, keys: Sequence[VerifyKey], network: Callable[[], float] | None = None
    ) -> None:
        self._keys = tuple(keys)
        self._network = network
        self._throttle = LogThrottle()

    def verify(self, headers: Mapping[str, str], body: bytes, *, now: float) -> int:
        """Return the stamp if one of the keys signed these raw bytes within 300 s of `now`.

        Both are Unix seconds.

        Raises:
            ForgedInputError: A header is missing or malformed, the time is off, or no key fits.
        """
        try:
            self._verify(headers, body, now)
        except ForgedInputError:
            skew_s = self._skew_s_of_stale(headers, body, now)
            if skew_s is not None:
                self._tell("stale_webhook_refused", skew_s, now)
            raise
        stamp = int(headers[TIMESTAMP_HEADER])
        if abs(now - stamp) > TOLD_FROM_S:
            self._tell("clock_skewed", now - stamp, now)
        return stamp

    def _verify(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        # one look at the signature, however that ends: it is what forgeries cost
        if self._network is not None and not _is_near(headers, now):
            now = self._network()
        verify(self._keys, headers, body, now=now)

    def _skew_s_of_stale(self, headers: Mapping[str, str], body: bytes, now: float) -> float | None:
        try:
            if _is_near(headers, now):
                return None
            stamp_s = float(headers.get(TIMESTAMP_HEADER, ""))
            verify(self._keys, headers, body, now=stamp_s)
        except (ValueError, ForgedInputError):
            return None
        return now - stamp_s

    def _tell(self, event: str, skew_s: float, now: float) -> None:
        if self._throttle.is_due(now):
            log.warning(
                event,
                skew_s=round(skew_s),
                hint="compare this machine's clock with a time server; an old copy also looks so",
            )


def _is_near(headers: Mapping[str, str], now: float) -> bool:
    try:
        return abs(now - float(headers.get(TIMESTAMP_HEADER, ""))) <= TOLERANCE_S
    except ValueError:
        return False
