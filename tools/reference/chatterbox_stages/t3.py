"""Text to speech tokens: T3 of each kind and its sampler."""

from types import SimpleNamespace
from unittest import mock

import numpy as np
import torch

from .official import REF, Rejected, Taps, ints, normal, reject


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
