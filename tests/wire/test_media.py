"""The media WebSocket's messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadInputError
from service.wire.media import (
    TRACKS,
    Dtmf,
    Media,
    MediaFormat,
    Message,
    Start,
    WireError,
    WireNumber,
    media_url,
    parse_message,
    parse_number,
)
from tests.wire.builders import frame

START = """{"event":"start","sequence_number":"1","stream_id":"s-1",
 "start":{"user_id":"u-1","call_control_id":"v3:leg","call_session_id":"call-1",
          "from":"+15555550100","to":"+15555550199","tags":["TAG1"],"client_state":"YQ==",
          "custom_parameters":{"customer_id":"customer_123"},
          "media_format":{"encoding":"PCMU","sample_rate":8000,"channels":1}}}"""


def test_start_is_read_as_documented() -> None:
    """The stream's id stands at the top, the call's and the format's inside."""
    message = parse_message(START)

    assert (message.event, message.stream_id, message.sequence_number) == ("start", "s-1", "1")
    assert message.start == Start(
        call_control_id="v3:leg",
        call_session_id="call-1",
        user_id="u-1",
        from_="+15555550100",
        to="+15555550199",
        client_state="YQ==",
        tags=("TAG1",),
        custom_parameters={"customer_id": "customer_123"},
        media_format=MediaFormat(encoding="PCMU", sample_rate=8000, channels=1),
    )


def test_a_bare_start_is_read() -> None:
    """Tags, client state and custom parameters may be absent or null."""
    message = parse_message(
        '{"event":"start","start":{"call_control_id":"v3:leg","tags":null,"client_state":null,'
        '"custom_parameters":[{"name":"a","value":"b"}],"media_format":{"encoding":"L16",'
        '"sample_rate":"16000","later":1}}}'
    )

    assert message.start is not None
    assert message.start.call_control_id == "v3:leg"
    assert message.start.media_format == MediaFormat(encoding="L16", sample_rate="16000")


@pytest.mark.parametrize("number", ['"17"', "17"])
def test_a_frame_comes_out_of_base64(number: str) -> None:
    """Numbers are strings of decimals in Telnyx's messages; a number is read as well."""
    message = parse_message(
        f'{{"event":"media","sequence_number":{number},"stream_id":"s-1","media":{{"track":'
        f'"inbound","chunk":{number},"timestamp":{number},"payload":"/wCAfw=="}}}}'
    )

    assert message.media is not None
    assert message.media.payload == b"\xff\x00\x80\x7f"
    assert int(message.media.chunk or 0) == 17


@pytest.mark.parametrize(
    ("sent", "event"),
    [
        ('{"event":"connected","version":"1.0.0","protocol":"Call"}', "connected"),
        ('{"event":"connected","connected":{"x-telnyx-streaming-auth-token":"t"}}', "connected"),
        ('{"event":"stop","stream_id":"s-1","stop":{"call_control_id":"v3:leg"}}', "stop"),
        ('{"event":"mark","sequence_number":"5","mark":{"name":"x"}}', "mark"),
        ('{"event":"of tomorrow","stream_id":null,"what":[1,{}]}', "of tomorrow"),
    ],
)
def test_what_has_no_body_of_interest_is_known_by_its_name(sent: str, event: str) -> None:
    """Unknown events are read too: the caller counts them."""
    assert parse_message(sent).event == event


def test_dtmf_and_errors_are_read() -> None:
    """The two small bodies that somebody may want to see."""
    dtmf = parse_message('{"event":"dtmf","occurred_at":"2025-06-05","dtmf":{"digit":"1"}}')
    error = parse_message('{"event":"error","payload":{"code":100003,"title":"malformed_frame"}}')

    assert dtmf.dtmf == Dtmf(digit="1")
    assert error.payload == WireError(code=100003, title="malformed_frame")


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"event":null}',
        b'{"event":7}',
        b'{"event":"media","media":[]}',
        b'{"event":"media","media":{"track":"inbound"}}',
        b'{"event":"media","media":{"track":"inbound","payload":7}}',
        b'{"event":"media","media":{"track":"inbound","payload":"a"}}',
        b'{"event":"media","media":{"track":"inbound","payload":"_-8="}}',
        b'{"event":"media","media":{"track":null,"payload":""}}',
        b'{"event":"media","sequence_number":1.5}',
        b'{"event":"media","sequence_number":1e400}',
        b'{"event":"\xff"}',
        b'{"event":"\\ud800"}',
        b'{"event":"x","y":' + b'{"y":' * 200_000,
        b'{"event":"start","start":"now"}',
        "\ud800",
    ],
    ids=lambda sent: repr(sent[:48]),
)
def test_a_message_that_is_none_is_refused_without_a_trace_of_it(sent: bytes | str) -> None:
    """Wrong types, bad base64, bad UTF-8 and nesting bombs: one error that quotes nothing."""
    with pytest.raises(BadInputError) as failure:
        parse_message(sent)

    assert str(failure.value) == "a media message that is not one"


@given(st.binary(max_size=200))
def test_no_bytes_make_the_parser_fail_otherwise(sent: bytes) -> None:
    """A message or a `BadInputError`: nothing else comes out."""
    try:
        message = parse_message(sent)
    except BadInputError:
        return
    assert isinstance(message, Message)


@given(
    payload=st.binary(max_size=400),
    track=st.sampled_from(["inbound", "outbound"]),
    number=st.integers(0, 10**9),
)
def test_any_audio_of_a_frame_is_read_as_it_was(payload: bytes, track: str, number: int) -> None:
    """Track, numbers and bytes, none of them changed on the way."""
    message = parse_message(frame(payload, track=track, number=number))

    assert message == Message(
        event="media",
        sequence_number=str(number),
        stream_id="s-1",
        media=Media(track=track, payload=payload, chunk=str(number), timestamp=str(number * 20)),
    )


@pytest.mark.parametrize(
    ("wire", "number"),
    [
        *(("17", 17), (17, 17), ("0", 0), ("", None), (None, None), ("-1", None), (-1, None)),
        *(("1e3", None), ("1_0", None), (" 1", None), ("9" * 19, None), (10**18, None)),
    ],
)
def test_a_number_is_decimal_and_of_a_sane_length(wire: WireNumber, number: int | None) -> None:
    """Anything else is no number, however long it is."""
    assert parse_number(wire) == number


@pytest.mark.parametrize(
    ("name", "track"),
    [
        *(("inbound", "inbound"), ("outbound", "outbound"), ("outbound_track", "outbound")),
        *(("inbound_track", "inbound"), ("both_tracks", None), ("Inbound", None), (None, None)),
    ],
)
def test_a_track_goes_by_either_of_its_names(name: str | None, track: str | None) -> None:
    """Media messages name a track as it is, commands and webhooks with `_track` behind it."""
    assert TRACKS.get(name) == track


def test_media_sockets_come_in_where_the_service_is() -> None:
    """In the clear or encrypted as the service is, and only its scheme differs."""
    assert media_url("https://http.example.com") == "wss://http.example.com/media/"
    assert media_url("http://127.0.0.1:8080") == "ws://127.0.0.1:8080/media/"
