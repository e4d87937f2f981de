"""Speech tokenizer, x-vector, voice encoder, mel, resamplers."""

from unittest import mock

import librosa
import numpy as np
import torch

from .official import REF, Resample, Taps, reject, wave


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


def waves(x, params=None):
    """wav0, wav1, ...; unit, repeated, stands for the number that is missing."""
    given, tiled = [], getattr(x, "unit", None)
    while tiled is not None or hasattr(x, f"wav{len(given)}"):
        if hasattr(x, f"wav{len(given)}"):
            given.append(getattr(x, f"wav{len(given)}"))
        else:
            n = params["tile_samples"]
            given.append(tiled.repeat(-(-n // len(tiled)))[:n])
            tiled = None
    return given


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
        t["out.codes"], t["out.lens"] = m.forward(waves(x, params), max_len=params.get("max_len"))
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
        yield "long_batch", {"tile_samples": 483200}, lambda r: {"unit": wave(r, 15000, 16000)} | {"wav1": wave(r, 20333, 16000)}


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
