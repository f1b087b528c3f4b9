"""What goes wrong with the recogniser."""

from service.simulator.rng import Rng
from tests.proof.changes import Change, Fault
from tests.proof.faults.making import pick, somewhere, stt


def _late_throughout(rng: Rng) -> Change:
    """No answer is prompt, not even the first: nothing shows how late it is."""
    least_s = rng.between(2, 6)
    return stt(late_s=[least_s, least_s + rng.between(0, 2)])


RECOGNISER = (
    Fault(name="slow_handshake", make=lambda rng: stt(handshake_s=rng.between(0.5, 8))),
    Fault(
        name="closed_anywhere",
        make=lambda rng: stt(
            sessions=[1, 2],
            close_after_ms=somewhere(rng),
            close_code=pick(rng, 1000, 1001, 1005, 1006, 1008, 1011, 1012, 1013, 4000),
        ),
    ),
    Fault(
        name="closed_every_5_s",
        make=lambda _: Change(
            # so short that each of them is settled between two cuts, and there is no excuse
            scenario={
                "call": {"numbered": {"words": [2, 6], "pause_ms": [300, 1_500]}},
                "stt": {"fault": [{"close_after_ms": 5_000, "close_code": 1006}]},
            }
        ),
    ),
    Fault(
        name="closed_at_once",
        make=lambda rng: stt(sessions=[1, 4], close_after_ms=pick(rng, 100, 300, 1000)),
    ),
    Fault(
        name="half_open",
        make=lambda rng: stt(
            sessions=[1, 2], deaf_after_ms=somewhere(rng), answers_pings=rng.chance(0.5)
        ),
    ),
    Fault(
        name="stall",
        make=lambda rng: stt(
            sessions=[1, 2], stall_after_ms=somewhere(rng), stall_s=rng.between(1, 12)
        ),
    ),
    Fault(name="late_answers", make=lambda rng: stt(late_s=[0, rng.between(1, 10)])),
    Fault(name="late_throughout", make=_late_throughout),
    Fault(
        name="late_and_closed",
        make=lambda rng: stt(
            late_s=[4, 8], sessions=[1, 2], close_after_ms=somewhere(rng), close_code=1006
        ),
    ),
    Fault(
        name="garbage",
        make=lambda rng: stt(garbage=0.2, garbage_in_a_row=pick(rng, 1, 2, 3)),
    ),
    Fault(name="wrong_order", alarms=False, make=lambda _: stt(wrong_order=0.3)),
    Fault(name="finals_restated", alarms=False, make=lambda _: stt(restate=0.5)),
    Fault(name="no_is_final", alarms=False, make=lambda _: stt(is_final=False), bound_ms=1_500),
    Fault(name="no_partials", alarms=False, make=lambda _: stt(partials=False)),
    Fault(
        name="session_limit",
        make=lambda rng: stt(
            session_limit_s=rng.between(8, 20), flush_first=rng.chance(0.5), close_code=1000
        ),
    ),
    Fault(name="close_stream_ignored", alarms=False, make=lambda _: stt(close_stream="none")),
    Fault(
        name="refused_before_upgrade",
        make=lambda rng: stt(sessions=[1, 4], refuse_status=pick(rng, 429, 500, 502, 503)),
    ),
    Fault(
        name="refused_after_upgrade",
        make=lambda rng: stt(sessions=[1, 4], refuse_code=pick(rng, "10011", "10007", "50000")),
    ),
    Fault(
        name="key_refused_for_a_while",
        make=lambda rng: stt(until_s=rng.between(3, 12), refuse_status=pick(rng, 401, 403)),
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
                            "one_final_holds_s": pick(rng, 0, 20),
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
                    "fault": [{"engines": ["Deepgram"], "refuse_status": pick(rng, 401, 403, 503)}]
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
                        {"engines": ["Deepgram"], "deaf_after_ms": somewhere(rng)},
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
                    "fault": [
                        {"sessions": [1, 2], "close_after_ms": somewhere(rng), "close_code": 1006}
                    ]
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
