"""LiveKit's plugin: events for the newer models, audio for tts-1, each format that it asks for."""

import asyncio
import sys

from livekit.plugins import openai

URL = sys.argv[1] + "/v1"


async def main():
    for model, name in (("gpt-4o-mini-tts", "mp3"), ("tts-1", "mp3"), ("tts-1", "wav"),
                        ("gpt-4o-mini-tts", "pcm"), ("tts-1", "opus")):
        tts = openai.TTS(
            model=model, voice="ash", base_url=URL, api_key="none", response_format=name)
        samples = 0
        async with tts.synthesize("Hello from Skald. A second sentence.") as stream:
            async for audio in stream:
                assert audio.frame.sample_rate == 24000, audio.frame
                samples += audio.frame.samples_per_channel
        assert 24000 < samples < 24000 * 10, (model, name, samples)
        await tts.aclose()


asyncio.run(main())
print("ok")
