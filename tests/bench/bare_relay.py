"""The bare peer of the media path: JSON and base64 decoded, 100 ms chunks sent on, no more."""

import base64
import json
import sys

import uvloop
from aiohttp import WSMsgType, web
from websockets.asyncio.client import connect

from tests.bench.bare import serve

CHUNK_BYTES = 800


async def main(stt_url: str) -> None:
    """Listen until told to stop."""

    async def relay(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        async with (
            connect(stt_url, compression=None) as inbound,
            connect(stt_url, compression=None) as outbound,
        ):
            recognisers = {"inbound": inbound, "outbound": outbound}
            waiting = {"inbound": bytearray(), "outbound": bytearray()}
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    break
                event = json.loads(message.data)
                if event["event"] != "media":
                    continue
                track = event["media"]["track"]
                audio = waiting[track]
                audio += base64.b64decode(event["media"]["payload"])
                if len(audio) >= CHUNK_BYTES:
                    await recognisers[track].send(bytes(audio))
                    audio.clear()
        return socket

    app = web.Application()
    app.router.add_get("/media", relay)
    await serve(app)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
