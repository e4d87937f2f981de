"""Measures piper-tts: `piper_tts.py VOICE.onnx WARM_UP REPETITIONS TEXT_FILE...`, JSON out.

Each text is spoken warm in one fresh process (load, first audio, total, peak memory) and cold as
the whole `piper` command.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version


def warm(model, warm_up, repetitions, path):
    start = time.perf_counter()
    from piper import PiperVoice

    imported = time.perf_counter()
    voice = PiperVoice.load(model)
    load = time.perf_counter() - start
    with open(path, encoding="utf-8") as file:
        text = file.read()
    first, total, audio = [], [], []
    for i in range(warm_up + repetitions):
        begin = time.perf_counter()
        heard, samples, rate = None, 0, 1
        for chunk in voice.synthesize(text):
            data = chunk.audio_int16_bytes
            heard = heard or time.perf_counter() - begin
            samples += len(data) // 2
            rate = chunk.sample_rate
        if i >= warm_up:
            first.append(heard)
            total.append(time.perf_counter() - begin)
            audio.append(samples / rate)
    return {
        "program": "piper-tts " + version("piper-tts"),
        "text": os.path.splitext(os.path.basename(path))[0],
        "characters": len(text),
        "load_s": [load],
        "import_s": [imported - start],
        "first_audio_s": first,
        "total_s": total,
        "audio_s": audio,
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def cold(model, repetitions, path):
    piper = os.path.join(os.path.dirname(sys.executable), "piper")
    times = []
    with tempfile.TemporaryDirectory() as folder:
        wav = os.path.join(folder, "out.wav")
        for i in range(repetitions + 1):
            start = time.perf_counter()
            subprocess.run(
                [piper, "-m", model, "-i", path, "-f", wav],
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if i > 0:
                times.append(time.perf_counter() - start)
    return times


def main():
    if sys.argv[1] == "--warm":
        model, warm_up, repetitions, path = sys.argv[2:6]
        print(json.dumps(warm(model, int(warm_up), int(repetitions), path)))
        return
    model, warm_up, repetitions = sys.argv[1:4]
    rows = []
    for path in sys.argv[4:]:
        output = subprocess.run(
            [sys.executable, __file__, "--warm", model, warm_up, repetitions, path],
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
        row = json.loads(output)
        row["cold_s"] = cold(model, int(repetitions), path)
        rows.append(row)
    print(json.dumps({"rows": rows}, indent=2))


if __name__ == "__main__":
    main()
