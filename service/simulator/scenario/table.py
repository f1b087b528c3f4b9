"""What every table of a scenario file is: immutable, and without unknown keys."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

Number = TypeVar("Number", int, float)
Chance = Annotated[float, Field(ge=0, le=1)]


class Table(BaseModel):
    """A table of the scenario file. It is immutable; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _know_every_key(cls, table: object) -> object:
        if not isinstance(table, Mapping):
            return table
        known = [field.alias or name for name, field in cls.model_fields.items()]
        faults = [_unknown(key, known) for key in table if key not in known]
        if faults:
            raise ValueError("\n".join(faults))
        return table


def _unknown(key: object, known: list[str]) -> str:
    near = get_close_matches(str(key), known, n=1, cutoff=0.4)
    return f"unknown key {key!r}" + (f", did you mean {near[0]!r}?" if near else "")


def low_to_high(pair: tuple[Number, Number]) -> tuple[Number, Number]:
    """Return a range, if it is one."""
    if not 0 <= pair[0] <= pair[1]:
        raise ValueError("a range goes from low to high, and not below 0")
    return pair
