"""What is wrong with the settings, in one line each, and where to put it right."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, get_args

from pydantic import BaseModel, ValidationError

from service.reasons import value_fault
from service.settings.checks import did_you_mean
from service.settings.model import Settings

_PREFIX = "CALLSCRIBE_"
_BARE = ("telnyx_api_key", "telnyx_public_key", "telnyx_base_url", "telnyx_stt_url", "database_url")
TOP_SECRETS = (
    "telnyx_api_key",
    "telnyx_public_key",
    "recogniser_api_key",
    "stream_secret",
    "database_key",
    "database_url",
    "nats_url",
)
"""What may be in a file of its own: secrets, and what may have one in it or comes beside one."""
_ELSEWHERE = (
    "CALLSCRIBE_CONFIG",
    "CALLSCRIBE_RECOGNISER_LISTEN",
    "CALLSCRIBE_RECOGNISER_MODEL",
)
"""Variables that are none of the settings, and are read by the command line."""
_ADVICE = {
    "telnyx_api_key": "TELNYX_API_KEY is not set: make an API key in the Telnyx portal",
    "telnyx_public_key": "TELNYX_PUBLIC_KEY is not set: copy the public key of your account from "
    "the Telnyx portal (Keys & Credentials)",
}
_TABLE_LINE = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]")
_KEY_LINE = re.compile(r"""\s*([\w."'-]+)\s*=""")

Place: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong, at one place in the tree: `("route", "0", "engine")`."""

    place: Place
    message: str


class Places:
    """Says where in the file or in the environment a fault is."""

    def __init__(
        self,
        config: Path | None,
        text: str,
        variables: frozenset[str],
        endpoint_numbers: Mapping[str, str],
    ) -> None:
        self._config = config
        self._lines = _lines_by_place(text)
        self._variables = variables
        self._slugs = {number: slug for slug, number in endpoint_numbers.items()}

    def tell(self, fault: Fault) -> str:
        """Write the fault as one line: where, which key, what."""
        if fault.place and fault.place[-1] in _ADVICE and "is missing" in fault.message:
            return _ADVICE[fault.place[-1]]
        parts = (self.where(fault.place), written(fault.place), fault.message)
        return ": ".join(part for part in parts if part)

    def where(self, place: Place) -> str:
        """Return the variable or the line of the file that says it, or the table it is in."""
        for length in range(len(place), 0, -1):
            for variable in self._spellings(place[:length]):
                if variable in self._variables:
                    return variable
        for length in range(len(place), 0, -1):
            for named in (place[:length], _in_file(place[:length])):
                if named in self._lines:
                    return f"{self._config}:{self._lines[named]}"
        return str(self._config or "")

    def _spellings(self, place: Place) -> Iterator[str]:
        if not place[-1].endswith("_file"):
            yield from self._spellings(_in_file(place))
        if len(place) == 1 and place[0].removesuffix("_file") in _BARE:
            yield place[0].upper()
        yield _PREFIX + "__".join(place).upper()
        if place[0] == "endpoint" and len(place) > 1 and place[1] in self._slugs:
            yield _PREFIX + "__".join((place[0], self._slugs[place[1]], *place[2:])).upper()


def _in_file(place: Place) -> Place:
    """Return the key that names a file in which this one is."""
    return (*place[:-1], f"{place[-1]}_file")


def read_faults(error: ValidationError) -> list[Fault]:
    """Turn what pydantic found into faults. Values are left out: they may be secrets."""
    found = error.errors(include_input=False, include_url=False)
    return [
        _fault(one["type"], one["loc"], value_fault(one["type"], one["msg"], one.get("ctx", {})))
        for one in found
    ]


def unknown_variables(variables: Mapping[str, str]) -> list[str]:
    """Return a line for each CALLSCRIBE_ variable that names no key."""
    spelt = {name: _PREFIX + name.upper() for name in Settings.model_fields}
    spelt |= {name: name.upper() for name in _BARE if name != "database_url"}
    files = (f"{spelt[name]}_FILE" for name in TOP_SECRETS)
    known = {*spelt.values(), *files, *_ELSEWHERE}
    return [
        f"{variable}: unknown{_nearest(variable, sorted(known))}"
        for variable in sorted(variables)
        if variable.startswith(_PREFIX) and variable.partition("__")[0] not in known
    ]


def _nearest(variable: str, known: list[str]) -> str:
    bare = variable.removeprefix(_PREFIX)
    return did_you_mean(bare, [bare]) if bare in known else did_you_mean(variable, known)


def _fault(kind: str, loc: tuple[int | str, ...], message: str) -> Fault:
    place = tuple(str(part) for part in loc if part != "[key]")
    if kind == "extra_forbidden":
        nearest = did_you_mean(place[-1], _keys_beside(place))
        if not nearest and len(place) > 1 and place[-1] in Settings.model_fields:
            return Fault(place, "belongs at the top of the file, before the first [table]")
        return Fault(place, f"unknown key{nearest}")
    if kind == "missing":
        return Fault(place, "is missing")
    return Fault(place, message)


def _keys_beside(place: Place) -> list[str]:
    """Return the keys that the table of this one may have."""
    table: type[BaseModel] = Settings
    for part in place[:-1]:
        field = table.model_fields.get(part)  # none of a number: its table is that of the list
        table = (field and _find_table(field.annotation)) or table
    return list(table.model_fields)


def _find_table(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - whatever a field has
    """Return the model that a field holds, by itself or by number."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_find_table, get_args(annotation))), None)


def written(place: Place) -> str:
    """Write a place as people do: `route[0].engine`."""
    dotted = "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in place)
    return dotted.removeprefix(".")


def _lines_by_place(text: str) -> dict[Place, int]:
    """Find the line of each table and key. A hint for people: odd layouts find the table only."""
    lines: dict[Place, int] = {}
    counts: dict[str, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE_LINE.match(line):
            table = _table(header[1], _split(header[2]), counts)
            lines.setdefault(table, number)
        elif key := _KEY_LINE.match(line):
            lines.setdefault(table + _split(key[1]), number)
    return lines


def _table(bracket: str, path: Place, counts: dict[str, int]) -> Place:
    first = path[0]
    if bracket == "[[" and len(path) == 1:
        counts[first] = counts.get(first, -1) + 1
        return (first, str(counts[first]))
    return (first, str(counts[first]), *path[1:]) if first in counts else path


def _split(dotted: str) -> Place:
    return tuple(part.strip(" \"'") for part in dotted.split("."))
