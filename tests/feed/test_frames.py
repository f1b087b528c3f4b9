"""What goes out, byte for byte."""

import msgspec

from service.feed import frames


def test_a_body_with_a_line_break_stays_one_event() -> None:
    """Each line is data of its own; a client puts them together again."""
    sent = frames.sse_event(7, "call.ended", b'{"a":\n1}')

    assert sent == b'id: 7\nevent: call.ended\ndata: {"a":\ndata: 1}\n\n'


def test_a_message_of_the_socket_is_json_around_the_stored_bytes() -> None:
    """They are not read and written again."""
    body = b'{"type":"call.ended","data":{"n":1.0}}'
    sent = frames.socket_event(b'"s1"', 7, body)

    assert body in sent
    assert msgspec.json.decode(sent) == {
        "kind": "event",
        "id": "s1",
        "cursor": 7,
        "event": {"type": "call.ended", "data": {"n": 1.0}},
    }
    assert msgspec.json.decode(frames.socket_partial(b'"s1"', body))["kind"] == "partial"


def test_a_goodbye_says_why_and_where_to_go_on() -> None:
    """It is an event without an id."""
    sent = frames.sse_closed("slow", 17)

    assert sent == b'event: closed\ndata: {"reason":"slow","resume_after":17}\n\n'
