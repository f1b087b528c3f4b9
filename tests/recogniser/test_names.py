"""Names that the engine does not know, with and without being told of them."""

import json
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from service.recogniser.audio.raw import RawDecoder
from service.recogniser.audio.samples import Samples
from service.recogniser.models.engine import Engine
from service.recogniser.models.networks import Networks
from service.recogniser.server import open_recogniser
from service.recogniser.text.key_terms import KeyTerm
from service.wire.stt import HeardWord
from tests.recogniser.builders import FIXTURES, READ_CLIPS, audio, pack
from tests.recogniser.peers import PHONE, finals, open_client, partials, post, text_of

pytestmark = pytest.mark.speech
NAMES: dict[str, dict[str, Any]] = json.loads((FIXTURES / "names" / "names.json").read_text())
SAID = [term for clip in NAMES.values() for term in clip["terms"]]
NOT_SAID = (
    "Abernathy", "Acmetron", "Allianz", "Ansible", "Backblaze", "Baxter", "Bluetooth", "Bose",
    "Cassandra", "Datadog", "Deepgram", "Dropbox", "Eliquis", "Ezetimibe", "Fitzgerald",
    "Firebase", "Gonzalez", "Grafana", "Hathaway", "Hulu", "Humira", "Ibuprofen", "Istanbul",
    "Jenkins", "Jorge", "Keflex", "Kubernetes", "Lipitor", "Lufthansa", "Makarov",
    "Metformin", "Moonshine", "Nakamura", "Netflix", "Nexium", "Nguyen", "Okonkwo", "Okta",
    "Omeprazole", "Ozempic", "Pfizer", "Postgres", "Priya", "Quinoa", "Reykjavik",
    "Rosenberg", "Salesforce", "Schenectady", "Schwarzkopf", "Slack", "Soniox", "Splunk",
    "Stripe", "Tamiflu", "Terraform", "Toyota", "Twilio", "Uber", "Vandersloot", "Vanguard",
    "Verizon", "Whitmore", "Wojciechowski", "Xarelto", "Xerox", "Yamaha", "Zbigniew",
    "Zendesk", "Zoloft",
)  # fmt: skip
HUNDRED = [KeyTerm(term) for term in (*SAID, *NOT_SAID)][:100]
SECOND = 8_000


def clip(name: str) -> bytes:
    """Return a recording of `fixtures/names` as mu-law, 8 kHz."""
    return (FIXTURES / "names" / f"{name}.ulaw").read_bytes()


def samples(data: bytes) -> Samples:
    """Return mu-law as samples."""
    return RawDecoder("mulaw", 8000).feed(data)


def names_in(text: str, names: Iterable[str]) -> set[str]:
    """Return which of the names stand in a text, spelt as they should be."""
    return {name for name in names if re.search(rf"\b{re.escape(name)}\b", text)}


def decoded(engine: Engine, terms: list[KeyTerm]) -> dict[str, str]:
    """Return what is heard in each recording of names."""
    boost = engine.boost(terms)
    return {name: engine.decode(samples(clip(name)), 8000, boost).text for name in NAMES}


def test_names_are_heard_by_an_engine_that_was_told_of_them(networks: Networks) -> None:
    """Of twenty names three are heard without, and sixteen or more among a hundred terms."""
    engine = networks.engine

    without, told = decoded(engine, []), decoded(engine, HUNDRED)

    assert sum(len(names_in(without[name], NAMES[name]["terms"])) for name in NAMES) <= 6
    assert sum(len(names_in(told[name], NAMES[name]["terms"])) for name in NAMES) >= 16


def test_no_name_is_heard_that_nobody_said(networks: Networks) -> None:
    """Not in sentences with other names, nor where words sound like one, with a hundred terms."""
    terms = [term.text for term in HUNDRED]

    for name, text in decoded(networks.engine, HUNDRED).items():
        assert names_in(text, terms) <= set(NAMES[name]["terms"]), name


@pytest.mark.parametrize("name", [*READ_CLIPS, "mfa_spont_25s"])
def test_speech_without_a_term_is_heard_as_ever(networks: Networks, name: str) -> None:
    """Word for word: so the word error rate is what it was."""
    engine, boost = networks.engine, networks.engine.boost(HUNDRED)

    for at in range(0, len(audio(name)), 8 * SECOND):
        piece = audio(name)[at : at + 8 * SECOND]
        assert engine.decode(piece, 8000, boost).text == engine.decode(piece, 8000).text


def test_a_term_by_its_weight(networks: Networks) -> None:
    """A term of weight 0 or less is not boosted; one that is there already stays as it is."""
    engine, said = networks.engine, samples(clip("papadopoulos"))

    def heard(weight: float) -> str:
        return engine.decode(said, 8000, engine.boost([KeyTerm("Papadopoulos", weight)])).text

    assert heard(0) == heard(-1) == engine.decode(said, 8000).text
    assert "Papadopoulos" in heard(1)
    assert heard(1) == heard(8)


def test_terms_do_not_make_the_decoder_loop(networks: Networks) -> None:
    """A sound repeated ends as it does without them, and noise still is no word."""
    engine = networks.engine
    boost = engine.boost(HUNDRED)
    stutter = np.tile(audio("mfa_spont_25s")[4000:6000], 12)
    noise = np.random.default_rng(1).normal(0, 0.01, 6 * SECOND).astype(np.float32)

    assert len(engine.decode(stutter, 8000, boost).text.split()) <= 3 * 6.5 + 2
    assert engine.decode(noise, 8000, boost).text == ""


async def test_a_session_hears_its_key_terms(networks: Networks) -> None:
    """In partials as in finals, with the times of each word; another session's are its own."""
    params = PHONE | {"interim_results": "true", "endpointing": "5000", "words": "true"}
    async with open_recogniser(networks=networks) as recogniser:
        async with open_client(recogniser, **params, keyterm="Telnyx,Papadopoulos") as client:
            await client.play(clip("papadopoulos") + b"\xff" * SECOND)
            answers = [await client.next()]
            while "Papadopoulos" not in (answers[-1].transcript or ""):
                answers.append(await client.next())
            answers += await client.finish()
        async with open_client(recogniser, **PHONE) as other:
            await other.play(clip("papadopoulos"))
            untold = text_of(await other.finish())

    assert client.headers["x-callscribe-keyterms"] == "2"
    [final] = finals(answers)
    assert any("Papadopoulos" in (answer.transcript or "") for answer in partials(answers))
    assert "Papadopoulos" in (final.transcript or "")
    words = list(final.words or ())
    assert [word.word for word in words] == (final.transcript or "").split()
    assert times(words) == sorted(times(words))
    assert "Papadopoulos" not in untold


def times(words: list[HeardWord]) -> list[float]:
    """Return when each word begins and ends."""
    return [time for word in words for time in (word.start, word.end)]


async def test_a_file_s_key_terms_are_heard(networks: Networks) -> None:
    """They are options of the model, under Deepgram's name for them."""
    fields = [("model_config", '{"keyterm": ["Tucumcari"]}')]
    file = pack(samples(clip("tucumcari")), "wav")
    async with open_recogniser(networks=networks) as recogniser:
        reply = await post(recogniser, file, fields, model="deepgram/nova-3")

    assert "Tucumcari" in reply.json["text"]
