#!/usr/bin/env python3
"""Makes audio/src/test/resources/dev/skald/audio/codec/tone.*: half a second of 440 Hz (left, 0.5) and
880 Hz (right, 0.25) at 16 kHz, in the formats that libsndfile writes.

    pip install soundfile numpy
    python tools/reference/audio_clips.py
"""
import pathlib

import numpy as np
import soundfile

OUT = pathlib.Path(__file__).resolve().parents[2] / "audio/src/test/resources/dev/skald/audio/codec"
RATE = 16000
t = np.arange(RATE // 2) / RATE
tone = np.stack([0.5 * np.sin(2 * np.pi * 440 * t), 0.25 * np.sin(2 * np.pi * 880 * t)], axis=1)
for name, fmt, sub in [("16.flac", "FLAC", "PCM_16"), ("24.flac", "FLAC", "PCM_24"),
                       ("ogg", "OGG", "VORBIS"), ("mp3", "MP3", "MPEG_LAYER_III"),
                       ("aiff", "AIFF", "PCM_16"), ("au", "AU", "PCM_16"),
                       ("u8.wav", "WAV", "PCM_U8"), ("24.wav", "WAV", "PCM_24"),
                       ("f64.wav", "WAV", "DOUBLE"), ("ext32.wav", "WAVEX", "PCM_32"),
                       ("alaw.wav", "WAV", "ALAW"), ("opus.ogg", "OGG", "OPUS")]:
    if name == "opus.ogg":
        soundfile.write(OUT / f"tone.{name}", tone[:2000], RATE, format=fmt, subtype=sub)
    else:
        soundfile.write(OUT / f"tone.{name}", tone, RATE, format=fmt, subtype=sub)
