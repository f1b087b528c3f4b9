"""The engines Telnyx offers, and ours: what each takes, what it heeds, how it is asked for."""

from service.calls.engines.config import in_call_config, keyterms_for, language_for, model_for
from service.calls.engines.review import Review, review
from service.calls.engines.table import ENGINES, Engine, find_engine

__all__ = [
    "ENGINES",
    "Engine",
    "Review",
    "find_engine",
    "in_call_config",
    "keyterms_for",
    "language_for",
    "model_for",
    "review",
]
