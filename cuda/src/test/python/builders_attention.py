"""Cases of attention.cu."""

import numpy as np

from harness import BF16, F16, F32, ceil, tiled


def attention(case, variant, B, H, D, Tq, Tk=None, causal=False, valid_q=None, valid_k=None, window=4, out_type=F32, cache=False, tiles=False):
    kind, size, *hook = variant.split("_")
    wgmma = hook == ["wgmma"]
    hook = "shaw" if size == "shaw" else hook[0] if hook and not wgmma else "plain"
    type = {"f16": F16, "bf16": BF16, "f32": F32}[kind]
    Tk = Tk or Tq
    gap = 8
    if Tk == Tq and not cache:  # q, k and v side by side, as one product makes them
        qkv = case.input(case.normal(B, Tq, 3 * H * D), type, gap, 8)
        X = qkv.exact()
        Q, K, V = X[..., : H * D], X[..., H * D : 2 * H * D], X[..., 2 * H * D :]
        size_of = 4 if type == F32 else 2
        v = dict(q=qkv.pointer, k=qkv.pointer + H * D * size_of, v=qkv.pointer + 2 * H * D * size_of, qBatch=qkv.batch, qRow=qkv.row, kBatch=qkv.batch, kRow=qkv.row, vBatch=qkv.batch, vRow=qkv.row, kHead=D, vHead=D)
    else:
        q = case.input(case.normal(B, Tq, H * D), type, gap, 8)
        Q = q.exact()
        v = dict(q=q.pointer, qBatch=q.batch, qRow=q.row)
        for name in "kv":
            if cache:  # (B*H, Tk, D): a head after the other
                x = case.input(case.normal(B * H, Tk, D), type, gap)
                X = x.exact().reshape(B, H, Tk, D).transpose(0, 2, 1, 3).reshape(B, Tk, H * D)
                v |= {name: x.pointer, name + "Batch": H * x.batch, name + "Row": x.row, name + "Head": x.batch}
            else:
                x = case.input(case.normal(B, Tk, H * D), type, gap)
                X = x.exact()
                v |= {name: x.pointer, name + "Batch": x.batch, name + "Row": x.row, name + "Head": D}
            if name == "k":
                K = X
            else:
                V = X
    scale = D**-0.5
    out = case.output((1, B * ceil(Tq, 64) * H * D * 2, 32), F16) if tiles else case.output((B, Tq, H * D), out_type, gap, 8)
    split = lambda x, T: x.reshape(-1, T, H, D).transpose(0, 2, 1, 3)
    Q, K, V = split(Q, Tq), split(K, Tk), split(V, Tk)
    nq, nk = valid_q or [Tq] * B, valid_k or [Tk] * B
    S = None
    if hook == "xl":
        rows = 2 * Tk - 1
        pos = case.input(case.normal(1, rows, H * D), type, gap)
        u, w = case.normal(H * D), case.normal(H * D)
        v |= dict(positions=pos.pointer, positionsRow=pos.row, biasU=case.raw(u), biasV=case.raw(w), center=Tk - 1, positionRows=rows)
        # the sums with the biases are rounded as the operands are
        from harness import decode, encode
        rounded = lambda x: decode(encode(x.astype(np.float32), type), type).astype(np.float64)
        QU = rounded(Q + u.reshape(H, 1, D))
        QV = rounded(Q + w.reshape(H, 1, D))
        P = pos.exact()[0].reshape(rows, H, D).transpose(1, 0, 2)
        full = QV @ P.transpose(0, 2, 1)
        index = Tk - 1 - np.arange(Tq)[:, None] + np.arange(Tk)[None, :]
        S = scale * (QU @ K.transpose(0, 1, 3, 2) + np.take_along_axis(full, np.broadcast_to(index, (B, H, Tq, Tk)), 3))
    else:
        S = scale * (Q @ K.transpose(0, 1, 3, 2))
    if hook == "shaw":
        rk, rv = case.normal(2 * window + 1, D), case.normal(2 * window + 1, D)
        v |= dict(positions=case.raw(rk), relativeValues=case.raw(rv), window=window)
        band = scale * (Q @ rk.T.astype(np.float64))
        for w in range(-window, window + 1):
            for i in range(Tq):
                if 0 <= i + w < Tk:
                    S[:, :, i, i + w] += band[:, :, i, w + window]
    ref = np.zeros((B, H, Tq, D))
    for b in range(B):
        s = S[b, :, :, : nk[b]].copy()
        if causal:
            i, j = np.arange(Tq)[:, None], np.arange(nk[b])[None, :]
            s = np.where(j <= nk[b] - nq[b] + i, s, -np.inf)
        top = s.max(-1, keepdims=True, initial=-np.inf)
        e = np.exp(s - np.where(np.isinf(top), 0, top))
        total = e.sum(-1, keepdims=True)
        pr = np.where(total > 0, e / np.where(total > 0, total, 1), 0)
        ref[b] = pr @ V[b, :, : nk[b]]
        if hook == "shaw":
            for w in range(-window, window + 1):
                for i in range(nq[b]):
                    if 0 <= i + w < nk[b]:
                        ref[b, :, i] += pr[:, i, i + w, None] * rv[w + window]
    v |= dict(out=out.pointer, outBatch=out.batch, outRow=out.row, B=B, H=H, D=D, Tq=Tq, Tk=Tk, outType=out_type, causal=int(causal), scale=scale)
    out_values = ref.transpose(0, 2, 1, 3).reshape(B, Tq, H * D)
    if tiles:
        v["tiles"] = 1
        for b, n in enumerate(nq):
            out_values[b, n:] = 0
        out_values = tiled(out_values)
    if valid_q:
        v["validQ"] = case.ints(valid_q)
    if valid_k:
        v["validK"] = case.ints(valid_k)
    if type == F32:
        BQ, L = (8 if size == "shaw" else 32 if size == "256" else 64), ceil(D, 4) * 4 + 4
        floats = 136 * L + 256 + 16 * (2 * window + 1) if hook == "shaw" else (BQ + 64) * L + BQ * 35 + ((2 * BQ + 31) * L if hook == "xl" else 0)
        case.launch("attention_" + variant, (ceil(Tq, BQ), H, B), 128 if hook == "shaw" else 256, floats * 4, **v)
    else:
        shared = 82048 if wgmma else 1152 * D if hook == "plain" else 1024 * D + 26624
        case.launch("attention_" + variant, (ceil(Tq, 128 if wgmma else 64), H, B), 384 if wgmma else 256, shared, **v)
    tolerance = {F32: 2e-6, F16: 6e-4, BF16: 5e-3}[type]
    case.expect(out, out_values, tolerance, None if tiles else valid_q, worst=20 * tolerance)
    pairs = Tq * Tk / 2 if causal and Tq == Tk else Tq * Tk
    case.flops = B * H * pairs * D * (4 if hook != "xl" else 6)
    case.rate = "f32" if type == F32 else "f16"
    case.bytes = B * H * D * (2 * Tq + 2 * Tk) * (4 if type == F32 else 2)
