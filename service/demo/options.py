"""What the demo is asked to play, and how."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service.ids import Source
from service.recogniser.models.choice import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The command line of `callscribe demo`."""

    source: Source = "media"
    fast: bool = False
    """Play several times faster than people talk, as far as the recogniser keeps up."""
    once: bool = False
    """For scripts: plain lines, whatever the terminal can do, and an end when the call ends."""
    browser: bool = True
    """On a terminal, open a browser on the console."""
    real: bool = False
    """Play recordings of people in place of the synthetic call."""
    recording: Path | None = None
    """Play this two-channel WAV: the customer on the left, the agent on the right."""
    model: Choice = "auto"
    """Which of the recogniser's models hears it."""
    journal: Path | None = None
    """Where the journal is to be; None for one that goes with the demo."""


def can_browse(environ: Mapping[str, str]) -> bool:
    """Say whether somebody at a display would see a browser open."""
    if sys.platform == "darwin":
        return "SSH_CONNECTION" not in environ
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
