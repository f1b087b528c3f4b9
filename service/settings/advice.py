"""What the settings say that their writer may not mean; the service runs all the same.

`serve` logs it at its start and `check` prints it, so no line repeats a pattern: it may hold a
telephone number.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

from service.calls.engines import ENGINES, Engine, review, unspoken
from service.calls.engines.languages import AUTO
from service.calls.routes import Route
from service.settings.model import Settings

_NUMBER_KEYS = ("from", "to")
_LITERAL = re.compile(r"\[[^]]*\]|[*?]")
"""What of a pattern is not literal."""
_ADDRESS = re.compile(r"[A-Za-z@:]")
"""What is in a SIP address or a name, and in no number."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to look at: what it is of, and what is with it."""

    subject: str
    text: str


def advise(settings: Settings, config: Path | None) -> list[Advice]:
    """Return what may not be meant; `config` is the file that was read, None if there was none."""
    return [
        *_public_url(settings.public_url),
        *_nats_url(settings),
        *_routes(settings, config),
        *_endpoints(settings),
    ]


def _public_url(url: str | None) -> Iterator[Advice]:
    if path := urlsplit(url or "").path:
        yield Advice(
            "public_url",
            f"has a path: whatever stands in front of the service has to take {path} away, for it "
            "answers at /webhooks/telnyx and /media/",
        )


def _nats_url(settings: Settings) -> Iterator[Advice]:
    if settings.nats_url is not None and settings.database_file is not None:
        yield Advice(
            "nats_url", "is not used: a journal in SQLite has one worker, and none to tell"
        )


def _routes(settings: Settings, config: Path | None) -> Iterator[Advice]:
    routes = settings.routes()
    said = [settings.route[number].model_fields_set for number in sorted(settings.route, key=int)]
    if not routes:
        read = f"none in {config}" if config else "no settings file was read"
        yield Advice("routes", f"there is no [[route]] ({read}): every call will be left alone")
    for number, route in enumerate(routes):
        subject = f"route {number}"
        yield from (Advice(subject, text) for text in _patterns(route.match))
        yield from (Advice(subject, text) for text in _engines(route, said[number]))
        for earlier, other in enumerate(routes[:number]):
            if _takes_all_of(other.match, route.match):
                yield Advice(subject, f"gets no call: route {earlier} comes first and takes them")
                break
        if _leaves_alone(route):
            text = "answers callers and connects them with nobody: set connect, or answer = false"
            yield Advice(subject, text)
        if not route.endpoints:
            yield Advice(subject, "has no endpoints: its events stay in the journal")


def _endpoints(settings: Settings) -> Iterator[Advice]:
    """Tell of endpoints that get no call; where there is no route, none does, and that is told."""
    routes = settings.routes()
    named = {name for route in routes for name in route.endpoints}
    for endpoint in settings.endpoint_list():
        if routes and endpoint.name not in named:
            yield Advice(
                f"endpoint {endpoint.name}", "gets no call: no [[route]] names it in its endpoints"
            )


def _patterns(match: Mapping[str, str]) -> Iterator[str]:
    for key, pattern in match.items():
        if pattern != pattern.strip():
            yield f"match.{key} can never match: it has blanks around it"
        elif key in _NUMBER_KEYS and not _may_be_number(pattern):
            yield f"match.{key} matches no telephone number: Telnyx writes them like +13125550100"
        elif key == "connection_id" and re.search(r"\D", _LITERAL.sub("", pattern)):
            yield "match.connection_id can never match: Telnyx's are digits only"


def _may_be_number(pattern: str) -> bool:
    """Say whether some number fits, or it is for something else: an address, a name, nobody."""
    literal = _LITERAL.sub("", pattern)
    if _ADDRESS.search(literal) or not pattern:
        return True
    begins_well = not pattern[0].isdigit()
    return begins_well and re.fullmatch(r"\+?\d*", literal) is not None


def _engines(route: Route, said: Collection[str]) -> Iterator[str]:
    """Tell what an engine ignores of what was said, and what may surprise."""
    first, *others = route.choices
    for other in others:
        for why in unspoken(first, other):
            yield f"{other.engine} will not stand in, unless its fallback names a language: {why}"
    for choice in route.choices:
        found = review(choice, choice.source)
        ignored = [name for name in found.ignored if name.partition(".")[0] in said]
        if ignored:
            yield f"{choice.engine} will ignore {', '.join(ignored)}"
        yield from found.warnings
        if choice.language and not _is_language(choice.language):
            yield f"no engine is known to take language {choice.language!r}; codes are like en-US"


def _is_language(code: str) -> bool:
    known = {one for engine in ENGINES.values() for one in _languages(engine)} | AUTO
    return code in known or code.partition("-")[0] in {one.partition("-")[0] for one in known}


def _languages(engine: Engine) -> Iterator[str]:
    for codes in engine.languages.values():
        yield from codes
    for model in engine.offers:
        for languages in model.languages.values():
            yield from languages.codes


def _takes_all_of(earlier: Mapping[str, str], later: Mapping[str, str]) -> bool:
    return all(pattern in ("*", later.get(key)) for key, pattern in earlier.items())


def _leaves_alone(route: Route) -> bool:
    """Say whether callers of a route would hear silence, unless others connect them.

    Those whom a SIPREC client sends hear nothing there by what they are.
    """
    incoming = fnmatchcase("incoming", route.match.get("direction", "*"))
    return incoming and route.answer and route.connect is None and not route.siprec
