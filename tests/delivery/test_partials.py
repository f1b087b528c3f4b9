"""Which partials an endpoint gets."""

import msgspec
import pytest

from service.delivery.partials import PartialFilter, parse_partials
from service.ids import CallId
from service.ports import Delivery, LivePartial, StoredEvent

CALL = CallId("c1")


def words(text: str, utterance_id: str = "u1", **more: object) -> LivePartial:
    """Return a partial with this text."""
    body = {"type": "transcript.partial", "data": {"text": text, "words": None, **more}}
    delivery = Delivery("prt", "transcript.partial", msgspec.json.encode(body))
    return LivePartial(CALL, utterance_id, "customer", delivery)


def heard(chooser: PartialFilter, *texts: str, utterance_id: str = "u1") -> list[str | None]:
    """Offer revisions of an utterance; return the texts that come out."""
    chosen = [chooser.choose(words(text, utterance_id)) for text in texts]
    return [msgspec.json.decode(one.body)["data"]["text"] if one else None for one in chosen]


@pytest.mark.parametrize(
    ("setting", "parsed"),
    [
        ("all", ("all", 0)),
        ("off", ("off", 0)),
        ("stable", ("stable", 0)),
        ("debounce:300ms", ("debounce", 0.3)),
    ],
)
def test_the_setting_is_read(setting: str, parsed: tuple[str, float]) -> None:
    """A mode, and for debounce its seconds."""
    assert parse_partials(setting) == parsed


@pytest.mark.parametrize("setting", ["all", "debounce:300ms"])
def test_partials_pass_untouched(setting: str) -> None:
    """The very bytes that were published."""
    partial = words("hello")

    assert PartialFilter(setting).choose(partial) is partial.delivery


def test_off_lets_none_through() -> None:
    """Nothing at all."""
    assert PartialFilter("off").choose(words("hello")) is None


def test_stable_gives_the_words_that_two_revisions_share() -> None:
    """The beginning that did not change; nothing when that is nothing, or nothing new."""
    texts = heard(
        PartialFilter("stable"),
        "I",
        "I'd like",
        "I'd like to",
        "I'd like two tickets",
        "I'd like two tickets",
        "I'd like two tickets",
    )

    assert texts == [None, None, "I'd like", None, "I'd like two tickets", None]


def test_stable_takes_words_back_when_the_engine_does() -> None:
    """A revision that changes words already sent makes them known again, as they are now."""
    texts = heard(PartialFilter("stable"), "a b c", "a b c", "a x", "a x")

    assert texts == [None, "a b c", "a", "a x"]


def test_stable_keeps_utterances_apart() -> None:
    """What one track says is not compared with the other."""
    chooser = PartialFilter("stable")
    heard(chooser, "yes", utterance_id="u1")

    assert heard(chooser, "yes", utterance_id="u2") == [None]
    assert heard(chooser, "yes", utterance_id="u1") == ["yes"]


def test_stable_forgets_an_utterance_with_its_final() -> None:
    """Nothing is remembered of what is settled."""
    chooser = PartialFilter("stable")
    heard(chooser, "yes", "yes")
    body = b'{"type":"transcript.final","data":{"utterance_id":"u1"}}'
    chooser.committed(StoredEvent(CALL, 1, "transcript.final", body))

    assert heard(chooser, "yes", "yes") == [None, "yes"]


def test_stable_shortens_timed_words_and_the_end_with_the_text() -> None:
    """The fields of a shortened partial agree with each other."""
    timed = [
        {"text": "a", "start_ms": 0, "end_ms": 90},
        {"text": "b", "start_ms": 90, "end_ms": 200},
    ]
    chooser = PartialFilter("stable")
    chooser.choose(words("a x"))
    chosen = chooser.choose(words("a b", words=timed, end_ms=200))

    assert chosen is not None
    data = msgspec.json.decode(chosen.body)["data"]
    assert (data["text"], data["words"], data["end_ms"]) == ("a", timed[:1], 90)


def test_stable_cuts_a_script_without_spaces_at_words() -> None:
    """Of the text as it is, and of words that an engine times letter by letter."""
    text = "ฉันจะ โทรหาคุณ"
    timed = [{"text": one, "start_ms": n, "end_ms": n + 1} for n, one in enumerate("木曜日です")]
    chooser = PartialFilter("stable")
    assert heard(chooser, text, text + "x", utterance_id="u1") == [None, "ฉันจะ โทรหา"]
    chooser.choose(words("木曜日に", "u2"))
    chosen = chooser.choose(words("木曜日です", "u2", words=timed, end_ms=5))

    assert chosen is not None
    data = msgspec.json.decode(chosen.body)["data"]
    assert (data["text"], data["words"], data["end_ms"]) == ("木曜日", timed[:3], 3)


def test_what_stable_remembers_is_bounded() -> None:
    """Beyond ten thousand utterances the oldest begins anew."""
    chooser = PartialFilter("stable")
    heard(chooser, "yes", utterance_id="first")
    for number in range(10_000):
        chooser.choose(words("yes", str(number)))

    assert heard(chooser, "yes", utterance_id="first") == [None]
    assert heard(chooser, "yes", utterance_id="9999") == ["yes"]


def test_what_is_held_back_is_not_stable() -> None:
    """Nor told of; what is hidden is, as long as its label is in the text."""
    chooser = PartialFilter("stable")
    held = {"entity": "held", "start": 12, "end": 15}
    hidden = {"entity": "card", "start": 0, "end": 6}
    partial = words("[CARD] is it […]", redactions=[hidden, held])
    assert chooser.choose(partial) is None

    chosen = chooser.choose(partial)
    assert chosen is not None
    data = msgspec.json.decode(chosen.body)["data"]
    assert (data["text"], data["redactions"]) == ("[CARD] is it", [hidden])
