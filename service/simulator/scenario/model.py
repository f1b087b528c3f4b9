"""Scenarios: what a simulated Telnyx does, as a small TOML file.

```toml
seed = 7                         # the same seed gives the same ids, faults and words
speed = 1                        # 1 is real time, 10 ten times faster, 0 as fast as possible

[[call]]
from = "+13125550142"
to = "+13125550199"
recording = "../calls/support-call.json"
hangs_up = "caller"

[[webhooks.fault]]               # see `carrier_settings`
events = ["call.transcription"]
duplicate = 0.3
```

Every key is a field below, in `calls`, `carrier_settings` or `stt_settings`. An unknown key, and
one that does nothing yet, is an error: a scenario that is read does what it says.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from service.errors import SettingsError
from service.reasons import value_fault
from service.simulator.scenario.calls import MAX_CALLS, CallPlan
from service.simulator.scenario.carrier_settings import (
    InCallSettings,
    MediaSettings,
    RestSettings,
    WebhookSettings,
)
from service.simulator.scenario.stt_settings import SttSettings
from service.simulator.scenario.table import Table

MAX_SCENARIO_BYTES = 1024 * 1024


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
    except UnicodeDecodeError as error:
        raise SettingsError([f"{path}: is not text in UTF-8"]) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{path}: not TOML: {str(error).lower()}"]) from error
    except RecursionError as error:
        raise SettingsError([f"{path}: not TOML: too many brackets in each other"]) from error
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
        text = value_fault(fault["type"], fault["msg"], fault.get("ctx", {}))
        for line in text.split("\n"):
            yield f"{place}: {line}" if place else line
