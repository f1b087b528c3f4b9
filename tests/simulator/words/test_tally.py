"""The words of a run: whose they are, in sum, and as they are shown."""

from service.simulator.words.records import Completed, Final, Gap, Record
from service.simulator.words.spans import Span
from service.simulator.words.table import table
from service.simulator.words.tally import are_complete, tally
from tests.simulator.words.builders import call, said

ONE = call(said("customer", "c1", "c2"), name="one")
QUIET = call(name="quiet")
TWO = call(said("customer", "c1", "c2"), name="two")


def heard(name: str | None, text: str) -> Final:
    """Return a final of a call."""
    return Final(call=name, speaker="customer", text=text)


def test_words_belong_to_the_call_that_is_named_by_any_of_its_ids() -> None:
    """The session's, the leg's, or the one of its partner's leg."""
    partner = call(name="two")
    partner.leg_id = "v3:partner"
    records: list[Record] = [
        heard("one", "c1 c2"),
        heard("v3:two", "c1"),
        heard("v3:partner", "c2"),
    ]
    found = tally([ONE, QUIET, TWO, partner], records, max_shift_ms=0)

    assert [(number, count.heard) for number, count in found.calls.items()] == [(1, 2), (3, 2)]
    assert (found.total.said, found.total.heard, found.strangers) == (4, 4, 0)


def test_what_is_of_no_call_counts_for_none() -> None:
    """Of several calls one has to be named; of a single one not."""
    gap = Gap(call="other", speaker=None, span=Span(0, 9_999))
    several = tally([ONE, TWO], [heard(None, "c1"), gap], max_shift_ms=0)
    single = tally([QUIET, ONE], [heard(None, "c1")], max_shift_ms=0)

    assert (several.strangers, several.total.heard, several.total.told) == (2, 0, 0)
    assert (single.strangers, single.total.heard) == (0, 1)


def test_calls_are_complete_once_each_with_words_is() -> None:
    """Nobody has to say anything of one in which nothing was said."""
    calls = [ONE, QUIET, TWO]

    assert not are_complete(calls, [Completed("one"), Completed(None)])
    assert are_complete(calls, [Completed("one"), Completed("v3:two")])
    assert are_complete([QUIET], [])


def test_the_table_has_a_line_for_each_call_and_one_for_all() -> None:
    """Its columns are as wide as they have to be."""
    shown = table(tally([ONE, TWO], [heard("one", "c1 c2 c2")], max_shift_ms=0))

    assert shown.splitlines() == [
        "words     said  heard  lost  told  untold ms  cut  doubled  wrong track  unsaid  shifted",
        "call   1     2      2     0     0          0    0        1            0       0        0",
        "call   2     2      0     2     0        800    0        0            0       0        0",
        "all          4      2     2     0        800    0        1            0       0        0",
    ]
