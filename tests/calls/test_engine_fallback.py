"""Who may stand in for an engine, and what is lost over it."""

import pytest

from service.calls.engines import fit_choices, lost_capabilities, unmet
from service.calls.routes import Fallback, Route


def names(*fallback: Fallback, **route: object) -> list[str]:
    """Return who may give the words of a route, in order."""
    return [
        choice.engine
        for choice in fit_choices(Route(fallback=fallback, **route), "media")  # type: ignore[arg-type]  # its fields
    ]


def test_choices_keep_their_order_and_their_source() -> None:
    """Who transcribes in the call cannot take over audio, and the first choice always stands."""
    in_call = Fallback(engine="Google", source="in_call")

    assert names(Fallback(engine="Soniox"), in_call, Fallback(engine="Azure")) == [
        "Deepgram", "Soniox", "Azure",
    ]  # fmt: skip
    assert names(Fallback(engine="Soniox"), engine="Nobody") == ["Nobody", "Soniox"]


@pytest.mark.parametrize(
    ("fallback", "problem"),
    [
        (Fallback(engine="local"), "local is not known to take language 'de'"),
        (Fallback(engine="Cohere"), "Cohere is not known to take language 'de'"),
        (Fallback(engine="Deepgram", model="flux"), "flux does not take language 'de'"),
        (Fallback(engine="local", language="en", source="in_call"), "cannot be used"),
    ],
)
def test_who_lacks_what_is_required_does_not_stand_in(fallback: Fallback, problem: str) -> None:
    """An engine that cannot be there, or is not known to speak the language."""
    route, other = Route(language="de", fallback=(fallback,)).choices

    assert problem in "\n".join(unmet(route, other))
    assert fit_choices(Route(language="de", fallback=(fallback,)), "media") == (route,)


@pytest.mark.parametrize(
    "fallback",
    [
        Fallback(engine="Deepgram", model="flux-multi"),
        Fallback(engine="Deepgram", model="own/model"),
        Fallback(engine="Google"),
        Fallback(engine="whisperer"),
        Fallback(engine="Cohere", language="de-AT"),
        Fallback(engine="local", language="en"),
        Fallback(engine="Deepgram", model="flux", language="multi"),
    ],
)
def test_who_may_know_the_language_stands_in(fallback: Fallback) -> None:
    """Listed, not listed, of an engine nobody knows, its own, or to be found out."""
    route, other = Route(language="de", fallback=(fallback,)).choices

    assert unmet(route, other) == ()


def test_what_is_to_be_left_out_is_left_out_by_whoever_stands_in() -> None:
    """A card number is not told for want of an engine."""
    redacted = Fallback(engine="local", engine_options={"redact": "pci"})
    route = Route(engine_options={"redact": "pci"}, fallback=(Fallback(engine="Soniox"), redacted))
    first, soniox, local = route.choices

    assert unmet(first, soniox) == (
        "Soniox would tell what Deepgram leaves out: engine_options.redact",
    )
    assert unmet(first, local) == ()


def test_what_is_not_heeded_any_more_is_named() -> None:
    """Only what was heeded before is lost."""
    route = Route(
        keyterms=("Callscribe",),
        endpointing_ms=300,
        engine_options={"smart_format": True, "redact": "pci", "colour": "red"},
        fallback=(
            Fallback(engine="Azure"),
            Fallback(engine="local", engine_options={"redact": "pci"}),
        ),
    )
    first, azure, local = route.choices

    assert lost_capabilities(first, azure) == (
        "interim_results",
        "keyterms",
        "endpointing_ms",
        "engine_options.smart_format",
        "engine_options.redact",
    )
    assert lost_capabilities(first, local) == ("engine_options.smart_format",)
    assert lost_capabilities(azure, first) == ()
