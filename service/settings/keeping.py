"""The settings of how long what is kept, and what every table is like."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

TABLE = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
"""What every table of settings is like."""
Days = Annotated[float, Field(gt=0, le=36_500)]


class RetentionSettings(BaseModel):
    """`retention` of a route: after how many days what is deleted; without it, never."""

    model_config = TABLE

    text_days: Days | None = None
    audio_days: Days | None = None
    attempts_days: Days | None = None


class AccessLogSettings(BaseModel):
    """`[access_log]`: who looked at which call over the API, and how long that is known."""

    model_config = TABLE

    days: Days = 365.0
    """After how many days an access is forgotten."""
    max_entries: Annotated[int, Field(ge=1_000, le=100_000_000)] = 1_000_000
    """How many are kept; of more, the oldest are forgotten."""
    addresses: Literal["full", "network", "none"] = "full"
    """How much of an address is kept: all, its network (/24 or /48), or nothing."""
