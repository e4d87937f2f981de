"""Imports the official code, widens it to float64, watches it, feeds its randomness."""

import contextlib
import importlib
import importlib.machinery
import sys
import types
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import torch


class Rejected(Exception):
    """The inputs lie where rounding decides."""


STRICT = [True]


def reject(why):
    if STRICT[0]:
        raise Rejected(why)


@contextlib.contextmanager
def precision(double):
    """float64 in every place that says float32."""
    if not double:
        yield
        return
    wide = torch.float64
    patches = [mock.patch.object(torch, "float32", wide), mock.patch.object(torch, "float", wide),
               mock.patch.object(torch.Tensor, "float", torch.Tensor.double),
               mock.patch.object(np, "float32", np.float64)]
    torch.set_default_dtype(wide)
    forget()
    try:
        with contextlib.ExitStack() as stack:
            for p in patches:
                stack.enter_context(p)
            yield
    finally:
        torch.set_default_dtype(torch.float32)
        forget()


def forget():
    """The official code's tables of the other precision."""
    REF["mel24"].mel_basis.clear()
    REF["mel24"].hann_window.clear()
    REF["s3gen"].get_resampler.cache_clear()
    REF["melspec"].mel_basis.cache_clear()


# ---- stand-ins for what the official code imports

def fbank(wave, num_mel_bins):
    """torchaudio.compliance.kaldi.fbank as its definition has it, see the manifest."""
    x = wave[0]
    frames = x.unfold(0, 400, 160)
    frames = frames - frames.mean(1, keepdim=True)
    before = torch.cat([frames[:, :1], frames[:, :-1]], 1)
    window = torch.hann_window(400, periodic=False) ** 0.85
    frames = torch.nn.functional.pad((frames - 0.97 * before) * window, (0, 112))
    power = torch.fft.rfft(frames).abs() ** 2
    mel = lambda hz: 1127.0 * np.log(1.0 + hz / 700.0)
    low, high = mel(20.0), mel(8000.0)
    step = (high - low) / (num_mel_bins + 1)
    bins = torch.tensor(mel(16000 / 512 * np.arange(256)))[None]
    left = torch.tensor(low + step * np.arange(num_mel_bins))[:, None]
    up, down = (bins - left) / step, (left + 2 * step - bins) / step
    bank = torch.clamp(torch.minimum(up, down), min=0).to(x.dtype)
    energies = power @ torch.nn.functional.pad(bank, (0, 1)).T
    return torch.clamp(energies, min=1.1920928955078125e-07).log()


class Resample:
    """torchaudio.transforms.Resample with its defaults, see the manifest."""

    def __init__(self, source, target):
        g = np.gcd(source, target)
        self.o, self.n = int(source // g), int(target // g)

    def to(self, device):
        return self

    def __call__(self, wave):
        o, n = self.o, self.n
        base = min(o, n) * 0.99
        width = int(np.ceil(6 * o / base))
        phase = (torch.arange(n) / n).double().numpy()  # in single precision, as torch divides integers
        t = np.arange(-width, width + o)[None] / o - phase[:, None]
        t = np.clip(t * base, -6, 6)
        kernel = base / o * np.sinc(t) * np.cos(np.pi * t / 12) ** 2
        kernel = torch.tensor(kernel).to(wave.dtype)[:, None]
        padded = torch.nn.functional.pad(wave, (width, width + o))
        y = torch.nn.functional.conv1d(padded[:, None], kernel, stride=o)
        length = -(-n * wave.shape[1] // o)
        return y.transpose(1, 2).reshape(wave.shape[0], -1)[:, :length]


def module(name, **content):
    m = types.ModuleType(name)
    m.__spec__ = importlib.machinery.ModuleSpec(name, None)
    m.__dict__.update(content)
    sys.modules[name] = m
    return m


REF = {}


def official(chatterbox, s3tokenizer):
    """Imports the official code from its checkouts."""
    kaldi = module("torchaudio.compliance.kaldi", fbank=lambda w, num_mel_bins: fbank(w, num_mel_bins))
    compliance = module("torchaudio.compliance", kaldi=kaldi)
    transforms = module("torchaudio.transforms", Resample=Resample)
    module("torchaudio", compliance=compliance, transforms=transforms)
    module("perth", PerthImplicitWatermarker=lambda: SimpleNamespace(apply_watermark=lambda w, sample_rate: w))
    module("pyloudnorm")
    module("omegaconf", DictConfig=dict)
    sys.path[:0] = [str(s3tokenizer), str(chatterbox)]
    module("chatterbox").__path__ = [str(Path(chatterbox) / "chatterbox")]
    for short, name in [("hift", "s3gen.hifigan"), ("f0", "s3gen.f0_predictor"), ("flow", "s3gen.flow"),
                        ("cfm", "s3gen.flow_matching"), ("decoder", "s3gen.decoder"),
                        ("encoder", "s3gen.transformer.upsample_encoder"), ("s3gen", "s3gen.s3gen"),
                        ("xvector", "s3gen.xvector"), ("mel24", "s3gen.utils.mel"), ("s3tok", "s3tokenizer.s3tokenizer"),
                        ("ve", "voice_encoder.voice_encoder"), ("melspec", "voice_encoder.melspec"), ("t3", "t3.t3"),
                        ("t3config", "t3.modules.t3_config"), ("cond", "t3.modules.cond_enc"),
                        ("llama", "t3.llama_configs"), ("perceiver", "t3.modules.perceiver"),
                        ("tokenizer", "tokenizers.tokenizer")]:
        REF[short] = importlib.import_module("chatterbox.models." + name)
    for name in ("tts", "tts_turbo", "mtl_tts"):
        REF[name] = importlib.import_module("chatterbox." + name)
    REF["model_v2"] = importlib.import_module("s3tokenizer.model_v2")


# ---- tools

class Taps(dict):
    """What hooks saw, the first time."""

    def put(self, name, value):
        value = value[0] if isinstance(value, tuple) else value
        if name not in self:
            self[name] = value.detach().clone()

    def out(self, module, name, pick=lambda o: o):
        module.register_forward_hook(lambda m, a, o: self.put(name, pick(o)))

    def into(self, module, name, pick=lambda a: a):
        module.register_forward_pre_hook(lambda m, a: self.put(name, pick(a)))


@contextlib.contextmanager
def randomness(randn_like=(), randn=(), phase=None):
    """Feeds what torch would draw."""
    like, plain = iter(randn_like), iter(randn)

    def next_like(x):
        value = next(like)
        return torch.zeros_like(x) if value is None else value.reshape(x.shape).to(x.dtype)

    with mock.patch.object(torch, "randn_like", next_like), \
            mock.patch.object(torch, "randn", lambda *shape, **kw: next(plain).clone()), \
            mock.patch.object(torch.distributions.uniform.Uniform, "sample",
                              lambda self, sample_shape: phase.reshape(sample_shape).clone()):
        yield


def normal(rng, *shape, mean=0.0, std=1.0):
    return torch.from_numpy((mean + std * rng.standard_normal(shape)).astype(np.float32))


def ints(rng, top, *shape):
    return torch.from_numpy(rng.integers(0, top, shape).astype(np.int32))


def phases(rng, batch, harmonics=9):
    return torch.from_numpy(rng.uniform(-np.pi, np.pi, (batch, harmonics, 1)).astype(np.float32))


def lengths(*n):
    return torch.tensor(n, dtype=torch.int32)


def wave(rng, n, rate, loud=0.3, quiet_ends=0):
    """Gliding harmonics under a changing loudness, some noise."""
    t = np.arange(n) / rate
    f0 = rng.uniform(90, 260) * (1 + 0.2 * np.sin(2 * np.pi * rng.uniform(0.5, 2) * t))
    angle = 2 * np.pi * np.cumsum(f0) / rate
    x = sum(rng.uniform(0.2, 1) / k * np.sin(k * angle + rng.uniform(0, 6)) for k in range(1, 25))
    x = x * (0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(1, 4) * t)) + 0.05 * rng.standard_normal(n)
    if quiet_ends:
        edge = np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / quiet_ends - 1, 0, 1)
        x = x * edge + 1e-4 * rng.standard_normal(n)
    return torch.from_numpy((loud * x / np.abs(x).max()).astype(np.float32))
