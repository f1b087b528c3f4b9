import os

from openai import OpenAI

client = OpenAI(
    api_key=os.environ["API_KEY"],
    base_url=f"{os.environ['ADDRESS']}/v2",
)

result = client.audio.transcriptions.create(
    model="openai/whisper-large-v3-turbo",
    file=open("audio.mp3", "rb"),
)
print(result.text)
