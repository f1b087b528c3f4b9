"""The proof in short: a few tens of calls go wrong, and no word is lost or doubled or untold.

`make proof-words` is the long one.
"""

from collections import Counter
from itertools import combinations

import pytest

from service.simulator.speech.coded_track import can_encode
from service.simulator.words.alignment import Times, align, spread
from service.simulator.words.spans import Span, missing, union
from tests.proof.__main__ import SHORT_RUNS
from tests.proof.faults.catalogue import FAULTS, NONE, UNDECIDABLE
from tests.proof.plan import SINGLES_EACH, plan, plan_one, playable, single_kinds, whole_plan
from tests.proof.runs import Off, make_all
from tests.proof.table import Row, p99
from tests.proof.trial import Trial, may_strike_at_once

SEED = 1


def test_every_numbered_word_comes_once_in_order_and_in_its_place() -> None:
    """Whichever way a call goes wrong; what nobody could hear is told."""
    failed = {
        f"{verdict.trial.label} on {verdict.trial.source}, seed {verdict.trial.seed}": problems
        for verdict in make_all(playable(plan(SEED, SHORT_RUNS)))
        if (problems := verdict.problems)
    }

    assert not failed


FAILED_ONCE = [
    Trial(1179, "media", ("stream_silent_for_a_while", "we_stand_still")),
    Trial(914, "media", ("engine_away", "stream_redialled_often")),
    Trial(992, "media", ("stream_half_open_and_redialled", "api_away_at_first")),
    Trial(5528, "media", ("only_16_khz", "codec_pcma")),
    Trial(5336, "media", ("late_and_closed", "engine_away_for_long")),
    Trial(2008, "media", ("late_answers", "frames_missing")),
    Trial(1047, "media", ("stream_silent_for_a_while", "paused_with_clocks_off")),
    Trial(117, "media", ("late_answers", "closed_every_5_s")),
    Trial(141, "media", ("late_answers", "closed_every_5_s")),
    Trial(150, "media", ("late_answers", "closed_every_5_s")),
    Trial(153, "media", ("late_answers", "closed_every_5_s")),
    Trial(6000, "media", ("repetitive_speech", "no_is_final")),
    Trial(6007, "media", ("repetitive_speech", "no_is_final")),
    Trial(6010, "media", ("repetitive_speech", "no_is_final")),
    Trial(5056, "media", ("repetitive_speech", "no_is_final")),
    Trial(5055, "media", ("repetitive_speech", "late_and_closed")),
    Trial(6008, "media", ("repetitive_speech", "late_and_closed")),
    Trial(1, "media", ("late_answers", "session_limit")),
    Trial(20, "media", ("late_answers", "session_limit")),
    Trial(25, "media", ("late_answers", "session_limit")),
    Trial(980, "media", ("closed_every_5_s", "session_limit")),
    Trial(1536, "media", ("closed_every_5_s", "no_is_final")),
    Trial(7001, "media", ("slow_handshake", "falls_back")),
    Trial(7007, "media", ("engine_away", "falls_back")),
    Trial(7006, "media", ("closed_at_once", "falls_back_midway")),
    Trial(30195, "media", ("hangup_webhook_lost", "stream_webhooks_lost")),
    Trial(30412, "media", ("we_stand_still", "paused")),
    Trial(60029, "media", ("one_final", "receiver_away")),
    Trial(722, "media", ("one_final", "paused")),
    Trial(1419, "media", ("codec_opus", "stream_redialled_often")),
    Trial(1478, "media", ("stall", "frames_missing")),
    Trial(1530, "media", ("half_open", "falls_back_midway")),
    Trial(40037, "media", ("stall", "falls_back_midway")),
    Trial(20001, "media", ("closed_every_5_s", "engine_away_for_long")),
    Trial(20008, "media", ("closed_every_5_s", "wrong_order")),
    Trial(20007, "media", ("closed_every_5_s", "wrong_order")),
    Trial(20006, "media", ("slow_handshake", "closed_every_5_s")),
    Trial(20010, "media", ("closed_every_5_s", "wrong_order")),
    Trial(810003, "media", ("late_answers", "closed_every_5_s")),
    Trial(7003, "media", ("slow_handshake", "closed_every_5_s")),
    Trial(62008, "media", ("late_answers", "frames_missing")),
    Trial(63034, "media", ("late_answers", "stream_silent_for_a_while")),
    Trial(860001, "media", ("closed_every_5_s", "frames_missing")),
    Trial(890003, "media", ("closed_every_5_s", "frames_missing")),
    Trial(840003, "media", ("closed_every_5_s", "wrong_order")),
    Trial(820009, "media", ("late_answers", "bursts")),
    Trial(820009, "media", ("late_answers", "stream_redialled")),
    Trial(820019, "media", ("late_answers", "closed_every_5_s")),
    Trial(828004, "media", ("late_answers", "closed_every_5_s")),
    Trial(828028, "media", ("late_answers", "closed_every_5_s")),
    Trial(860004, "media", ("late_answers", "session_limit")),
    Trial(890003, "media", ("late_answers", "session_limit")),
    Trial(820010, "media", ("late_answers", "session_limit")),
    Trial(890004, "media", ("late_answers", "stream_silent_for_a_while")),
    Trial(910023, "media", ("late_answers", "frames_missing")),
    Trial(910000, "media", ("repetitive_speech", "late_and_closed")),
    Trial(910005, "media", ("repetitive_speech", "late_and_closed")),
    Trial(910037, "media", ("repetitive_speech", "late_and_closed")),
    Trial(910007, "media", ("slow_handshake", "closed_every_5_s")),
    Trial(920002, "media", ("late_answers", "frames_missing")),
    Trial(920018, "media", ("late_answers", "session_limit")),
    Trial(940008, "media", ("late_answers", "session_limit")),
    Trial(940022, "media", ("late_answers", "session_limit")),
    Trial(940006, "media", ("late_answers", "falls_back")),
    Trial(940013, "media", ("late_answers", "falls_back")),
    Trial(940025, "media", ("late_answers", "falls_back")),
    Trial(940010, "media", ("closed_anywhere", "falls_back")),
    Trial(471, "media", ("half_open", "stall")),
    Trial(533, "media", ("stream_silent_to_the_end", "rough_frames")),
    Trial(701, "media", ("stream_silent_for_a_while", "paused_with_clocks_off")),
    Trial(967, "media", ("closed_every_5_s", "finals_restated")),
    Trial(1739, "media", ("api_away_at_first", "journal_away")),
    Trial(1000884, "media", ("bursts", "paused_with_clocks_off")),
    Trial(1001410, "media", ("engine_away_for_long", "webhooks_rough")),
    Trial(3000003, "media", ("closed_every_5_s", "frames_missing")),
    Trial(5064099, "media", ("stream_half_open_and_redialled", "slow_handshake", "rough_frames")),
    Trial(6163346, "media", ("frames_missing", "rough_frames", "stream_half_open_and_redialled")),
    Trial(6163346, "media", ("rough_frames", "frames_missing", "stream_half_open_and_redialled")),
    Trial(930000, "media", ("wrong_order", "falls_back")),
    Trial(940028, "media", ("wrong_order", "falls_back")),
]
"""Runs that were found by the long proof."""


def test_what_failed_once_fails_no_more() -> None:
    """Each of them for a cause of its own."""
    assert [verdict.problems for verdict in make_all(FAILED_ONCE)] == [[]] * len(FAILED_ONCE)


def test_a_run_is_the_same_again() -> None:
    """What fails can be looked into."""
    first, again = make_all([Trial(SEED, "media", ("closed_anywhere", "rough_frames"))] * 2)

    assert (first.words, first.problems) == (again.words, again.problems)
    assert first.words > 0


def test_a_call_that_this_machine_cannot_encode_is_left_out() -> None:
    """Only one codec needs what no package of ours brings."""
    coded, plain = (Trial(SEED, "media", (name,)) for name in ("codec_amr-wb", "codec_g722"))

    assert playable([coded, plain]) == ([coded] if can_encode("AMR-WB") else []) + [plain]


@pytest.mark.parametrize(
    ("off", "fault", "column"),
    [("replay", "closed_anywhere", "lost"), ("gaps", "engine_away_for_long", "untold_ms")],
)
def test_the_proof_bites(off: Off, fault: str, column: str) -> None:
    """A service that sends no audio again, or does not tell what it lost, is found out."""
    row = Row()
    for verdict in make_all(plan_one(SEED, 4, [fault], ["media"]), off):
        row.add(verdict)

    assert getattr(row, column) > 0


def test_the_plan_has_every_fault_by_itself_and_pairs_as_many() -> None:
    """No fault is forgotten, no pair asks for what excludes each other, no seed comes twice."""
    singles = len(single_kinds())
    trials = plan(SEED, 2 * singles)

    assert {trial.names[0] for trial in trials if len(trial.names) == 1} == set(FAULTS)
    assert sum(len(trial.names) == 2 for trial in trials) == singles
    assert len({trial.seed for trial in trials}) == len(trials)
    assert not any(frozenset(trial.names) in UNDECIDABLE for trial in plan(SEED, 4_000))


def test_the_whole_plan_leaves_no_pair_unplayed() -> None:
    """Every one that may strike at once is there, once, on each source that both can strike."""
    trials = whole_plan(SEED)
    pairs = Counter((trial.source, frozenset(trial.names)) for trial in trials if trial.names[1:])
    possible = {
        (source, frozenset({one.name, other.name}))
        for one, other in combinations([fault for fault in FAULTS.values() if fault is not NONE], 2)
        if may_strike_at_once(one, other)
        for source in set(one.sources) & set(other.sources)
    }

    assert set(pairs) == {pair for pair in possible if pair[1] not in UNDECIDABLE}
    assert set(pairs.values()) == {1}
    assert len(trials) == len(pairs) + SINGLES_EACH * len(single_kinds())


def test_words_that_are_said_again_and_again_are_put_in_their_places() -> None:
    """Where words are not numbered, the order says which is which."""
    script = ["yes", "no", "yes", "yes"]

    assert align(script, ["yes", "no", "yes", "yes"]) == [0, 1, 2, 3]
    assert align(script, ["no", "yes", "maybe"]) == [1, 2, None]


def test_of_equal_words_one_is_that_which_was_said_at_its_time() -> None:
    """One of the others was lost, or said in a pause."""
    script = ["one", "two", "no", "one", "two"]
    said_ms = [200.0, 600.0, 1000.0, 1400.0, 1800.0]

    assert align(script, ["one", "two"], Times(said_ms, [1300.0, 1700.0])) == [3, 4]
    assert align(script, ["one", "two"], Times(said_ms, [300.0, 700.0])) == [0, 1]
    assert align(script, ["one", "two"], Times(said_ms, [300.0, 1700.0])) == [0, 4]
    assert align(script, ["one", "two"], Times(said_ms, [None, None])) == [0, 1]


def test_of_equal_words_one_is_rather_not_that_which_a_pause_cut() -> None:
    """Nobody can tell by a tenth of a second which of them was heard."""
    times = Times([200.0, 500.0], [340.0], frozenset({0}))

    assert align(["one", "one"], ["one"], times) == [1]


def test_time_is_cut_and_joined() -> None:
    """What is left of a whole, and what of a hundred values is exceeded once."""
    spans = [Span(10, 20), Span(15, 30), Span(40, 50)]

    assert union(spans) == [Span(10, 30), Span(40, 50)]
    assert missing(Span(0, 60), spans) == [Span(0, 10), Span(30, 40), Span(50, 60)]
    assert p99(range(100)) == 99


def test_the_words_of_a_final_are_as_long_as_each_other() -> None:
    """Where nobody says when each of them was said; of a final without offsets nothing is known."""
    assert spread(2, 1000, 2000) == [1250.0, 1750.0]
    assert spread(2, None, None) == [None, None]
