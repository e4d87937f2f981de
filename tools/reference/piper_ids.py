#!/usr/bin/env python3
"""Makes the expected phoneme ids of PiperIdsTest with the real piper-tts package.

The package's own code does everything (PiperVoice.phonemize, phonemes_to_ids); only its C bridge is
replaced by one that calls the eSpeak NG library Skald ships, so that both read with the same one.

    pip install piper-tts==1.8.0
    ./mvnw -pl espeak -am process-resources
    python tools/reference/piper_ids.py
"""

import ctypes
import json
import sys
import tempfile
import types
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "espeak/target/classes/dev/skald/espeak/native"
TEXTS = Path(__file__).with_name("piper_texts.tsv")
OUT = ROOT / "piper/src/test/resources/dev/skald/piper"

TERMINATORS = {0x80028: ".", 0x82028: "?", 0x8302D: "!", 0x41014: ",", 0x4001E: ":", 0x4101E: ";"}
DIPHTHONGS = [["a", "ɪ"], ["a", "ʊ"], ["ɔ", "ɪ"], ["e", "ɪ"], ["o", "ʊ"]]


def bridge(library: Path) -> types.ModuleType:
    """piper.espeakbridge over a library of our choice."""
    espeak = ctypes.CDLL(str(library))
    espeak.espeak_TextToPhonemesWithTerminator.restype = ctypes.c_char_p

    def initialize(data_dir: str) -> None:
        if espeak.espeak_Initialize(2, 0, data_dir.encode(), 0) < 0:
            raise RuntimeError("eSpeak NG cannot read its data")

    def set_voice(name: str) -> None:
        if espeak.espeak_SetVoiceByName(name.encode()) != 0:
            raise RuntimeError(f"no voice {name}")

    def get_phonemes(text: str):
        buffer = ctypes.create_string_buffer(text.encode("utf-8"))
        cursor = ctypes.c_void_p(ctypes.addressof(buffer))
        clauses = []
        while cursor.value:
            end = ctypes.c_int(0)
            phonemes = espeak.espeak_TextToPhonemesWithTerminator(
                ctypes.byref(cursor), 0, 2, ctypes.byref(end)
            )
            kind = end.value & 0xFFFFF
            clauses.append((phonemes.decode(), TERMINATORS.get(kind, ""), bool(kind & 0x80000)))
        return clauses

    module = types.ModuleType("piper.espeakbridge")
    module.initialize, module.set_voice, module.get_phonemes = initialize, set_voice, get_phonemes
    return module


def main() -> None:
    data = Path(tempfile.mkdtemp()) / "espeak-ng-data"
    zipfile.ZipFile(NATIVE / "espeak-ng-data.zip").extractall(data)
    import piper

    piper.espeakbridge = bridge(NATIVE / "debian-amd64/libespeak-ng.so.1")
    sys.modules["piper.espeakbridge"] = piper.espeakbridge
    from piper.config import PiperConfig
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP
    from piper.voice import PiperVoice

    def config(kind: str, voice: str) -> dict:
        made = {
            "audio": {"sample_rate": 22050},
            "espeak": {"voice": voice},
            "num_symbols": 256,
            "num_speakers": 1,
            "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        }
        if kind == "clusters":
            made["vowel_clusters"] = DIPHTHONGS
        if kind == "text":
            made["phoneme_type"] = "text"
        return made

    for kind in ("plain", "clusters", "text"):
        (OUT / f"{kind}.onnx.json").write_text(
            json.dumps(config(kind, "en-us"), ensure_ascii=False, indent=1) + "\n", "utf-8"
        )
    lines = []
    for line in TEXTS.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        kind, voice, text = line.split("\t")
        text = text.replace("\\n", "\n").replace("\\t", "\t")
        speaker = PiperVoice(
            session=None,
            config=PiperConfig.from_dict(config(kind, voice)),
            espeak_data_dir=data,
            use_tashkeel=False,  # a network of its own, which Skald does not have
        )
        sentences = [speaker.phonemes_to_ids(p) for p in speaker.phonemize(text) if p]
        lines.append(line + "\t" + " | ".join(" ".join(map(str, ids)) for ids in sentences))
    (OUT / "expected-ids.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    print(len(lines), "texts")


if __name__ == "__main__":
    main()
