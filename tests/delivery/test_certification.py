"""Certification, against receivers with one planted fault each."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from service.archive.report import CallDocument
from service.delivery.certification import CONTRACTS, Finding, certify, samples
from service.errors import SettingsError
from tests.delivery.builders import SECRET
from tests.delivery.planted import FAULTS, Crm, open_crm
from tests.delivery.planted.ordering import IsSlow, RefusesRepeats
from tests.delivery.planted.reading import KnowsNoArrays, WantsASeq
from tests.delivery.planted.receiver import Event, RefusedError
from tests.delivery.planted.refusing import NeverGetsOverWhatBrokeOff
from tests.serving import serve


class Envelope(msgspec.Struct):
    """What reports come in."""

    type: str
    data: CallDocument


async def problems_of(kind: type[Crm], without: tuple[str, ...] = ()) -> dict[str, str]:
    """Certify a receiver; return what is wrong, by check."""
    findings = await findings_of(kind, without)
    return {one.check: one.problem for one in findings if one.tried and one.problem is not None}


async def findings_of(kind: type[Crm], without: tuple[str, ...] = ()) -> list[Finding]:
    """Certify a receiver."""
    async with open_crm(kind) as url:
        return await certify(url, SECRET, without=without)


async def test_a_receiver_without_a_fault_passes() -> None:
    """It does what the README says, and no more."""
    assert await problems_of(Crm) == {}


async def test_the_receiver_of_the_readme_passes() -> None:
    """As it stands there, with the secret put in."""
    text = (Path(__file__).parents[2] / "README.md").read_text()
    (code,) = re.findall(
        r"```python\n(# pip install aiohttp standard.*?)web\.run_app", text, re.DOTALL
    )
    names: dict[str, Any] = {}
    exec(code.replace("whsec_…", SECRET), names)  # noqa: S102 - our own page

    async with serve(names["app"]) as url:
        findings = await certify(f"{url}/hooks/calls", SECRET)

    assert {one.check: one.problem for one in findings if one.problem} == {}


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
async def test_every_planted_fault_is_named(kind: type[Crm]) -> None:
    """By the check that it fails, whatever else it fails."""
    assert FAULTS[kind] in await problems_of(kind)


async def test_every_check_names_some_fault() -> None:
    """None is there that no receiver could fail."""
    async with open_crm() as url:
        findings = await certify(url, SECRET)

    assert {one.check for one in findings} == set(FAULTS.values())


@pytest.mark.parametrize(("kind", "without"), [(KnowsNoArrays, "batch"), (WantsASeq, "partials")])
async def test_what_an_endpoint_does_not_ask_for_can_be_left_out(
    kind: type[Crm], without: str
) -> None:
    """A receiver need not handle what it never gets."""
    assert without in CONTRACTS
    assert await problems_of(kind, without=(without,)) == {}


async def test_a_receiver_that_is_not_there_fails_everything() -> None:
    """Nothing is taken for a refusal, and not each check waits for it."""
    first, *others = await certify("http://127.0.0.1:1/hooks", SECRET)

    assert "it did not answer (nothing listens there)" in str(first.problem)
    assert {(one.tried, one.problem) for one in others} == {(False, "nobody answered")}


async def test_a_receiver_that_a_check_broke_is_blamed_once() -> None:
    """Whatever it answers afterwards says nothing of what was sent then."""
    findings = await findings_of(NeverGetsOverWhatBrokeOff)
    (wrong,) = [one for one in findings if one.tried and one.problem]
    later = findings[findings.index(wrong) + 1 :]

    assert wrong.check == "a sender that hangs up in the middle"
    assert {one.tried for one in later} == {False}
    assert {one.problem for one in later} == {
        f"since {wrong.check!r} it does not even take what it took before"
    }


async def test_a_slow_receiver_is_blamed_for_that_alone() -> None:
    """It takes what comes, and everything else is tried."""
    (problem,) = (await problems_of(IsSlow)).items()

    assert problem[0] == "an answer in good time"
    assert problem[1].startswith("it took 3.")


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "is --secret the one that it verifies with?"),
        (404, "is the address right"),
        (302, "redirects are not followed"),
        (410, "which disables the endpoint: is the address right?"),
        (413, "raise the limit of bodies"),
        (422, "its own log should say what it did not like"),
    ],
)
async def test_an_answer_is_explained_by_its_status(status: int, hint: str) -> None:
    """A wrong address is not taken for a wrong signature."""

    class Answers(Crm):
        def begin(self, webhook_id: str) -> None:
            del webhook_id
            raise RefusedError(status)

    ((check, problem),) = (await problems_of(Answers)).items()

    assert check == "a call's events, signed"
    assert hint in problem


async def test_a_report_that_is_refused_is_not_taken_for_too_large() -> None:
    """By a receiver that has a list of the types it takes."""

    class KnowsNoReports(Crm):
        def event(self, event: Event, *, known: bool) -> int:
            if event["type"] == "call.report":
                return 422
            return super().event(event, known=known)

    (problem,) = (await problems_of(KnowsNoReports)).values()

    assert problem.startswith("it answered 422: a report is of the type call.report")


async def test_who_takes_no_repeats_is_not_blamed_for_signatures() -> None:
    """Each of several signatures comes with an event of its own."""
    assert "several signatures, as while secrets rotate" not in await problems_of(RefusesRepeats)


@pytest.mark.parametrize("text", ["whsec_?", "abc", "whsec_abcd", SECRET.removeprefix("whsec_")])
async def test_a_secret_that_is_none_is_told(text: str) -> None:
    """Without repeating it."""
    with pytest.raises(SettingsError, match="should be whsec_"):
        await certify("http://127.0.0.1:1/hooks", text)


def test_the_report_is_one() -> None:
    """As large as that of a long call, and of the shape that reports have."""
    report = samples.report()
    read = msgspec.json.decode(report.body, type=Envelope)
    said = msgspec.json.decode(report.body)["data"]

    assert len(report.body) > 1.5 * 1024 * 1024
    assert read.type == "call.report"
    assert set(said) == set(CallDocument.__struct_encode_fields__)
    assert len(read.data.utterances) > 100
