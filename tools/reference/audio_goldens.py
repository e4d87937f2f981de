#!/usr/bin/env python3
"""Makes audio/src/test/resources/dev/skald/audio/audio.golden: what librosa, torch, torchaudio and
pyloudnorm answer for signals that the tests make again by themselves.

    pip install librosa==0.11.0 soxr torch torchaudio pyloudnorm
    python tools/reference/audio_goldens.py

File: "SKGOLD1\n", then for each entry: u32 length of name, name, u32 values, float32 values.
"""
import pathlib
import struct
import sys

import librosa
import numpy as np
import torch

if torch.version.cuda:  # only its pure Python parts are used
    torch.version.cuda = None
import pyloudnorm
import torchaudio

OUT = (pathlib.Path(__file__).resolve().parents[2]
       / "audio/src/test/resources/dev/skald/audio/audio.golden")


def noise(n, seed):
    """Uniform in [-0.3, 0.3), exact in single precision, from a linear congruential generator."""
    s, out = seed, np.empty(n, np.float32)
    for i in range(n):
        s = (s * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = np.float32(((s >> 8) - (1 << 23)) / (1 << 24) * 0.6)
    return out


entries = {}


def put(name, values):
    entries[name] = np.ascontiguousarray(np.asarray(values, np.float32)).ravel()


for o, t in [(24000, 16000), (44100, 24000), (48000, 24000), (22050, 24000), (16000, 24000),
             (32000, 24000), (8000, 24000), (11025, 24000), (12000, 24000), (48000, 16000),
             (44100, 16000), (96000, 24000), (192000, 24000), (44056, 24000), (6000, 24000),
             (47999, 24000), (2000, 24000)]:
    x = noise(2500 if o >= t else 1000, o + t)
    put(f"soxr.{o}.{t}", librosa.resample(x, orig_sr=o, target_sr=t))
for o, t in [(24000, 16000), (44100, 24000), (16000, 24000), (48000, 16000)]:
    x = noise(1500, o + t)
    put(f"sinc.{o}.{t}", torchaudio.transforms.Resample(o, t)(torch.from_numpy(x)))

put("stft.400.160", np.abs(librosa.stft(noise(1601, 1), n_fft=400, hop_length=160,
                                        pad_mode="reflect")).T)
put("mel.16000.400.40", librosa.filters.mel(sr=16000, n_fft=400, n_mels=40, fmin=0, fmax=8000))
put("mel.24000.240.80", librosa.filters.mel(sr=24000, n_fft=240, n_mels=80, fmin=50, fmax=None))
y = torch.from_numpy(noise(4800, 2))[None]
y = torch.nn.functional.pad(y[:, None], (720, 720), mode="reflect")[:, 0]
spec = torch.stft(y, 1920, hop_length=480, win_length=1920, window=torch.hann_window(1920),
                  center=False, return_complex=True)[0]
spec = torch.sqrt(torch.view_as_real(spec).pow(2).sum(-1) + 1e-9)
put("mel24", torch.from_numpy(librosa.filters.mel(sr=24000, n_fft=1920, n_mels=80, fmin=0,
                                                  fmax=8000)) @ spec)
put("fbank", torchaudio.compliance.kaldi.fbank(torch.from_numpy(noise(4000, 3))[None],
                                               num_mel_bins=80))
put("fbank.banks", torchaudio.compliance.kaldi.get_mel_banks(
    24, 512, 16000.0, 20.0, 0.0, 100.0, -500.0, 1.0)[0])

for rate in (16000, 24000, 44100, 48000):
    x = noise(2 * rate, rate).astype(np.float64)
    x[: rate // 2] *= 1e-3  # gated away
    put(f"loudness.{rate}", [pyloudnorm.Meter(rate).integrated_loudness(x)])
x = noise(24000, 7)
x[:5000] *= 1e-4
x[17000:] *= 1e-3
for db in (20, 60):
    put(f"trim.{db}", librosa.effects.trim(x, top_db=db)[1])

with open(OUT, "wb") as f:
    f.write(b"SKGOLD1\n")
    for name, values in entries.items():
        raw = name.encode()
        f.write(struct.pack("<I", len(raw)) + raw + struct.pack("<I", values.size)
                + values.astype("<f4").tobytes())
print(OUT, OUT.stat().st_size, file=sys.stderr)
