"""The official Chatterbox code, stage by stage, for chatterbox_goldens.py.

A stage builds its module from a configuration of the manifest, runs it over given inputs with all
randomness replaced by them, and gives back outputs and taps under the manifest's names. Cases are
chosen for what the set in the repository does not have: one token, odd and prime lengths, several
rows, no prompt, other parameters.
"""

import contextlib
import importlib
import importlib.machinery
import sys
import types
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import librosa
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


# ---- vocoder

class Hift:
    @staticmethod
    def build(c):
        hift = REF["hift"]
        m = hift.HiFTGenerator(
            base_channels=c["base_channels"], sampling_rate=c["sampling_rate"], upsample_rates=c["upsample_rates"],
            upsample_kernel_sizes=c["upsample_kernel_sizes"],
            source_resblock_kernel_sizes=c["source_resblock_kernel_sizes"],
            source_resblock_dilation_sizes=c["source_resblock_dilation_sizes"],
            f0_predictor=REF["f0"].ConvRNNF0Predictor(cond_channels=c["f0_channels"]))
        m.stft_window = m.stft_window.to(torch.get_default_dtype())
        return m

    @staticmethod
    def run(model, x, params, config):
        m, t = model("hift"), Taps()
        t.out(m.f0_predictor, "out.f0")
        t.out(m.m_source.l_sin_gen, "tap.sines")
        t.out(m.m_source.l_sin_gen, "tap.uv", lambda o: o[1])
        t.out(m.conv_pre, "tap.conv_pre")
        t.into(m.conv_post, "tap.post_in")
        t.out(m.conv_post, "tap.conv_post")
        t.into(m.source_downs[0], "tap.s_stft")
        for i, up in enumerate(m.ups):
            t.into(up, f"tap.ups_in{i}")
            t.out(up, f"tap.ups{i}")
            t.out(m.source_downs[i], f"tap.source_down{i}")
            t.out(m.source_resblocks[i], f"tap.source_res{i}")
        if hasattr(x, "source"):
            t["out.wav"] = m.decode(x.mel, x.source)
            return t
        cache = getattr(x, "cache_source", torch.zeros(1, 1, 0))
        with randomness([x.sine_noise, None], phase=x.phase):
            t["out.wav"], t["out.source"] = m.inference(x.mel, cache)
        voiced_enough(t["out.f0"])
        return t

    @staticmethod
    def cases(config, rng):
        def mel(r, frames, batch=1, std=1.2, cached=0):
            x = dict(mel=normal(r, batch, 80, frames, mean=-2, std=std), phase=phases(r, batch),
                     sine_noise=normal(r, batch, 9, 480 * frames))
            if cached:
                x["cache_source"] = normal(r, 1, 1, cached, std=0.1)
            return x

        def source(r, frames, batch=1, std=1.2):
            return dict(mel=normal(r, batch, 80, frames, mean=-2, std=std),
                        source=normal(r, batch, 1, 480 * frames, std=0.3))

        for n in (1, 2, 3, 5, 31, 47):
            yield f"f{n}", {}, lambda r, n=n: mel(r, n)
        yield "batch", {}, lambda r: mel(r, 7, 3)
        yield "cache", {}, lambda r: mel(r, 6, cached=int(r.integers(1, 6 * 480)))
        yield "cache_all", {}, lambda r: mel(r, 3, cached=3 * 480)
        yield "decode", {}, lambda r: source(r, 23)
        yield "decode_batch", {}, lambda r: source(r, 4, 2)
        yield "loud", {}, lambda r: source(r, 5, std=30)
        yield "silent", {}, lambda r: dict(mel=torch.full((1, 80, 9), -11.5), source=torch.zeros(1, 1, 9 * 480))


def voiced_enough(f0):
    if (f0 - 10).abs().min() < 0.5:
        reject("a frame is at the border of having a voice")


# ---- flow

def flow_module(encoder_config, estimator_config):
    encoder = REF["encoder"].UpsampleConformerEncoder(**encoder_config)
    width = encoder_config["output_size"]
    encoder.pre_lookahead_layer = REF["encoder"].PreLookaheadLayer(channels=width, pre_lookahead_len=3)
    encoder.up_layer = REF["encoder"].Upsample1D(channels=width, out_channels=width, stride=2)
    estimator = REF["decoder"].ConditionalDecoder(**estimator_config)
    cfm = REF["cfm"].CausalConditionalCFM(spk_emb_dim=80, cfm_params=REF["flow"].CFM_PARAMS, estimator=estimator)
    return REF["flow"].CausalMaskedDiffWithXvec(input_size=encoder_config["input_size"], encoder=encoder, decoder=cfm)


def tap_encoder(t, m):
    e = m.encoder
    t.into(m.spk_embed_affine_layer, "tap.spk_norm")
    t.out(m.spk_embed_affine_layer, "tap.spk")
    t.into(e, "tap.token_emb")
    t.out(e.embed, "tap.enc_embed")
    t.out(e.embed, "tap.enc_pos", lambda o: o[1])
    t.out(e.pre_lookahead_layer, "tap.enc_lookahead")
    t.out(e.up_layer, "tap.enc_up")
    t.out(e.up_embed, "tap.enc_up_embed")
    t.out(e, "tap.enc_out")
    for i, layer in enumerate(e.encoders):
        t.out(layer, f"tap.enc_layer{i}")
    for i, layer in enumerate(e.up_encoders):
        t.out(layer, f"tap.enc_up_layer{i}")
    t.out(m.encoder_proj, "out.mu")


def tap_estimator(t, est, params, batch):
    """Its inner values at one call, the state at each other."""
    chosen, count = params.get("est_call"), params["n_timesteps"]
    inner = Taps()
    for name, blocks in (("down", est.down_blocks), ("mid", est.mid_blocks), ("up", est.up_blocks)):
        for i, parts in enumerate(blocks):
            inner.out(parts[0], f"tap.est_{name}{i}_resnet")
            inner.into(parts[0], "tap.est_time", lambda a: a[2])
            for j, transformer in enumerate(parts[1]):
                inner.out(transformer, f"tap.est_{name}{i}_tfm{j}")
            if len(parts) > 2:
                inner.out(parts[2], f"tap.est_{name}{i}_conv")
    inner.out(est.final_block, "tap.est_final")
    forward, calls = est.forward, []

    def wrapped(x, mask, mu, t=None, spks=None, cond=None, r=None):
        k = len(calls)
        calls.append(k)
        if chosen is not None and k in (1, count - 1):
            t_.put(f"tap.est_x{k}", x[:batch])
        inner.clear()
        given = dict(x=x, mask=mask, mu=mu, t=t, spks=spks, cond=cond, r=r)
        given = {name: v.clone() for name, v in given.items() if v is not None}
        y = forward(x, mask=mask, mu=mu, t=t, spks=spks, cond=cond, r=r)
        if k == chosen:
            t_.update(inner)
            t_.update({f"tap.est_in_{name}": v for name, v in given.items()})
            t_["out.est_out"] = y.clone()
        return y

    t_ = t
    est.forward = wrapped


class Flow:
    name = "flow"

    @staticmethod
    def build(c):
        return flow_module(c["encoder"], c["estimator"])

    @classmethod
    def run(cls, model, x, params, config):
        m, t = model(cls.name), Taps()
        batch = x.token.shape[0]
        tap_encoder(t, m)
        tap_estimator(t, m.decoder.estimator, params, batch)
        if not params["finalize"]:
            # The official code cannot run: its mask keeps the frames that mu has lost.
            encode = m.encoder.forward
            m.encoder.forward = lambda *a, **k: (lambda o: (o[0], o[1][..., :-6]))(encode(*a, **k))
        with randomness([x.z]):
            t["out.mel"], _ = m.inference(
                token=x.token, token_len=x.token_len, prompt_token=x.prompt_token,
                prompt_token_len=x.prompt_token_len, prompt_feat=x.prompt_feat, prompt_feat_len=None,
                embedding=x.embedding, finalize=params["finalize"], n_timesteps=params["n_timesteps"],
                noised_mels=getattr(x, "noised_mels", None), meanflow=config["estimator"]["meanflow"])
        if not params["finalize"]:
            t["out.mu"] = t["out.mu"][:, :x.z.shape[2]]
        if params.get("est_call") is None:
            for k in [k for k in t if k.startswith("tap.")]:
                del t[k]
        return t

    steps = (1, 10, 4)

    @classmethod
    def cases(cls, config, rng):
        mean = config["estimator"]["meanflow"]

        def given(r, tokens, prompt, batch=1, feat=None, finalize=True, short=None, each=False):
            feat = 2 * prompt if feat is None else feat
            frames = 2 * (tokens + prompt) - (0 if finalize else 6)
            voices = batch if each else 1
            x = dict(token=ints(r, 6561, batch, tokens), token_len=lengths(*(short or [tokens] * batch)),
                     prompt_token=ints(r, 6561, voices, prompt), prompt_token_len=lengths(*[prompt] * voices),
                     prompt_feat=normal(r, voices, feat, 80, mean=-3, std=1.5),
                     embedding=normal(r, voices, 192), z=normal(r, batch, 80, frames))
            if mean and finalize:
                x["noised_mels"] = normal(r, batch, 80, frames - feat)
            return x

        usual = cls.steps[1]

        def params(call=None, steps=None, finalize=True):
            return {"finalize": finalize, "n_timesteps": steps or usual, "est_call": call}

        yield "one", params(0), lambda r: given(r, 1, 1)
        yield "two", params(usual - 1), lambda r: given(r, 2, 3)
        yield "no_prompt", params(0), lambda r: given(r, 5, 0)
        yield "odd", params(1), lambda r: given(r, 17, 12)
        yield "long", params(), lambda r: given(r, 61, 40)
        yield "odd_feat", params(), lambda r: given(r, 6, 4, feat=7)
        yield "few_steps", params(0, cls.steps[0]), lambda r: given(r, 7, 4)
        yield "other_steps", params(2 if cls.steps[2] > 2 else 1, cls.steps[2]), lambda r: given(r, 9, 2)
        yield "batch", params(1), lambda r: given(r, 8, 3, 2)
        yield "batch_voices", params(), lambda r: given(r, 8, 5, 3, each=True)
        if not mean:
            yield "ragged", params(1), lambda r: given(r, 9, 4, 2, short=[9, 5])
            yield "ragged_first", params(), lambda r: given(r, 7, 2, 3, short=[3, 7, 1])
        for n in (4, 5, 16):
            yield f"streaming{n}", params(finalize=False), lambda r, n=n: given(r, n, 6, finalize=False)


class FlowMeanflow(Flow):
    name = "flow_meanflow"
    steps = (1, 2, 3)


# ---- whole S3Gen

class S3Gen:
    name = "s3gen"

    @staticmethod
    def build(c):
        s = REF["s3gen"]
        tok = lambda name: speech_tokenizer(c["tokenizer"])
        speaker = lambda **kw: REF["xvector"].CAMPPlus(**c["speaker_encoder"])
        encoder = REF["flow"].torch.nn.Identity
        with mock.patch.multiple(
                s, S3Tokenizer=tok, CAMPPlus=speaker, UpsampleConformerEncoder=lambda **kw: encoder(),
                ConditionalDecoder=lambda **kw: encoder(), CausalConditionalCFM=lambda **kw: encoder(),
                CausalMaskedDiffWithXvec=lambda **kw: flow_module(c["encoder"], c["estimator"]),
                ConvRNNF0Predictor=lambda: None, HiFTGenerator=lambda **kw: Hift.build(c["mel2wav"])):
            m = s.S3Token2Wav(meanflow=c["estimator"]["meanflow"])
        return m

    @classmethod
    def run(cls, model, x, params, config):
        m, t = model(cls.name), Taps()
        reference = {}
        if hasattr(x, "ref_wav"):
            ref = {"ref_wav": x.ref_wav, "ref_sr": params["ref_sr"]}
            embed = m.embed_ref

            def kept(*a, **k):
                reference.update(embed(*a, **k))
                return reference

            m.embed_ref = kept
        else:
            ref = {"ref_dict": {"prompt_token": x.prompt_token, "prompt_token_len": x.prompt_token_len,
                                "prompt_feat": x.prompt_feat, "prompt_feat_len": None, "embedding": x.embedding}}
        flow_inference, hift_inference = m.flow_inference, m.hift_inference

        def mels(*a, **k):
            t["out.mels"] = flow_inference(*a, **k).clone()
            return t["out.mels"].clone()

        def untrimmed(*a, **k):
            w, s = hift_inference(*a, **k)
            t["tap.wav_untrimmed"] = w.clone()
            return w, s

        m.flow_inference, m.hift_inference = mels, untrimmed
        t.out(m.mel2wav.f0_predictor, "f0")
        if reference or hasattr(x, "ref_wav"):
            t.out(m.tokenizer.quantizer._codebook.project_down, "fsq")
        with randomness([x.z, x.sine_noise, None], [getattr(x, "noise", None)], x.phase):
            t["out.wav"], t["out.source"] = m.inference(x.speech_tokens, n_cfm_timesteps=params.get("n_cfm_timesteps"), **ref)
        voiced_enough(t.pop("f0"))
        if reference:
            fsq_clear(t.pop("fsq"))
            for k in ("prompt_token", "prompt_token_len", "prompt_feat", "embedding"):
                t["out." + k] = reference[k]
        return t

    @classmethod
    def cases(cls, config, rng):
        mean = config["estimator"]["meanflow"]

        def drawn(r, tokens, feat, total):
            x = dict(speech_tokens=ints(r, 6561, 1, tokens), z=normal(r, 1, 80, total), phase=phases(r, 1),
                     sine_noise=normal(r, 1, 9, 480 * (total - feat)))
            if mean:
                x["noise"] = normal(r, 1, 80, 2 * tokens)
            return x

        def given(r, tokens, prompt):
            return drawn(r, tokens, 2 * prompt, 2 * (tokens + prompt)) | dict(
                prompt_token=ints(r, 6561, 1, prompt), prompt_token_len=lengths(prompt),
                prompt_feat=normal(r, 1, 2 * prompt, 80, mean=-3, std=1.5), embedding=normal(r, 1, 192))

        def heard(r, tokens, samples, rate, batch_dim=True):
            w = wave(r, samples, rate)
            at24 = -(-24000 * samples // rate)
            frames = at24 // 480
            at16 = -(-16000 * samples // rate)
            codes = ((at16 // 160 + 1) // 2 + 1) // 2
            total = 2 * (tokens + min(codes, frames // 2))
            return drawn(r, tokens, frames, total) | dict(ref_wav=w[None])

        for tokens, prompt in ((1, 1), (2, 5), (3, 0), (13, 4), (24, 11), (37, 6)):
            yield f"t{tokens}p{prompt}", {}, lambda r, a=tokens, b=prompt: given(r, a, b)
        for tokens, samples, rate in ((7, 19200, 24000), (9, 30000, 24000), (5, 24480, 24000), (6, 16000, 16000),
                                      (8, 44100, 44100)):
            yield (f"ref{tokens}", {"ref_sr": rate},
                   lambda r, a=tokens, b=samples, c=rate: heard(r, a, b, c))


class S3GenMeanflow(S3Gen):
    name = "s3gen_meanflow"


# ---- what listens

def speech_tokenizer(c):
    v2 = REF["model_v2"]
    config = v2.ModelConfig(**c)
    with mock.patch.object(v2.S3TokenizerV2.__init__, "__defaults__", (config,)):
        m = REF["s3tok"].S3Tokenizer("speech_tokenizer_v2_25hz")
    m._mel_filters = m._mel_filters.to(torch.get_default_dtype())
    return m


def fsq_clear(h):
    if ((h.tanh() * 0.9990000128746033).abs() - 0.5).abs().min() < 3e-5:
        reject("a code is at the border of two")


def waves(x):
    return [v for k, v in sorted(vars(x).items()) if k.startswith("wav")]


class SpeechTokenizer:
    fields = ("n_mels", "n_audio_ctx", "n_audio_state", "n_audio_head", "n_audio_layer", "n_codebook_size", "use_sdpa")

    @classmethod
    def build(cls, c):
        return speech_tokenizer({k: c[k] for k in cls.fields})

    @staticmethod
    def run(model, x, params, config):
        m, t = model("s3tok"), Taps()
        mel, count = m.log_mel_spectrogram, []

        def kept(wav):
            t.put(f"tap.mel{len(count)}", mel(wav))
            count.append(1)
            return mel(wav)

        m.log_mel_spectrogram = kept
        t.out(m.encoder.conv1, "tap.conv1")
        t.out(m.encoder.conv2, "tap.conv2")
        for i, block in enumerate(m.encoder.blocks):
            t.out(block, f"tap.block{i}")
        t.out(m.quantizer._codebook.project_down, "tap.fsq_in", lambda o: o.reshape(-1, 8))
        if hasattr(x, "unit"):
            n = params["tile_samples"]
            given = [x.unit.repeat(-(-n // len(x.unit)))[:n]]
        else:
            given = waves(x)
        t["out.codes"], t["out.lens"] = m.forward(given, max_len=params.get("max_len"))
        fsq_clear(t["tap.fsq_in"])
        if hasattr(x, "unit"):
            for k in [k for k in t if k.startswith("tap.") and k != "tap.fsq_in"]:
                del t[k]
        return t

    @staticmethod
    def cases(config, rng):
        def given(r, *n):
            return {f"wav{i}": wave(r, k, 16000) for i, k in enumerate(n)}

        for n in (640, 1000, 2561, 11111, 16000):
            yield f"n{n}", {}, lambda r, n=n: given(r, n)
        yield "batch", {}, lambda r: given(r, 9000, 20333, 700)
        yield "maxlen", {"max_len": 7}, lambda r: given(r, 9601)
        yield "maxlen_batch", {"max_len": 11}, lambda r: given(r, 4000, 9601)
        yield "quiet", {}, lambda r: {"wav0": wave(r, 8000, 16000, loud=1e-4)}
        yield "silence", {}, lambda r: {"wav0": torch.zeros(4800)}
        for n in (480160, 500000, 832000):
            yield f"long{n}", {"tile_samples": n}, lambda r: {"unit": wave(r, int(r.integers(9000, 20000)), 16000)}


class CamPlus:
    @staticmethod
    def build(c):
        return REF["xvector"].CAMPPlus(**c)

    @staticmethod
    def run(model, x, params, config):
        m, t = model("campplus"), Taps()
        t.into(m.head, "tap.fbank", lambda a: a[0].transpose(1, 2))
        t.out(m.head, "tap.head")
        t.out(m.xvector.tdnn, "tap.tdnn")
        for i in (1, 2, 3):
            t.out(getattr(m.xvector, f"block{i}"), f"tap.block{i}")
            t.out(getattr(m.xvector, f"transit{i}"), f"tap.transit{i}")
        t.out(m.xvector.stats, "tap.stats")
        t["out.xvector"] = m.inference(waves(x))
        return t

    @staticmethod
    def cases(config, rng):
        def given(r, *n):
            return {f"wav{i}": wave(r, k, 16000) for i, k in enumerate(n)}

        for n in (880, 1111, 5000, 16000, 32400, 32401, 48017):
            yield f"n{n}", {}, lambda r, n=n: given(r, n)
        yield "batch", {}, lambda r: given(r, 20000, 9000, 4321)
        yield "loud", {}, lambda r: {"wav0": wave(r, 12000, 16000, loud=1.0)}


class VoiceEncoder:
    @staticmethod
    def build(c):
        hp = REF["ve"].VoiceEncConfig()
        for k, v in c.items():
            if hasattr(type(hp), k):
                setattr(hp, k, v)
        return REF["ve"].VoiceEncoder(hp)

    @staticmethod
    def run(model, x, params, config):
        m, t = model("ve"), Taps()
        inference, forward, clips = m.inference, m.forward, [w.numpy() for w in waves(x)]
        partials, hidden, embeds = [], [], []
        m.lstm.register_forward_hook(lambda mod, a, o: hidden.append(o[1][0][-1].clone()))

        def kept(mels):
            partials.append(mels.clone())
            embeds.append(forward(mels))
            return embeds[-1]

        m.forward = kept
        for i, w in enumerate(clips):
            cut, index = librosa.effects.trim(w, top_db=20)
            t[f"tap.trim{i}"] = torch.tensor([int(v) for v in index])
            t[f"tap.mel{i}"] = torch.from_numpy(REF["melspec"].melspectrogram(cut, m.hp).T.copy())
        t["out.embeds"] = torch.from_numpy(m.embeds_from_wavs(clips, 16000))
        t["tap.partials"], t["tap.hidden"] = torch.cat(partials), torch.cat(hidden)
        t["tap.partial_embeds"] = torch.cat(embeds)
        m.forward = forward
        t["out.spk"] = torch.from_numpy(np.asarray(m.embeds_from_wavs(clips, 16000, as_spk=True)))
        return t

    @staticmethod
    def cases(config, rng):
        def given(r, *n):
            return {f"wav{i}": wave(r, k, 16000, quiet_ends=int(r.integers(0, 2000)) if k > 9000 else 0)
                    for i, k in enumerate(n)}

        for n in (500, 2048, 12799, 25600, 33280, 40001):
            yield f"n{n}", {}, lambda r, n=n: given(r, n)
        yield "three", {}, lambda r: given(r, 30001, 17000, 61234)
        yield "long", {}, lambda r: given(r, 160000)


class Mel24:
    @staticmethod
    def run(model, x, params, config):
        return {"out.mel": REF["mel24"].mel_spectrogram(x.wav)}

    @staticmethod
    def cases(config, rng):
        for n in (721, 960, 1441, 4799, 24001):
            yield f"n{n}", {}, lambda r, n=n: {"wav": wave(r, n, 24000)[None]}
        yield "batch", {}, lambda r: {"wav": torch.stack([wave(r, 5001, 24000) for _ in range(3)])}
        yield "over", {}, lambda r: {"wav": wave(r, 6000, 24000, loud=3.0)[None]}
        yield "tiny", {}, lambda r: {"wav": wave(r, 6000, 24000, loud=1e-5)[None]}


class Resampling:
    @staticmethod
    def run(model, x, params, config):
        a, b = params["orig"], params["target"]
        soxr = librosa.resample(x.wav.numpy(), orig_sr=a, target_sr=b)
        return {"out.soxr_hq": torch.from_numpy(soxr), "out.sinc_hann": Resample(a, b)(x.wav[None])[0]}

    @staticmethod
    def cases(config, rng):
        for a, b, n in ((24000, 16000, 1), (24000, 16000, 7), (24000, 16000, 10001), (44100, 24000, 3333),
                        (16000, 24000, 555), (48000, 24000, 4801), (22050, 24000, 5000), (8000, 24000, 801),
                        (11025, 24000, 997), (32000, 24000, 2049), (44100, 16000, 4410),
                        (48000, 16000, 1601)):
            yield f"r{a}_{b}_{n}", {"orig": a, "target": b}, lambda r, a=a, n=n: {"wav": wave(r, n, a)}


# ---- T3

class Drawn:
    """torch.multinomial: the most likely token, or given ones; keeps the distributions."""

    def __init__(self, tokens=None, greedy=False):
        self.tokens, self.probs, self.taken = tokens, [], []

    def __call__(self, probs, num_samples):
        k = len(self.probs)
        self.probs.append(probs[0].clone())
        token = int(probs[0].argmax()) if self.tokens is None else int(self.tokens[k])
        self.taken.append(token)
        return torch.tensor([[token]])


class T3:
    def __init__(self, name):
        self.name = name

    def build(self, c):
        hp = REF["t3config"].T3Config(c["text_tokens_dict_size"])
        for k, v in c.items():
            if hasattr(hp, k) and k != "n_channels":
                setattr(hp, k, v)
        REF["llama"].LLAMA_CONFIGS[hp.llama_config_name] = dict(c["backbone"])
        perceiver = lambda: REF["perceiver"].Perceiver(**c.get("perceiver", {}))
        with mock.patch.object(REF["cond"], "Perceiver", perceiver):
            m = REF["t3"].T3(hp)
        return m.to(torch.get_default_dtype())

    def run(self, model, x, params, config):
        m, t, steps = model(self.name), Taps(), params["steps"]
        logits, embeds, hidden, first = [], [], [], []
        m.speech_head.register_forward_hook(lambda mod, a, o: logits.append(o[:, -1].clone()))
        t.out(m.cond_enc, "out.cond_emb")
        layers = m.tfmr.h if m.is_gpt else m.tfmr.layers
        norm = m.tfmr.ln_f if m.is_gpt else m.tfmr.norm
        for i, layer in enumerate(layers):
            t.out(layer, f"tap.layer{i}")
        norm.register_forward_hook(lambda mod, a, o: hidden.append(o.clone()))

        def before(mod, args, kwargs):
            embeds.append(kwargs["inputs_embeds"].clone())

        def after(mod, args, kwargs, out):
            if not first:
                first.append(1)
                cache = out.past_key_values.layers[0]
                t["tap.k_cache0"], t["tap.v_cache0"] = cache.keys.clone(), cache.values.clone()

        m.tfmr.register_forward_pre_hook(before, with_kwargs=True)
        m.tfmr.register_forward_hook(after, with_kwargs=True)
        if m.cond_enc.perceiver is not None:
            calls = []
            t.into(m.cond_enc.perceiver, "tap.prompt_emb")
            m.cond_enc.perceiver.attn.register_forward_hook(
                lambda mod, a, o: (t.put(f"tap.perceiver{len(calls)}", o), calls.append(1)) and None)
        cond = REF["cond"].T3Cond(
            speaker_emb=x.speaker_emb, cond_prompt_speech_tokens=getattr(x, "prompt_tokens", None),
            emotion_adv=getattr(x, "emotion_adv", None))
        draw = Drawn(None if params["mode"] == "greedy" else x.tokens)
        given = {k: params[k] for k in ("temperature", "top_p", "repetition_penalty")}
        with mock.patch.object(torch, "multinomial", draw):
            if m.is_gpt:
                m.inference_turbo(cond, x.text_tokens, top_k=params["top_k"], max_gen_len=steps - 1, **given)
            else:
                m.inference(t3_cond=cond, text_tokens=x.text_tokens, max_new_tokens=steps, min_p=params["min_p"],
                            cfg_weight=params["cfg_weight"], **given)
        if len(draw.taken) != steps:
            raise Rejected("it stops")
        t["out.prefill_embeds"], t["tap.hidden"] = embeds[0], hidden[0]
        # after the last token the loop of the original runs once more
        if steps > 1:
            t["tap.dec_embeds"], t["tap.dec_hidden"] = torch.stack(embeds[1:steps]), torch.stack(hidden[1:steps])
        t["out.logits"], t["out.probs"] = torch.stack(logits[:steps]), torch.stack(draw.probs)
        if params["mode"] == "greedy":
            t["out.tokens"] = torch.tensor(draw.taken)
        if not m.is_gpt:
            t["tap.rope_inv_freq"] = m.tfmr.rotary_emb.inv_freq
        clear_of_borders(t["out.logits"], params, m.is_gpt, m.hp.start_speech_token, draw.taken)
        return t

    def cases(self, config, rng):
        gpt = self.name == "t3_turbo"
        texts = config["text_tokens_dict_size"]

        def given(r, text, prompt, tokens=0, emotion=0.5, rows=2):
            speaker = np.maximum(r.standard_normal((1, 256)), 0).astype(np.float32)
            x = {"speaker_emb": torch.from_numpy(speaker / np.linalg.norm(speaker))}
            if prompt:
                x["prompt_tokens"] = ints(r, 6561, 1, prompt)
            if gpt:
                x["text_tokens"] = ints(r, texts, 1, text)
            else:
                x["emotion_adv"] = torch.full((1, 1, 1), emotion)
                row = torch.cat([torch.tensor([[255]]), 1 + ints(r, 254, 1, text), torch.tensor([[0]])], 1).int()
                x["text_tokens"] = torch.cat([row] * rows)
            if tokens:
                x["tokens"] = ints(r, 6561, tokens)
                x["tokens"][1:3] = x["tokens"][0]
            return x

        def params(steps, mode="greedy", temperature=1.0, penalty=1.0, min_p=0.0, top_p=1.0, cfg=0.5, top_k=0):
            p = {"mode": mode, "temperature": temperature, "top_p": top_p, "repetition_penalty": penalty,
                 "steps": steps}
            return p | ({"top_k": top_k} if gpt else {"min_p": min_p, "cfg_weight": cfg})

        yield "one", params(1), lambda r: given(r, 1, 1)
        yield "no_prompt", params(6), lambda r: given(r, 9, 0)
        yield "odd", params(7), lambda r: given(r, 13, 37, emotion=0.0)
        yield "long", params(40), lambda r: given(r, 61, 75 if gpt else 150, emotion=1.3)
        yield "sampled", params(5, "sampled", 0.6, 1.35, 0.02, 0.9, 0.8, 50), lambda r: given(r, 11, 5, 5)
        yield "hot", params(6, "sampled", 1.7, 2.0, 0.1, 0.7, 0.2, 3), lambda r: given(r, 4, 149 if not gpt else 80, 6)
        yield "plain", params(4, "sampled", 1.0, 1.0, 0.0, 1.0, 1.0, 0), lambda r: given(r, 3, 2, 4)
        if not gpt:
            yield "nocfg", params(5, cfg=0.0), lambda r: given(r, 8, 20, emotion=0.25)
            yield "nocfg_sampled", params(5, "sampled", 0.8, 1.2, 0.05, 0.95, 0.0), lambda r: given(r, 8, 20, 5)


def clear_of_borders(logits, params, gpt, start, taken):
    """Rejects steps whose two best tokens are too alike to be told apart in float32."""
    if params["mode"] != "greedy":
        return
    rows = logits[:, 0] if gpt else logits[:, 0] + params["cfg_weight"] * (logits[:, 0] - logits[:, 1])
    best = torch.log_softmax(rows, -1).topk(2).values
    if (best[:, 0] - best[:, 1]).min() < 1e-3:
        reject("two tokens are as good")


# ---- sampler

class Sampler:
    """The official loops over a script of logits."""

    processors = {"TemperatureLogitsWarper": "after_temperature", "TopKLogitsWarper": "after_top_k",
                  "TopPLogitsWarper": "after_top_p", "MinPLogitsWarper": "after_min_p",
                  "RepetitionPenaltyLogitsProcessor": "after_penalty"}

    @classmethod
    def run(cls, model, x, params, config):
        taps, logits = {}, x.logits
        steps, rows, size = logits.shape
        original = params["loop"] == "original"

        def watched(name, tap):
            kind = getattr(REF["t3"], name)

            def make(*a, **k):
                inner = kind(*a, **k)

                def process(ids, scores):
                    if original and tap == "after_penalty":
                        taps.setdefault("tap.after_cfg", []).append(scores[0].clone())
                    if original and tap == "after_min_p":
                        taps.setdefault("tap.after_temperature", []).append(scores[0].clone())
                    y = inner(ids, scores)
                    taps.setdefault("tap." + tap, []).append(y[0].clone())
                    return y

                return process
            return make

        script = iter(logits)
        hp = SimpleNamespace(start_speech_token=params["start"], stop_speech_token=-1, start_text_token=0,
                             stop_text_token=1)
        zero = torch.zeros(1, 1, 1)

        class Output(tuple):
            past_key_values = None

        def backbone(**kw):
            if original:
                return SimpleNamespace(logits=next(script, logits[-1])[:, None], past_key_values=None)
            return Output([zero])

        fake = SimpleNamespace(
            hp=hp, device="cpu", cfg=None, tfmr=backbone, speech_emb=lambda t: zero,
            speech_pos_emb=SimpleNamespace(get_fixed_embedding=lambda i: zero),
            prepare_input_embeds=lambda **kw: (torch.zeros(2, 1, 1), 1),
            speech_head=lambda h: next(script)[:, None])
        draw = Drawn(x.tokens)
        text = torch.tensor([[0, 1]] * rows)
        common = {k: params[k] for k in ("temperature", "top_p", "repetition_penalty")}
        patches = {name: watched(name, tap) for name, tap in cls.processors.items()}
        if not original:
            patches["LogitsProcessorList"] = Chain
        with mock.patch.multiple(REF["t3"], T3HuggingfaceBackend=lambda **kw: backbone, **patches), \
                mock.patch.object(torch, "multinomial", draw):
            if original:
                REF["t3"].T3.inference(fake, t3_cond=None, text_tokens=text, max_new_tokens=steps,
                                       min_p=params["min_p"], cfg_weight=params["cfg_weight"], **common)
            else:
                REF["t3"].T3.inference_turbo(fake, None, text[:, :1], top_k=params["top_k"],
                                             max_gen_len=steps - 1, **common)
        t = {"out.probs": torch.stack(draw.probs)}
        t.update({k: torch.stack(v[:steps]) for k, v in taps.items()})
        return t

    @staticmethod
    def cases(config, rng):
        def given(r, steps, size, rows, std=2.5, ties=False):
            l = normal(r, steps, rows, size, std=std)
            if ties:
                l = (l * 2).round() / 2
            tokens = ints(r, size, steps)
            if steps > 2:
                tokens[2] = tokens[0]
            return {"logits": l, "tokens": tokens}

        def original(t=0.8, penalty=1.2, min_p=0.05, top_p=1.0, cfg=0.5, start=4):
            return {"cfg_weight": cfg, "temperature": t, "repetition_penalty": penalty, "min_p": min_p,
                    "top_p": top_p, "loop": "original", "start": start}

        def turbo(t=0.8, penalty=1.2, top_k=1000, top_p=0.95, start=4):
            return {"temperature": t, "top_k": top_k, "top_p": top_p, "repetition_penalty": penalty,
                    "loop": "turbo", "start": start}

        originals = {"defaults": original(), "no_cfg": original(cfg=0.0), "whole_cfg": original(cfg=1.0, top_p=0.3),
                     "more_cfg": original(cfg=3.0, min_p=0.2), "tiny_top_p": original(top_p=0.01),
                     "hot": original(t=5.0, penalty=3.0), "icy": original(t=0.01), "low_penalty": original(penalty=0.7),
                     "min_p_zero": original(min_p=0.0, top_p=0.999)}
        turbos = {"turbo": turbo(), "turbo_k1": turbo(top_k=1), "turbo_k2": turbo(top_k=2, top_p=0.5),
                  "turbo_k_all": turbo(top_k=61), "turbo_tiny_p": turbo(top_p=0.02), "turbo_hot": turbo(t=4.0),
                  "turbo_icy": turbo(t=0.02, penalty=1.9), "turbo_low": turbo(penalty=0.5, top_k=7)}
        for name, p in originals.items():
            yield name, p, lambda r: given(r, 6, 61, 2)
        for name, p in turbos.items():
            yield name, p, lambda r: given(r, 6, 61, 1)
        yield "ties", original(t=1.0, min_p=0.1, top_p=0.6), lambda r: given(r, 5, 40, 2, ties=True)
        yield "turbo_equal", turbo(t=1.0, top_k=5, top_p=1.0), lambda r: given(r, 5, 40, 1, ties=True)
        yield "size", original(start=6561), lambda r: given(r, 3, 8194, 2)
        yield "turbo_size", turbo(start=6561), lambda r: given(r, 3, 6563, 1)
        yield "peaked", original(), lambda r: given(r, 3, 500, 2, std=40)
        yield "flat", original(), lambda r: given(r, 3, 500, 2, std=1e-3)


class Chain(list):
    def __call__(self, ids, scores):
        for p in self:
            scores = p(ids, scores)
        return scores


# ---- a voice and the whole way

class Conds:
    needs = ("s3gen", "ve")

    @staticmethod
    def run(model, x, params, config):
        t, tts = Taps(), REF["tts"]
        s3gen, ve = model("s3gen"), model("ve")
        t3 = SimpleNamespace(hp=SimpleNamespace(speech_cond_prompt_len=config["speech_cond_prompt_len"]))
        t.out(s3gen.tokenizer.quantizer._codebook.project_down, "fsq")
        chatterbox = tts.ChatterboxTTS(t3, s3gen, ve, None, "cpu")
        clip = x.ref_wav.numpy()
        with mock.patch.object(tts.librosa, "load", lambda path, sr: (clip, sr)):
            chatterbox.prepare_conditionals("", exaggeration=params["exaggeration"])
        fsq_clear(t.pop("fsq"))
        for k, v in vars(chatterbox.conds.t3).items():
            t["out.t3." + k] = v
        for k, v in chatterbox.conds.gen.items():
            t["out.gen." + k] = v
        t["tap.ref_16k_soxr"] = torch.from_numpy(librosa.resample(clip, orig_sr=24000, target_sr=16000))
        t["tap.ref_16k_sinc"] = Resample(24000, 16000)(x.ref_wav[None])[0]
        return {k: v for k, v in t.items() if v is not None}

    @staticmethod
    def cases(config, rng):
        for n, e in ((24000, 0.0), (37123, 0.8), (144480, 1.5), (168001, 0.5), (252345, 0.3)):
            yield f"n{n}", {"exaggeration": e}, lambda r, n=n: {"ref_wav": wave(r, n, 24000, quiet_ends=900)}


class Pipeline:
    """generate() of the three official classes."""

    kinds = {"tts": ("tts", "ChatterboxTTS", "t3_original", "s3gen"),
             "turbo": ("tts_turbo", "ChatterboxTurboTTS", "t3_turbo", "s3gen_meanflow"),
             "mtl": ("mtl_tts", "ChatterboxMultilingualTTS", "t3_multilingual", "s3gen")}
    needs = ("t3_original", "t3_turbo", "t3_multilingual", "s3gen", "s3gen_meanflow")
    folder = None

    @classmethod
    def run(cls, model, x, params, config):
        kind = params.get("kind") or ("turbo" if hasattr(x, "noise") else "mtl" if "language" in params else "tts")
        where, name, t3, s3 = cls.kinds[kind]
        t, t3, s3gen = Taps(), model(t3), model(s3)
        tokenizer = tokenizers(cls.folder)[kind]
        chatterbox = getattr(REF[where], name)(t3, s3gen, None, tokenizer, "cpu")
        gen = {"prompt_token": x.prompt_token, "prompt_token_len": torch.tensor([x.prompt_token.shape[1]]),
               "prompt_feat": x.prompt_feat, "prompt_feat_len": None, "embedding": x.embedding}
        emotion = torch.full((1, 1, 1), float(params.get("emotion", 0.5)))
        cond = REF["cond"].T3Cond(speaker_emb=x.speaker_emb, cond_prompt_speech_tokens=x.prompt_tokens,
                                  emotion_adv=emotion)
        chatterbox.conds = REF[where].Conditionals(cond, gen)
        prepare, flow = t3.prepare_input_embeds, s3gen.inference

        def texts(**kw):
            t.put("tap.text_tokens", kw["text_tokens"])
            return prepare(**kw)

        def spoken(**kw):
            t.put("tap.flow_tokens", kw["speech_tokens"])
            return flow(**kw)

        t3.prepare_input_embeds, s3gen.inference = texts, spoken
        t.out(s3gen.mel2wav.f0_predictor, "f0")
        draw = Drawn(x.tokens)
        given = {k: params[k] for k in ("temperature", "cfg_weight", "exaggeration", "top_p", "min_p", "top_k",
                                        "repetition_penalty") if k in params}
        if "language" in params:
            given["language_id"] = params["language"]
        with mock.patch.object(torch, "multinomial", draw), \
                randomness([x.z, x.sine_noise, None], [getattr(x, "noise", None)], x.phase):
            t["out.wav"] = chatterbox.generate(params["text"], **given)
        voiced_enough(t.pop("f0"))
        t["tap.first_probs"] = draw.probs[0]
        return t

    @classmethod
    def cases(cls, config, rng):
        def given(r, kind, tokens, prompt, conditioning, stray=()):
            spoken = tokens + (3 if kind == "turbo" else 0)
            taken = ints(r, 6561, tokens)
            for at, token in stray:
                taken = torch.cat([taken[:at], torch.tensor([token], dtype=torch.int32), taken[at:]])
            speaker = np.maximum(r.standard_normal((1, 256)), 0).astype(np.float32)
            x = dict(speaker_emb=torch.from_numpy(speaker / np.linalg.norm(speaker)),
                     prompt_tokens=ints(r, 6561, 1, conditioning), prompt_token=ints(r, 6561, 1, prompt),
                     prompt_feat=normal(r, 1, 2 * prompt, 80, mean=-3, std=1.5), embedding=normal(r, 1, 192),
                     tokens=torch.cat([taken, torch.tensor([6562], dtype=torch.int32)]),
                     z=normal(r, 1, 80, 2 * (spoken + prompt)), phase=phases(r, 1),
                     sine_noise=normal(r, 1, 9, 960 * spoken))
            if kind == "turbo":
                x["noise"] = normal(r, 1, 80, 2 * spoken)
            return x

        base = {"temperature": 0.8, "emotion": 0.5}
        yield ("tts_one", base | {"text": "a", "exaggeration": 0.5, "cfg_weight": 0.5},
               lambda r: given(r, "tts", 1, 3, 150))
        yield ("tts_other", base | {"text": " — “So; what…” 🙂", "exaggeration": 1.7, "cfg_weight": 1.0,
                                    "min_p": 0.01, "top_p": 0.8, "repetition_penalty": 1.5, "temperature": 1.3},
               lambda r: given(r, "tts", 11, 7, 33, stray=((2, 6563), (5, 7000))))
        yield ("turbo_one", {"temperature": 0.8, "text": ""}, lambda r: given(r, "turbo", 1, 2, 375 // 5))
        yield ("turbo_other", {"temperature": 0.3, "text": "[sigh] naïve… [laugh]x", "top_k": 20, "top_p": 0.5,
                               "repetition_penalty": 1.05},
               lambda r: given(r, "turbo", 9, 5, 17, stray=((4, 6562 - 1),)))
        for language, text in (("zh", "你好世界"), ("ko", "안녕"), ("de", "Straße"), ("ar", "مرحبا")):
            yield (f"mtl_{language}", base | {"text": text, "language": language, "exaggeration": 0.5,
                                              "cfg_weight": 0.5 if language != "de" else 0.0},
                   lambda r: given(r, "mtl", 4, 3, 20))
        yield ("mtl_one", base | {"text": "I", "language": "en", "exaggeration": 0.0, "cfg_weight": 0.3},
               lambda r: given(r, "mtl", 1, 1, 1))


# ---- texts

def tokenizers(folder):
    import transformers
    tok = REF["tokenizer"]
    with mock.patch.object(tok, "hf_hub_download", lambda **kw: str(folder / "Cangjie5_TC.json")):
        return {"tts": tok.EnTokenizer(str(folder / "tokenizer.json")),
                "mtl": tok.MTLTokenizer(str(folder / "grapheme_mtl_merged_expanded_v1.json")),
                "turbo": transformers.AutoTokenizer.from_pretrained(folder / "turbo_tokenizer")}


LANGUAGES = {
    "ar": "السَّلامُ عَلَيْكُمْ، كيف حالك؟ لا", "da": "Rødgrød med fløde, Ålborg", "de": "Der Fußgänger überquert – „Ärger“",
    "el": "Καλημέρα ΚΌΣΜΕ, Ὀδυσσεύς ΣΑΣ Σ", "en": "I'll 'quote' it: ½ of №5 — ™", "es": "¡Niño! ¿Qué año? Ñandú",
    "fi": "Äiti, yö ja öljy", "fr": "L’œuvre… ça, où ? ÇA", "he": "שָׁלוֹם עֲלֵיכֶם, בְּרֵאשִׁית", "hi": "नमस्ते दुनिया, क़लम ज़रा। ड़",
    "it": "Perché no? È così; città", "ja": "東京タワーは、333ﾒｰﾄﾙ。が ガ ㌔", "ko": "한글과 값, 닭 ㅋㅋ 각 가나다！", "ms": "Selamat pagi, apa khabar?",
    "nl": "Ĳsland, ĳs, coëfficiënt", "no": "Blåbærsyltetøy på Ås", "pl": "Zażółć gęślą jaźń ŁÓDŹ", "pt": "Não, coração; ação à toa",
    "ru": "Съешь ещё этих ЁЛКИ, й Й", "sv": "Åäö, räksmörgås", "sw": "Habari ya asubuhi", "tr": "Iğdır, İzmir ISI ıi",
    "zh": "中文，測試：日月明 ABC，林２３。𠀀〇"}
TEXTS = ["", " ", "a", "A", "  two  blanks ", "\t", "\u00a0", "\u200b", "\u3000x\u3000", "…", "—", "-", "...", "....", ". . .", "?!", ",",
         ", ,", " ,", "a ,", ":", ";", "; ;", "a;b", "a - b", "a -b", "- a -", "“", "”x“", "‘a’", "don’t", "x\r\ny", "x\u2028y",
         "x\u0085y", "ß", "ŉ", "ǰ", "ﬀ", "ﬃx", "İ", "ı", "ǆ", "ǅ", "ᾳ", "ΐ", "ⓐ", "ⅷ", "𝒶", "ⴀ", "ა", "ꭰ", "ª", "ʰ",
         "ϐ", "é", "e\u0301", "🙂", "👨‍👩‍👧 family", "🇩🇪 flag", "a🙂b", "x.", "x!", "x?", "x-", "x,", "x。", "x！", "x？", "x、", "x，",
         "x…", "x—", "x:", "x;", "x.\u00a0", "x .", "x. ", "\ufeffbom", "\u0001", "null\u0000inside", "[START] x [STOP]", "[SPACE]",
         "[UNK]", "[laugh]", "[en] text", "a[UH]b", "[giggle][sniff]", "[ laugh ]", "<|endoftext|>", "1,234.56", "100%", "$5",
         "a\u0301\u0323 order", "ÅÅÅ", "ｆｕｌｌ", "①②", "x²", "Ⅳ", "ﷺ", "it's we'll you'd I'm they've she's", "IT'S WE'LL",
         "snake_case", "under__score", "a/b\\c", "tab\tend\t", "new\n\nline", "the  the", " leading", "trailing ", "mixed … : ; – — - \"",
         "the quick brown fox jumps over the lazy dog", "thethethethe", "ing in g", "x" * 300, "word " * 60]


class Text:
    """Normalisation and tokenizers over the pattern's tokenizer files."""

    files = ("tokenizer.json", "grapheme_mtl_merged_expanded_v1.json", "Cangjie5_TC.json",
             "turbo_tokenizer/added_tokens.json", "turbo_tokenizer/merges.txt",
             "turbo_tokenizer/special_tokens_map.json", "turbo_tokenizer/tokenizer_config.json",
             "turbo_tokenizer/vocab.json")

    @classmethod
    def make(cls, folder):
        t = tokenizers(folder)
        en, mtl, turbo = t["tts"], t["mtl"], t["turbo"]
        out = {"punc_norm": [], "english": [], "multilingual": [], "turbo": []}
        every = TEXTS + list(LANGUAGES.values())
        for text in every:
            norms = {k: REF[k].punc_norm(text) for k in ("tts", "tts_turbo", "mtl_tts")}
            out["punc_norm"].append({"text": text} | norms)
            n = norms["tts"]
            ids = en.text_to_tokens(n)[0].tolist()
            out["english"].append({
                "text": text, "normalised": n, "ids": ids, "framed": [255, *ids, 0],
                "tokens": en.tokenizer.encode(n.replace(" ", "[SPACE]")).tokens, "decoded": en.decode(ids)})
            n = norms["tts_turbo"]
            ids = turbo(n, return_tensors="pt", padding=True, truncation=True).input_ids[0].tolist()
            out["turbo"].append({"text": text, "normalised": n, "ids": ids,
                                 "tokens": turbo.convert_ids_to_tokens(ids)})
        spoken = [(l, x) for l, x in LANGUAGES.items()] + [(None, x) for x in TEXTS]
        spoken += [(l, x) for l in ("zh", "ko", "ja", "tr", "HE".lower()) for x in every[::3]]
        for language, text in spoken:
            n = REF["mtl_tts"].punc_norm(text)
            ids = mtl.text_to_tokens(n, language_id=language)[0].tolist()
            out["multilingual"].append({
                "text": text, "language": language, "normalised": n, "preprocessed": mtl.preprocess_text(n),
                "ids": ids, "tokens": [mtl.tokenizer.id_to_token(i) for i in ids]})
        return out


STAGES = {"hift": Hift, "flow": Flow, "flow_meanflow": FlowMeanflow, "s3gen": S3Gen, "s3gen_meanflow": S3GenMeanflow,
          "campplus": CamPlus, "s3tok": SpeechTokenizer, "ve": VoiceEncoder, "mel24": Mel24, "resample": Resampling,
          "t3_original": T3("t3_original"), "t3_multilingual": T3("t3_multilingual"), "t3_turbo": T3("t3_turbo"), "sampler": Sampler, "conds": Conds, "pipeline": Pipeline,
          "text": Text}
