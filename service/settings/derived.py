"""A route of the settings, changed for one call by whoever asks for its transcription."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from service.calls.routes import Route
from service.errors import SettingsError
from service.settings.faults import read_faults, written
from service.settings.model import RouteSettings, Settings
from service.settings.review import review

CHANGEABLE = frozenset(
    {"source", "engine", "model", "language", "interim_results", "keyterms", "endpointing_ms"}
    | {"tracks", "roles", "engine_options", "fallback", "metadata"}
)
"""What a call may have otherwise than its route. Who is told, what is hidden and what is kept is
for whoever runs the service to say."""


def derive_route(settings: Settings, name: str | None, changes: Mapping[str, Any]) -> Route:
    """Return the route of this name with these changes; its metadata and the new are one.

    Without a name it is the first route that matches every call.

    Raises:
        SettingsError: There is no such route, or the changes do not fit it, a line for each fault.
    """
    number = _find(settings, name)
    kept = settings.route[number].model_dump(exclude_unset=True)
    metadata = {**kept.get("metadata", {}), **changes.get("metadata", {})}
    tree = {**kept, **_changeable(changes), "metadata": metadata}
    try:
        route = RouteSettings.model_validate(tree)
    except ValidationError as error:
        faults = read_faults(error)
        raise SettingsError([f"{written(one.place)}: {one.message}" for one in faults]) from None
    changed = settings.model_copy(update={"route": {**settings.route, number: route}})
    before = review(settings)
    problems = [
        f"{written(fault.place[2:])}: {fault.message}"
        for fault in review(changed)
        if fault.place[:2] == ("route", number) and fault not in before
    ]
    if problems:
        raise SettingsError(problems)
    return route.build(answers=settings.answers)


def _find(settings: Settings, name: str | None) -> str:
    numbers = sorted(settings.route, key=int)
    fits = (number for number in numbers if _fits(settings.route[number], name))
    if (found := next(fits, None)) is not None:
        return found
    names = [route.name for route in settings.route.values() if route.name]
    listed = f"there are {', '.join(sorted(names))}" if names else 'none has a name = "…"'
    if name is None:
        raise SettingsError([f"route: name one, for none matches every call; {listed}"])
    raise SettingsError([f"route: there is none of this name; {listed}"])


def _fits(route: RouteSettings, name: str | None) -> bool:
    return not route.match if name is None else route.name == name


def _changeable(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in changes.items() if key in CHANGEABLE}
