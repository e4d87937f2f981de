#!/usr/bin/env python3
"""Callers that misbehave: server_faults.py URL PID FAULT...

URL and PID are those of a `skald serve` of its own on this machine. Each FAULT prints one JSON line and fails (exit 1)
if the server keeps what it should not:

  many[=N]    N requests (10,000), eight at once: no growth of the heap in use after a collection (asked for by jcmd), of
              threads or open files between the first tenth and the end
  leave[=N]   N callers (200) of a long text, half of whom leave while they listen, half while they wait: 2 s later
              nothing speaks or waits
  slow[=N]    N readers (4) of one byte a second for 40 s: at most 1 MB of the heap each, which is what is freed of each
              class when they leave (the working memory of a speech is kept for the next)
  kill[=N]    a server of its own ($SKALD, ./skald by default) killed by SIGKILL N times (10), each time at a random moment of
              three uploads at once: every recording that is kept is whole, every one that was acknowledged is kept
  full        more callers than may speak and wait: 429 with Retry-After, and all others are served
"""
import concurrent.futures
import http.client
import json
import math
import os
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

WORD = "Yes."
LONG = "One more sentence to say, and then the next one comes. " * 400


def request(host, text, **more):
    body = json.dumps({"input": text, "response_format": "pcm", **more}).encode()
    head = f"POST /v1/audio/speech HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def connect(host, receive=None):
    name, port = host.rsplit(":", 1)
    link = socket.socket()
    if receive:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    link.settimeout(120)
    link.connect((name, int(port)))
    return link


def speak(host, text, **more):
    """Status, headers and bytes of one request."""
    connection = http.client.HTTPConnection(host, timeout=300)
    body = json.dumps({"input": text, "response_format": "pcm", **more})
    connection.request("POST", "/v1/audio/speech", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    told = answer.status, answer.headers, answer.read()
    connection.close()
    return told


def metrics(host):
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return {m[1]: float(m[2]) for m in re.finditer(r"^(skald_\w+(?:\{[^}]*\})?) (\S+)$", text, re.M)}


def busy(host):
    now = metrics(host)
    return int(now["skald_requests_speaking"]), int(now["skald_queue_waiting"])


def until(host, wanted, seconds):
    """Seconds until (speaking, waiting) is as wanted; None if it is not by then."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if wanted(*busy(host)):
            return round(time.monotonic() - start, 2)
        time.sleep(0.02)
    return None


def state(pid):
    """Of the process: MB of heap that live, threads, open files."""
    subprocess.run(["jcmd", str(pid), "GC.run"], check=True, stdout=subprocess.DEVNULL)
    info = subprocess.run(["jcmd", str(pid), "GC.heap_info"], check=True, capture_output=True, text=True).stdout
    used = sum(int(k) for k in re.findall(r"^ *(?:DefNew|Tenured|garbage-first heap) .*used (\d+)K", info, re.M))
    return {
        "heap_mb": round(used / 1024, 1),
        "threads": len(os.listdir(f"/proc/{pid}/task")),
        "files": len(os.listdir(f"/proc/{pid}/fd")),
    }


def live(pid):
    """Bytes of live objects by class, without what fills gaps of the heap."""
    command = ["jcmd", str(pid), "GC.class_histogram"]  # after a collection
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    classes = re.finditer(r"^ *\d+: +\d+ +(\d+) +(\S+)", told, re.M)
    return {m[2]: int(m[1]) for m in classes if "FillerElement" not in m[2]}


def many(host, pid, count):
    count = count or 10_000
    failed = []

    def some(n):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for status, _, audio in pool.map(lambda _: speak(host, WORD), range(n)):
                if status != 200 or len(audio) < 5_000:
                    failed.append(status)

    some(count // 10)
    time.sleep(2)
    first = state(pid)
    some(count - count // 10)
    time.sleep(2)
    last = state(pid)
    grown = last["heap_mb"] > first["heap_mb"] + 4 or last["threads"] > first["threads"] + 4
    return not failed and not grown and last["files"] <= first["files"] + 4, {
        "requests": count,
        "failed": len(failed),
        "after_a_tenth": first,
        "at_the_end": last,
    }


def leave(host, pid, count):
    count = count or 200
    links = []
    for _ in range(count):
        link = connect(host)
        link.sendall(request(host, LONG))
        links.append(link)
    until(host, lambda speaking, waiting: speaking + waiting >= min(count, 8), 30)
    speaking, waiting = busy(host)
    time.sleep(1)
    for link in links:  # as a killed process leaves: a reset
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        link.close()
    took = until(host, lambda s, w: s == 0 and w == 0, 10)
    return took is not None and took <= 2 and speaking + waiting > 1, {
        "callers": count,
        "spoke": speaking,
        "waited": waiting,
        "nothing_left_after_s": took,
        "speaks_again": speak(host, WORD)[0],
    }


def slow(host, pid, count):
    count = count or 4
    links = [connect(host, 4096) for _ in range(count)]
    for link in links:
        link.sendall(request(host, LONG))
    for _ in range(40):
        time.sleep(1)
        for link in links:
            link.recv(1)
    speaking, _ = busy(host)
    other = speak(host, WORD)[0]
    held = live(pid)
    for link in links:
        link.close()
    until(host, lambda s, w: s == 0 and w == 0, 10)
    time.sleep(1)
    left = live(pid)
    each = round(sum(max(0, held[name] - left.get(name, 0)) for name in held) / count / 1e6, 2)
    return each <= 1 and other == 200 and speaking == count, {
        "readers": count,
        "heap_mb_each": each,
        "another_is_served": other,
    }


def recording():
    """Ten seconds of a WAV with words and pauses, as far as the server's check hears."""
    noise, samples = random.Random(2), bytearray()
    for i in range(240_000):
        word = max(0, math.sin(i * 2 * math.pi * 1.5 / 24_000))
        tone = math.sin(i * 2 * math.pi * 150 / 24_000) + 0.3 * noise.gauss(0, 1)
        samples += struct.pack("<h", int(6_000 * word * tone + 8 * noise.gauss(0, 1)))
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, 24_000, 48_000, 2, 16, b"data", len(samples))
    return head + bytes(samples)


def kill(host, pid, count):
    count = count or 10
    audio = recording()
    part = '--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
    form = (part % ("name", "") + "Anna\r\n" + part % ("language", "") + "en-US\r\n").encode()
    form += (part % ("recording", '; filename="x.wav"')).encode() + audio + b"\r\n--b--\r\n"
    kept, lock = set(), threading.Lock()

    def upload(port):
        try:
            while True:
                link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                link.request("POST", "/v1/audio/voice_consents", form, {"Content-Type": "multipart/form-data; boundary=b"})
                told = json.loads(link.getresponse().read())
                with lock:
                    kept.add(told["id"])
        except (OSError, http.client.HTTPException, ValueError):
            pass  # killed, as it was to be

    with tempfile.TemporaryDirectory() as home:
        folder = os.path.join(home, "server", "consents")
        for _ in range(count):
            command = [os.environ.get("SKALD", "./skald"), "serve", "--port", "0", "--home", home, "--offline"]
            server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
            port = int(re.search(r"listening on http://[^:]+:(\d+)", next(l for l in server.stderr if "listening" in l))[1])
            uploads = [threading.Thread(target=upload, args=(port,)) for _ in range(3)]
            before = len(kept)
            for thread in uploads:
                thread.start()
            while len(kept) == before:
                time.sleep(0.005)
            time.sleep(random.random() * 0.3)
            server.kill()
            server.wait()
            for thread in uploads:
                thread.join()
        records = {f[:-5] for f in os.listdir(folder) if f.endswith(".json")}
        whole = all(
            json.load(open(os.path.join(folder, f"{r}.json")))["name"] == "Anna"
            and open(os.path.join(folder, f"{r}.audio"), "rb").read() == audio
            for r in records
        )
        left = sum(not f.endswith(".json") and f.rsplit(".", 1)[0] not in records for f in os.listdir(folder))
    return whole and kept <= records, {
        "kills": count,
        "acknowledged": len(kept),
        "kept": len(records),
        "kept_are_whole": whole,
        "files_without_a_record": left,
    }


def full(host, pid, count):
    count = count or 100
    told, lock = [], threading.Lock()

    def call(_):
        status, headers, _ = speak(host, LONG[:200])
        with lock:
            told.append((status, headers.get("Retry-After")))

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        list(pool.map(call, range(count)))
    refused = [after for status, after in told if status == 429]
    served = sum(status == 200 for status, _ in told)
    good = refused and all(after and int(after) >= 1 for after in refused)
    others = sorted({status for status, _ in told} - {200, 429})
    return bool(good) and not others, {"callers": count, "served": served, "refused": len(refused), "others": others}


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    host, pid = urllib.parse.urlsplit(sys.argv[1]).netloc, int(sys.argv[2])
    faults = {"many": many, "leave": leave, "slow": slow, "full": full, "kill": kill}
    bad = False
    for wish in sys.argv[3:]:
        name, _, count = wish.partition("=")
        good, told = faults[name](host, pid, int(count or 0))
        bad |= not good
        print(json.dumps({"fault": name, "good": good, **told}), flush=True)
    sys.exit(bad)


if __name__ == "__main__":
    main()
