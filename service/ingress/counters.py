"""What has come in so far, counted by outcome; `/metrics` reads it."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class IngressCounters:
    """Counts since the start. The keys are slugs of a fixed set, never what a stranger sent."""

    webhooks: Counter[str] = field(default_factory=Counter)
    """By outcome: `accepted`, `unread_event`, `forged`, `bad`, `too_large`, `unavailable`, …"""
    sockets: Counter[str] = field(default_factory=Counter)
    """Media WebSockets: `refused`, `admitted`, and how they ended: `stopped`, `dropped`, …"""
    frames: Counter[str] = field(default_factory=Counter)
    """Media frames of ended streams: `frames`, `duplicate_frames`, `lost_frames`, …"""
