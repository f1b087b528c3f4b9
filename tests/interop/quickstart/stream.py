import asyncio
import json
import os
import urllib.request

import websockets

API_KEY = os.environ["API_KEY"]
ADDRESS = os.environ["ADDRESS"]
STREAM_URL = os.environ["STREAM_URL"]


async def transcribe():
    url = (
        f"{ADDRESS}/v2/speech-to-text/transcription"
        "?transcription_engine=Deepgram"
        "&model=nova-3"
        "&input_format=mp3"
        "&interim_results=true"
    )
    headers = {"Authorization": f"Bearer {API_KEY}"}

    async with websockets.connect(url, additional_headers=headers) as ws:

        async def listen():
            async for message in ws:
                data = json.loads(message)
                transcript = data.get("transcript", "")
                if not transcript:
                    continue
                kind = "FINAL" if data.get("is_final") else "partial"
                print(f"[{kind}] {transcript}")

        listener = asyncio.create_task(listen())

        radio = urllib.request.urlopen(STREAM_URL)
        try:
            while chunk := radio.read(4096):
                await ws.send(chunk)
                await asyncio.sleep(0.05)
        except KeyboardInterrupt:
            pass

        await ws.send(json.dumps({"type": "CloseStream"}))
        listener.cancel()


asyncio.run(transcribe())
