"""Measures the official T3: `chatterbox_t3.py CLONE original|turbo|nano FILE STEPS [TEXT] [THREADS]`.

CLONE is a clone of resemble-ai/chatterbox, FILE the weights in the official layout (`skald dev
random-checkpoint` writes them). The official inference loop runs as it is, in fp32, on a prompt of
the official length and TEXT text tokens (80 if not given); the draws are replaced by a fixed
sequence of tokens, the same as `dev.skald.bench.T3Bench` feeds, so that both sides do the same and
neither stops early. JSON out: seconds of the prefill, decoded tokens a second by the clock and of
processor time.
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
clone, kind, file, steps = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
text = int(sys.argv[5]) if len(sys.argv) > 5 else 80
threads = int(sys.argv[6]) if len(sys.argv) > 6 else 2
source = os.path.join(clone, "src")
sys.path.insert(0, source)


def stand_in(name, path=None, **content):
    module = types.ModuleType(name)
    module.__dict__.update(content)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    if path is not None:
        module.__path__ = path
    sys.modules[name] = module


# What T3 never runs, and the package's __init__, which imports everything.
stand_in("torchaudio", [], transforms=types.SimpleNamespace(Resample=None))
stand_in("torchaudio.compliance", [])
stand_in("torchaudio.compliance.kaldi")
stand_in("perth", PerthImplicitWatermarker=None)
stand_in("pyloudnorm")
stand_in("omegaconf", DictConfig=dict)
stand_in("conformer", ConformerBlock=object)
stand_in("chatterbox", [os.path.join(source, "chatterbox")])
stand_in("chatterbox.models", [os.path.join(source, "chatterbox", "models")])

import torch

torch.set_num_threads(threads)
real_version = importlib.metadata.version
importlib.metadata.version = lambda n: "0" if n == "chatterbox-tts" else real_version(n)
from chatterbox.models.t3.modules.cond_enc import T3Cond
from chatterbox.models.t3.modules.t3_config import T3Config
from chatterbox.models.t3.t3 import T3
from safetensors.torch import load_file

if kind == "original":
    parameters = T3Config.english_only()
else:  # as tts_turbo.py sets them
    parameters = T3Config(text_tokens_dict_size=50276)
    parameters.llama_config_name = "GPT2_small" if kind == "nano" else "GPT2_medium"
    parameters.speech_tokens_dict_size = 6563
    parameters.input_pos_emb = None
    parameters.speech_cond_prompt_len = 375
    parameters.use_perceiver_resampler = False
    parameters.emotion_adv = False

real_draw = torch.multinomial
times, processor = [], []


def draw(probabilities, num_samples=1):
    real_draw(probabilities, num_samples)  # its time counts
    times.append(time.perf_counter())
    processor.append(time.process_time())
    return torch.tensor([[len(times) * 131 % 6561]])


sys.stdout.flush()
saved = os.dup(1)
os.dup2(2, 1)  # the official code prints
with torch.inference_mode():
    model = T3(parameters)
    model.load_state_dict(load_file(file))
    if kind != "original":
        del model.tfmr.wte  # as tts_turbo.py does
    model.eval()
    prompt = 150 if kind == "original" else 375
    condition = T3Cond(
        speaker_emb=torch.sin(torch.arange(256.0))[None] * 0.06,
        cond_prompt_speech_tokens=torch.arange(prompt)[None] * 37 % 6561,
        emotion_adv=0.5 * torch.ones(1, 1, 1),
    )
    words = 3 + torch.arange(text)[None] * 7 % 90
    torch.multinomial = draw
    runs = []
    for count in (5, steps):  # a short run first, so that all is warm
        times.clear()
        processor.clear()
        begin = time.perf_counter()
        if kind == "original":
            words[:, 0], words[:, -1] = 255, 0
            model.inference(
                t3_cond=condition,
                text_tokens=torch.cat([words, words]),
                max_new_tokens=count + 1,
                temperature=0.8,
                cfg_weight=0.5,
            )
        else:
            model.inference_turbo(condition, words, max_gen_len=count)
        made = len(times) - 1
        result = {
            "prefill_s": times[0] - begin,
            "tokens_a_second": made / (times[-1] - times[0]),
            "tokens_a_processor_second": made / (processor[-1] - processor[0]),
        }
sys.stdout.flush()
os.dup2(saved, 1)
print(
    json.dumps(
        {
            "program": "chatterbox, torch " + torch.__version__,
            "model": kind,
            "weights": "fp32",
            "threads": threads,
            "text": text,
            "tokens": made,
            **result,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
