"""A voice from a clip, and generate() of the three official classes."""

from types import SimpleNamespace
from unittest import mock

import librosa
import numpy as np
import torch

from .listening import fsq_clear
from .official import REF, Resample, Taps, ints, normal, phases, randomness, wave
from .s3gen import voiced_enough
from .t3 import Drawn
from .texts import tokenizers


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
        if params.get("save"):
            chatterbox.conds.save(params["save"])
        for k, v in vars(chatterbox.conds.t3).items():
            t["out.t3." + k] = v
        for k, v in chatterbox.conds.gen.items():
            t["out.gen." + k] = v
        t["tap.ref_16k_soxr"] = torch.from_numpy(librosa.resample(clip, orig_sr=24000, target_sr=16000))
        t["tap.ref_16k_sinc"] = Resample(24000, 16000)(x.ref_wav[None])[0]
        return {k: v for k, v in t.items() if v is not None}

    @staticmethod
    def cases(config, rng):
        for n, e in ((37123, 0.8), (24000, 0.0), (144480, 1.5), (168001, 0.5), (252345, 0.3)):
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
        def given(r, kind, tokens, prompt, conditioning, stray=(), lost=0):
            spoken = tokens - lost + (3 if kind == "turbo" else 0)
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
        yield ("tts_restart", base | {"text": "Once more.", "exaggeration": 0.5, "cfg_weight": 0.5, "restart": 3},
               lambda r: given(r, "tts", 9, 4, 20, stray=((3, 6561),), lost=3))
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
