"""The page of scenarios: every key that it names is one."""

import re
from pathlib import Path

from service.simulator.scenario import carrier_settings, stt_settings

_PAGE = Path(__file__).parents[3] / "fixtures/scenarios/README.md"
_TABLES = (
    stt_settings.SttSettings,
    stt_settings.SttFault,
    carrier_settings.WebhookSettings,
    carrier_settings.WebhookFault,
    carrier_settings.InCallSettings,
    carrier_settings.MediaSettings,
    carrier_settings.RestSettings,
    carrier_settings.RestFault,
    carrier_settings.RestAway,
)


def test_every_key_of_the_table_of_faults_is_one() -> None:
    """Whoever copies one out of it gets what it says, and no error."""
    known = {name for table in _TABLES for name in table.model_fields}
    rows = [line for line in _PAGE.read_text().splitlines() if line.startswith("| ")]
    named = {
        key
        for row in rows
        if len(cells := row.split("|")) > 3
        for key in re.findall(r"`([a-z_0-9]+)(?: = [^`]*)?`", cells[3])
    }

    assert len(named) > 60
    assert named <= known
