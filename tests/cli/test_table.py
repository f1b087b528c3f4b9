"""Tables on a terminal: columns stand under each other, whatever is written in them."""

import pytest

from service.cli.table import print_table
from service.words import width_of


def test_columns_stand_under_each_other_in_every_script(capsys: pytest.CaptureFixture[str]) -> None:
    """Wide letters take two columns, marks none."""
    names = ["Ann", "木曜日", "e\u0301a", "\U0001f468\u200d\U0001f469\u200d\U0001f467"]
    print_table(["name", "calls"], [(name, "|") for name in names], empty="")
    header, *lines = capsys.readouterr().out.splitlines()

    assert [width_of(line.partition("|")[0]) for line in lines] == [8] * len(names)
    assert header.index("calls") == 8
