"""The layers of the settings and how they become one: the file first, the environment over it."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from service.errors import SettingsError
from service.reasons import system_fault
from service.settings.checks import spelt_in_variables
from service.settings.faults import (
    TOP_SECRETS,
    Fault,
    Places,
    read_faults,
    unknown_variables,
)
from service.settings.model import Settings, keyed
from service.settings.review import review
from service.settings.secret_files import ENDING, fill_in

CONFIG_VARIABLE = "CALLSCRIBE_CONFIG"
_LISTS = ("route", "endpoint")
_DEFAULT_FILE = Path("callscribe.toml")


def find_config(chosen: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the file to read: the chosen one, the one CALLSCRIBE_CONFIG names, or the one here."""
    if chosen is not None:
        return chosen
    if environ.get(CONFIG_VARIABLE):
        return Path(environ[CONFIG_VARIABLE])
    return _DEFAULT_FILE if _DEFAULT_FILE.exists() else None


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and what is known of where they are from."""

    settings: Settings
    places: Places
    said: Mapping[str, Any]
    """What file and environment say, without what stands in for what they leave out."""


def load_settings(
    config: Path | None, environ: Mapping[str, str], under: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings of `load`, alone."""
    return load(config, environ, under).settings


def load(
    config: Path | None, environ: Mapping[str, str], under: Mapping[str, str] | None = None
) -> Loaded:
    """Read `config` (None: no file) and put what `environ` says over it.

    In the environment a key is `CALLSCRIBE_` and its name; `__` leads into a table. Routes go
    by their number from 0, endpoints by number or name (`CALLSCRIBE_ENDPOINT__CRM__SECRET`);
    lists and tables are JSON. `TELNYX_API_KEY`, `TELNYX_PUBLIC_KEY`, `TELNYX_BASE_URL`,
    `TELNYX_STT_URL` and `DATABASE_URL` stand without the prefix. Empty means unset. With `_FILE`
    after its name, a secret is in the file that is named. `under` stands in for what is left out.

    Raises:
        SettingsError: `problems` has a line for each fault and says where it is. No line
            repeats a value that may be secret.
    """
    text = _read(config)
    tree = _parse(config, text)
    shapes = list(_misshapen(tree))
    tree |= {table: keyed(tree[table]) for table in _LISTS if table in tree}
    variables = {name.upper(): value for name, value in environ.items() if value}
    numbers = _endpoint_numbers(tree.get("endpoint"))
    layer = _Environment(variables)()
    layer |= _named_files(variables)
    problems = [*unknown_variables(variables), *_strangers(layer.get("endpoint"), numbers)]
    if isinstance(layer.get("endpoint"), dict):
        layer["endpoint"] = _numbered(layer["endpoint"], numbers, len(tree.get("endpoint", ())))
    shapes += [*fill_in(tree), *fill_in(layer)]
    said = _merge(tree, layer)
    places = Places(config, text, frozenset(variables), numbers)
    try:
        settings = Settings(**{**(under or {}), **said})
    except ValidationError as error:
        problems += [places.tell(fault) for fault in (*shapes, *read_faults(error))]
        raise SettingsError(problems) from None
    problems += [places.tell(fault) for fault in (*shapes, *review(settings))]
    if problems:
        raise SettingsError(problems)
    return Loaded(settings, places, said)


class _Environment(EnvSettingsSource):
    """The environment as a layer, read from a mapping that is handed in."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = {name.lower(): value for name, value in variables.items()}
        if "database_url" in self._variables:
            self._variables.setdefault("callscribe_database_url", self._variables["database_url"])
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._variables

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:  # noqa: ANN401
        """Read JSON; what is not JSON stays text, for the model to say what it should be."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


def _read(config: Path | None) -> str:
    if config is None:
        return ""
    try:
        return config.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SettingsError([f"{config}: there is no such file"]) from None
    except OSError as error:
        raise SettingsError([f"{config}: cannot be read: {system_fault(error)}"]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{config}: is not text in UTF-8"]) from None


def _parse(config: Path | None, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{config}: not TOML: {str(error).lower()}"]) from None
    except RecursionError:
        raise SettingsError([f"{config}: not TOML: too many brackets in each other"]) from None


def _misshapen(tree: dict[str, Any]) -> Iterator[Fault]:
    """Take out what is to be a list of tables and is none, and say how it is written."""
    for name in _LISTS:
        found = tree.get(name, [])
        numbered = isinstance(found, dict) and all(key.isdigit() for key in found)
        if not (numbered or isinstance(found, list)):
            del tree[name]
            message = f"is written [[{name}]], in two brackets: there may be several"
            yield Fault((name,), message)


def _named_files(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that name a file with a secret, as keys; those of endpoints are read."""
    return {
        f"{key}{ENDING}": variables[name]
        for key in TOP_SECRETS
        for name in (f"{key}{ENDING}".upper(), f"CALLSCRIBE_{key}{ENDING}".upper())
        if name in variables
    }


def _endpoint_numbers(tables: Any) -> dict[str, str]:  # noqa: ANN401 - whatever the file holds
    """Map the name of each endpoint, as a variable would spell it, to its number."""
    if not isinstance(tables, dict):
        return {}
    return {
        spelt_in_variables(table["name"]).lower(): number
        for number, table in tables.items()
        if isinstance(table, dict) and isinstance(table.get("name"), str)
    }


def _strangers(layer: Any, numbers: Mapping[str, str]) -> Iterator[str]:  # noqa: ANN401 - the same
    """Take out endpoints that are only variables and do not say what they are: misspelt, likely."""
    tables = layer if isinstance(layer, dict) else {}
    for key in [key for key in tables if not (key.isdigit() or key in numbers)]:
        if isinstance(tables[key], dict) and "type" not in tables[key]:
            del tables[key]
            start = f"CALLSCRIBE_ENDPOINT__{key.upper()}__"
            near = "".join(f", did you mean {one}?" for one in get_close_matches(key, numbers, 1))
            yield f"{start}…: no endpoint is called {key}{near or f': {start}TYPE would make one'}"


def _numbered(layer: dict[str, Any], numbers: Mapping[str, str], tables: int) -> dict[str, Any]:
    """Key by number what the environment keyed by name; a new name is one more endpoint."""
    new = [key for key in layer if not key.isdigit() and key not in numbers]
    named = {key: str(tables + place) for place, key in enumerate(sorted(new))}
    for key in named:
        if isinstance(layer[key], dict):
            layer[key].setdefault("name", key)
    return {numbers.get(key, named.get(key, key)): table for key, table in layer.items()}


def _merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Put one layer over another, table by table; anything but a table is replaced whole."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _merge(below, value)
        else:
            merged[key] = value
    return merged
