"""A recogniser that knows the audio: it hears what arrives, wherever it belongs."""

from service.simulator.rng import Rng
from service.simulator.scenario import Say
from service.simulator.speech.audio import PCMU, Encoding, to_mulaw
from service.simulator.speech.call_audio import Recording, make_recording
from service.simulator.stt.reference_audio import Follower, KnownAudio, Placed

SAY = [
    Say(speaker="agent", text="good morning to you", at_ms=500, until_ms=2100),
    Say(speaker="agent", text="bye", at_ms=4000, until_ms=4400),
    Say(speaker="customer", text="hello", at_ms=600, until_ms=1200),
]
RECORDING = make_recording(SAY, Rng("x"))
OTHER = make_recording(SAY, Rng("y"))
AGENT = RECORDING.audio("outbound", PCMU)


def follow(
    input_format: str = "mulaw", streamed: Encoding = PCMU, recording: Recording = RECORDING
) -> Follower:
    """Return the ear of a session."""
    known = KnownAudio([OTHER, recording])
    reels = known.reels(input_format, 8000, [streamed])
    return Follower(reels, input_format, 8000, endpointing_ms=300)


def finals(found: list[Placed]) -> list[str]:
    """Return the final texts."""
    return [one.heard.text for one in found if one.heard.is_final]


def test_it_finds_the_track_by_the_sound_and_reads_the_script() -> None:
    """In pieces of any size."""
    ear = follow()
    found = [one for at in range(0, len(AGENT), 777) for one in ear.take(AGENT[at : at + 777])]

    assert finals(found) == ["good morning to you", "bye"]
    assert ear.unknown_ms == 0


def test_words_that_were_lost_on_the_way_are_not_heard() -> None:
    """A second is missing in the middle; the words after it are still in their place."""
    ear = follow()
    found = [*ear.take(AGENT[: 8 * 1000]), *ear.take(AGENT[8 * 2000 :])]

    assert finals(found)[0] in {"good", "good morning"}
    assert finals(found)[-1] == "bye"
    assert found[-1].ahead_ms == -1000


def test_silence_in_the_place_of_lost_audio_keeps_the_clock() -> None:
    """The session's clock and the recording's stay together."""
    ear = follow()
    found = ear.take(AGENT[: 8 * 1000] + b"\xff" * 8000 + AGENT[8 * 2000 :])

    assert finals(found)[-1] == "bye"
    assert found[-1].ahead_ms == 0
    assert ear.unknown_ms == 1000


def test_audio_that_is_played_again_is_heard_again() -> None:
    """As after a reconnect."""
    ear = follow()
    found = [*ear.take(AGENT[: 8 * 3000]), *ear.take(AGENT[8 * 400 : 8 * 3000])]

    assert finals(found) == ["good morning to you", "good morning to you"]


def test_it_hears_what_was_converted_on_the_way() -> None:
    """mu-law to linear16, A-law to linear16, and A-law to mu-law."""
    alaw = Encoding("PCMA")
    sent = RECORDING.audio("outbound", alaw)
    ways = [
        (follow("linear16"), PCMU.decode(AGENT)),
        (follow("linear16", alaw), alaw.decode(sent)),
        (follow("mulaw", alaw), to_mulaw(alaw.decode(sent))),
        (follow("alaw", alaw), sent),
    ]

    assert [finals(ear.take(data)) for ear, data in ways] == [["good morning to you", "bye"]] * 4


def test_it_is_deaf_to_what_it_does_not_know() -> None:
    """And counts it. Silence is nowhere in particular."""
    ear = follow()
    stranger = make_recording(SAY, Rng("z")).audio("outbound", PCMU)

    assert ear.take(stranger) == []
    assert ear.take(b"\xff" * 80_000) == []
    assert ear.settle() == []
    assert ear.unknown_ms == len(stranger) // 8 // 20 * 20 + 10_000


def test_a_long_unknown_stretch_is_searched_seldom_but_not_given_up() -> None:
    """After ten seconds of nonsense the words are still found, a little late."""
    ear = follow()
    ear.take(Rng("noise").bytes(80_000))

    assert finals(ear.take(AGENT))[-1] == "bye"
