"""What goes wrong with Telnyx's API, its webhooks and its in-call transcription."""

from service.simulator.rng import Rng
from tests.proof.changes import BOTH, IN_CALL, Change, Fault
from tests.proof.faults.making import pick, webhooks


def _lost(*events: str) -> Change:
    return webhooks(fault=[{"events": list(events), "drop": 1.0}])


def _skewed(rng: Rng) -> Change:
    off_s = pick(rng, -1, 1) * rng.between(2, 25)
    return webhooks(skew_s=off_s, stamp_skew_s=off_s)


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
                            "how": pick(rng, "cut", "hangs", "error"),
                        }
                    ]
                },
                "call": {"ring_s": 90},
            }
        ),
        sources=BOTH,
        deafens=True,
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
                            "how": pick(rng, "cut", "hangs", "error"),
                        }
                    ]
                }
            }
        ),
        sources=BOTH,
        deafens=True,
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
                "rest": {"after_end": pick(rng, "90018", "90015", "10005")},
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
        make=lambda _: webhooks(fault=[{"events": ["call.transcription"], "drop": 0.2}]),
        sources=(IN_CALL,),
    ),
    Fault(
        name="webhooks_rough",
        alarms=False,
        make=lambda _: webhooks(
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
        loses=True,
        unheard=True,
        alarms=False,
        # but for the first: where everything comes late, Telnyx's clock seems to be late as well
        make=lambda _: webhooks(
            fault=[{"events": ["call.initiated"]}, {"delay": 0.3, "delay_s": [1.0, 8.0]}]
        ),
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
            scenario={"in_call": {pick(rng, "nested_config", "flat_config"): "refused"}}
        ),
        sources=(IN_CALL,),
        loses=True,
        unheard=True,
    ),
    Fault(
        name="never_a_word",
        make=lambda _: Change(
            scenario={"in_call": {"silent_starts": 1}},
            route={"fallback": [{"engine": "Deepgram", "source": "media"}]},
        ),
        sources=(IN_CALL,),
        loses=True,
        duration_s=75.0,
    ),
)
