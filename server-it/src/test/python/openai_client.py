"""OpenAI's own package: whole, streamed, as events, its errors and its list of models."""

import sys

import openai

URL, TEXT = sys.argv[1], "Hello from Skald. This is a second sentence."

client = openai.OpenAI(base_url=URL + "/v1", api_key="none", max_retries=0)

for name, magic in (("mp3", b"\xff"), ("opus", b"OggS"), ("flac", b"fLaC"), ("wav", b"RIFF")):
    whole = client.audio.speech.create(
        model="gpt-4o-mini-tts", voice="ash", input=TEXT, response_format=name,
        instructions="Speak calmly.", speed=1.1)
    assert whole.content.startswith(magic), (name, whole.content[:8])
    assert len(whole.content) > 4000, name

pcm = 0
with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=TEXT, response_format="pcm") as streamed:
    for chunk in streamed.iter_bytes(4096):
        pcm += len(chunk)
assert pcm > 24000 * 2, pcm

with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="marin", input=TEXT, response_format="pcm",
        stream_format="sse", extra_body={"timestamps": "word"}) as streamed:
    lines = [line for line in streamed.iter_lines() if line]
kinds = [line.split('"type":"')[1].split('"')[0] for line in lines]
assert kinds[0] == "speech.audio.alignment" and kinds[-1] == "speech.audio.done", kinds
assert "speech.audio.delta" in kinds, kinds

try:
    client.audio.speech.create(model="tts-1", voice="nobody-at-all", input=TEXT)
    raise SystemExit("an unknown voice was accepted")
except openai.BadRequestError as e:
    assert e.param == "voice" and e.code and e.type, e

assert any(model.id == "tts-1" for model in client.models.list()), "no tts-1 among the models"
print("ok")
