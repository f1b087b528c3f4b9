"""The calls that a scenario makes: when each begins, and what is said in it."""

from dataclasses import dataclass
from pathlib import Path

from service.errors import SettingsError
from service.simulator.rng import Rng
from service.simulator.scenario import CallPlan, Pair, Scenario
from service.simulator.speech.call_audio import CallAudio, read_call_audio
from service.simulator.speech.coded_track import can_encode
from service.simulator.speech.made_audio import make_call_audio
from service.simulator.speech.numbered import make_conversation

_NEEDED = {
    "OPUS": "PyAV: pip install '.[codecs]'",
    "AMR-WB": "libvo-amrwbenc: apt install libvo-amrwbenc0, or brew install libvo-amrwbenc",
}


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call of the scenario, once `count` and arrivals are worked out."""

    plan: CallPlan
    audio: CallAudio
    start_s: float


def plan_calls(scenario: Scenario) -> list[PlannedCall]:
    """Plan every call of a scenario and read its audio. Takes a while: run it in a thread.

    Raises:
        SettingsError: A recording cannot be read, a script cannot be spoken, or a codec cannot be
            encoded on this machine.
    """
    _check_codecs(scenario)
    rng = Rng(str(scenario.seed))
    read: dict[tuple[object, ...], CallAudio] = {}
    calls: list[PlannedCall] = []
    for plan in scenario.call:
        arrivals = rng.derive(f"arrivals {len(calls)}")
        start_s = plan.start_s
        for number in range(plan.count):
            if number:
                gap = plan.every_s
                start_s += arrivals.gap(gap) if plan.arrival == "random" else gap
            one = _counted(plan, number)
            source = _under(scenario.folder, plan.recording)
            if source is None:
                call_audio = _make(plan, rng.derive(f"audio {len(calls)}"))
            else:
                key = (source, plan.channels)
                if key not in read:
                    read[key] = read_call_audio(source, channels=plan.channels)
                call_audio = read[key]
            calls.append(PlannedCall(one, call_audio, start_s))
    return calls


def _check_codecs(scenario: Scenario) -> None:
    media = scenario.media
    problems = [
        f"media: {codec} needs {_NEEDED[codec]}"
        for codec in dict.fromkeys((media.codec, media.phone_codec))
        if not can_encode(codec)
    ]
    if problems:
        raise SettingsError(problems)


def _make(plan: CallPlan, rng: Rng) -> CallAudio:
    say = plan.say
    if plan.numbered is not None:
        say = tuple(make_conversation(plan.numbered, rng.derive("numbered")))
    return make_call_audio(say, rng, sounds=plan.sound)


def _under(folder: Path, source: Path | Pair | None) -> Path | Pair | None:
    if isinstance(source, Pair):
        return Pair(customer=folder / source.customer, agent=folder / source.agent)
    return None if source is None else folder / source


def _counted(plan: CallPlan, number: int) -> CallPlan:
    digits = plan.from_number.removeprefix("+")
    if not number or not digits.isdecimal():
        return plan
    counted = str(int(digits) + number).zfill(len(digits))
    return plan.model_copy(update={"from_number": plan.from_number[: -len(digits)] + counted})
