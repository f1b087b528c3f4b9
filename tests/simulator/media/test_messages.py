"""The messages of the media WebSocket other than audio."""

from service.simulator.media.messages import answer_to


def test_marks_come_back_and_nonsense_is_answered_with_an_error() -> None:
    """With Telnyx's codes for a malformed frame and for media that is not base64."""
    mark = answer_to('{"event":"mark","mark":{"name":"x"}}', "s")
    assert mark == {"event": "mark", "stream_id": "s", "mark": {"name": "x"}}
    assert answer_to('{"event":"clear"}', "s") is None
    assert answer_to('{"event":"media","media":{"payload":"AAAA"}}', "s") is None

    bad: list[bytes | str] = [
        "{",
        "[]",
        "7",
        '{"event":"mark"}',
        b"\xff",
        "[" * 5000,
        '{"event":"media","media":3}',
    ]
    codes = [(answer_to(message, "s") or {})["payload"]["code"] for message in bad]  # type: ignore[index] # an error
    assert set(codes) == {100003}
    media = answer_to('{"event":"media","media":{"payload":"?"}}', "s")
    assert media is not None
    assert media["payload"]["code"] == 100004  # type: ignore[index] # an error
