"""The recogniser in a process of its own: run by the command line, or as somebody's child.

A child reads its settings as one JSON line from standard input (a key has no business in an
argument list), writes where it listens as one JSON line to standard output, and stops when
standard input ends: it never outlives its parent.
"""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TextIO

import msgspec
import structlog

from service.errors import SettingsError
from service.recogniser.models import check_installed

log = structlog.get_logger()

READY_TIMEOUT_S: Final = 30.0
STOP_TIMEOUT_S: Final = 15.0
_MAX_LINE_BYTES: Final = 64 * 1024


class ProcessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a recogniser process is told."""

    host: str = "127.0.0.1"
    port: int = 0
    api_key: str | None = None
    max_sessions: int | None = None
    model_dir: str | None = None


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What a child says once it listens."""

    url: str
    base_url: str
    error: str | None = None
