"""Whether the workers of one database run with the same settings, by fingerprints of these."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import structlog

from service.ids import WorkerId
from service.ports import Neighbour

_KEY: Final = "telnyx_api_key"
"""All fingerprints are made with it: where it differs, they say nothing of the rest."""
_decoder: Final = msgspec.json.Decoder(dict[str, str])

log = structlog.get_logger()


def encode_fingerprints(fingerprints: Mapping[str, str]) -> str:
    """Write fingerprints, so that the same ones are the same text."""
    return msgspec.json.encode(fingerprints, order="deterministic").decode()


def differing(ours: str, theirs: str) -> list[str]:
    """Return the sections that two workers have and that differ.

    What another version wrote, or did not know yet, differs in nothing.
    """
    try:
        one, other = _decoder.decode(ours), _decoder.decode(theirs)
    except msgspec.DecodeError:
        return []
    sections = sorted(name for name in one.keys() & other.keys() if one[name] != other[name])
    return [_KEY] if _KEY in sections else sections


class Likeness:
    """How the settings of the other workers differ from this one's; what changes is logged."""

    def __init__(self, fingerprints: Mapping[str, str]) -> None:
        self.ours = encode_fingerprints(fingerprints)
        """This worker's, as the others find them on the roster."""
        self._unlike: dict[WorkerId, list[str]] = {}

    @property
    def unlike(self) -> int:
        """How many of the other workers have other settings."""
        return len(self._unlike)

    @property
    def sections(self) -> list[str]:
        """What differs, in any of them."""
        return sorted({name for sections in self._unlike.values() for name in sections})

    def change(self, fingerprints: Mapping[str, str]) -> None:
        """Take it that this worker's are these from now on: secrets were rotated."""
        self.ours = encode_fingerprints(fingerprints)

    def compare(self, ours: str, neighbours: Iterable[Neighbour]) -> None:
        """Compare what the others have with what was ours when they were asked."""
        unlike = {one.worker: differing(ours, one.settings) for one in neighbours}
        unlike = {worker: sections for worker, sections in unlike.items() if sections}
        for worker, sections in unlike.items():
            if self._unlike.get(worker) != sections:
                log.warning("settings_differ", other=worker, sections=sections)
        if self._unlike and not unlike:
            log.info("settings_alike")
        self._unlike = unlike
