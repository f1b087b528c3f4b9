"""Scenarios: what a simulated Telnyx does, as a small TOML file.

```toml
seed = 7                         # the same seed gives the same ids, faults and words
speed = 1                        # 1 is real time, 10 ten times faster, 0 as fast as possible

[[call]]
from = "+13125550142"
to = "+13125550199"
recording = "../calls/support-call.json"
hangs_up = "caller"

[[webhooks.fault]]               # see `fault_settings`
events = ["call.transcription"]
duplicate = 0.3
```

Every key is a field below or in `fault_settings`. An unknown key, and one that does nothing yet, is
an error: a scenario that is read does what it says.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from service.errors import SettingsError
from service.simulator.scenario.fault_settings import (
    InCallSettings,
    MediaSettings,
    RestSettings,
    SttSettings,
    Table,
    WebhookSettings,
)

MAX_CALLS = 10_000
MAX_SCENARIO_BYTES = 1024 * 1024


class Say(Table):
    """One scripted utterance."""

    speaker: Literal["customer", "agent"]
    text: str = Field(min_length=1, max_length=2000)
    at_ms: int = Field(ge=0)
    """When it begins, in milliseconds of the talk."""
    until_ms: int | None = None
    """When it ends; without it, each word takes 350 ms."""

    @model_validator(mode="after")
    def _takes_time(self) -> Self:
        if self.until_ms is not None and self.until_ms <= self.at_ms:
            raise ValueError("until_ms must be after at_ms")
        if not self.text.split():
            raise ValueError("text has no word")
        return self


class Pair(Table):
    """One raw 8 kHz mu-law file per speaker."""

    customer: Path
    agent: Path


class CallPlan(Table):
    """A call, or `count` calls alike. The customer is on the inbound track, the agent outbound."""

    from_number: str = Field(alias="from", default="+13125550142")
    """With `count`, each call's number is one higher."""
    to_number: str = Field(alias="to", default="+13125550199")
    direction: Literal["incoming", "outgoing"] = "incoming"
    """`outgoing` waits for a `dial`; the first dial gets the first such call."""
    count: int = Field(1, ge=1, le=MAX_CALLS)
    start_s: float = Field(0.0, ge=0)
    every_s: float = Field(0.0, ge=0)
    """Between one call and the next, when `count` is more than one."""
    arrival: Literal["even", "random"] = "even"
    """`random` calls know nothing of each other: `every_s` is then the mean gap."""
    dialled_within_s: float = Field(60.0, gt=0)
    """How long an outgoing call waits for its `dial`. Always real seconds."""
    ring_s: float = Field(30.0, gt=0)
    """How long it rings before the caller gives up. Always real seconds, whatever the speed."""
    picks_up: Literal["yes", "busy", "no_answer"] = "yes"
    """What a dialled party does."""
    picks_up_after_s: float = Field(0.5, ge=0)
    talk: Literal["when_heard", "on_answer"] = "when_heard"
    """`when_heard` keeps everyone quiet until audio is streamed or transcribed."""
    patience_s: float = Field(5.0, ge=0)
    """How long `when_heard` waits, in real seconds, before they talk anyway."""
    bridged_to: str | None = Field(None, min_length=1, max_length=100)
    """The number of an agent's leg that joins once the call is answered: a second leg of the same
    call session, whose inbound track is the agent."""
    recording: Path | Pair | None = None
    """A call's JSON (tracks and script), a two-channel WAV, or a pair of .ulaw files."""
    channels: tuple[Literal["customer", "agent"], Literal["customer", "agent"]] = (
        "customer",
        "agent",
    )
    """Who is on the first and the second channel of a WAV."""
    say: tuple[Say, ...] = ()
    """A script without a recording: the audio is a tone over noise, different for each call."""
    hangs_up: Literal["caller", "callee", "service"] = "caller"
    """Who ends the call when the talk is over; `service` waits for a `hangup` command."""
    linger_ms: int = Field(500, ge=0)
    """Silence after the talk, before whoever `hangs_up` does."""
    time_limit_s: float = Field(3600.0, gt=0, le=86_400)
    headers: Mapping[str, str] = Field(default_factory=dict)
    """Custom SIP headers of `call.initiated`."""
    tags: tuple[str, ...] = ()

    @field_validator("channels")
    @classmethod
    def _two_people(cls, channels: tuple[str, str]) -> tuple[str, str]:
        if channels[0] == channels[1]:
            raise ValueError("channels must name customer and agent once each")
        return channels

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.recording is not None and self.say:
            raise ValueError("a call has a recording or [[call.say]], not both")
        if self.direction == "incoming" and self.picks_up != "yes":
            raise ValueError("picks_up is for outgoing calls; an incoming one is yours to answer")
        return self


class Scenario(Table):
    """Everything a simulated Telnyx does."""

    seed: int = 0
    speed: float = Field(1.0, ge=0)
    connection_id: str = Field("1684641123236054244", pattern=r"^\d{1,30}$")
    recogniser: Literal["auto", "script", "relay"] = "auto"
    """`relay` sends audio to the recogniser URL, `auto` does if there is one."""
    call: tuple[CallPlan, ...] = ()
    webhooks: WebhookSettings = WebhookSettings()
    in_call: InCallSettings = InCallSettings()
    media: MediaSettings = MediaSettings()
    stt: SttSettings = SttSettings()
    rest: RestSettings = RestSettings()
    folder: Path = Field(Path(), exclude=True)
    """Where relative paths begin: the folder of the file. Not a key of the format."""

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if sum(plan.count for plan in self.call) > MAX_CALLS:
            raise ValueError(f"more than {MAX_CALLS} calls")
        return self


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file. Relative paths in it begin at its folder.

    Raises:
        SettingsError: It cannot be read or used; `problems` has one line for each fault.
    """
    try:
        if path.stat().st_size > MAX_SCENARIO_BYTES:
            raise SettingsError([f"{path}: more than {MAX_SCENARIO_BYTES} bytes"])
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError([f"{path}: not TOML: {error}"]) from error
    try:
        return parse_scenario(tree, folder=path.parent)
    except SettingsError as error:
        raise SettingsError([f"{path}: {problem}" for problem in error.problems]) from error


def parse_scenario(tree: Mapping[str, object], *, folder: Path = Path()) -> Scenario:
    """Make a scenario of a TOML tree.

    Raises:
        SettingsError: `problems` has one line for each fault.
    """
    if "folder" in tree:
        raise SettingsError(["folder: unknown key"])
    try:
        return Scenario.model_validate({**tree, "folder": folder})
    except ValidationError as error:
        raise SettingsError(list(_problems(error))) from error


def _problems(error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in fault["loc"])
        text = fault["msg"].removeprefix("Value error, ")
        for line in text.split("\n"):
            yield f"{place}: {line}" if place else line
