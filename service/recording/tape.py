"""A recording of Telnyx's on its way into the call's: read, silenced, and only then written.

What is on the disk of it before it is whole lies beside the call's file, under its name with an
ending, encrypted as that is. It is then put at its place of the call clock, over what is there.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from service.calls.commands import FetchTape
from service.errors import BadInputError
from service.ids import Track
from service.recording.encrypted import is_encrypted
from service.recording.files import AudioFile, open_audio
from service.recording.riff import WavFormat, WavReader
from service.recording.silencing import Spans, pieces, silenced
from service.recording.wav import CHANNELS, HEADER_BYTES, Layout
from service.recording.writer import MAX_DURATION_MS
from service.wire.audio import Decoder, Resampler, encoder, little_endian

_PIECE_BLOCKS: Final = 16_384


class TapeSize(NamedTuple):
    """How long a tape plays; how long the call's recording does with it, and how large it is."""

    tape_ms: int
    duration_ms: int
    size_bytes: int


def part_of(path: Path, number: int) -> Path:
    """Return where a tape is kept while it comes."""
    return path.with_name(f"{path.name}.part{number}")


class TapeWriter:
    """Takes a tape as it is fetched. What is to be silent never reaches the disk."""

    def __init__(self, path: Path, tape: FetchTape, key: bytes | None) -> None:
        """Begin anew: `path` is that of the call's recording.

        Raises:
            BadInputError: It would lie where no call's recording does.
        """
        if tape.offset_ms > MAX_DURATION_MS:
            raise BadInputError("the recording begins long after the call")
        self._path, self._tape, self._key = path, tape, key
        self._part = part_of(path, tape.number)
        self._reader = WavReader()
        self._rest = b""
        self._early = 0
        self._file: AudioFile | None = None
        self._spans: Spans = {}
        self.abandon()

    def feed(self, data: bytes) -> None:
        """Take the next piece of the file.

        Raises:
            BadInputError: It is no WAV that is read here.
            OSError: The disk does not take it.
        """
        data = self._rest + self._reader.feed(data)
        form = self._reader.format
        if form is None or not data:
            return
        file = self._file or self._open(form)
        came = file.layout.sample_bytes * form.channels
        whole = len(data) - len(data) % came
        self._rest = data[whole:]
        blocks = self._blocks(data[:whole], form, file.layout)
        missed = min(self._early, len(blocks) // file.layout.block_bytes)
        self._early -= missed
        blocks = blocks[missed * file.layout.block_bytes :]
        file.append(silenced(blocks, file.data_bytes, file.layout, self._spans))

    def finish(self) -> TapeSize:
        """Put it into the call's recording, whole or not at all.

        Raises:
            BadInputError: There is no audio in it.
            OSError: It was cut off, or the disk does not take it.
        """
        if self._file is None:
            raise BadInputError("the recording is empty")
        if not self._reader.is_whole:
            raise OSError("the recording was cut off")
        layout, data_bytes = self._file.layout, self._file.data_bytes
        self._file.flush()
        self._file.sync()
        self._file.close()
        offset_ms = max(0, self._tape.offset_ms)
        size = lay_over(self._path, self._part, offset_ms, key=self._key)
        self._part.unlink(missing_ok=True)
        tape_ms = layout.duration_ms(data_bytes // layout.block_bytes)
        return size._replace(tape_ms=tape_ms)

    def abandon(self) -> None:
        """Leave nothing of it."""
        if self._file is not None:
            self._file.close()
        self._part.unlink(missing_ok=True)

    def _open(self, form: WavFormat) -> AudioFile:
        layout = Layout(form.encoding, form.sample_rate_hz)
        self._early = layout.blocks(max(0, -self._tape.offset_ms))
        self._spans = _shifted(self._tape, is_mono=form.channels == 1)
        self._file = open_audio(self._part, layout, self._key)
        return self._file

    def _blocks(self, data: bytes, form: WavFormat, layout: Layout) -> bytes:
        """Return samples of both channels, the inbound side first."""
        if form.channels == len(CHANNELS) and not self._tape.is_swapped:
            return data
        width = layout.sample_bytes
        first = _channel(data, 0, form.channels, width)
        second = _channel(data, form.channels - 1, form.channels, width)
        return _joined(second, first, width)


def lay_over(path: Path, part: Path, offset_ms: int, *, key: bytes | None) -> TapeSize:
    """Write a recording anew with a tape at its place, whole or not at all.

    What was there from its beginning to its end gives way: it is the same sound.

    Raises:
        OSError: The disk does not give or take it, or it is encrypted under another key.
    """
    made = path.with_name(path.name + ".new")
    made.unlink(missing_ok=True)
    tape = pieces(part, key)
    came = Layout.parse(next(tape))
    old: Iterator[bytes] = iter(())
    layout = came
    if path.exists():
        old = pieces(path, key if is_encrypted(path) else None)
        layout = Layout.parse(next(old))
    try:
        with closing(open_audio(made, layout, key)) as audio:
            _write(audio, _Blocks(old, layout), _converted(tape, came, layout), offset_ms)
            audio.flush()
            audio.sync()
            data_bytes = audio.data_bytes
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)  # or it would outlive the call's erasure
        raise
    return _size(layout, data_bytes)


def measure(path: Path, key: bytes | None) -> TapeSize:
    """Return how long a recording plays, and how large it is.

    Raises:
        OSError: It cannot be read.
    """
    audio = pieces(path, key if is_encrypted(path) else None)
    layout = Layout.parse(next(audio))
    return _size(layout, sum(map(len, audio)))


def _size(layout: Layout, data_bytes: int) -> TapeSize:
    duration_ms = layout.duration_ms(data_bytes // layout.block_bytes)
    return TapeSize(0, duration_ms, HEADER_BYTES + data_bytes)


def _write(audio: AudioFile, old: "_Blocks", tape: Iterator[bytes], offset_ms: int) -> None:
    layout = audio.layout
    left = layout.blocks(offset_ms)
    while left > 0:
        count = min(left, _PIECE_BLOCKS)
        data = old.take(count)
        audio.append(data + layout.silence(count - len(data) // layout.block_bytes))
        left -= count
    for piece in tape:
        audio.append(piece)
        old.take(len(piece) // layout.block_bytes)
    while data := old.take(_PIECE_BLOCKS):
        audio.append(data)


class _Blocks:
    """The audio of a recording, so many blocks at a time."""

    def __init__(self, audio: Iterator[bytes], layout: Layout) -> None:
        self._audio = audio
        self._layout = layout
        self._held = b""

    def take(self, count: int) -> bytes:
        """Return the next blocks; fewer, or none, at the end."""
        size = count * self._layout.block_bytes
        while len(self._held) < size and (piece := next(self._audio, b"")):
            self._held += piece
        data, self._held = self._held[:size], self._held[size:]
        return data[: len(data) - len(data) % self._layout.block_bytes]


def _converted(tape: Iterator[bytes], came: Layout, layout: Layout) -> Iterator[bytes]:
    """Yield a tape's audio as it lies in the call's file."""
    if came == layout:
        yield from tape
        return
    channels = [_Channel(came, layout) for _ in CHANNELS]
    blocks = _Blocks(tape, came)
    while data := blocks.take(_PIECE_BLOCKS):
        sides = [
            one.convert(_channel(data, number, len(CHANNELS), came.sample_bytes))
            for number, one in enumerate(channels)
        ]
        yield _joined(sides[0], sides[1], layout.sample_bytes)


class _Channel:
    """Converts one channel, piece by piece."""

    def __init__(self, came: Layout, layout: Layout) -> None:
        self._decode: Callable[[bytes], bytes] = little_endian
        if came.coded:
            self._decode = Decoder(came.encoding, came.sample_rate_hz).decode
        self._resampler = Resampler(came.sample_rate_hz, layout.sample_rate_hz)
        self._encode = encoder(layout.encoding) if layout.coded else little_endian

    def convert(self, samples: bytes) -> bytes:
        """Return the next samples as they lie in the file."""
        return self._encode(self._resampler.convert(self._decode(samples)))


def _shifted(tape: FetchTape, *, is_mono: bool) -> Spans:
    """Return what is silent of a tape, from its own beginning. Of a mixture it is that of both."""
    by_ms = max(0, tape.offset_ms)
    spans: dict[Track, Sequence[tuple[int, int]]] = {}
    for track in CHANNELS:
        sides = CHANNELS if is_mono else (track,)
        spans[track] = [
            (start_ms - by_ms, end_ms - by_ms)
            for side in sides
            for start_ms, end_ms in tape.silent.get(side, ())
        ]
    return spans


def _channel(data: bytes, number: int, channels: int, width: int) -> bytes:
    samples = bytearray(len(data) // channels)
    for at in range(width):
        samples[at::width] = data[number * width + at :: width * channels]
    return bytes(samples)


def _joined(left: bytes, right: bytes, width: int) -> bytes:
    data = bytearray(len(left) * 2)
    for at in range(width):
        data[at :: width * 2] = left[at::width]
        data[width + at :: width * 2] = right[at::width]
    return bytes(data)
