"""Estimating when a text was said: in the loud stretch that its length and its arrival suggest."""

from functools import partial
from typing import Any

from service.stt.ring import Span
from service.stt.timing import LAG_MS, duration_of, estimate

SENTENCE = "I would like to change it."  # some 1.7 s


def estimate_span(*args: Any, **known: Any) -> Span:  # noqa: ANN401 - as of `estimate`
    """Estimate when a text was said, however sure that is."""
    return estimate(*args, **known).span


def at(text: str, *spans: tuple[int, int], until_ms: int, lag_ms: int = LAG_MS) -> Span:
    """Estimate when a text was said that began no earlier than the stream."""
    return estimate_span(
        duration_of(text),
        [Span(*span) for span in spans],
        from_ms=0,
        until_ms=until_ms,
        lag_ms=lag_ms,
        queue_ms=max(0, lag_ms - LAG_MS),
    )


def test_a_text_lies_where_the_only_speech_was() -> None:
    """From its first to its last loud moment, whatever the text's length."""
    assert at(SENTENCE, (500, 3000), until_ms=3500) == Span(500, 3000)


def test_a_text_goes_over_the_pauses_inside_it() -> None:
    """Two short stretches make one sentence."""
    assert at(SENTENCE, (500, 1400), (1700, 2500), until_ms=3000) == Span(500, 2500)


def test_a_text_in_a_queue_ends_where_its_length_says() -> None:
    """During a replay much more speech was sent than there were results for."""
    spans = ((500, 2200), (3000, 5000), (6000, 9000))

    assert at(SENTENCE, *spans, until_ms=10_000, lag_ms=12_000) == Span(500, 2200)


def test_a_text_in_a_queue_does_not_swallow_a_long_stretch() -> None:
    """Without a pause to end at, it ends about as far in as it is long."""
    span = at(SENTENCE, (500, 9000), until_ms=9000, lag_ms=12_000)

    assert span.start_ms == 500
    assert 1700 < span.end_ms - span.start_ms < 2600


def test_of_two_that_fit_a_text_is_the_one_that_was_said_first() -> None:
    """However late it is: what is said is answered in order."""
    assert at(SENTENCE, (500, 2200), (9000, 10_700), until_ms=11_000) == Span(500, 2200)


def test_a_text_does_not_go_over_a_long_pause() -> None:
    """Though it would fit better with what is behind it."""
    assert at(SENTENCE, (500, 1600), (4000, 4600), until_ms=5000) == Span(500, 1600)


def test_a_text_passes_over_a_noise_that_is_much_too_short_for_it() -> None:
    """It is what was said after it."""
    assert at(SENTENCE, (500, 700), (9000, 10_700), until_ms=11_000) == Span(9000, 10_700)


def test_a_text_of_a_speaker_nobody_knows_ends_at_the_first_pause_that_will_do() -> None:
    """It may be said in half the time that it takes others."""
    spans = [Span(500, 1500), Span(2300, 3300)]
    late = partial(estimate_span, from_ms=0, until_ms=9000, lag_ms=9000)

    assert late(2000, spans) == Span(500, 3300)
    assert late(2000, spans, slack_ms=1000) == Span(500, 1500)


def test_what_a_text_leaves_of_a_stretch_is_no_other_one_if_it_is_next_to_nothing() -> None:
    """Nobody says his next words in a third of a second, and then is silent for four."""
    spans = [Span(24_100, 26_500), Span(30_600, 32_300)]
    late = partial(estimate_span, until_ms=32_400, lag_ms=18_000, queue_ms=9000)

    assert late(1626, spans, from_ms=20_450) == Span(24_100, 26_500)
    assert late(1000, spans, from_ms=20_450) == Span(24_100, 25_400)


def test_a_text_of_a_speaker_nobody_knows_is_all_of_a_stretch_though_it_took_long() -> None:
    """He may be slow: what a queue leaves of the stretch is not the next text."""
    spans = [Span(8800, 12_950), Span(18_050, 19_650)]
    late = partial(estimate_span, 2860, spans, from_ms=7450, until_ms=20_500, lag_ms=23_000)

    assert late(queue_ms=20_000, slack_ms=1430) == Span(8800, 12_950)
    assert late(queue_ms=20_000, slack_ms=429) == Span(8800, 12_518)


def test_a_text_in_a_queue_ends_at_a_short_pause_that_will_about_do() -> None:
    """Who speaks a little faster than before is likelier than a text without an end."""
    spans = [Span(38_450, 42_050), Span(42_350, 45_300), Span(47_900, 49_100)]
    late = partial(estimate_span, 5770, spans, from_ms=32_550, until_ms=52_700, slack_ms=2020)

    assert late(lag_ms=22_989, queue_ms=20_466) == Span(38_450, 42_050)


def test_nobody_knows_whether_there_was_a_pause_where_no_audio_came() -> None:
    """A text goes on over a hole in the audio, though not over a pause as long."""
    spans = [Span(21_900, 22_750), Span(24_480, 25_300)]
    live = partial(estimate_span, 1755, spans, from_ms=18_750, until_ms=25_480, lag_ms=2855)

    assert live() == Span(21_900, 22_750)
    assert live(holes=[Span(22_740, 24_480)]) == Span(21_900, 25_300)


def test_a_text_of_which_a_hole_cut_out_all_but_its_ends_goes_over_it() -> None:
    """Of a word before it, and one behind it; he spoke when it began, and when it ended."""
    text = partial(estimate_span, 671, from_ms=7_150, until_ms=17_373, lag_ms=4_987, slack_ms=235)
    spans, hole = [Span(11_500, 11_750), Span(13_273, 13_473)], Span(11_740, 13_273)

    assert text(spans, holes=[hole]) == Span(11_500, 13_473)
    assert text([spans[0], Span(13_573, 13_773)], holes=[hole]) == Span(11_500, 11_750)


def test_a_text_that_fits_well_enough_does_not_go_over_a_hole() -> None:
    """What was said behind it is the beginning of the next one."""
    spans = [Span(15_800, 18_900), Span(21_800, 22_000)]

    span = estimate_span(
        3828,
        spans,
        from_ms=11_550,
        until_ms=22_000,
        lag_ms=3696,
        queue_ms=1188,
        slack_ms=574,
        holes=[Span(18_900, 21_800)],
    )

    assert span == Span(15_800, 18_900)


def test_a_hole_is_no_pause_that_an_engine_seems_to_have_ended_a_text_in() -> None:
    """It was behind when the hole was passed over. A pause that is known is another matter."""
    spans = [Span(15_750, 17_050), Span(18_600, 19_600)]
    late = partial(
        estimate_span, 2260, spans, from_ms=8850, until_ms=19_700, lag_ms=3661, slack_ms=565
    )

    assert late(holes=[Span(17_040, 18_600)]) == Span(15_750, 19_600)
    assert late(holes=[Span(17_040, 17_140)]) == Span(15_750, 17_050)


def test_a_late_result_still_has_a_time() -> None:
    """Even when all speech is longer ago than a result should take."""
    assert at("Yes.", (500, 800), until_ms=9000) == Span(500, 800)


def test_a_text_without_any_speech_ends_now() -> None:
    """The detector missed it; the engine did not."""
    span = estimate_span(duration_of("Yes."), [], from_ms=1000, until_ms=5000, lag_ms=LAG_MS)

    assert span == Span(5000 - duration_of("Yes."), 5000)
    assert estimate_span(
        duration_of("Yes."), [], from_ms=6000, until_ms=5000, lag_ms=LAG_MS
    ) == Span(5000, 5000)


def test_a_script_of_syllables_takes_longer_to_say() -> None:
    """One Han character is a syllable, one letter is not."""
    assert duration_of("你好吗") > duration_of("abc")


def test_a_text_that_is_whole_did_not_end_in_speech_that_still_goes_on() -> None:
    """That is the next one: an engine ends a text in a pause."""
    spans = [Span(500, 1600), Span(2000, 2500)]
    here = partial(
        estimate_span,
        duration_of(SENTENCE),
        spans,
        from_ms=0,
        until_ms=2500,
        lag_ms=LAG_MS,
        slack_ms=300,
    )

    assert here(is_whole=False) == Span(500, 2500)
    assert here(is_whole=True) == Span(500, 1600)


def test_what_a_hole_left_of_a_word_is_no_beginning_of_a_text() -> None:
    """Nobody can have recognised it, and the rest of the word never came."""
    text = "I would like to change my number, please."

    span = estimate_span(
        duration_of(text),
        [Span(3050, 3200), Span(5200, 7000)],
        from_ms=0,
        until_ms=7500,
        lag_ms=5000,
        queue_ms=2500,
        holes=[Span(3200, 5200)],
    )

    assert span == Span(5200, 7000)


def test_the_first_that_was_heard_of_a_word_begins_a_text_all_the_same() -> None:
    """What was before it is lost for good; behind a text it would be the rest of that."""
    stretches = [Span(30_600, 30_750), Span(34_300, 35_450)]
    late = {"from_ms": 30_600, "until_ms": 42_900, "lag_ms": 14_800, "queue_ms": 12_300}

    first = estimate_span(360, stretches, **late, cut_ms=30_600)
    behind_a_text = estimate_span(360, stretches, **late)

    assert first == Span(30_600, 30_750)
    assert behind_a_text.start_ms == 34_300


def test_what_begins_behind_a_hole_and_goes_on_is_no_end_of_a_text() -> None:
    """So little of a word cannot have been recognised yet; once it has ended, nobody knows."""
    before, hole, behind = Span(24_489, 26_649), Span(26_649, 33_487), Span(33_487, 33_587)
    ended = partial(estimate, 3_000, [before, behind], from_ms=24_000, lag_ms=LAG_MS, slack_ms=300)

    assert ended(until_ms=33_587, holes=[hole]) == (before, None)
    assert ended(until_ms=34_087, holes=[hole]) == (before, hole.start_ms)


def test_an_engine_had_no_time_in_a_hole_to_answer_what_was_said_before_it() -> None:
    """Sent nothing, it is no later for that."""
    before, hole, behind = Span(8050, 11_000), Span(11_020, 15_999), Span(15_999, 16_799)
    late = partial(estimate, 3_459, [before, behind], from_ms=4000, until_ms=16_899, slack_ms=1211)

    assert late(lag_ms=LAG_MS, holes=[hole]).span == before


def test_where_a_hole_lets_a_text_have_two_places_that_is_told() -> None:
    """He spoke when it began and when it was over, and the length fits with both or with one."""
    before, hole, behind = Span(4550, 7150), Span(7160, 8304), Span(8304, 8854)
    late = partial(estimate, from_ms=0, until_ms=10_804, lag_ms=4885, holes=[hole])

    open_end = late(3120, [before, behind], slack_ms=1560)
    assert (open_end.span, open_end.split_ms) == (before, 7150)
    assert late(2600, [before, behind]).split_ms is None
    assert late(3120, [before, Span(9000, 9550)], slack_ms=1560).split_ms is None


def test_a_text_that_may_have_been_said_behind_a_hole_alone_begins_before_it() -> None:
    """What is left of a word there may be its first one."""
    before, hole, behind = Span(25_500, 25_700), Span(25_680, 28_659), Span(28_659, 29_509)
    late = partial(estimate, from_ms=23_250, until_ms=33_059, lag_ms=6222, holes=[hole])

    found = late(796, [before, behind], slack_ms=279)

    assert (found.span, found.split_ms) == (Span(25_500, 29_509), 25_700)


def test_nobody_is_taken_to_speak_in_a_third_of_the_time() -> None:
    """Where nothing is known of him, a text of two stretches is not all in the shorter one."""
    before, hole, behind = Span(3450, 4600), Span(4600, 5740), Span(5740, 7640)
    late = partial(estimate, from_ms=0, until_ms=15_140, lag_ms=4635, slack_ms=1365)

    found = late(2730, [before, behind], holes=[hole])

    assert (found.span, found.split_ms) == (Span(3450, 7640), 4600)


def test_a_text_of_a_late_engine_ends_in_the_pause_that_its_length_says() -> None:
    """The last one before it came is no likelier: what was said there has yet to be answered."""
    spans = [Span(4900, 7500), Span(8100, 9800)]
    text = partial(estimate_span, 3445, spans, from_ms=0, until_ms=10_900, slack_ms=1722)

    assert text(lag_ms=LAG_MS, is_late=True) == spans[0]
    assert text(lag_ms=LAG_MS) == Span(4900, 9800)
