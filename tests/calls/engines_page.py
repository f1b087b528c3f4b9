"""The table of engines as a page of the documentation: `fixtures/engines.md` is this text."""

from collections.abc import Iterator

from service.calls.engines.catalogue import SOURCES, languages_of
from service.calls.engines.models import Languages, Model, Surface
from service.calls.engines.table import ANY_RANGE, FAMILIES, Endpointing, Engine

_SURFACES: tuple[Surface, ...] = ("in_call", "websocket", "rest")
_MAX_CODES = 12
"""A longer list of languages is counted; `GET /v1/engines` has all of it."""
_SESSION_HEAD = ("Engine", "Who ends an utterance", "Longest session, s")
_ENDS: dict[Endpointing, str] = {
    "engine": "it does",
    "finalize": "we do, with `Finalize`",
    "socket": "we do, with a socket for each",
}
_HEAD = """# Engines and models

Written from the table that settings are checked by; `GET /v1/engines` serves the same as JSON.

* `in_call`: `source = "in_call"`, Telnyx transcribes in the call (`transcription_start`).
* `websocket`: `source = "media"`, and `callscribe transcribe --follow`.
* `rest`: whole files, `callscribe transcribe`.

"docs" is where only Telnyx's documentation has a model, and the types of its SDK do not. Where
Telnyx counts languages and does not list them, so does this page. An engine, model,
language or option that is not here is sent as written, with a warning.

"""


def page() -> str:
    """Return the page, in Markdown."""
    parts = [
        _table(("Engine", "Model", *_SURFACES, "Note"), _models()),
        "## Languages\n\n" + _table(("Model", *_SURFACES), _languages()),
        "## Live: what is heeded\n\n"
        + _table(("Engine", "Partials", "Endpointing, ms", "Keyterms", "Other options"), _heeded()),
        "## Live: audio formats of the WebSocket\n\n"
        + _table(("Engine", "`input_format`", "Sample rates, Hz", "`CloseStream`"), _formats()),
        "## Live: sessions of the WebSocket\n\n" + _table(_SESSION_HEAD, _sessions()),
        "## Whole files\n\n"
        + _table(("Model", "Files", "`verbose_json` adds", "`model_config`"), _files()),
    ]
    return _HEAD + "\n".join(parts)


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell or '-' for cell in line)} |\n" for line in lines)


def _families() -> Iterator[Engine]:
    """Yield every row, those of one engine together."""
    for name in dict.fromkeys(family.name for family in FAMILIES):
        yield from (family for family in FAMILIES if family.name == name)


def _offers() -> Iterator[tuple[Engine, Model]]:
    return ((family, model) for family in _families() for model in family.offers)


def _models() -> Iterator[tuple[str, ...]]:
    for engine, model in _offers():
        names = ", ".join(f"`{name}`" for name in (model.name, *model.aliases))
        yield engine.name, names, *(_mark(model, surface) for surface in _SURFACES), model.note


def _mark(model: Model, surface: Surface) -> str:
    if surface not in model.surfaces:
        return ""
    mark = "docs" if surface in model.only_in_docs else "✓"
    return f"{mark}, default" if surface in model.default_on else mark


def _languages() -> Iterator[tuple[str, ...]]:
    for engine, model in _offers():
        yield (
            f"`{model.name}`",
            *(
                _spoken(languages_of(engine, model, surface)) if surface in model.surfaces else ""
                for surface in _SURFACES
            ),
        )


def _spoken(known: Languages) -> str:
    codes = known.said
    if known.codes:
        short = len(known.codes) <= _MAX_CODES
        codes = " ".join(sorted(known.codes)) if short else f"{len(known.codes)} codes"
    parts = [codes or "not listed", f"`{known.auto}`" if known.auto else ""]
    return ", ".join(part for part in parts if part)


def _heeded() -> Iterator[tuple[str, ...]]:
    for family in _families():
        limits = [
            f"{surface}: {'any' if found == ANY_RANGE else f'{found[0]} to {found[1]}'}"
            for surface, source in SOURCES.items()
            if (found := family.endpointing_ms.get(source))
        ]
        keyterms = [
            f"{surface}: `{family.keyterms[source]}`"
            for surface, source in SOURCES.items()
            if source in family.keyterms
        ]
        partials = [
            surface for surface, source in SOURCES.items() if source in family.interim_results
        ]
        options = [
            f"{surface}: {' '.join(f'`{name}`' for name in sorted(family.options[source]))}"
            for surface, source in SOURCES.items()
            if source in family.options
        ]
        yield _family(family), *("; ".join(one) for one in (partials, limits, keyterms, options))


def _formats() -> Iterator[tuple[str, ...]]:
    for family in _families():
        listed = "" if family.formats_listed else " for sure; no list"
        rates = " ".join(str(rate) for rate in sorted(family.rates_hz)) or "any"
        closes = "✓" if family.close_stream else ""
        yield _family(family), " ".join(sorted(family.formats)) + listed, rates, closes


def _sessions() -> Iterator[tuple[str, ...]]:
    for family in _families():
        limit = f"{family.max_session_s:g}" if family.max_session_s else ""
        yield _family(family), _ENDS[family.endpointing], limit


def _files() -> Iterator[tuple[str, ...]]:
    for _, model in _offers():
        if model.rest:
            options = model.rest.options
            config = "passed on as it is" if options is None else " ".join(sorted(options))
            yield (
                f"`{model.name}`",
                " ".join(sorted(model.rest.extensions)),
                " ".join(sorted(model.rest.gives)) or "nothing: text only",
                config or "refused",
            )


def _family(family: Engine) -> str:
    """Return an engine's name, and the family of models where it has several."""
    alone = sum(one.name == family.name for one in FAMILIES) == 1
    return family.name if alone else f"{family.name} {family.offers[0].name.rpartition('/')[2]}"
