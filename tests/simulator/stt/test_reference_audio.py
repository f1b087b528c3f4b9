"""Recognition by comparison with the calls' own audio."""

from pathlib import Path

import pytest

from service.ids import Track
from service.simulator.rng import Rng
from service.simulator.scenario import Say
from service.simulator.speech.audio import PCMU, Encoding, scale, to_mulaw
from service.simulator.speech.call_audio import CallAudio, read_call_audio
from service.simulator.speech.made_audio import make_call_audio
from service.simulator.stt.reference_audio import AudioMatcher, ReferenceAudio, TimedResult
from service.simulator.stt.reference_tracks import ReferenceTrack, ReferenceTracks
from service.wire.audio import Decoder, Resampler, little_endian
from service.wire.payload_decoder import PayloadDecoder

FIXTURES = Path(__file__).parents[3] / "fixtures"
SAY = [
    Say(speaker="agent", text="good morning to you", at_ms=500, until_ms=2100),
    Say(speaker="agent", text="bye", at_ms=4000, until_ms=4400),
    Say(speaker="customer", text="hello", at_ms=600, until_ms=1200),
]
RECORDING = make_call_audio(SAY, Rng("x"))
OTHER = make_call_audio(SAY, Rng("y"))
AGENT = RECORDING.encoded("outbound", PCMU)


def matcher(
    input_format: str = "mulaw", streamed: Encoding = PCMU, call_audio: CallAudio = RECORDING
) -> AudioMatcher:
    """Return the recognition of a session."""
    reference = ReferenceAudio([OTHER, call_audio])
    tracks = reference.tracks(input_format, 8000, [streamed])
    return AudioMatcher(tracks, input_format, 8000, endpointing_ms=300)


def finals(found: list[TimedResult]) -> list[str]:
    """Return the final texts."""
    return [one.result.text for one in found if one.result.is_final]


def test_it_finds_the_track_by_the_sound_and_reads_the_script() -> None:
    """In pieces of any size."""
    asr = matcher()
    found = [one for at in range(0, len(AGENT), 777) for one in asr.push(AGENT[at : at + 777])]

    assert finals(found) == ["good morning to you", "bye"]
    assert asr.unknown_ms == 0


def test_a_piece_is_found_wherever_it_begins() -> None:
    """In the first call that has it, and not where nobody said that."""
    same = make_call_audio(SAY, Rng("x"))
    tracks = ReferenceAudio([OTHER, RECORDING, same]).tracks("mulaw", 8000, [PCMU])
    begins = range(8 * 600, 8 * 620)
    found = [tracks.find(AGENT[at : at + 160]) for at in begins]

    assert [one and (one[0].call_audio, one[1]) for one in found] == [
        (RECORDING, at) for at in begins
    ]
    assert tracks.find(bytes(range(160))) is None


def test_what_is_said_twice_in_a_call_is_nowhere() -> None:
    """It may be either place."""
    said = AGENT[8 * 600 : 8 * 620]
    twice = ReferenceTrack(RECORDING, "inbound", said + AGENT[: 8 * 300] + said)

    assert ReferenceTracks([twice], len(said)).find(said) is None


def test_words_that_were_lost_on_the_way_are_not_heard() -> None:
    """A second is missing in the middle; the words after it are still in their place."""
    asr = matcher()
    found = [*asr.push(AGENT[: 8 * 1000]), *asr.push(AGENT[8 * 2000 :])]

    assert finals(found)[0] in {"good", "good morning"}
    assert finals(found)[-1] == "bye"
    assert found[-1].ahead_ms == -1000


def test_words_that_were_heard_before_a_hole_stay_where_they_were() -> None:
    """The final that comes after it says of each word what its partial said."""
    say = [Say(speaker="agent", text="one two three four five six", at_ms=500, until_ms=3500)]
    call_audio = make_call_audio(say, Rng("x"))
    sent = call_audio.encoded("outbound", PCMU)
    asr = matcher(call_audio=call_audio)
    found = [*asr.push(sent[: 8 * 1600]), *asr.push(sent[8 * 2600 :])]

    last, before = (
        found[-1],
        max((one for one in found if one.ahead_ms == 0), key=lambda one: len(one.words)),
    )
    assert last.result.is_final
    assert last.words[: len(before.words)] == before.words
    assert last.words[-1].end_ms == 2500
    assert last.ahead_ms == -1000


def test_silence_in_the_place_of_lost_audio_keeps_the_clock() -> None:
    """The session's clock and the call audio's stay together."""
    asr = matcher()
    found = asr.push(AGENT[: 8 * 1000] + b"\xff" * 8000 + AGENT[8 * 2000 :])

    assert finals(found)[-1] == "bye"
    assert found[-1].ahead_ms == 0
    assert asr.unknown_ms == 1000


def test_audio_that_is_played_again_is_heard_again() -> None:
    """As after a reconnect."""
    asr = matcher()
    found = [*asr.push(AGENT[: 8 * 3000]), *asr.push(AGENT[8 * 400 : 8 * 3000])]

    assert finals(found) == ["good morning to you", "good morning to you"]


def test_it_hears_what_was_converted_on_the_way() -> None:
    """mu-law to linear16, A-law to linear16, and A-law to mu-law."""
    alaw = Encoding("PCMA")
    sent = RECORDING.encoded("outbound", alaw)
    ways = [
        (matcher("linear16"), PCMU.decode(AGENT)),
        (matcher("linear16", alaw), alaw.decode(sent)),
        (matcher("mulaw", alaw), to_mulaw(alaw.decode(sent))),
        (matcher("alaw", alaw), sent),
    ]

    assert [finals(asr.push(data)) for asr, data in ways] == [["good morning to you", "bye"]] * 4


OPUS = Encoding("OPUS", 16_000, frame_ms=20)
OPUS_BYTES_PER_MS = 32
"""Of what it is decoded to."""


def as_decoded(start_ms: int, *, lost: range = range(0)) -> bytes:
    """Return the agent's track as a decoder gives it that begins here, silence for what is lost."""
    track, decoder = RECORDING.coded("outbound", OPUS), PayloadDecoder("OPUS")
    return b"".join(
        bytes(640) if at in lost else decoder.decode(track.payload(at))
        for at in range(start_ms, RECORDING.duration_ms, 20)
    )


def heard_as_opus(data: bytes) -> tuple[AudioMatcher, list[TimedResult]]:
    """Recognise what was decoded."""
    reference = ReferenceAudio([OTHER, RECORDING])
    tracks = reference.tracks("linear16", 16_000, [OPUS])
    asr = AudioMatcher(tracks, "linear16", 16_000, endpointing_ms=300)
    return asr, [*asr.push(data), *asr.finalize()]


def test_it_hears_what_was_sent_in_a_lossy_encoding() -> None:
    """As it sounds to whoever decodes it."""
    asr, found = heard_as_opus(as_decoded(0))

    assert finals(found) == ["good morning to you", "bye"]
    assert asr.unknown_ms == 0


def test_after_a_loss_in_a_lossy_encoding_what_sounds_alike_is_heard() -> None:
    """Until the next loss no sample is what it was; the words are."""
    asr, found = heard_as_opus(as_decoded(0, lost=range(760, 820)))

    assert finals(found) == ["good morning to you", "bye"]
    assert asr.unknown_ms <= 120


def test_a_decoder_that_begins_in_the_middle_is_heard_by_its_sound() -> None:
    """As after a new stream: nothing is lost of what came after it found itself."""
    asr, found = heard_as_opus(as_decoded(1300))

    assert finals(found) == ["to you", "bye"]
    assert found[-1].ahead_ms == -1300
    assert asr.unknown_ms <= 500


def test_the_word_in_which_a_decoder_finds_itself_is_heard() -> None:
    """Where it soon gives the very samples that were expected, after some that sound like them."""
    begin, same, end = (ms * OPUS_BYTES_PER_MS for ms in (1540, 1700, 4500))
    sent = as_decoded(0)
    asr, found = heard_as_opus(scale(sent[begin:same], 0.9) + sent[same:end])

    assert finals(found) == ["to you", "bye"]
    assert asr.unknown_ms == 160


@pytest.mark.parametrize("encoding", [PCMU, Encoding("PCMA")], ids=lambda one: one.name)
@pytest.mark.parametrize("start_ms", [0, 400, 407])
def test_it_hears_what_was_resampled_for_an_engine(encoding: Encoding, start_ms: int) -> None:
    """An 8 kHz call for an engine that takes 16 kHz, however it is resampled, from anywhere on."""
    sent = RECORDING.encoded("outbound", encoding)[8 * start_ms :]
    decoder, resampler = Decoder(encoding.name, 8000), Resampler(8000, 16_000)
    tracks = ReferenceAudio([OTHER, RECORDING]).tracks("linear16", 16_000, [encoding])
    asr = AudioMatcher(tracks, "linear16", 16_000, endpointing_ms=300)
    pieces = [sent[at : at + 800] for at in range(0, len(sent), 800)]
    wide = [little_endian(resampler.convert(decoder.decode(piece))) for piece in pieces]

    assert finals([one for piece in wide for one in asr.push(piece)]) == [
        "good morning to you",
        "bye",
    ]
    assert asr.unknown_ms == 0


def test_audio_of_no_call_is_not_recognised() -> None:
    """And counts it. Silence is nowhere in particular."""
    asr = matcher()
    stranger = make_call_audio(SAY, Rng("z")).encoded("outbound", PCMU)

    assert asr.push(stranger) == []
    assert asr.push(b"\xff" * 80_000) == []
    assert asr.finalize() == []
    assert asr.unknown_ms == len(stranger) // 8 // 20 * 20 + 10_000


def test_a_long_unknown_stretch_is_searched_seldom_but_not_given_up() -> None:
    """After ten seconds of nonsense the words are still found, a little late."""
    asr = matcher()
    asr.push(Rng("noise").bytes(80_000))

    assert finals(asr.push(AGENT))[-1] == "bye"


@pytest.mark.parametrize("offset_ms", [0, 7, 13])
@pytest.mark.parametrize("track", ["inbound", "outbound"])
def test_every_word_of_the_recorded_call_is_heard(track: Track, offset_ms: int) -> None:
    """Also the first, of who was silent for seconds, wherever the stream begins."""
    call_audio = read_call_audio(FIXTURES / "calls" / "support-call.json")
    sent = call_audio.encoded(track, PCMU)[8 * offset_ms :]
    asr = matcher(call_audio=call_audio)
    found = [one for at in range(0, len(sent), 800) for one in asr.push(sent[at : at + 800])]
    found += asr.finalize()

    assert finals(found) == [one.text for one in call_audio.utterances(track)]
