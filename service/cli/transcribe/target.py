"""Where `callscribe transcribe` sends audio, and with which key."""

import argparse
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from service.cli.common import read_variable
from service.cli.recogniser import KEY_VARIABLE
from service.errors import SettingsError
from service.settings import find_config
from service.settings.model import Settings

_STREAM_PATH = "/speech-to-text/transcription"
_FILES_PATH = "/ai/audio/transcriptions"
_DEFAULT_BASE = "/v2"


@dataclass(frozen=True, slots=True)
class Target:
    """A speech-to-text service: its REST base, its WebSocket, the key. `repr` has no key."""

    rest_url: str
    stream_url: str
    api_key: str | None
    local: bool

    def __repr__(self) -> str:
        return f"Target({self.rest_url!r}, local={self.local})"


def find_target(arguments: argparse.Namespace, environ: Mapping[str, str]) -> Target:
    """Return where to send: Telnyx, or with `--engine local` our own recogniser.

    Only what is needed is read of the settings file: the rest may be missing or wrong. The
    recogniser never gets Telnyx's key.

    Raises:
        SettingsError: There is no key for Telnyx, or an address is none.
    """
    told = _Told(arguments, environ)
    if (arguments.engine or "").casefold() == "local":
        rest_url, stream_url = both_urls(
            arguments.url or told.value("recogniser_url", "CALLSCRIBE_RECOGNISER_URL")
        )
        key = told.value("recogniser_api_key", KEY_VARIABLE) or None
        return Target(rest_url, stream_url, key, local=True)
    key = told.value("telnyx_api_key", "TELNYX_API_KEY") or None
    if arguments.url:
        return Target(*both_urls(arguments.url), key, local=False)
    if key is None:
        raise SettingsError(
            ["TELNYX_API_KEY is not set; --engine local needs none, with `callscribe recogniser`"]
        )
    rest_url = told.value("telnyx_base_url", "TELNYX_BASE_URL")
    return Target(
        both_urls(rest_url)[0], told.value("telnyx_stt_url", "TELNYX_STT_URL"), key, local=False
    )


def unreachable(target: Target) -> str:
    """Say that nobody answers at a target, and what to do about it."""
    where = f"nothing answers at {urlsplit(target.rest_url).netloc}"
    if target.local:
        return f"{where}: start `callscribe recogniser`, or say with --url where it is"
    return f"{where}: is there a network, and is --url right?"


def is_url(audio: str) -> bool:
    """Say whether this is an address and not a file."""
    return audio.lower().startswith(("http://", "https://"))


def both_urls(url: str) -> tuple[str, str]:
    """Return the addresses for REST and for the WebSocket that belong to either of them.

    Raises:
        SettingsError: This is no address of a service.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https", "ws", "wss") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc or parts.query:
        raise SettingsError(["--url: should be like https://api.telnyx.com/v2"])
    path = parts.path.rstrip("/").removesuffix(_STREAM_PATH).removesuffix(_FILES_PATH)
    place = f"{parts.netloc}{path or _DEFAULT_BASE}"
    secure = "s" if parts.scheme in ("https", "wss") else ""
    return f"http{secure}://{place}", f"ws{secure}://{place}{_STREAM_PATH}"


class _Told:
    """The environment first, then the settings file, then what the settings have by default."""

    def __init__(self, arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._file: Mapping[str, object] = {}
        path = find_config(arguments.config, environ)
        if path is None:
            return
        try:
            self._file = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise SettingsError([f"{path}: cannot be read as TOML"]) from None

    def value(self, name: str, variable: str) -> str:
        """Return a setting as text; "" if nobody says it."""
        default = Settings.model_fields[name].default
        value = read_variable(self._environ, variable) or self._file.get(name) or default
        return value if isinstance(value, str) else ""
