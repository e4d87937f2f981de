"""Pipecat's service, asked as its pipeline asks it."""

import asyncio
import sys

from pipecat.frames.frames import ErrorFrame, TTSAudioRawFrame
from pipecat.services.openai.tts import OpenAITTSService

URL = sys.argv[1] + "/v1"


async def main():
    tts = OpenAITTSService(
        api_key="none", base_url=URL, sample_rate=24000,
        settings=OpenAITTSService.Settings(voice="nova"))
    tts._sample_rate = 24000  # as its start frame sets it
    count = 0
    async for frame in tts.run_tts("Hello from Skald. A second sentence.", "one"):
        assert not isinstance(frame, ErrorFrame), frame
        if isinstance(frame, TTSAudioRawFrame):
            assert frame.sample_rate == 24000 and frame.num_channels == 1, frame
            count += len(frame.audio)
    assert 48000 < count < 480000, count


asyncio.run(main())
print("ok")
