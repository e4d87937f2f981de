#!/usr/bin/env python3
"""Makes further sets of golden values for GoldensTest, by running the official Chatterbox code.

    pip install torch transformers diffusers librosa safetensors conformer einops
    python tools/reference/chatterbox_goldens.py CHATTERBOX/src S3TOKENIZER OUT --seed 2
    ./mvnw -pl chatterbox -am test -Dgoldens=OUT

The stages are in chatterbox_stages/. The first two arguments are checkouts of
https://github.com/resemble-ai/chatterbox and https://github.com/xingchensong/S3Tokenizer. The set
under chatterbox/src/test/resources/goldens is the pattern: each weight is drawn from the values of its counterpart there, configurations are taken
over (`--dims` changes them), and the manifest has the same form. Cases are lengths, batches and
parameters that the pattern does not have. Everything runs twice, in float32 and, with the
reference's own casts to float32 widened too, in float64: `atol` is ten times the difference, at
least a millionth of the largest value. `--check` runs the pattern's own cases instead and prints how
far the results are from the stored ones, as a share of the tolerance.
"""

import argparse
import functools
import hashlib
import json
import math
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from chatterbox_stages import STAGES
from chatterbox_stages.official import STRICT, Rejected, official, precision

PATTERN = Path(__file__).resolve().parents[2] / "chatterbox/src/test/resources/goldens"


class Pattern:
    """The set that is there already."""

    def __init__(self, folder):
        self.folder = folder
        self.manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        self.files = {f["stage"]: f for f in self.manifest["files"]}

    @functools.cache
    def tensors(self, stage):
        with safe_open(self.folder / self.files[stage]["file"], "pt") as f:
            return {name: f.get_tensor(name) for name in f.keys()}

    def weights(self, stage):
        return {k: v for k, v in self.tensors(stage).items() if k[:3] != "in." and k[:4] not in ("out.", "tap.")}


def draw(shapes, pattern, rng, gain):
    """Weights of these shapes whose values are drawn from the pattern's of the same name."""
    alike = {}
    for name in pattern:
        alike.setdefault(re.sub(r"\d+", "#", name), name)
    out = {}
    for name, like in shapes.items():
        source = pattern.get(name, pattern.get(alike.get(re.sub(r"\d+", "#", name))))
        if source is None:
            continue  # the pattern leaves it out
        if source.dtype != torch.bfloat16:
            out[name] = source.clone()
            continue
        values = source.float().flatten().numpy()
        new = values[rng.integers(0, len(values), math.prod(like.shape))].reshape(like.shape)
        if like.ndim > 1 and "original" not in name:
            fan = lambda s: max(1, math.prod(s[1:]))
            new = new * math.sqrt(fan(source.shape) / fan(like.shape)) * gain
        out[name] = torch.from_numpy(new.astype(np.float32)).bfloat16()
    return out


def build(stage, config, weights, prefix):
    model = STAGES[stage].build(config)
    own = {k[len(prefix):]: v for k, v in weights.items()}
    missing, unknown = model.load_state_dict(own, strict=False)
    if unknown or any(not k.endswith(("_mel_filters", "window")) for k in missing):
        raise SystemExit(f"{stage}: missing {missing[:3]}, unknown {unknown[:3]}")
    return model.eval()


def run(stage, entry, weights, params, inputs, others, double):
    """All outputs and taps of one case."""
    for which in getattr(STAGES[stage], "needs", ()):
        others(which)
    with precision(double), torch.inference_mode():
        models = {}

        def model(which):
            if which not in models:
                e, w = others(which) if which != stage else (entry, weights)
                models[which] = build(which, e["config"], w, e["key_prefix"])
            return models[which]

        dtype = torch.get_default_dtype()
        given = {k: v.to(dtype) if v.is_floating_point() else v.long() for k, v in inputs.items()}
        found = STAGES[stage].run(model, SimpleNamespace(**given), params, entry["config"])
    return {k: v.detach().clone() for k, v in found.items() if v is not None}


def tolerance(x):
    """Rounded up to one digit."""
    if x <= 0:
        return 1e-12
    unit = 10.0 ** math.floor(math.log10(x))
    return float(f"{math.ceil(x / unit - 1e-9) * unit:.1g}")


def describe(single, double):
    if not single.is_floating_point():
        same = torch.equal(single.long(), double.long())
        return {"shape": list(single.shape), "dtype": "int32", "desc": "", "equal_in_float64": same,
                "tolerance": "exact"}
    a, b = single.double(), double.double()
    fine = torch.isfinite(a) & torch.isfinite(b)  # a filter may remove what underflows in float32
    most = float(a[fine].abs().max()) if fine.any() else 0.0
    off = float((a - b)[fine].abs().max()) if fine.any() else 0.0
    return {"shape": list(single.shape), "dtype": "float32", "desc": "", "max_abs": most, "f32_vs_f64": off,
            "atol": tolerance(max(10 * off, 1e-6 * most))}


def case(stage, entry, weights, name, params, make, others, seed):
    """Draws inputs until float32 and float64 agree in every integer, as the pattern's maker did."""
    for salt in range(30):
        rng = np.random.default_rng([seed, salt, *name.encode()])
        inputs, params_now = make(rng), dict(params)
        try:
            single = run(stage, entry, weights, params_now, inputs, others, False)
            double = run(stage, entry, weights, params_now, inputs, others, True)
            notes = {k: describe(v, double[k]) for k, v in single.items()}
            if all(d.get("equal_in_float64", True) for d in notes.values()):
                break
        except Rejected as e:
            print(f"  {stage}/{name}: drawn again, {e}", file=sys.stderr)
    else:
        raise SystemExit(f"{stage}/{name}: no inputs found that float32 and float64 agree on")
    tensors, described = {}, {}
    for k, v in inputs.items():
        tensors[f"in.{name}.{k}"] = v
        described[f"in.{k}"] = {"shape": list(v.shape), "dtype": "float32" if v.is_floating_point() else "int32",
                                "desc": ""}
    for k, v in single.items():
        kind, rest = k.split(".", 1)
        tensors[f"{kind}.{name}.{rest}"] = v
        described[k] = notes[k]
    stored = {k: (v.float() if v.is_floating_point() else v.int()).contiguous().clone() for k, v in tensors.items()}
    return stored, {"params": params_now, "facts": {"salt": salt}, "tensors": described}


def digest(path):
    return {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def saved_voice(out, entry, cases, tensors, others):
    """conds.pt of the first case, and what its manifest entry says of it."""
    name, first = next(iter(cases.items()))
    inputs = {"ref_wav": tensors[f"in.{name}.ref_wav"]}
    run("conds", entry, {}, first["params"] | {"save": out / "conds.pt"}, inputs, others, False)
    content = {}
    for group, values in torch.load(out / "conds.pt", weights_only=True).items():
        for k, v in values.items():
            content[f"{group}.{k}"] = v if v is None else {
                "dtype": str(v.dtype), "shape": list(v.shape), "stride": list(v.stride()),
                "storage_offset": v.storage_offset(), "storage_elements": v.untyped_storage().nbytes() // v.itemsize}
    return {"conds.pt": digest(out / "conds.pt") | {"content": content}}


def make(pattern, out, seed, stages, dims, gain):
    out.mkdir(parents=True, exist_ok=True)
    entries, drawn = {}, {}

    def prepared(stage):
        if stage not in drawn:
            entry = json.loads(json.dumps(pattern.files[stage]))
            for path, value in dims.get(stage, {}).items():
                at = entry["config"]
                *parents, last = path.split(".")
                for p in parents:
                    at = at[p]
                at[last] = value
            weights = {}
            if hasattr(STAGES[stage], "build"):
                with precision(False):
                    shapes = STAGES[stage].build(entry["config"]).state_dict()
                rng = np.random.default_rng([seed, *stage.encode()])
                shapes = {entry["key_prefix"] + k: v for k, v in shapes.items()}
                weights = draw(shapes, pattern.weights(stage), rng, gain)
            drawn[stage] = entry, weights
        return drawn[stage]

    def finish(stage, cases):
        entry, weights = prepared(stage)
        tensors, described = dict(weights), {}
        for name, params, maker in cases:
            stored, described[name] = case(stage, entry, weights, name, params, maker, prepared, seed)
            tensors |= stored
            print(f"{stage}/{name}", flush=True)
        path = out / f"{stage}.safetensors"
        save_file(tensors, path)
        kept = {k: str(v.dtype).removeprefix("torch.") for k, v in weights.items()
                if v.is_floating_point() and v.dtype != torch.bfloat16}
        entries[stage] = entry | digest(path) | {
            "file": path.name, "cases": described,
            "weights": {"tensors": len(weights), "values": sum(v.numel() for v in weights.values()),
                        "not_bfloat16": kept}}
        entries[stage].pop("other_files", None)
        if stage == "conds":
            entries[stage]["other_files"] = saved_voice(out, entry, described, tensors, prepared)

    for stage in stages:
        if stage != "text":
            finish(stage, STAGES[stage].cases(prepared(stage)[0]["config"], np.random.default_rng([seed, 7])))
    for stage in list(drawn):  # weights that other stages use
        if stage not in entries and drawn[stage][1]:
            finish(stage, STAGES[stage].cases(prepared(stage)[0]["config"], np.random.default_rng([seed, 7])))
    manifest = {"seed": seed, "files": list(entries.values())}
    rng = np.random.default_rng([seed, 3])
    text = STAGES["text"]
    text.write_tokenizers(pattern.folder, out, rng, stages == ["text"])
    texts = text.make(out, rng) if "text" in stages else {}
    (out / "text.json").write_text(json.dumps(texts, indent=1, ensure_ascii=False), "utf-8")
    manifest["text"] = {"files": {n: digest(out / n) for n in ("text.json", *text.files)},
                        "cases": {k: len(v) for k, v in texts.items()}}
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False), "utf-8")


def check(pattern, stages):
    """The pattern's cases again, beside what it stores."""
    worst = {}
    STRICT[0] = False
    for stage in stages:
        entry, tensors = pattern.files[stage], pattern.tensors(stage)
        others = lambda which: (pattern.files[which], pattern.weights(which))
        for name, golden in entry["cases"].items():
            inputs = {k[3:]: tensors[f"in.{name}.{k[3:]}"] for k in golden["tensors"] if k.startswith("in.")}
            single = run(stage, entry, pattern.weights(stage), golden["params"], inputs, others, False)
            double = run(stage, entry, pattern.weights(stage), golden["params"], inputs, others, True)
            for key, want in golden["tensors"].items():
                if key.startswith("in."):
                    continue
                kind, rest = key.split(".", 1)
                stored = tensors[f"{kind}.{name}.{rest}"]
                if key not in single:
                    print(f"{stage}/{name} {key}: not made")
                elif list(single[key].shape) != list(stored.shape):
                    print(f"{stage}/{name} {key}: {list(single[key].shape)}, want {list(stored.shape)}")
                elif "atol" in want:
                    d = describe(single[key], double[key])
                    both = torch.nan_to_num(single[key].double() - stored.double(), 0.0).abs().max()
                    share = float(both) / want["atol"]
                    worst[stage] = max(worst.get(stage, 0.0), share)
                    if share > 0.5 or not 0.3 < (d["atol"] + 1e-30) / want["atol"] < 3:
                        print(f"{stage}/{name} {key}: {share:.3g}, atol {d['atol']} beside {want['atol']}")
                elif not torch.equal(single[key].long(), stored.long()):
                    print(f"{stage}/{name} {key}: other integers")
        print(stage, f"worst {worst.get(stage, 0.0):.3g} of the tolerance", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chatterbox", type=Path)
    parser.add_argument("s3tokenizer", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument("--dims", default="{}", help='{"hift": {"base_channels": 40}}')
    parser.add_argument("--gain", type=float, default=1.0, help="makes matrices larger")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--pattern", type=Path, default=PATTERN)
    args = parser.parse_args()
    torch.set_num_threads(2)
    official(args.chatterbox, args.s3tokenizer)
    pattern = Pattern(args.pattern)
    STAGES["pipeline"].folder = args.pattern
    stages = args.stages.split(",")
    if args.check:
        check(pattern, [s for s in stages if s != "text"])
    else:
        make(pattern, args.out, args.seed, stages, json.loads(args.dims), args.gain)


if __name__ == "__main__":
    main()
