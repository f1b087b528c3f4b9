"""Files without a header: what telephones and their exchanges record, known by the file's name.

The endings are those that Asterisk and SoX give them. `.pcm`, `.raw` and `.vox` say too little:
they are not here.
"""

from dataclasses import dataclass
from typing import Final

HEAD_BYTES: Final = 132
"""Four frames of GSM."""
_TELEPHONE_HZ: Final = 8_000
_LINEAR: Final = "linear16"
_HEADERS: Final = (
    b"RIFF", b"RIFX", b"RF64", b"riff", b"ID3", b".snd", b"OggS", b"fLaC", b"FORM", b"caff",
    b"#!AMR", b"wvpk", b"\x1aE\xdf\xa3",
)  # fmt: skip
"""How files begin that say themselves what they are, whatever somebody called them."""


@dataclass(frozen=True, slots=True)
class RawFile:
    """What a file without a header holds: one channel."""

    codec: str
    """As in `raw`, or the name of a demuxer."""
    rate_hz: int
    is_packed: bool = False
    """Whether it takes a decoder of a child process."""


_MULAW, _ALAW = RawFile("mulaw", _TELEPHONE_HZ), RawFile("alaw", _TELEPHONE_HZ)
_GSM = RawFile("gsm", _TELEPHONE_HZ, is_packed=True)
_GSM_FRAME_BYTES, _GSM_BEGINS = 33, 0xD
_FILES: Final = {
    **dict.fromkeys(("ul", "ulaw", "ulw", "mu", "mulaw", "pcmu"), _MULAW),
    **dict.fromkeys(("al", "alaw", "alw", "pcma"), _ALAW),
    "sln": RawFile(_LINEAR, _TELEPHONE_HZ),
    **{f"sln{khz}": RawFile(_LINEAR, khz * 1_000) for khz in (12, 16, 24, 32, 48)},
    "sln44": RawFile(_LINEAR, 44_100),
    "gsm": _GSM,
    "g722": RawFile("g722", 16_000, is_packed=True),
    "g723": RawFile("g723_1", _TELEPHONE_HZ, is_packed=True),
    "g723_1": RawFile("g723_1", _TELEPHONE_HZ, is_packed=True),
    "g729": RawFile("g729", _TELEPHONE_HZ, is_packed=True),
}
"""By the ends of their names, in small letters and without the dot."""
RAW_DEMUXERS: Final = frozenset(one.codec for one in _FILES.values() if one.is_packed)


def raw_file(name: str, head: bytes) -> RawFile | None:
    """Return what a file of this name holds if it has no header; None if nobody can know.

    `head` are its first `HEAD_BYTES`: what they say goes before the name.
    """
    if not head or head.startswith(_HEADERS) or head[4:8] == b"ftyp":
        return None
    _, dot, extension = name.rpartition(".")
    found = _FILES.get(extension.casefold()) if dot else None
    return None if found == _GSM and not _may_be_gsm(head) else found


def _may_be_gsm(head: bytes) -> bool:
    """Say whether each frame begins as one of GSM does: its decoder takes others as well."""
    return all(first >> 4 == _GSM_BEGINS for first in head[::_GSM_FRAME_BYTES])
