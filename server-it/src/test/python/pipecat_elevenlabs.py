"""Pipecat's ElevenLabs services in a pipeline: over the WebSocket, cut off by its user, over HTTP."""

import asyncio
import sys

import aiohttp
from pipecat.frames.frames import (
    ErrorFrame, InterruptionFrame, LLMFullResponseEndFrame, LLMFullResponseStartFrame,
    LLMTextFrame, TTSAudioRawFrame, TTSStoppedFrame, TTSTextFrame)
from pipecat.pipeline.worker import PipelineParams
from pipecat.services.elevenlabs.tts import ElevenLabsHttpTTSService, ElevenLabsTTSService
from pipecat.tests.utils import SleepFrame, run_test

URL = sys.argv[1]
VOICE, MODEL = "en_US-joe-medium", "eleven_flash_v2_5"
TEXT = ["Hello from ", "Skald. It costs $5, ", "said Dr. Smith."]
WORDS = "Hello from Skald. It costs $5, said Dr. Smith.".split()
LONG = ["The harbour was quiet that morning, and nobody spoke of the storm. "] * 20


def turn(texts, seconds):
    return [LLMFullResponseStartFrame(), *map(LLMTextFrame, texts), LLMFullResponseEndFrame(),
            SleepFrame(seconds)]


async def heard(service, frames):
    """Seconds of audio, words and ends of speech that come out of a pipeline."""
    down, up = await run_test(
        service, frames_to_send=frames, start_timeout=30,
        pipeline_params=PipelineParams(audio_out_sample_rate=24000, enable_metrics=True))
    errors = [frame for frame in [*down, *up] if isinstance(frame, ErrorFrame)]
    assert not errors, errors
    audio = [frame for frame in down if isinstance(frame, TTSAudioRawFrame)]
    assert all(frame.sample_rate == 24000 for frame in audio)
    seconds = sum(len(frame.audio) for frame in audio) / 48000
    words = [word for frame in down if isinstance(frame, TTSTextFrame)
             for word in frame.text.split()]
    ends = sum(isinstance(frame, TTSStoppedFrame) for frame in down)
    return seconds, words, ends


def socket():
    return ElevenLabsTTSService(
        api_key="none", url=URL.replace("http", "ws"),
        settings=ElevenLabsTTSService.Settings(voice=VOICE, model=MODEL, speed=1.1))


async def main():
    seconds, words, ends = await heard(socket(), turn(TEXT, 6))
    assert 2 < seconds < 10 and words == WORDS and ends == 1, (seconds, words, ends)

    # The user speaks in between: what was under way is for nobody, the next turn is heard.
    frames = [*turn(LONG, 1), InterruptionFrame(), SleepFrame(1), *turn(TEXT, 6)]
    seconds, words, ends = await heard(socket(), frames)
    assert words[-len(WORDS):] == WORDS, words
    assert seconds < 80, seconds  # all of it is 100 s

    async with aiohttp.ClientSession() as session:
        http = ElevenLabsHttpTTSService(
            api_key="none", base_url=URL, aiohttp_session=session,
            settings=ElevenLabsHttpTTSService.Settings(voice=VOICE, model=MODEL))
        seconds, words, ends = await heard(http, turn(TEXT, 3))
    assert 2 < seconds < 10 and words == WORDS and ends == 1, (seconds, words, ends)


asyncio.run(main())
print("ok")
