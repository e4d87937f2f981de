"""Cases of conv_wgmma.cu."""

import numpy as np

from builders_gemm import pack
from builders_rows import KINDS, activation
from harness import F16, F32, ceil, decode, encode


def conv_shared(columns, C, taps, dilation, stages):
    """As conv_wgmma.cu says."""
    rows = ceil(127 + (taps - 1) * dilation, 8) * 8 + 1
    return max(1024 + stages * 16384 + C // 8 * 16 * rows, 1024 + 512 * (columns + 8))


def conv(case, B, T, C, N, k=3, dilation=1, tile=64, stages=3, before="NONE", after="NONE", parameter=0.1, scale=1.0, factor=1.0, residual=False, more=False, bias=True, inplace=False,
         residual_type=F32, out_type=F32, next=None, up=0, valid=None, same=True, gap=8):
    """A convolution that keeps the length, or (up) a transposed one of stride `up` and kernel k; same: the other width of tiles gives the same bits."""
    half = lambda v: decode(encode(np.asarray(v, np.float32), F16), F16).astype(np.float64)
    x = case.input(case.normal(B, T, C), F16, gap, 8)
    X = x.exact()
    for b, n in enumerate(valid or ()):
        X[b, n:] = 0
    weight = case.normal(*((C, N, k) if up else (N, C, k))) / np.float32(np.sqrt(C * k / (up or 1)))
    padding = (k - (up or 1)) // 2
    packed, npad, taps = pack(case, weight, F16, up, padding)
    W = half(weight)
    v = dict(a=x.pointer, aBatch=x.batch, aRow=x.row, w=packed, B=B, Tin=T, Cin=C, Npad=npad, taps=taps, dilation=dilation, after=KINDS.index(after), residualType=residual_type, outType=out_type,
             stages=stages, afterParameter=parameter, nextParameter=parameter, scale=scale, factor=factor)
    if up:
        rows = (T - 1) * up - 2 * padding + k
        full = np.zeros((B, (T - 1) * up + k, N))
        for j in range(k):
            full[:, j : j + (T - 1) * up + 1 : up] += X @ W[:, :, j]
        ref = full[:, padding : padding + rows]
        v |= dict(N=up * N, up=up, upC=N, upPad=padding, upRows=rows, pad=taps - 1, Tout=T + taps - 1)
        out_valid = valid and [rows - (T - n) * up for n in valid]
    else:
        pad = dilation * (k - 1) // 2
        rows = T
        padded = np.pad(X, ((0, 0), (pad, pad), (0, 0)))
        ref = np.zeros((B, T, N))
        for j in range(k):
            ref += padded[:, j * dilation : j * dilation + T] @ W[:, :, j].T
        v |= dict(N=N, pad=pad, Tout=T)
        out_valid = valid
    if bias:
        bv = case.normal(N)
        v["bias"] = case.raw(np.tile(bv, up or 1))
        ref = ref + bv
    alphas = np.abs(case.normal(2, N)) + 0.3
    ref = activation(after, ref, parameter, alphas[0].astype(np.float64)) * scale
    v["alpha"] = case.raw(alphas[0])
    if inplace:
        out = case.input(case.normal(B, rows, N), out_type, gap, 4, inplace=True)
    else:
        out = case.output((B, rows, N), out_type, gap, 4)
    read = 0
    if residual:
        r = out if inplace and not more else case.input(case.normal(B, rows, N), residual_type, gap)
        v |= dict(residual=r.pointer, residualBatch=r.batch, residualRow=r.row, residualType=r.type)
        ref = ref + r.exact()
        read += 4 if r.type == F32 else 2
    if more:
        r = out if inplace else case.input(case.normal(B, rows, N), F32, gap)
        v |= dict(more=r.pointer, moreBatch=r.batch, moreRow=r.row)
        ref = r.exact() + factor * ref
        read += 4
    v |= dict(out=out.pointer, outBatch=out.batch, outRow=out.row)
    if valid:
        v["valid"] = case.ints(valid)
    after16 = lambda r, t: case.expect(*r, t, out_valid, worst=30 * t * max(1, float(np.sqrt((r[1] ** 2).mean()))))
    after16((out, ref), 4e-4 if out_type == F16 else 5e-6)
    views = [out]
    if next:
        y = case.output((B, rows, N), F16, gap, 4)
        v |= dict(next=y.pointer, nextBatch=y.batch, nextRow=y.row, nextKind=KINDS.index(next), nextAlpha=case.raw(alphas[1]))
        after16((y, activation(next, ref, parameter, alphas[1].astype(np.float64))), 4e-4)
        views.append(y)
    columns = v["N"]
    launch = lambda width: (f"conv_f16_{width}", (ceil(columns, width), ceil(v["Tout"], 128), B), 288, conv_shared(width, C, taps, dilation, stages), v)
    other = 192 - tile
    if same and npad % other == 0:
        case.reset()
        case.driver.launch(*launch(other))
        case.driver.sync()
        for view in views:
            case.expect(view, view.values(view.get()), 0, out_valid, equal=True)
    case.launch(*launch(tile)[:4], **v)
    case.flops, case.rate = 2.0 * B * T * N * C * k, "f16"
    case.bytes = B * T * C * 2 + ref.size * ((4 if out_type == F32 else 2) + read + (2 if next else 0)) + N * C * k * 2
