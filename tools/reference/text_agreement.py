#!/usr/bin/env python3
"""How far Skald's English agrees with the test files of NeMo's text processing.

The files are not part of Skald: fetch github.com/NVIDIA/NeMo-text-processing and name the folder
tests/nemo_text_processing/en/data_text_normalization. Each line is "written~said[~said...]".

    tools/reference/text_agreement.py FOLDER [--show N]
"""

import argparse
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def said(texts):
    """What Skald says for each text, all of them in one run."""
    source = "\n\n".join(texts)
    command = [str(ROOT / "skald"), "text", "--normalized", "--language", "en", "-f", "-"]
    whole = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
    blocks = whole.stdout.rstrip("\n").split("\n\n")
    if len(blocks) == len(texts):
        return blocks
    if len(texts) == 1:
        return [" ".join(blocks)]
    # A case that is several blocks, or none: halves until it is alone.
    middle = len(texts) // 2
    return said(texts[:middle]) + said(texts[middle:])


def plain(text):
    """Without letter case, punctuation, hyphens and "and"."""
    words = re.sub(r"[^a-z' ]", " ", text.lower()).split()
    return [word for word in words if word != "and"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--show", type=int, default=0, help="disagreements shown for each file")
    options = parser.parse_args()
    all_cases = all_agree = 0
    for file in sorted(options.folder.glob("test_cases_*.txt")):
        lines = file.read_text(encoding="utf-8").splitlines()
        cases = [line.split("~") for line in lines if "~" in line and not line.startswith("~")]
        if not cases:
            continue
        ours = said([case[0] for case in cases])
        wrong = [
            (case, our)
            for case, our in zip(cases, ours)
            if all(plain(their) != plain(our) for their in case[1:])
        ]
        agree = len(cases) - len(wrong)
        print(f"{file.name}: {agree} of {len(cases)}")
        for case, our in wrong[: options.show]:
            print(f"    {case[0]!r}: {case[1]!r}, Skald {our!r}")
        all_cases += len(cases)
        all_agree += agree
    print(f"all: {all_agree} of {all_cases}")


if __name__ == "__main__":
    main()
