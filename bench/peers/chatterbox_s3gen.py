"""Measures the official S3Gen: `chatterbox_s3gen.py CLONE original|turbo TOKENS PROMPT REPETITIONS [FILE]`.

CLONE is a clone of resemble-ai/chatterbox. Weights are random and of true size; they are written to
FILE (safetensors, official names) if it is given and does not exist, and read from it if it does, so
that both sides run the same. JSON out: median seconds of the flow and of the vocoder, fp32,
by the clock and of processor time.
"""

import importlib.machinery
import importlib.metadata
import json
import os
import resource
import sys
import time
import types

os.environ["TQDM_DISABLE"] = "1"
clone, kind, tokens, prompt, repetitions = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
file = sys.argv[6] if len(sys.argv) > 6 else None
source = os.path.join(clone, "src")
sys.path.insert(0, source)


def stand_in(name, path=None, **content):
    module = types.ModuleType(name)
    module.__dict__.update(content)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    if path is not None:
        module.__path__ = path
    sys.modules[name] = module


# What inference never runs, and the package's __init__, which imports everything.
stand_in("omegaconf", DictConfig=dict)
stand_in("conformer", ConformerBlock=object)
stand_in("torchaudio", [], transforms=types.SimpleNamespace(Resample=None))
stand_in("torchaudio.compliance", [])
stand_in("torchaudio.compliance.kaldi")
stand_in("chatterbox", [os.path.join(source, "chatterbox")])
stand_in("chatterbox.models", [os.path.join(source, "chatterbox", "models")])

import torch

real_version = importlib.metadata.version
importlib.metadata.version = lambda n: "0" if n == "chatterbox-tts" else real_version(n)
from chatterbox.models.s3gen import S3Gen

torch.manual_seed(0)
with torch.inference_mode():
    model = S3Gen(meanflow=kind == "turbo").eval()
    if file and os.path.exists(file):
        from safetensors.torch import load_file

        model.load_state_dict(load_file(file), strict=False)
    elif file:
        from safetensors.torch import save_file

        kept = ("flow.", "mel2wav.")
        save_file(
            {k: v.contiguous() for k, v in model.state_dict().items() if k.startswith(kept)}, file
        )
    voice = dict(
        prompt_token=torch.randint(0, 6561, (1, prompt)),
        prompt_token_len=torch.tensor([prompt]),
        prompt_feat=torch.randn(1, 2 * prompt, 80),
        prompt_feat_len=None,
        embedding=torch.randn(1, 192),
    )
    speech = torch.randint(0, 6561, (1, tokens))
    sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)  # the official code prints
    flow, vocoder, flow_cpu, vocoder_cpu = [], [], [], []
    for i in range(1 + repetitions):
        begin, cpu = time.perf_counter(), time.process_time()
        mel = model.flow_inference(speech, ref_dict=dict(voice), finalize=True)
        middle, middle_cpu = time.perf_counter(), time.process_time()
        model.hift_inference(mel)
        if i:
            flow.append(middle - begin)
            vocoder.append(time.perf_counter() - middle)
            flow_cpu.append(middle_cpu - cpu)
            vocoder_cpu.append(time.process_time() - middle_cpu)
    sys.stdout.flush()
    os.dup2(saved, 1)


def median(values):
    return sorted(values)[len(values) // 2]


print(
    json.dumps(
        {
            "program": "chatterbox, torch " + torch.__version__,
            "kind": kind,
            "threads": torch.get_num_threads(),
            "tokens": tokens,
            "prompt_tokens": prompt,
            "flow_s": median(flow),
            "flow_cpu_s": median(flow_cpu),
            "vocoder_s": median(vocoder),
            "vocoder_cpu_s": median(vocoder_cpu),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
