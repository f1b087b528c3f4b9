"""The audio of a call: two tracks as 8 kHz mu-law, and the script of what is said on them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from service.errors import SettingsError
from service.ids import Track
from service.simulator.scenario import Pair
from service.simulator.speech import audio
from service.simulator.speech.audio import PCMU, SILENCE, Encoding
from service.simulator.speech.coded_track import CodedTrack
from service.simulator.speech.riff import Wav, parse_wav
from service.simulator.speech.script import TRACK_OF, Speaker, Utterance, make_utterance

MAX_FILE_BYTES = 512 * 1024 * 1024


class CallAudio:
    """The audio of a call. Both tracks have the same length; silence fills the shorter one."""

    def __init__(self, tracks: Mapping[Track, bytes], script: Sequence[Utterance] = ()) -> None:
        length = max(map(len, tracks.values()), default=0)
        self._tracks = {
            track: tracks.get(track, b"").ljust(length, SILENCE) for track in get_args(Track)
        }
        self._encoded: dict[tuple[Track, Encoding], bytes] = {}
        self._coded: dict[tuple[Track, Encoding], CodedTrack] = {}
        self.script = tuple(sorted(script, key=lambda said: (said.start_ms, said.track)))
        self.duration_ms = length // PCMU.bytes_per_ms

    def with_swapped_tracks(self) -> "CallAudio":
        """Return the audio as the other party's leg has it."""
        swapped: dict[Track, Track] = {"inbound": "outbound", "outbound": "inbound"}
        script = [replace(said, track=swapped[said.track]) for said in self.script]
        return CallAudio({swapped[track]: data for track, data in self._tracks.items()}, script)

    def of_side(self, track: Track) -> "CallAudio":
        """Return one track as a leg has it that carries nothing else."""
        script = [replace(said, track="inbound") for said in self.utterances(track)]
        return CallAudio({"inbound": self._tracks[track]}, script)

    def utterances(self, track: Track) -> list[Utterance]:
        """Return the utterances of one track."""
        return [said for said in self.script if said.track == track]

    def encoded(self, track: Track, encoding: Encoding) -> bytes:
        """Return a whole track; it is made once for each encoding, and kept."""
        key = (track, encoding)
        if key not in self._encoded:
            self._encoded[key] = encoding.encode(self._tracks[track])
        return self._encoded[key]

    def coded(self, track: Track, encoding: Encoding) -> CodedTrack:
        """Return a track in OPUS or AMR-WB."""
        key = (track, encoding)
        if key not in self._coded:
            self._coded[key] = CodedTrack(self._tracks[track], encoding)
        return self._coded[key]

    def decoded(self, track: Track, encoding: Encoding) -> bytes:
        """Return a whole track as it sounds after this encoding: 16-bit samples."""
        if encoding.is_coded:
            return self.coded(track, encoding).decoded()
        return encoding.decode(self.encoded(track, encoding))

    def slice(self, track: Track, encoding: Encoding, start_ms: int, end_ms: int) -> bytes:
        """Return the audio from `start_ms` to `end_ms`; silence after the end of the talk.

        The last frame of the talk is as short as the audio leaves it. Of AMR-WB nothing may be
        sent (DTX); it and OPUS give the payload that begins at `start_ms`.
        """
        if encoding.is_coded:
            return self.coded(track, encoding).payload(start_ms)
        scale = encoding.bytes_per_ms
        piece = self.encoded(track, encoding)[start_ms * scale : end_ms * scale]
        return piece or encoding.encode(SILENCE * ((end_ms - start_ms) * PCMU.bytes_per_ms))


def read_call_audio(
    source: Path | Pair, *, channels: tuple[Speaker, Speaker] = ("customer", "agent")
) -> CallAudio:
    """Read a call: its JSON (tracks and script), a two-channel WAV, or a pair of .ulaw files.

    `channels` says who is on the first and the second channel of a WAV.

    Raises:
        SettingsError: A file cannot be read, or is not what it should be.
    """
    if isinstance(source, Pair):
        pair = {
            TRACK_OF["customer"]: _read(source.customer),
            TRACK_OF["agent"]: _read(source.agent),
        }
        return CallAudio(pair)
    if source.suffix == ".json":
        return _read_call(source)
    data = _read(source)
    try:
        first, second = _split(parse_wav(data))
    except SettingsError as error:
        raise SettingsError([f"{source}: {problem}" for problem in error.problems]) from error
    return CallAudio({TRACK_OF[channels[0]]: first, TRACK_OF[channels[1]]: second})


def _split(wav: Wav) -> tuple[bytes, bytes]:
    if wav.channels != 2:  # noqa: PLR2004 - one for each speaker
        raise SettingsError(["one channel; a call needs two, one for each speaker"])
    first, second = audio.split_channels(wav.pcm)
    return audio.to_mulaw(first, wav.rate_hz), audio.to_mulaw(second, wav.rate_hz)


def _read_call(path: Path) -> CallAudio:
    try:
        call = json.loads(_read(path))
        tracks: dict[Track, bytes] = {
            track: _read(path.parent / call["tracks"][track]) for track in get_args(Track)
        }
        script = [
            make_utterance(said["speaker"], said["text"], said["start_ms"], said["end_ms"])
            for said in call.get("script", ())
        ]
    except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError) as error:
        raise SettingsError(
            [f"{path}: not the JSON of a call: tracks or script are missing, or of another shape"]
        ) from error
    return CallAudio(tracks, script)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SettingsError([f"{path}: more than {MAX_FILE_BYTES} bytes"])
        return path.read_bytes()
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read: {error.strerror}"]) from error
