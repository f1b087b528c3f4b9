"""The engines Telnyx offers, and ours: what each takes, what it heeds, how it is asked for.

`table` is the engines and `models` their models by name, in `languages` and `formats`; `catalogue`
is all that as one document. `review` says what will come of a route, `streams` and `files` of what
comes over the WebSocket and REST; `fallback` who may stand in for whom; `live` what Telnyx lists.
`config` and `stream_codec` say how an engine is asked for.
"""

from service.calls.engines.catalogue import catalogue, languages_of
from service.calls.engines.config import (
    flat_config,
    in_call_config,
    keyterms_for,
    language_for,
    model_for,
    sent_options,
)
from service.calls.engines.fallback import fit_choices, lost_capabilities, unfit, unmet, unspoken
from service.calls.engines.files import (
    FileRequest,
    find_rest_model,
    rest_request,
    review_file,
    takes_files,
)
from service.calls.engines.live import Offer, describe, unlisted
from service.calls.engines.models import EXTENSIONS, Languages, Model, RestTerms, Surface
from service.calls.engines.review import Review, review
from service.calls.engines.stream_codec import stream_codec_for
from service.calls.engines.streams import review_stream
from service.calls.engines.table import (
    ENGINES,
    FAMILIES,
    Engine,
    engine_for,
    find_engine,
    names_track,
)

__all__ = [
    "ENGINES",
    "EXTENSIONS",
    "FAMILIES",
    "Engine",
    "FileRequest",
    "Languages",
    "Model",
    "Offer",
    "RestTerms",
    "Review",
    "Surface",
    "catalogue",
    "describe",
    "engine_for",
    "find_engine",
    "find_rest_model",
    "fit_choices",
    "flat_config",
    "in_call_config",
    "keyterms_for",
    "language_for",
    "languages_of",
    "lost_capabilities",
    "model_for",
    "names_track",
    "rest_request",
    "review",
    "review_file",
    "review_stream",
    "sent_options",
    "stream_codec_for",
    "takes_files",
    "unfit",
    "unlisted",
    "unmet",
    "unspoken",
]
