"""What no single key can say: whether the keys fit together."""

from collections.abc import Iterable, Iterator, Mapping

from service.calls.engines import (
    engine_for,
    find_engine,
    model_for,
    rest_request,
    review_file,
    takes_files,
    unfit,
)
from service.calls.engines import review as review_engine
from service.calls.engines.languages import AUTO
from service.calls.routes import Route
from service.delivery.url_policy import url_problem
from service.ports import REPORT_TYPE
from service.redaction.languages import LANGUAGES, knows
from service.settings.archives import review_archive
from service.settings.checks import did_you_mean, spelt_in_variables
from service.settings.endpoints import EndpointSettings
from service.settings.faults import Fault
from service.settings.model import (
    FallbackSettings,
    ForwardSettings,
    RouteSettings,
    Settings,
)
from service.wire.audio import decodable
from service.wire.payload import CODED_RATE_HZ

_ONLY_FOR_WEBHOOKS = (
    "url",
    "secret",
    "secret_previous",
    "signing_key",
    "headers",
    "allow_private",
    "ports",
    "timeout_s",
    "order",
    "batch",
    "report",
)
_ONLY_FOR_ARCHIVES = (
    "formats",
    "audio",
    "region",
    "s3_endpoint",
    "access_key_id",
    "secret_access_key",
    "archive_timeout_s",
    "max_audio_mb",
)
_SPOKEN = {"webhook": 'a "webhook"', "log": 'a "log"', "archive": 'an "archive"'}
_ONLY_FOR_CONNECT = ("announce", "announce_voice", "ring_s")
_ONLY_FOR_MEDIA = ("stream_codec", "max_session_s")


def review(settings: Settings) -> list[Fault]:
    """Return every fault between keys that are each fine by themselves."""
    names = [endpoint.name for endpoint in settings.endpoint.values()]
    faults = [*_repeated_names(settings), *_shared_variables(settings.endpoint)]
    faults += _forward(settings.forward)
    for number in sorted(settings.endpoint, key=int):
        faults += _endpoint(("endpoint", number), settings.endpoint[number])
    for number in sorted(settings.route, key=int):
        route = settings.route[number]
        faults += _route(("route", number), route, names)
        if settings.public_url is None:
            faults += _unreachable(("route", number), route)
    return faults


def _repeated_names(settings: Settings) -> Iterator[Fault]:
    for table, named in (("endpoint", settings.endpoint), ("route", settings.route)):
        seen: set[str] = set()
        for number, one in named.items():
            name = one.name
            if name and name.lower() in seen:
                yield Fault((table, number, "name"), f'"{name}" is there twice')
            seen.add((name or "").lower())


def _shared_variables(endpoints: Mapping[str, EndpointSettings]) -> Iterator[Fault]:
    """Tell of names that variables spell alike: what one says would go to another, unnoticed."""
    of = {number: number for number in endpoints}
    for number, one in endpoints.items():
        spelt = spelt_in_variables(one.name)
        if (other := of.setdefault(spelt, number)) != number:
            named = endpoints[other].name
            if named.lower() == one.name.lower():  # which is told of as it is
                continue
            who = f'"{named}"' if spelt != other else f'"{named}", which is number {other}'
            message = f"variables would call it as they call {who}: CALLSCRIBE_ENDPOINT__{spelt}__…"
            yield Fault(("endpoint", number, "name"), message)


def _endpoint(place: tuple[str, ...], endpoint: EndpointSettings) -> Iterator[Fault]:
    if endpoint.type != "archive":
        yield from _has_none(place, endpoint, _ONLY_FOR_ARCHIVES)
    if endpoint.type == "webhook":
        yield from _webhook(place, endpoint)
        return
    if endpoint.type == "archive":
        yield from review_archive(place, endpoint)
        kept = ("url", "order")
        others = {*_ONLY_FOR_WEBHOOKS, "events", "partials"}.difference(kept)
        yield from _has_none(place, endpoint, others)
        return
    yield from _has_none(place, endpoint, _ONLY_FOR_WEBHOOKS)
    yield from _wanted_report(place, endpoint)


def _has_none(
    place: tuple[str, ...], endpoint: EndpointSettings, keys: Iterable[str]
) -> Iterator[Fault]:
    for key in endpoint.model_fields_set.intersection(keys):
        yield Fault((*place, key), f"{_SPOKEN[endpoint.type]} endpoint has none")


def _webhook(place: tuple[str, ...], endpoint: EndpointSettings) -> Iterator[Fault]:
    for key in ("url", "secret"):
        if getattr(endpoint, key) is None:
            yield Fault((*place, key), "a webhook needs one")
    yield from _wanted_report(place, endpoint)
    if endpoint.url is None:
        return
    if not endpoint.url.startswith("http"):
        yield Fault((*place, "url"), "of a webhook is https://")
        return
    problem = url_problem(endpoint.url, allow_private=endpoint.allow_private, ports=endpoint.ports)
    if problem:
        yield Fault((*place, "url"), problem)


def _wanted_report(place: tuple[str, ...], endpoint: EndpointSettings) -> Iterator[Fault]:
    if REPORT_TYPE in endpoint.events and not endpoint.report:
        yield Fault((*place, "events"), f'"{REPORT_TYPE}" needs report = true')


def _forward(forward: ForwardSettings) -> Iterator[Fault]:
    if forward.url is None:
        for key in sorted(forward.model_fields_set):
            yield Fault(("forward", key), "is nothing without a url")
        return
    problem = url_problem(forward.url, allow_private=forward.allow_private, ports=forward.ports)
    if problem:
        yield Fault(("forward", "url"), problem)


def _route(place: tuple[str, ...], route: RouteSettings, names: list[str]) -> Iterator[Fault]:
    for name in route.endpoints:
        if name not in names:
            message = f'no endpoint is called "{name}"{did_you_mean(name, names)}'
            yield Fault((*place, "endpoints"), message)
    if len(set(route.endpoints)) < len(route.endpoints):
        yield Fault((*place, "endpoints"), "names an endpoint twice")
    if route.record == "audio" and route.source != "media":
        message = 'needs source = "media": without a fork nobody here hears the call'
        yield Fault((*place, "record"), message)
    yield from _after_call((*place, "after_call"), route)
    yield from _siprec(place, route)
    if route.delete_at_telnyx and route.record != "telnyx":
        message = 'needs record = "telnyx": nothing else of ours is there'
        yield Fault((*place, "delete_at_telnyx"), message)
    if route.connect is not None and route.answer is False:
        yield Fault((*place, "connect"), "needs answer = true: nobody else is told to")
    yield from _only_with("connect", _ONLY_FOR_CONNECT, place, route)
    names_carried = [key.partition(".")[2] or key for key in route.carry]
    if len(set(names_carried)) < len(names_carried):
        yield Fault((*place, "carry"), "would carry two things under one name")
    yield from _redaction(place, route)
    yield from _only_with("pause_on", ("resume_on", "pause_limit_s"), place, route)
    if route.stream_codec is not None:
        yield from _stream_codec((*place, "stream_codec"), route.stream_codec)
    yield from _choices(place, route)


def _after_call(place: tuple[str, ...], route: RouteSettings) -> Iterator[Fault]:
    """Judge who is to transcribe the recording: there is one, and they take it."""
    choice = route.after_call
    if choice is None:
        return
    if route.record == "none":
        yield Fault(place, 'needs record = "audio" or "telnyx": nothing would be transcribed')
    if choice.model is None and not takes_files(choice.engine):
        yield Fault(place, f"{choice.engine} has no model that takes whole files")
    request = rest_request(choice.engine, choice.model, choice.language or route.language)
    for problem in review_file(request, "wav", local=choice.engine == "local").problems:
        yield Fault(place, problem)


def _siprec(place: tuple[str, ...], route: RouteSettings) -> Iterator[Fault]:
    """Judge what is wanted of calls whose two sides come apart, and to whom nobody can be heard."""
    if not route.siprec:
        return
    if route.record != "none":
        message = "is not to be had of SIPREC sessions: each of their legs has one side"
        yield Fault((*place, "record"), message)
    if route.connect is not None:
        yield Fault((*place, "connect"), "is nothing for SIPREC sessions: nobody hears it there")


def _only_with(
    needed: str, keys: Iterable[str], place: tuple[str, ...], route: RouteSettings
) -> Iterator[Fault]:
    """Judge keys that are nothing without another one."""
    if not getattr(route, needed):
        for key in route.model_fields_set.intersection(keys):
            yield Fault((*place, key), f"is only for a route with {needed}")


def _redaction(place: tuple[str, ...], route: RouteSettings) -> Iterator[Fault]:
    """Judge what is hidden: numbers are found in the languages whose words for them are known."""
    yield from _only_with("redact", ("redact_level", "mask"), place, route)
    if not route.redact:
        return
    if route.show_digits:
        yield Fault((*place, "show_digits"), "would show numbers that redact is to hide")
    for choice in route.build().choices:
        if choice.language and choice.language not in AUTO and not knows(choice.language):
            known = ", ".join(sorted(LANGUAGES))
            message = f"knows no numbers in {choice.language!r} (it does in: {known})"
            yield Fault((*place, "redact"), message)


def _stream_codec(place: tuple[str, ...], codec: str) -> Iterator[Fault]:
    if codec != "default" and not decodable(codec, CODED_RATE_HZ):
        yield Fault(place, f"{codec} cannot be decoded: pip install '.[codecs]'")


def _choices(place: tuple[str, ...], route: RouteSettings) -> Iterator[Fault]:
    """Judge who is to give the words: each of them can, and each is another one."""
    first, *others = choices = route.build().choices
    for problem in review_engine(first, first.source).problems:
        yield Fault((*place, "engine"), problem)
    for number, other in enumerate(others):
        there = (*place, "fallback", str(number))
        hint = _inherited_source(route.fallback[number], other)
        for problem in unfit(first, other):
            yield Fault(there, f"cannot stand in: {problem}{hint}")
        if _who(other) in [_who(choice) for choice in choices[: number + 1]]:
            yield Fault(there, f"{other.engine} would stand in for itself")
    if all(choice.source != "media" for choice in choices):
        for key in route.model_fields_set.intersection(_ONLY_FOR_MEDIA):
            yield Fault((*place, key), 'is only for source = "media"')


def _inherited_source(fallback: FallbackSettings, choice: Route) -> str:
    """Say where a fallback's source comes from, where it names none and has a wrong one."""
    engine = find_engine(choice.engine, choice.model)
    if fallback.source is not None or engine is None or choice.source in engine.sources:
        return ""
    others = " or ".join(f'source = "{source}"' for source in sorted(engine.sources))
    return f", which it has from its route; give the fallback its own: {others}"


def _who(choice: Route) -> tuple[str, str | None, str | None]:
    engine = engine_for(choice.engine, choice.model)
    return choice.source, engine.name, model_for(engine, choice.model)


def _unreachable(place: tuple[str, ...], route: RouteSettings) -> Iterator[Fault]:
    message = 'source = "media" needs public_url, for Telnyx to send the audio to'
    if route.source == "media":
        yield Fault((*place, "source"), message)
    for number, choice in enumerate(route.fallback):
        if choice.source == "media" and route.source != "media":
            yield Fault((*place, "fallback", str(number), "source"), message)
