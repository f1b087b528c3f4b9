"""What no single key can say: whether the keys fit together."""

from collections.abc import Iterator

from service.settings.checks import did_you_mean
from service.settings.faults import Fault
from service.settings.model import EndpointSettings, RouteSettings, Settings

_ONLY_FOR_WEBHOOKS = ("url", "secret", "secret_previous", "headers", "allow_private", "timeout_s")


def review(settings: Settings) -> list[Fault]:
    """Return every fault between keys that are each fine by themselves."""
    names = [endpoint.name for endpoint in settings.endpoint.values()]
    faults = list(_repeated_names(settings))
    for number, endpoint in settings.endpoint.items():
        faults += _endpoint(("endpoint", number), endpoint)
    for number, route in settings.route.items():
        faults += _route(("route", number), route, names)
        if route.source == "media" and settings.public_url is None:
            message = 'source = "media" needs public_url, for Telnyx to send the audio to'
            faults.append(Fault(("route", number, "source"), message))
    return faults


def _repeated_names(settings: Settings) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, endpoint in settings.endpoint.items():
        if endpoint.name.lower() in seen:
            yield Fault(("endpoint", number, "name"), f'"{endpoint.name}" is there twice')
        seen.add(endpoint.name.lower())


def _endpoint(place: tuple[str, ...], endpoint: EndpointSettings) -> Iterator[Fault]:
    if endpoint.type == "webhook":
        for key in ("url", "secret"):
            if getattr(endpoint, key) is None:
                yield Fault((*place, key), "a webhook needs one")
        return
    for key in endpoint.model_fields_set.intersection(_ONLY_FOR_WEBHOOKS):
        yield Fault((*place, key), f'a "{endpoint.type}" endpoint has none')


def _route(place: tuple[str, ...], route: RouteSettings, names: list[str]) -> Iterator[Fault]:
    for name in route.endpoints:
        if name not in names:
            message = f'no endpoint is called "{name}"{did_you_mean(name, names)}'
            yield Fault((*place, "endpoints"), message)
    if len(set(route.endpoints)) < len(route.endpoints):
        yield Fault((*place, "endpoints"), "names an endpoint twice")
    if route.source == "in_call" and route.engine == "local":
        message = 'engine = "local" hears a call only with source = "media"'
        yield Fault((*place, "engine"), message)
