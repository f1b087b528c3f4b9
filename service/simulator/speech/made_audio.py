"""The audio of a call that has no recording: a made-up voice for the script, and other sounds."""

from collections.abc import Sequence
from itertools import pairwise
from typing import get_args

from service.errors import SettingsError
from service.ids import Track
from service.simulator.rng import Rng
from service.simulator.scenario import Say, Sound
from service.simulator.speech import audio
from service.simulator.speech.audio import PCMU
from service.simulator.speech.call_audio import CallAudio
from service.simulator.speech.script import TRACK_OF, Utterance, make_utterance
from service.simulator.speech.sounds import make_sound
from service.simulator.speech.synth import BYTES_PER_MS
from service.simulator.speech.voice import speak

_MS_A_WORD = 350
_TAIL_MS = 500


def make_call_audio(say: Sequence[Say], rng: Rng, *, sounds: Sequence[Sound] = ()) -> CallAudio:
    """Make audio for a script: a voice where somebody speaks, over noise that never repeats.

    Raises:
        SettingsError: Two utterances of one speaker overlap.
    """
    script = [make_utterance(said.speaker, said.text, said.at_ms, _until(said)) for said in say]
    ends = [*(said.end_ms for said in script), *(sound.until_ms for sound in sounds)]
    end_ms = max(ends, default=0) + _TAIL_MS
    tracks: dict[Track, bytes] = {}
    for track in get_args(Track):
        mine = sorted((u for u in script if u.track == track), key=lambda said: said.start_ms)
        for one, other in pairwise(mine):
            if other.start_ms < one.end_ms:
                raise SettingsError([f"one speaker says two things at {other.start_ms} ms"])
        others = [sound for sound in sounds if TRACK_OF[sound.speaker] == track]
        tracks[track] = _make_track(mine, others, end_ms, rng.derive(track))
    return CallAudio(tracks, script)


def agent_audio(say: Sequence[Say], number: int) -> CallAudio:
    """Return what the how-manieth agent's leg has of a script: words without their sound."""
    script = [
        make_utterance(said.speaker, said.text, said.at_ms, _until(said))
        for said in say
        if said.speaker == "customer" or said.who == number
    ]
    return CallAudio({}, script).with_swapped_tracks()


def _until(said: Say) -> int:
    return said.until_ms or said.at_ms + _MS_A_WORD * len(said.text.split())


def _make_track(
    script: Sequence[Utterance], sounds: Sequence[Sound], end_ms: int, rng: Rng
) -> bytes:
    """Make one track. It has noise in every millisecond, so that no piece occurs twice."""
    quiet = bytes(0x70 + byte % 16 + 128 * (byte >> 7) for byte in range(256))
    noise = rng.bytes(end_ms * PCMU.bytes_per_ms)
    pcm = bytearray(PCMU.decode(noise.translate(quiet)))
    for word in (word for said in script for word in said.words):
        breath = noise[word.start_ms * PCMU.bytes_per_ms : word.end_ms * PCMU.bytes_per_ms]
        _add(pcm, speak(word.text, breath, word.end_ms - word.start_ms), word.start_ms)
    for number, sound in enumerate(sounds):
        length_ms = sound.until_ms - sound.at_ms
        _add(pcm, make_sound(sound.kind, length_ms, rng.derive(f"sound {number}")), sound.at_ms)
    return audio.to_mulaw(bytes(pcm))


def _add(pcm: bytearray, sound: bytes, at_ms: int) -> None:
    at = at_ms * BYTES_PER_MS
    pcm[at : at + len(sound)] = audio.mix(bytes(pcm[at : at + len(sound)]), sound)
