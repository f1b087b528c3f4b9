"""The page of scenarios: its table names every key there is, at its place, and no other."""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

from service.simulator.scenario import calls, carrier_settings, model, stt_settings
from service.simulator.scenario.table import Table

_PAGE = Path(__file__).parents[3] / "fixtures/scenarios/README.md"
_TABLES: Mapping[str, type[Table]] = {
    "at the top": model.Scenario,
    "call": calls.CallPlan,
    "call.recording": calls.Pair,
    "call.act": calls.Act,
    "call.callee": calls.Callee,
    "call.say": calls.Say,
    "call.sound": calls.Sound,
    "call.numbered": calls.NumberedWords,
    "stt": stt_settings.SttSettings,
    "stt.fault": stt_settings.SttFault,
    "webhooks": carrier_settings.WebhookSettings,
    "webhooks.fault": carrier_settings.WebhookFault,
    "in_call": carrier_settings.InCallSettings,
    "media": carrier_settings.MediaSettings,
    "rest": carrier_settings.RestSettings,
    "rest.fault": carrier_settings.RestFault,
    "rest.away": carrier_settings.RestAway,
}
_OF_TABLES = {
    "call",
    "act",
    "callee",
    "webhooks",
    "in_call",
    "media",
    "stt",
    "rest",
    "fault",
    "away",
}
"""Keys that stand for tables, which have rows of their own."""
_NOT_READ = {"folder"}


def rows() -> Mapping[str, set[str]]:
    """Return the keys that the page names, by the table they stand in."""
    section = _PAGE.read_text().partition("## Every key")[2].partition("\n## ")[0]
    named: dict[str, set[str]] = defaultdict(set)
    for line in section.splitlines():
        cells = line.split("|")
        if len(cells) == 5:
            places = re.findall(r"`([a-z_.]+)`|(at the top)", cells[2])
            for place in (code or words for code, words in places):
                named[place] |= set(re.findall(r"`([a-z_0-9]+)(?: = [^`]*)?`", cells[3]))
    return named


@pytest.mark.parametrize("place", _TABLES)
def test_the_table_names_every_key_there_is(place: str) -> None:
    """Whoever copies one out of it gets what it says, and no error; and none is missing."""
    fields = _TABLES[place].model_fields
    keys = {field.alias or name for name, field in fields.items()}

    assert rows()[place] == keys - _OF_TABLES - _NOT_READ


def test_the_table_has_no_rows_of_tables_that_are_not_there() -> None:
    """Every place is one."""
    assert rows().keys() == _TABLES.keys()
