"""Whatever a key holds that it should not, its line is in words."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from service.errors import SettingsError
from service.settings import Settings
from tests.settings.builders import SECRET
from tests.settings.harness import Load, Problems
from tests.words import python_s

WRONG = (
    "4711",
    "1.5",
    "true",
    '"garbage garbage"',
    "[1]",
    "[[]]",
    "{ a = 1 }",
    "1979-05-27",
    "nan",
)
"""What TOML can hold, most of which most keys cannot."""
TABLES = {
    "": "",
    "route": '[[route]]\nsource = "in_call"\n',
    "endpoint": f'[[endpoint]]\nname = "a"\ntype = "webhook"\nsecret = "{SECRET}"\n',
}
"""What has to stand before a key of these."""


def models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - whatever a field has
    """Yield the tables that a field holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in get_args(annotation):
        yield from models(one)


def keys() -> Iterator[tuple[str, str]]:
    """Yield every key of the settings after its table, "" if it is in none."""
    for name, field in Settings.model_fields.items():
        tables = list(models(field.annotation))
        for table in tables:
            yield from ((name, key) for key in table.model_fields)
        if not tables:
            yield "", name


def text_of(table: str, key: str, value: str) -> str:
    """Write a settings file in which this key has this value."""
    before = TABLES.get(table, f"[{table}]\n")
    without = "\n".join(line for line in before.splitlines() if not line.startswith(f"{key} ="))
    return f"{without}\n{key} = {value}\n"


def faults(load: Load, text: str, **variables: str) -> list[str]:
    """Return what is said against these settings; nothing, if they can be used."""
    try:
        load(text, **variables)
    except SettingsError as error:
        return error.problems
    return []


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize(("table", "key"), list(keys()))
def test_no_fault_of_a_key_is_in_python_s_words(
    load: Load, table: str, key: str, value: str
) -> None:
    """Each names its key and is understood by whoever wrote it."""
    said = faults(load, text_of(table, key, value))

    assert not [line for line in said if python_s(line)]


@pytest.mark.parametrize("value", ["garbage", "[", "4711", '{"a": 1}', '["\\ud800"]', "NaN"])
@pytest.mark.parametrize("name", Settings.model_fields)
def test_no_fault_of_a_variable_is_in_python_s_words(load: Load, name: str, value: str) -> None:
    """The same from the environment, where all is text."""
    bare = name.startswith("telnyx_")
    said = faults(load, "", **{name.upper() if bare else f"CALLSCRIBE_{name.upper()}": value})

    assert not [line for line in said if python_s(line)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[route]\nsource = "in_call"', "1: route: is written [[route]], in two brackets"),
        ("endpoint = 1", "1: endpoint: is written [[endpoint]], in two brackets"),
        (
            '[[route]]\nsource = "in_call"\nendpoints = "crm"',
            '3: route[0].endpoints: should be a list, such as ["a", "b"]',
        ),
        (
            '[[route]]\nsource = "in_call"\nanswer = "maybe"',
            "3: route[0].answer: should be true or",
        ),
        ("[[route]]\nmatch = { to = 1312 }", "2: route[0].match.to: should be text, in quotes"),
        ("listen = 80", "1: listen: should be text, in quotes"),
        ('listen = "a..b:80"', '1: listen: should be "host:port"'),
        ('drain_timeout_s = "long"', "1: drain_timeout_s: should be a number"),
        ("[[api]]", " api: should be a table of keys and values"),
        ("route = [", " not TOML: invalid value (at end of document)"),
    ],
)
def test_what_is_often_written_wrongly_is_told_how_to_be_written(
    problems: Problems, text: str, problem: str
) -> None:
    """With its line."""
    assert problems(text)[0].startswith(f"callscribe.toml:{problem}")


def test_what_is_wrong_with_one_key_hides_no_other(problems: Problems) -> None:
    """A list of tables in one bracket is told beside all else."""
    said = problems('listen = 80\n[route]\nsource = "in_call"')

    assert len(said) == 2


def test_json_of_the_environment_is_read_as_toml_is(load: Load) -> None:
    """A control: what is right is taken."""
    assert load(CALLSCRIBE_API=json.dumps({"cors_origins": ["https://a.example"]})).api.cors_origins
