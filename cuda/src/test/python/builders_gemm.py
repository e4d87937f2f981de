"""Cases of gemm.cu and gemm_exact.cu: linear maps, convolutions, transposed convolutions, windows, packing."""

import numpy as np

from builders_rows import KINDS, activation
from harness import BF16, F16, F32, ceil, decode, encode, tiled

TILES = {"32x64": (32, 64, 256), "64x64": (64, 64, 256), "128x64": (128, 64, 256), "128x32": (128, 32, 256), "narrow": (128, 8, 256)}


def gemm_grid(variant, N, T, B):
    BM, BN, threads = TILES[variant.split("_")[1]]
    return (ceil(N, BN), ceil(T, BM), B), threads


def gemm_shared(variant, taps, dilation):
    """As gemm.cu and gemm_exact.cu say."""
    kind, tile, *rest = variant.split("_")
    if tile == "narrow":
        return 0
    BM, BN, _ = TILES[tile]
    arows = BM + (taps - 1) * dilation
    if kind == "f32":
        return max(2 * arows * 80 + 4 * 16 * BN * 4, BM * (BN + 4) * 4)
    if rest and taps == 1:
        return 98304
    slots = (7 + taps - 1) // taps + 1 if rest else 4 if taps == 1 else 3
    return max(slots * arows * 64 + (4 if rest else 3) * 2 * BN * 64, BM * (BN + 4) * 4)


def pack(case, weight, type, up=0, padding=0, flat=0, interleave=False, source_type=F32, scale=1.0, parts=1):
    """weight (N, C, k) as the checkpoint has it, or (C, N, k) if transposed by `up`; returns packed, Npad, taps."""
    w = encode(weight, source_type)
    if up:
        C, out, k = weight.shape
        taps, N, cin, sn, sc, sk = ceil(k, up), up * out, C, k, out * k, 1
    elif flat:
        N, C, k = weight.shape
        taps, cin, sn, sc, sk = 1, k * C, C * k, k, 1
    else:
        N, cin, k = weight.shape
        taps, sn, sc, sk = k, cin * k, k, 1
    npad = ceil(N, 64) * 64
    ch = 16 if type == F32 else 32
    K = ceil(cin, ch) * ch * taps
    out_array = np.full(K * npad, np.nan, np.float32) if type == F32 else np.full(K * npad, 0xFFFF, np.uint16)
    packed = case.raw(out_array)
    bad = case.ints([0])
    source = case.raw(w)
    rows = N // parts
    for part in range(parts):  # several maps side by side
        columns = rows if part < parts - 1 else npad - part * rows
        case.driver.launch("pack_weights", (ceil(K * columns, 256),), 256, 0, dict(
            source=source + part * rows * sn * w.itemsize, sourceN=sn, sourceC=sc, sourceK=sk, out=packed, bad=bad, N=rows, first=part * rows, Npad=npad,
            whole=int(part == parts - 1), Cin=cin, kernel=k if not flat else k, taps=taps, up=up, upC=weight.shape[1] if up else 0, flat=weight.shape[1] if flat else 0,
            interleave=int(interleave), sourceType=source_type, outType=type, scale=scale))
    case.driver.sync()
    assert case.driver.download(bad, np.zeros(1, np.int32))[0] == 0, "packing counted bad values"
    return packed, npad, taps


def gemm(case, variant, B, T, C, N, k=1, dilation=1, stride=1, pad=0, pad_right=0, before="NONE", after="NONE", parameter=0.1, after_parameter=0.0, scale=1.0, gate=0,
         residual=False, bias=True, out_type=F32, up=0, padding=0, valid=None, gap=4, source_type=F32, parts=1, batch_bias=False, inplace=False, residual_type=F32):
    kind, tile, *rest = variant.split("_")
    type = {"f16": F16, "bf16": BF16, "f32": F32}[kind]
    a_type = type if rest else F32
    flat = stride > 1
    gap = 8 if rest else gap
    x = case.input(case.normal(B, T, C), a_type, 0 if flat else gap, 0 if flat else 8)
    X = x.exact()
    alpha = np.abs(case.normal(C)) + 0.3
    X = activation(before, X, np.float32(parameter), alpha.astype(np.float64))
    rounded = lambda v: decode(encode(np.asarray(v, np.float32), type), type).astype(np.float64)
    X = rounded(X)
    limits = valid or [T] * B
    for b in range(B):
        X[b, limits[b]:] = 0
    shape = (C, N, k) if up else (N, C, k)
    weight = decode(encode(case.normal(*shape) / np.float32(np.sqrt(C * k)), source_type), source_type)
    packed, npad, taps = pack(case, weight, type, up, padding, C if flat else 0, gate > 0, source_type, parts=parts)
    W = rounded(weight)
    v = dict(a=x.pointer, aBatch=x.batch, aRow=x.row, w=packed, B=B, Tin=T, Cin=C, N=N, Npad=npad, taps=taps, dilation=dilation, before=KINDS.index(before), after=KINDS.index(after),
             gate=gate, beforeParameter=parameter, afterParameter=after_parameter, scale=scale, outType=out_type, residualType=residual_type)
    if up:
        rows = (T - 1) * up - 2 * padding + k
        full = np.zeros((B, (T - 1) * up + k, N))
        for j in range(k):
            full[:, j : j + (T - 1) * up + 1 : up] += X @ W[:, :, j]
        ref = full[:, padding : padding + rows]
        out_valid = valid and [rows - (T - n) * up for n in valid]
        v |= dict(N=up * N, up=up, upC=N, upPad=padding, upRows=rows, pad=taps - 1, Tout=T + taps - 1)
        grid_rows, grid_columns = T + taps - 1, up * N
    else:
        rows = (T + pad + pad_right - dilation * (k - 1) - 1) // stride + 1
        padded = np.concatenate([np.zeros((B, pad, C)), X, np.zeros((B, pad_right, C))], 1)
        ref = np.zeros((B, rows, N))
        for j in range(k):
            ref += padded[:, j * dilation : j * dilation + (rows - 1) * stride + 1 : stride] @ W[:, :, j].T
        out_valid = valid and [max(0, rows - (T - n)) if not flat else rows for n in valid]
        v |= dict(pad=pad, Tout=rows)
        if flat:
            v |= dict(flat=C, pad=pad * C, Cin=k * C, aRow=stride * C, dilation=1)
        grid_rows, grid_columns = rows, N
    if bias:
        count = B if batch_bias else 1
        bv = case.normal(count, N)
        # the columns of a gate's bias are as the packed ones; a transposed convolution's repeat
        given = np.stack([bv[:, : N // 2], bv[:, N // 2 :]], -1).reshape(count, N) if gate else np.tile(bv, (1, up)) if up else bv
        v |= dict(bias=case.raw(given), biasBatch=given.shape[1] if batch_bias else 0)
        ref = ref + (bv[:, None, :] if batch_bias else bv[0])
    if gate:
        u, w = ref[..., : N // 2], ref[..., N // 2 :]
        ref = np.tanh(u) / (1 + np.exp(-w)) if gate == 1 else u / (1 + np.exp(-u)) * w
    else:
        after_alpha = np.abs(case.normal(N)) + 0.3
        ref = activation(after, ref, after_parameter, after_alpha.astype(np.float64)) * scale
        if after == "SNAKE":
            v["afterAlpha"] = case.raw(after_alpha)
    columns = ref.shape[2]
    if residual and inplace:
        out = case.input(case.normal(B, rows, columns), out_type, gap, 4, inplace=True)
        v |= dict(residual=out.pointer, residualBatch=out.batch, residualRow=out.row, residualType=out_type)
        ref = ref + out.exact()
    else:
        out = case.output((B, rows, columns), out_type, gap, 4)
        if residual:
            r = case.input(case.normal(B, rows, columns), residual_type, gap)
            v |= dict(residual=r.pointer, residualBatch=r.batch, residualRow=r.row)
            ref = ref + r.exact()
    v |= dict(out=out.pointer, outBatch=out.batch, outRow=out.row)
    if valid:
        v["valid"] = case.ints(valid)
    if before == "SNAKE":
        v["alpha"] = case.raw(alpha)
    grid, threads = gemm_grid(variant, grid_columns, grid_rows, B)
    case.launch("gemm_" + variant, grid, threads, gemm_shared(variant, 1 if flat else taps, dilation), **v)
    tolerance = (5e-6 if C * k > 3000 or after == "SNAKE" else 2e-6) if before == "NONE" or type == F32 else 3e-4 if type == F16 else 2e-3
    if out_type != F32:
        tolerance = max(tolerance, 4e-4 if out_type == F16 else 3e-3)
    case.expect(out, ref, tolerance, out_valid, worst=30 * tolerance * max(1, float(np.sqrt((ref**2).mean()))))
    case.flops = 2.0 * B * rows * (N * C * k if not up else N * C * k / up)
    case.rate = "f32" if type == F32 else "f16"
    size = lambda t: 4 if t == F32 else 2
    case.bytes = B * T * C * size(a_type) + ref.size * size(out_type) + (ref.size * size(residual_type) if residual else 0) + N * C * k * size(type)


def gemm_norm(case, B, T, C, N, share, after="NONE", bias=True, out_type=F16, valid=None, gap=4, eps=1e-5):
    x = case.input(2 * case.normal(B, T, C) + 0.5, F32, gap, 8)
    g, s = 1 + 0.3 * case.normal(C), case.normal(C)
    X = x.exact()
    X = (X - X.mean(-1, keepdims=True)) / np.sqrt(X.var(-1, keepdims=True) + eps) * g + s
    X = decode(encode(X.astype(np.float32), F16), F16).astype(np.float64)
    weight = case.normal(N, C, 1) / np.float32(np.sqrt(C))
    packed, npad, _ = pack(case, weight, F16)
    ref = X @ decode(encode(weight[:, :, 0], F16), F16).astype(np.float64).T
    v = {}
    if bias:
        bv = case.normal(N)
        v["bias"] = case.raw(bv)
        ref = ref + bv
    ref = activation(after, ref)
    out = case.output((B, T, N), out_type, 8, 4)
    if valid:
        v["valid"] = case.ints(valid)
    case.launch("gemm_f16_norm", (ceil(ceil(N, 128), share), ceil(T, 64), B), 256, C * 128 + 3 * 2 * 128 * 64, a=x.pointer, aBatch=x.batch, aRow=x.row, w=packed, gamma=case.raw(g),
                beta=case.raw(s), eps=eps, share=share, out=out.pointer, outBatch=out.batch, outRow=out.row, outType=out_type, B=B, Tin=T, Tout=T, Cin=C, N=N, Npad=npad, taps=1,
                dilation=1, after=KINDS.index(after), scale=1.0, **v)
    case.expect(out, ref, 6e-4, valid, worst=2e-2 * float(np.sqrt((ref**2).mean())))
    case.flops, case.rate = 2.0 * B * T * N * C, "f16"
    case.bytes = B * T * (C * 4 + N * (4 if out_type == F32 else 2)) + N * C * 2


def transformer(case, B, T, next=True, out_type=F32, valid=None, share=0):
    """What comes between two attentions, at the widths that the kernels have; share: by two of them, with the same bits."""
    C, inner, wide, qkv = 256, 512, 1024, 1536
    half = lambda v: decode(encode(np.asarray(v, np.float32), F16), F16).astype(np.float64)
    X = case.normal(B, T, inner).astype(np.float16)
    for i, n in enumerate(valid or ()):
        X[i, n:] = 0
    mixed = case.raw(tiled(X))
    X = X.astype(np.float64)
    x = case.input(2 * case.normal(B, T, C) + 0.5, F32, 4, 8, inplace=not share)
    v = {"T": T, "B": B}

    def weights(name, N, K):
        w = case.normal(N, K, 1) / np.float32(np.sqrt(K))
        v["w" + name], npad, _ = pack(case, w, F16)
        assert npad == N
        return half(w[:, :, 0]).T

    def vector(name, n, base=0.0):
        a = base + 0.3 * case.normal(n)
        v[name] = case.raw(a.astype(np.float32))
        return a

    def norm(a, gamma, beta, eps):
        v["nextEps" if gamma.startswith("next") else "eps"] = eps
        a = (a - a.mean(-1, keepdims=True)) / np.sqrt(a.var(-1, keepdims=True) + eps)
        return half(a * vector(gamma, C, 1.0) + vector(beta, C))

    X = x.exact() + X @ weights("Out", C, inner) + vector("bOut", C)
    h = half(activation("GELU", norm(X, "gamma", "beta", 1e-5) @ weights("Up", wide, C) + vector("bUp", wide)))
    X = X + h @ weights("Down", C, wide) + vector("bDown", C)
    out = x if out_type == F32 and not share else case.output((B, T, C), out_type, 8, 16)
    case.expect(out, X, 3e-4, valid)
    flops = 2.0 * B * T * (C * inner + 2 * C * wide)
    if next:
        y = case.output((B, T, qkv), F16, 8, 16)
        case.expect(y, norm(X, "nextGamma", "nextBeta", 1e-6) @ weights("Qkv", qkv, C), 1e-3, valid, worst=2e-2)
        v.update(qkv=y.pointer, qkvBatch=y.batch, qkvRow=y.row)
        flops += 2.0 * B * T * C * qkv
    if valid:
        v["valid"] = case.ints(valid)
    v.update(mixed=mixed, x=x.pointer, xBatch=x.batch, xRow=x.row, out=out.pointer, outBatch=out.batch, outRow=out.row, outType=out_type)
    tiles = ceil(T, 64)
    one = ("transformer_f16", (1, tiles, B), 384, 228480, v)
    if share:
        case.reset()
        case.driver.launch(*one)
        case.driver.sync()
        for view in (out, y) if next else (out,):
            case.expect(view, view.values(view.get()), 0, valid, equal=True)
        half = v | {"between": case.raw(np.full(B * tiles * 4 * 64 * C, np.nan, np.float32)), "share": share}
        case.launch("transformer_up_f16", (4, tiles, B), 384, 222320, **half)
        case.launch("transformer_down_f16", (ceil(6, share) if next else 1, tiles, B), 384, 193648, **half)
    else:
        case.launch(*one[:4], **v)
    case.flops, case.rate = flops, "f16"
    case.bytes = B * T * (inner * 2 + C * 8 + (qkv * 2 if next else 0))


def resnet(case, B, T, Cin, next=True, out_type=F32, valid=None, share=2, time_each=False):
    """A residual block of the flow's estimator, by its two kernels."""
    C, qkv = 256, 1536
    half = lambda v: decode(encode(np.asarray(v, np.float32), F16), F16).astype(np.float64)
    x = case.input(case.normal(B, T, Cin), F16, 8, 16)
    rows = np.arange(T)[None, :, None] < np.asarray(valid or [T] * B)[:, None, None]
    X = np.where(rows, x.exact(), 0)
    v = {"B": B, "T": T, "x": x.pointer, "xBatch": x.batch, "xRow": x.row, "Cx": Cin}
    if valid:
        v["valid"] = case.ints(valid)

    def weights(N, K, taps):
        w = case.normal(N, K, taps) / np.float32(np.sqrt(K * taps))
        packed, npad, _ = pack(case, w, F16)
        assert npad == N
        return packed, half(w)

    def vector(n, base=0.0):
        a = (base + 0.3 * case.normal(n)).astype(np.float32)
        return case.raw(a), a.astype(np.float64)

    def norm(a, gamma, beta, eps):
        return (a - a.mean(-1, keepdims=True)) / np.sqrt(a.var(-1, keepdims=True) + eps) * gamma + beta

    def convolution(a, Ca, eps):
        (w, W), (bias, b), (gamma, g), (beta, s) = weights(C, Ca, 3), vector(C), vector(C, 1.0), vector(C)
        padded = np.concatenate([np.zeros((B, 2, Ca)), a], 1)
        sums = sum(padded[:, j : j + T] @ W[:, :, j].T for j in range(3)) + b
        return dict(w=w, bias=bias, gamma=gamma, beta=beta, eps=eps, Ca=Ca), activation("MISH", norm(sums, g, s, eps))

    conv1, H = convolution(X, Cin, 1e-5)
    time = case.normal(B if time_each else 1, C)
    h = case.output((B, T, C), F16, 8, 8)
    H = H + time[:, None, :]
    case.expect(h, H, 6e-4, valid, worst=2e-2)
    conv2, Y = convolution(np.where(rows, half(H), 0), C, 1e-6)
    (wRes, WR), (bRes, b) = weights(C, Cin, 1), vector(C)
    out = case.output((B, T, C), out_type, 8, 16)
    Y = Y + X @ WR[:, :, 0].T + b
    case.expect(out, Y, 6e-4, valid, worst=2e-2)
    v2 = v | conv2 | dict(wRes=wRes, bRes=bRes, out=out.pointer, outBatch=out.batch, outRow=out.row, outType=out_type)
    if next:
        (gamma, g), (beta, s), (w, W) = vector(C, 1.0), vector(C), weights(qkv, C, 1)
        y = case.output((B, T, qkv), F16, 8, 16)
        case.expect(y, half(norm(Y, g, s, 1e-5)) @ W[:, :, 0].T, 1e-3, valid, worst=2e-2)
        v2 |= dict(qkv=y.pointer, qkvBatch=y.batch, qkvRow=y.row, nextGamma=gamma, nextBeta=beta, nextEps=1e-5, wQkv=w)
    v1 = v | conv1 | dict(a=x.pointer, aBatch=x.batch, aRow=x.row, out=h.pointer, outBatch=h.batch, outRow=h.row, outType=F16, more=case.raw(time), moreBatch=C if time_each else 0)
    tiles = ceil(T, 64)
    v2 |= dict(a=h.pointer, aBatch=h.batch, aRow=h.row)
    launches = lambda n: (("resnet_conv_f16", (1, tiles, B), 384, 188528, v1), ("resnet_end_f16", (ceil(6, n) if next else 1, tiles, B), 384, 226416, v2 | {"share": n}))
    if next and share < 6:  # the same bits, whoever makes them
        case.reset()
        for launch in launches(6):
            case.driver.launch(*launch)
        case.driver.sync()
        for view in (out, y):
            case.expect(view, view.values(view.get()), 0, valid, equal=True)
    for *launch, values in launches(share):
        case.launch(*launch, **values)
    case.flops, case.rate = 2.0 * B * T * C * (3 * Cin + 3 * C + Cin + (qkv if next else 0)), "f16"
    case.bytes = B * T * (2 * Cin * 2 + 2 * C * 2 + C * 4 + (qkv * 2 if next else 0)) + C * (4 * Cin + 3 * C + qkv) * 2


def resnet_conv(case, B, T, C, norm=False, valid=None, out_type=F16):
    """A causal convolution of three taps by the first kernel of a residual block: alone, or with norm and Mish."""
    half = lambda v: decode(encode(np.asarray(v, np.float32), F16), F16).astype(np.float64)
    x = case.input(case.normal(B, T, C), F16, 8, 16)
    w, bias = case.normal(256, C, 3) / np.float32(np.sqrt(3 * C)), case.normal(256)
    packed, _, _ = pack(case, w, F16)
    padded = np.concatenate([np.zeros((B, 2, C)), x.exact()], 1)
    ref = sum(padded[:, j : j + T] @ half(w)[:, :, j].T for j in range(3)) + bias
    v = dict(valid=case.ints(valid)) if valid else {}
    if norm:
        g, s = 1 + 0.3 * case.normal(256), case.normal(256)
        v |= dict(gamma=case.raw(g), beta=case.raw(s), eps=1e-5)
        ref = activation("MISH", (ref - ref.mean(-1, keepdims=True)) / np.sqrt(ref.var(-1, keepdims=True) + 1e-5) * g + s)
    out = case.output((B, T, 256), out_type, 8, 8)
    case.launch("resnet_conv_f16", (1, ceil(T, 64), B), 384, 188528, a=x.pointer, aBatch=x.batch, aRow=x.row, out=out.pointer, outBatch=out.batch, outRow=out.row, w=packed,
                bias=case.raw(bias), B=B, T=T, Ca=C, outType=out_type, **v)
    case.expect(out, ref, 5e-4, valid, worst=2e-2)
    case.flops, case.rate = 2.0 * B * T * 256 * 3 * C, "f16"
    case.bytes = B * T * (C + 256) * 2 + 256 * 3 * C * 2


def packing(case):
    """Bad values are counted."""
    w = case.normal(5, 40, 3)
    w[2, 7, 1] = np.nan
    w[4, 39, 2] = 70000
    for type, count in ((F32, 1), (F16, 2)):
        bad = case.ints([0])
        out = case.raw(np.zeros(64 * 64 * 3, np.float32))
        case.driver.launch("pack_weights", (ceil(64 * 3 * 64, 256),), 256, 0, dict(source=case.raw(w), sourceN=120, sourceC=3, sourceK=1, out=out, bad=bad, N=5, Npad=64, whole=1, Cin=40, kernel=3, taps=3, outType=type, scale=1.0))
        case.driver.sync()
        assert case.driver.download(bad, np.zeros(1, np.int32))[0] == count, f"type {type}"
    convert(case, 1001, F32, F16)


def convert(case, n, source_type, out_type):
    values = case.normal(n)
    source = encode(values, source_type)
    out = case.output((1, 1, n), out_type)
    case.launch("convert", (ceil(n, 1024),), 256, source=case.raw(source), out=out.pointer, n=n, sourceType=source_type, outType=out_type, scale=1.0)
    case.expect(out, decode(encode(decode(source, source_type), out_type), out_type), equal=True)
    case.bytes = n * 6
