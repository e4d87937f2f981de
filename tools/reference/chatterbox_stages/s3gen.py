"""Speech tokens to waveform: vocoder, flow, and both with what they hear of a reference."""

from unittest import mock

import torch

from .listening import fsq_clear, speech_tokenizer
from .official import REF, Taps, ints, lengths, normal, phases, randomness, reject, wave


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
            t["out.wav"], t["out.source"] = m.inference(
                x.speech_tokens, n_cfm_timesteps=params.get("n_cfm_timesteps"), **ref)
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
