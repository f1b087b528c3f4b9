"""What goes wrong with the media stream, and what it may come in."""

from service.simulator.rng import Rng
from service.simulator.words.spans import Span
from tests.proof import acts
from tests.proof.changes import Change, Fault
from tests.proof.faults.making import media, pick, somewhere


def _missing(rng: Rng) -> Change:
    at = somewhere(rng)
    length = round(rng.between(600, 6_000))
    return media(missing_ms=[[at, at + length]], missing_numbers=rng.chance(0.5))


def _half_open(rng: Rng) -> Change:
    """The old socket stays open for all that we can tell, when the new one comes."""
    at = somewhere(rng)
    silent_ms = round(rng.between(1_000, 12_000))
    change = media(
        silent_after_ms=at,
        silent_for_ms=silent_ms,
        drop_after_ms=at + silent_ms,
        reconnect=True,
        reconnect_after_s=pick(rng, 0.0, 0.3, 1.0),
        reconnect_starts=rng.chance(0.7),
    )
    forgotten = acts.media_forgotten(Span(at, at + silent_ms))
    return Change(scenario=change.scenario, acts=[forgotten])


def _codec(name: str) -> Fault:
    return Fault(
        name=f"codec_{name.lower()}", alarms=False, make=lambda _: media(codec=name, frame_ms=20)
    )


CODECS = tuple(_codec(name) for name in ("PCMA", "L16", "G722", "OPUS", "AMR-WB"))

STREAM = (
    Fault(
        name="stream_redialled",
        make=lambda rng: media(
            drop_after_ms=somewhere(rng),
            reconnect=True,
            reconnect_after_s=pick(rng, 0.0, 0.3, 1.0, 3.0, 8.0),
            reconnect_starts=rng.chance(0.7),
            new_stream_id=rng.chance(0.5),
        ),
        loses=True,
        unheard=True,
    ),
    Fault(
        name="stream_redialled_often",
        make=lambda _: media(drop_every_ms=8_000, reconnect=True, reconnect_after_s=0.2),
        loses=True,
        unheard=True,
    ),
    Fault(
        name="stream_dropped",
        make=lambda rng: media(drop_after_ms=somewhere(rng)),
        loses=True,
        unheard=True,
    ),
    Fault(
        name="stream_silent_to_the_end",
        make=lambda rng: media(silent_after_ms=somewhere(rng)),
        loses=True,
        unheard=True,
    ),
    Fault(
        name="stream_silent_for_a_while",
        make=lambda rng: media(
            silent_after_ms=somewhere(rng), silent_for_ms=round(rng.between(1_000, 12_000))
        ),
        loses=True,
        unheard=True,
    ),
    Fault(
        name="stream_half_open_and_redialled",
        make=_half_open,
        loses=True,
        unheard=True,
    ),
    Fault(name="frames_missing", make=_missing, loses=True, unheard=True),
    Fault(
        name="bursts",
        alarms=False,
        make=lambda rng: media(
            bursts_ms=[[at, at + round(rng.between(300, 3_000))] for at in (somewhere(rng),)]
        ),
    ),
    Fault(
        name="rough_frames",
        alarms=False,
        make=lambda _: media(reorder=0.02, duplicate=0.02, jitter_ms=60),
    ),
    Fault(
        name="stream_stops_in_order",
        make=lambda rng: media(stops_at_ms=somewhere(rng)),
        loses=True,
        unheard=True,
    ),
    Fault(
        name="stream_never_dialled",
        make=lambda rng: media(never_dials=pick(rng, 1, 2)),
        loses=True,
        unheard=True,
    ),
    Fault(name="no_auth_header", alarms=False, make=lambda _: media(auth_header=False)),
)
