"""Results of an engine that says anything."""

import json

from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadInputError, RecognitionError
from service.stt.results import fault_in, read_result
from service.wire.stt import SttResult
from tests.fuzzing import JSON

WORDS = st.lists(st.fixed_dictionaries({"word": JSON, "start": JSON, "end": JSON}), max_size=3)
RESULTS = st.dictionaries(
    st.sampled_from(SttResult.__struct_fields__), JSON | WORDS | st.text(max_size=9), max_size=6
)


@given(RESULTS.map(json.dumps) | st.binary(max_size=60) | st.text(max_size=60))
def test_no_result_fails_otherwise(sent: str | bytes) -> None:
    """It is read, and is a fault or none; or it is bad input."""
    try:
        result = read_result(sent)
    except BadInputError:
        return
    fault = fault_in(result)
    assert fault is None or isinstance(fault, RecognitionError)


@given(RESULTS, st.text(max_size=20))
def test_a_text_is_never_lost_over_what_else_is_said(result: dict[str, object], text: str) -> None:
    """Words in a shape nobody documented do not cost it."""
    extra = {key: result[key] for key in result if key not in ("is_final", "speech_final")}

    assert read_result(json.dumps(extra | {"transcript": text})).transcript == text
