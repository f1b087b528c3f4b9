"""Every fault of the proof, by name: what it changes, and what it may cost."""

from typing import Any

from service.simulator.rng import Rng
from tests.proof import acts
from tests.proof.changes import BOTH, IN_CALL, Change, Fault

WORDS_BEGIN_MS, WORDS_END_MS = 3_000, 28_000
"""Of a conversation, where a fault strikes in its midst."""


def _at(rng: Rng) -> int:
    return round(rng.between(WORDS_BEGIN_MS, WORDS_END_MS))


def _pick(rng: Rng, *values: Any) -> Any:  # noqa: ANN401 - whatever is to be chosen from
    return values[int(rng.between(0, len(values))) % len(values)]


def _stt(**settings: object) -> Change:
    return Change(scenario={"stt": {"fault": [settings]}})


def _media(**settings: object) -> Change:
    return Change(scenario={"media": settings})


def _webhooks(**settings: object) -> Change:
    return Change(scenario={"webhooks": settings})


def _lost(*events: str) -> Change:
    return _webhooks(fault=[{"events": list(events), "drop": 1.0}])


def _missing(rng: Rng) -> Change:
    at = _at(rng)
    length = round(rng.between(600, 6_000))
    return _media(missing_ms=[[at, at + length]], missing_numbers=rng.chance(0.5))


def _skewed(rng: Rng) -> Change:
    off_s = _pick(rng, -1, 1) * rng.between(2, 25)
    return _webhooks(skew_s=off_s, stamp_skew_s=off_s)


def _codec(name: str) -> Fault:
    return Fault(
        name=f"codec_{name.lower()}", alarms=False, make=lambda _: _media(codec=name, frame_ms=20)
    )


def _paused(rng: Rng, *, off_s: float) -> Change:
    at_s = rng.between(6, 12)
    until_s = at_s + rng.between(4, 8)
    return Change(
        acts=[acts.paused(at_s, until_s), acts.clock_ahead(off_s)], pauses_s=(at_s, until_s)
    )


RECOGNISER = (
    Fault(name="slow_handshake", make=lambda rng: _stt(handshake_s=rng.between(0.5, 8))),
    Fault(
        name="closed_anywhere",
        make=lambda rng: _stt(
            sessions=[1, 2],
            close_after_ms=_at(rng),
            close_code=_pick(rng, 1000, 1001, 1005, 1006, 1008, 1011, 1012, 1013, 4000),
        ),
    ),
    Fault(name="closed_every_5_s", make=lambda _: _stt(close_after_ms=5_000, close_code=1006)),
    Fault(
        name="closed_at_once",
        make=lambda rng: _stt(sessions=[1, 4], close_after_ms=_pick(rng, 100, 300, 1000)),
    ),
    Fault(
        name="half_open",
        make=lambda rng: _stt(
            sessions=[1, 2], deaf_after_ms=_at(rng), answers_pings=rng.chance(0.5)
        ),
    ),
    Fault(
        name="stall",
        make=lambda rng: _stt(sessions=[1, 2], stall_after_ms=_at(rng), stall_s=rng.between(1, 12)),
    ),
    Fault(name="late_answers", make=lambda rng: _stt(late_s=[0, rng.between(1, 10)])),
    Fault(
        name="late_and_closed",
        make=lambda rng: _stt(
            late_s=[4, 8], sessions=[1, 2], close_after_ms=_at(rng), close_code=1006
        ),
    ),
    Fault(
        name="garbage",
        make=lambda rng: _stt(garbage=0.2, garbage_in_a_row=_pick(rng, 1, 2, 3)),
    ),
    Fault(name="wrong_order", alarms=False, make=lambda _: _stt(wrong_order=0.3)),
    Fault(name="finals_restated", alarms=False, make=lambda _: _stt(restate=0.5)),
    Fault(name="no_is_final", alarms=False, make=lambda _: _stt(is_final=False), bound_ms=1_500),
    Fault(name="no_partials", alarms=False, make=lambda _: _stt(partials=False)),
    Fault(
        name="session_limit",
        make=lambda rng: _stt(
            session_limit_s=rng.between(8, 20), flush_first=rng.chance(0.5), close_code=1000
        ),
    ),
    Fault(name="close_stream_ignored", alarms=False, make=lambda _: _stt(close_stream="none")),
    Fault(
        name="refused_before_upgrade",
        make=lambda rng: _stt(sessions=[1, 4], refuse_status=_pick(rng, 429, 500, 502, 503)),
    ),
    Fault(
        name="refused_after_upgrade",
        make=lambda rng: _stt(sessions=[1, 4], refuse_code=_pick(rng, "10011", "10007", "50000")),
    ),
    Fault(
        name="key_refused_for_a_while",
        make=lambda rng: _stt(until_s=rng.between(3, 12), refuse_status=_pick(rng, 401, 403)),
        loses=True,
    ),
    Fault(
        name="engine_away",
        make=lambda rng: Change(
            scenario={
                "stt": {
                    "fault": [
                        {"sessions": [1, 2], "close_after_ms": 6_000, "close_code": 1006},
                        {"from_s": 6, "until_s": rng.between(10, 25), "refuse_status": 503},
                    ]
                }
            }
        ),
    ),
    Fault(
        name="engine_away_for_long",
        make=lambda _: Change(
            scenario={
                "stt": {
                    "fault": [
                        {"sessions": [1, 2], "close_after_ms": 10_000, "close_code": 1006},
                        {"from_s": 9, "until_s": 60, "refuse_status": 503},
                    ]
                }
            }
        ),
        loses=True,
        duration_s=75.0,
    ),
    Fault(
        name="one_final",
        alarms=False,
        make=lambda rng: Change(
            scenario={
                "stt": {
                    "close_stream": "some",
                    "fault": [
                        {
                            "engines": ["Telnyx"],
                            "one_final": True,
                            "one_final_holds_s": _pick(rng, 0, 20),
                        }
                    ],
                }
            },
            route={"engine": "Telnyx", "model": "openai/whisper-large-v3-turbo"},
        ),
        bound_ms=500,
    ),
    Fault(
        name="falls_back",
        make=lambda rng: Change(
            scenario={
                "stt": {
                    "fault": [{"engines": ["Deepgram"], "refuse_status": _pick(rng, 401, 403, 503)}]
                }
            },
            route={"fallback": [{"engine": "Google"}]},
        ),
    ),
    Fault(
        name="falls_back_midway",
        make=lambda rng: Change(
            scenario={
                "stt": {
                    "fault": [
                        {"engines": ["Deepgram"], "deaf_after_ms": _at(rng)},
                        {"engines": ["Deepgram"], "from_s": 5, "refuse_status": 503},
                        {"engines": ["Google"], "late_s": [0, 1]},
                    ]
                }
            },
            route={"fallback": [{"engine": "Google"}]},
        ),
    ),
    Fault(
        name="repetitive_speech",
        make=lambda rng: Change(
            scenario={
                "call": {"numbered": {"repetitive": True}},
                "stt": {
                    "fault": [{"sessions": [1, 2], "close_after_ms": _at(rng), "close_code": 1006}]
                },
            }
        ),
        loses=True,
    ),
    Fault(
        name="only_16_khz",
        alarms=False,
        make=lambda _: Change(route={"engine": "Parakeet", "model": "nvidia/parakeet-v3"}),
    ),
)

CODECS = tuple(_codec(name) for name in ("PCMA", "L16", "G722", "OPUS", "AMR-WB"))

STREAM = (
    Fault(
        name="stream_redialled",
        make=lambda rng: _media(
            drop_after_ms=_at(rng),
            reconnect=True,
            reconnect_after_s=_pick(rng, 0.0, 0.3, 1.0, 3.0, 8.0),
            reconnect_starts=rng.chance(0.7),
            new_stream_id=rng.chance(0.5),
        ),
        loses=True,
        unheard=True,
    ),
    Fault(
        name="stream_redialled_often",
        make=lambda _: _media(drop_every_ms=8_000, reconnect=True, reconnect_after_s=0.2),
        loses=True,
        unheard=True,
    ),
    Fault(
        name="stream_dropped",
        make=lambda rng: _media(drop_after_ms=_at(rng)),
        loses=True,
        unheard=True,
    ),
    Fault(
        name="stream_silent_to_the_end",
        make=lambda rng: _media(silent_after_ms=_at(rng)),
        loses=True,
        unheard=True,
    ),
    Fault(
        name="stream_silent_for_a_while",
        make=lambda rng: _media(
            silent_after_ms=_at(rng), silent_for_ms=round(rng.between(1_000, 12_000))
        ),
        loses=True,
        unheard=True,
    ),
    Fault(name="frames_missing", make=_missing, loses=True, unheard=True),
    Fault(
        name="bursts",
        alarms=False,
        make=lambda rng: _media(
            bursts_ms=[[at, at + round(rng.between(300, 3_000))] for at in (_at(rng),)]
        ),
    ),
    Fault(
        name="rough_frames",
        alarms=False,
        make=lambda _: _media(reorder=0.02, duplicate=0.02, jitter_ms=60),
    ),
    Fault(
        name="stream_stops_in_order",
        make=lambda rng: _media(stops_at_ms=_at(rng)),
        loses=True,
        unheard=True,
    ),
    Fault(
        name="stream_never_dialled",
        make=lambda rng: _media(never_dials=_pick(rng, 1, 2)),
        loses=True,
        unheard=True,
    ),
    Fault(name="no_auth_header", alarms=False, make=lambda _: _media(auth_header=False)),
)


CARRIER = (
    Fault(
        name="api_away_at_first",
        make=lambda rng: Change(
            scenario={
                "rest": {
                    "away": [
                        {
                            "from_s": 0,
                            "until_s": rng.between(2, 20),
                            "how": _pick(rng, "cut", "hangs", "error"),
                        }
                    ]
                },
                "call": {"ring_s": 90},
            }
        ),
        sources=BOTH,
        loses=True,
        unheard=True,
    ),
    Fault(
        name="api_away_after_the_answer",
        make=lambda rng: Change(
            scenario={
                "rest": {
                    "away": [
                        {
                            "from_s": 0.02,
                            "until_s": rng.between(2, 20),
                            "how": _pick(rng, "cut", "hangs", "error"),
                        }
                    ]
                }
            }
        ),
        sources=BOTH,
        loses=True,
        unheard=True,
    ),
    Fault(
        name="answer_webhook_lost",
        make=lambda _: _lost("call.answered"),
        sources=BOTH,
        loses=True,
        unheard=True,
    ),
    Fault(
        name="hangup_webhook_lost",
        alarms=False,
        make=lambda rng: Change(
            scenario={
                "webhooks": {"fault": [{"events": ["call.hangup"], "drop": 1.0}]},
                "rest": {"after_end": _pick(rng, "90018", "90015", "10005")},
            }
        ),
        sources=BOTH,
    ),
    Fault(
        name="stream_webhooks_lost",
        alarms=False,
        make=lambda _: _lost("streaming.*"),
    ),
    Fault(
        name="words_lost_on_the_way",
        alarms=False,
        make=lambda _: _webhooks(fault=[{"events": ["call.transcription"], "drop": 0.2}]),
        sources=(IN_CALL,),
    ),
    Fault(
        name="webhooks_rough",
        alarms=False,
        make=lambda _: _webhooks(
            concurrent=True,
            unknown_events=0.2,
            unknown_fields=0.2,
            fault=[
                {
                    "duplicate": 0.3,
                    "reorder": 0.2,
                    "reorder_within_s": 0.2,
                    "delay": 0.2,
                    "delay_s": [0.05, 0.25],
                }
            ],
        ),
        sources=BOTH,
    ),
    Fault(
        name="webhooks_late",
        alarms=False,
        make=lambda _: _webhooks(fault=[{"delay": 0.3, "delay_s": [1.0, 8.0]}]),
        sources=BOTH,
        bound_ms=500,
    ),
    Fault(
        name="telnyx_clock_off",
        alarms=False,
        make=_skewed,
        sources=BOTH,
    ),
    Fault(
        name="one_shape_refused",
        make=lambda rng: Change(
            scenario={"in_call": {_pick(rng, "nested_config", "flat_config"): "refused"}}
        ),
        sources=(IN_CALL,),
        loses=True,
        unheard=True,
    ),
    Fault(
        name="never_a_word",
        make=lambda _: Change(scenario={"in_call": {"silent_starts": 1}}),
        sources=(IN_CALL,),
        loses=True,
    ),
    Fault(
        name="words_cease",
        make=lambda _: Change(scenario={"in_call": {"silent_after_ms": 12_000}}),
        sources=(IN_CALL,),
        loses=True,
        duration_s=75.0,
    ),
)

OURSELVES = (
    Fault(
        name="our_clock_off",
        alarms=False,
        make=lambda rng: Change(acts=[acts.clock_ahead(_pick(rng, -1, 1) * rng.between(2, 25))]),
        sources=BOTH,
    ),
    Fault(
        name="our_clock_steps",
        alarms=False,
        make=lambda rng: Change(acts=[acts.clock_steps(rng.between(5, 20), _pick(rng, -250, 250))]),
        sources=BOTH,
    ),
    Fault(
        name="we_stand_still",
        make=lambda rng: Change(acts=[acts.stands_still(rng.between(5, 12), rng.between(2, 20))]),
        sources=BOTH,
        loses=True,
    ),
    Fault(
        name="journal_away",
        make=lambda rng: Change(acts=[acts.journal_away(rng.between(0, 15), rng.between(1, 10))]),
        sources=BOTH,
        loses=True,
    ),
    Fault(
        name="journal_slow",
        make=lambda rng: Change(acts=[acts.journal_slow(0, rng.between(1, 8))]),
        sources=BOTH,
        loses=True,
    ),
    Fault(
        name="receiver_away",
        alarms=False,
        make=lambda rng: Change(acts=[acts.receiver_away(rng.between(0, 20), rng.between(2, 20))]),
        sources=BOTH,
    ),
    Fault(
        name="paused",
        alarms=False,
        make=lambda rng: _paused(rng, off_s=0.0),
        sources=BOTH,
        bound_ms=500,
    ),
    Fault(
        name="paused_with_clocks_off",
        alarms=False,
        make=lambda rng: _paused(rng, off_s=_pick(rng, -2.0, 2.0)),
        sources=BOTH,
        bound_ms=500,
    ),
)


NONE = Fault(name="none", alarms=False, make=lambda _: Change(), sources=BOTH)
FAULTS = {
    fault.name: fault for fault in (NONE, *RECOGNISER, *CODECS, *STREAM, *CARRIER, *OURSELVES)
}
