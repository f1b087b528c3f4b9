"""What a client is sent of a segment, in Telnyx's words."""

from collections.abc import Sequence

from service.recogniser.models.hypothesis import TimedWord
from service.recogniser.speech.front_end import SpeechSegment
from service.recogniser.speech.segmenter import Ending
from service.wire.stt import HeardWord, encode_transcript


def encode_partial(speech: SpeechSegment, text: str, confidence: float) -> str:
    """Return a text that the next one may still change."""
    start_s, end_s = speech.extent_s()
    return encode_transcript(
        text,
        is_final=False,
        confidence=round(confidence, 4),
        start_time=start_s,
        duration=round(end_s - start_s, 3),
    )


def encode_final(
    speech: SpeechSegment, text: str, confidence: float, words: Sequence[TimedWord] = ()
) -> str:
    """Return a text that stays as it is, with the times of its words if there are any."""
    start_s, end_s = speech.extent_s(words)
    return encode_transcript(
        text,
        is_final=True,
        speech_final=speech.segment.ending is not Ending.LENGTH,
        confidence=round(confidence, 4),
        words=[_wire_word(word) for word in words] or None,
        start_time=start_s,
        duration=round(end_s - start_s, 3),
    )


def encode_empty_final(at_s: float) -> str:
    """Return the answer to a `Finalize` while nobody speaks."""
    return encode_transcript("", is_final=True, start_time=at_s, duration=0.0)


def _wire_word(word: TimedWord) -> HeardWord:
    return HeardWord(
        word=word.text,
        start=round(word.start_s, 3),
        end=round(word.end_s, 3),
        confidence=round(word.confidence, 4),
    )
