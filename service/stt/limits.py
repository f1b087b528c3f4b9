"""How patient we are with an engine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Bounds of every connection. The delays are those of Telnyx's production page."""

    open_timeout_s: float = 10.0
    close_timeout_s: float = 1.0
    ping_s: float = 15.0
    max_garbage: int = 3
    """So many unreadable results in a row end a session; twice as many where it was understood
    but for them, and the next one is no better.
    """
    backoff_s: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 5.0)
    """Before each new connection in a row that came to nothing."""
    jitter_s: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits(ConnectionLimits):
    """Bounds of a recognition. The last delay is repeated: a call's words are not given up."""

    stable_s: float = 10.0
    """A session that lived this long, or had a result, begins the delays anew."""
    keep_ms: int = 30_000
    """Audio kept for a replay; past it the oldest is lost."""
    tick_s: float = 1.0
    """How often a session is looked after."""
    stall_s: float = 12.0
    """Speech without a result for this long is a stall; where no partials come, from its end on."""
    stall_without_partials_s: float = 25.0
    """The same for speech that does not end, where no partials come."""
    last_retry_s: float = 5.0
    """At the end there is no time for another session, where an answer may take longer."""
    max_stall_s: float = 300.0
    """A stall that a new session did not end was no stall: patience doubles up to this."""
    late_ms: int = 6_000
    late_s: float = 10.0
    """Results so far behind, for so long, are too late where somebody else could do better."""
    hand_over_s: float = 15.0
    """How long before the end of a planned session the next one is made."""
    give_up_s: float = 15.0
    """For how long nobody gives words before that is told; trying goes on."""
    refused_s: tuple[float, ...] = (30.0, 60.0, 120.0, 300.0)
    """Before each new connection in a row, where all that can be asked refused."""
    fallback_open_timeout_s: float = 4.0
    """For a connection, where somebody else stands by who did not fail just before."""
    slow_open_s: float = 2.0
    """Where a connection takes longer, and a session ends sooner, the next ones are made ahead."""
    max_sockets: int = 4
    """Utterances heard at the same time, where each has a socket of its own."""
    write_stall_s: float = 8.0
    """A socket that takes nothing for this long is given up."""
    keep_alive_s: float = 4.0
    """How long without audio before an engine that knows `KeepAlive` gets one."""
    behind_ms: int = 5_000
    """Audio waiting for a connected engine before it is said to fall behind."""
    replay_ms: int = 1_000
    """Audio waiting for an engine that ends early, from which on it waits for answers."""
    tail_silence_ms: int = 300
    """Silence after the last audio: short last words came back empty without it."""
    linger_s: float = 2.5
    """How long after the last result more may come of an engine that does not say it is done.

    The route's endpointing comes on top: it gives results no sooner.
    """
