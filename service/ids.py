"""Identifiers: one `NewType` each, so that a leg is never handed in where a call is meant."""

from typing import Literal, NewType

CallId = NewType("CallId", str)
"""A conversation: Telnyx's `call_session_id`, or the leg's id where Telnyx sent no session."""

LegId = NewType("LegId", str)
"""One leg of a call: Telnyx's `call_control_id`. Opaque; percent-encode it in a path."""

InputId = NewType("InputId", str)
"""Telnyx's `data.id` of a webhook: the same on every redelivery."""

StreamId = NewType("StreamId", str)
"""Telnyx's `stream_id` of one media WebSocket."""

UtteranceId = NewType("UtteranceId", str)
"""One stretch of speech of one track; partials and their final share it."""

WorkerId = NewType("WorkerId", str)
"""One life of one process of the service: a process that lost its lease comes back as another."""

EndpointName = NewType("EndpointName", str)
"""The `name` of an `[[endpoint]]`."""

Track = Literal["inbound", "outbound"]
"""Which direction of a leg's audio, as Telnyx names it."""

Role = Literal["customer", "agent", "unknown"]
"""Who speaks on a track. Never a guess: `unknown` unless the route says."""

Transcription = Literal["on", "paused", "off"]
"""Whether the words of a live call are wanted and, as far as is known, to be had."""

Source = Literal["media", "in_call"]
"""How a call is transcribed: its audio forked to an STT WebSocket, or by Telnyx in the call."""

Scope = Literal["calls:read", "calls:write", "live", "admin"]
"""What an API key may do; `admin` may do everything."""

AccessAction = Literal["listed", "searched", "read", "exported", "listened", "followed", "erased"]
"""What a key did with a call; `searched`: words of the call were among what was found."""
