"""What Telnyx itself says it offers, beside what this release knows: asked, and never relied on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from service.calls.engines.config import language_for, model_for
from service.calls.engines.languages import AUTO
from service.calls.engines.models import Surface
from service.calls.engines.table import FAMILIES, Engine, engine_for
from service.calls.routes import Route
from service.ids import Source

_SURFACES: Mapping[Source, Surface] = {"media": "websocket", "in_call": "in_call"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A model that Telnyx lists: with whom, where it can be asked for, in which languages."""

    provider: str
    model: str
    surfaces: Mapping[Surface, tuple[str, ...]] = field(default_factory=dict)


def describe(offers: Sequence[Offer]) -> list[dict[str, object]]:
    """Return the offers in JSON's types; `known` says whether this release knows the model."""
    return [
        {
            "provider": offer.provider,
            "model": offer.model,
            "known": any(family.find_model(offer.model) for family in FAMILIES),
            "surfaces": {name: list(codes) for name, codes in sorted(offer.surfaces.items())},
        }
        for offer in offers
    ]


def unlisted(route: Route, offers: Sequence[Offer]) -> str:
    """Say what of a route Telnyx does not list, and what it does; "" if nothing stands out."""
    engine = engine_for(route.engine, route.model)
    model, surface = model_for(engine, route.model), _SURFACES[route.source]
    if engine.name == "local" or not offers:
        return ""
    there = [offer for offer in offers if surface in offer.surfaces]
    mine = [offer for offer in there if _is_of(offer, engine)]
    if model is None:
        known = sorted({offer.provider for offer in there})
        return "" if mine else f"Telnyx lists no {engine.name} for {surface}: it has {_said(known)}"
    same = [offer for offer in there if _bare(offer.model) == _bare(model)]
    if not same:
        known = sorted(offer.model for offer in mine)
        return f"Telnyx lists no {model} of {engine.name} for {surface}: it has {_said(known)}"
    return _language(route, engine, same[0].surfaces[surface])


def _language(route: Route, engine: Engine, codes: Sequence[str]) -> str:
    code = language_for(engine, route.language, route.source)
    if code is None or code in AUTO or not codes:
        return ""
    if {code, code.partition("-")[0]} & {*codes, *(one.partition("-")[0] for one in codes)}:
        return ""
    model = model_for(engine, route.model)
    return f"Telnyx lists no language {code!r} for {model}: it has {_said(sorted(codes))}"


def _is_of(offer: Offer, engine: Engine) -> bool:
    return offer.provider.casefold() == engine.name.casefold()


def _bare(model: str) -> str:
    return model.rpartition("/")[2]


def _said(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
