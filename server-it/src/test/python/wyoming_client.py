"""Home Assistant's protocol by its own package: what is there, a text, a text that arrives."""

import asyncio
import sys

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.tts import (
    Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped,
    SynthesizeVoice)

HOST, PORT = sys.argv[1].split(":")


async def audio(client, last):
    """Bytes of audio up to an event of that class."""
    count, rate = 0, 0
    while True:
        event = await asyncio.wait_for(client.read_event(), 60)
        assert event is not None, "the connection ended"
        assert not Error.is_type(event.type), event
        if AudioStart.is_type(event.type):
            rate = rate or AudioStart.from_event(event).rate
        elif AudioChunk.is_type(event.type):
            chunk = AudioChunk.from_event(event)
            assert chunk.rate == rate and chunk.width == 2 and chunk.channels == 1, chunk
            count += len(chunk.audio)
        elif last.is_type(event.type):
            return count


async def main():
    async with AsyncTcpClient(HOST, int(PORT)) as client:
        await client.write_event(Describe().event())
        info = Info.from_event(await client.read_event())
        voice = info.tts[0].voices[0]
        assert voice.languages and voice.installed, voice

        await client.write_event(
            Synthesize("Hello from Skald.", SynthesizeVoice(name=voice.name)).event())
        assert await audio(client, AudioStop) > 20000

        text = ["Text that arrives ", "piece by piece. ", "And its end."]
        await client.write_event(SynthesizeStart(SynthesizeVoice(name=voice.name)).event())
        for chunk in text:
            await client.write_event(SynthesizeChunk(chunk).event())
        # Home Assistant sends the whole text too, for servers that cannot stream.
        await client.write_event(Synthesize("".join(text)).event())
        await client.write_event(SynthesizeStop().event())
        assert await audio(client, SynthesizeStopped) > 60000


asyncio.run(main())
print("ok")
