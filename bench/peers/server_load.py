#!/usr/bin/env python3
"""Many callers of a speech server: server_load.py NAME URL KIND SECONDS CALLERS...

KIND is openai (POST /v1/audio/speech, pcm of 24 kHz, streamed), piper (the HTTP server of piper-tts: POST /synthesize, a
whole WAV of 22,050 Hz) or wyoming (tcp://HOST:PORT: an event synthesize, audio at the rate of the voice). Each caller asks
for the same sentence of 150 characters again as soon as it was answered, for so many
seconds. One JSON line a number of callers: requests and seconds of audio a second, first audio (median, 95th percentile).
"""
import json
import socket
import statistics
import sys
import threading
import time
import urllib.parse
import http.client

TEXT = (
    "The harbour was quiet that morning, and nobody spoke of the storm; the boats lay side by side, "
    "and the old pilot mended his net as if no wind blew now."
)


def ask_wyoming(host):
    name, port = host.rsplit(":", 1)
    start = time.monotonic()
    first, seconds = None, 0.0
    with socket.create_connection((name, int(port)), timeout=120) as link, link.makefile("rb") as stream:
        link.sendall((json.dumps({"type": "synthesize", "data": {"text": TEXT}}) + "\n").encode())
        while True:
            event = json.loads(stream.readline())
            data = {**event.get("data", {}), **json.loads(stream.read(event.get("data_length") or 0) or "{}")}
            payload = stream.read(event.get("payload_length") or 0)
            if event["type"] == "audio-chunk":
                first = first or time.monotonic() - start
                seconds += len(payload) / 2 / data["rate"]
            elif event["type"] == "audio-stop":
                return first, seconds
            elif event["type"] == "error":
                raise SystemExit(f"{data} from {host}")


def ask(host, kind):
    """Seconds to the first audio, seconds of audio."""
    if kind == "wyoming":
        return ask_wyoming(host)
    if kind == "openai":
        body = {"model": "tts-1", "voice": "en_US-joe-medium", "input": TEXT, "response_format": "pcm"}
        path, rate, header = "/v1/audio/speech", 24000, 0
    else:
        body, path, rate, header = {"text": TEXT}, "/synthesize", 22050, 44
    connection = http.client.HTTPConnection(host, timeout=120)
    start = time.monotonic()
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    size = len(answer.read(header + 2))
    first = time.monotonic() - start
    while more := answer.read(65536):
        size += len(more)
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"{answer.status} from {host}")
    return first, (size - header) / 2 / rate


def load(host, kind, callers, seconds):
    end = time.monotonic() + seconds
    firsts, audio, lock = [], [], threading.Lock()

    def call():
        while time.monotonic() < end:
            first, spoken = ask(host, kind)
            with lock:
                firsts.append(first)
                audio.append(spoken)

    threads = [threading.Thread(target=call) for _ in range(callers)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - start
    firsts.sort()
    return {
        "callers": callers,
        "requests": len(firsts),
        "requests_a_second": round(len(firsts) / took, 2),
        "audio_a_second": round(sum(audio) / took, 1),
        "first_audio_s": round(statistics.median(firsts), 3),
        "first_audio_95_s": round(firsts[min(len(firsts) - 1, int(0.95 * len(firsts)))], 3),
    }


def main():
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    name, url, kind, seconds = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])
    host = urllib.parse.urlsplit(url).netloc
    for _ in range(8):
        ask(host, kind)
    for callers in sys.argv[5:]:
        print(json.dumps({"server": name, **load(host, kind, int(callers), seconds)}), flush=True)


if __name__ == "__main__":
    main()
