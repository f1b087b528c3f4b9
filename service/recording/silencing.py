"""Silencing what is not to be heard any more of a recording that is whole."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from service.calls.reredaction import Silent
from service.ids import Track
from service.recording.disk import write_zeros
from service.recording.encrypted import EncryptedReader, is_encrypted
from service.recording.files import open_audio
from service.recording.wav import CHANNELS, HEADER_BYTES, Layout

_PIECE_BYTES: Final = 65_536

Spans = Mapping[Track, Sequence[tuple[int, int]]]
"""From when to when a track is to be silent, in milliseconds from the start of the file."""


def spans_of(silent: Iterable[Silent]) -> Spans:
    """Return what is not to be heard any more of a call, by track."""
    spans: dict[Track, list[tuple[int, int]]] = {track: [] for track in CHANNELS}
    for one in silent:
        for track in CHANNELS if one.track is None else (one.track,):
            spans[track].append(one.span)
    return spans


def silence(path: Path, spans: Spans, *, key: bytes | None) -> None:
    """Write a recording anew with these spans silent, whole or not at all.

    Zeros go over the old one. With its `key` an encrypted one is read, and stays encrypted.

    Raises:
        OSError: The disk does not give or take it, or it is encrypted under another key.
    """
    key = key if is_encrypted(path) else None
    made = path.with_name(path.name + ".new")
    made.unlink(missing_ok=True)
    with path.open("r+b", buffering=0) as old:
        try:
            _write_silenced(path, made, spans, key)
            made.replace(path)
        except BaseException:
            made.unlink(missing_ok=True)  # or it would outlive the call's erasure
            raise
        write_zeros(old.fileno())


def _write_silenced(path: Path, made: Path, spans: Spans, key: bytes | None) -> None:
    old = pieces(path, key)
    layout = Layout.parse(next(old))
    with closing(open_audio(made, layout, key)) as audio:
        for piece in old:
            audio.append(silenced(piece, audio.data_bytes, layout, spans))
        audio.flush()
        audio.sync()


def pieces(path: Path, key: bytes | None) -> Iterator[bytes]:
    """Yield the header, and then the audio in pieces of whole blocks."""
    if key is None:
        with path.open("rb") as file:
            yield file.read(HEADER_BYTES)
            while piece := file.read(_PIECE_BYTES):
                yield piece
        return
    with closing(EncryptedReader(path, key)) as reader:
        yield b"".join(reader.read(0, HEADER_BYTES))
        yield from reader.read(HEADER_BYTES, reader.size_bytes)


def silenced(piece: bytes, at: int, layout: Layout, spans: Spans) -> bytes:
    """Return a piece that begins at this byte of the audio, with what is in the spans silent."""
    begin = at // layout.block_bytes
    blocks = len(piece) // layout.block_bytes
    data = bytearray(piece)
    for channel, track in enumerate(CHANNELS):
        for start_ms, end_ms in spans.get(track, ()):
            first = max(0, layout.blocks(start_ms) - begin)
            last = min(blocks, layout.blocks(end_ms) - begin)
            if first < last:
                layout.silence_channel(data, channel, first, last)
    return bytes(data)
