"""Cases of conv.cu, vocoder.cu, vits.cu and random.cu."""

import hashlib
import math

import numpy as np

from builders_gemm import pack
from builders_rows import KINDS, activation, valid_of
from harness import F32, ceil


def depthwise(case, B, T, C, k, dilation=1, stride=1, pad=0, pad_right=0, after="NONE", residual=False, bias=True, valid=None):
    x = case.input(case.normal(B, T, C), F32, 4, 8)
    w, b = case.normal(C, k), case.normal(C)
    rows = (T + pad + pad_right - dilation * (k - 1) - 1) // stride + 1
    out = case.output((B, rows, C), F32, 4)
    X = x.exact()
    if valid:
        for i in range(B):
            X[i, valid[i]:] = 0
    X = np.concatenate([np.zeros((B, pad, C)), X, np.zeros((B, pad_right, C))], 1)
    ref = sum(X[:, j * dilation : j * dilation + (rows - 1) * stride + 1 : stride] * w[:, j] for j in range(k))
    v = {}
    if bias:
        ref = ref + b
        v["bias"] = case.raw(b)
    ref = activation(after, ref)
    if residual:
        r = case.input(case.normal(B, rows, C))
        ref = ref + r.exact()
        v |= dict(residual=r.pointer, residualBatch=r.batch, residualRow=r.row)
    case.launch("depthwise", (ceil(rows * C, 256), B), 256, x=x.pointer, xBatch=x.batch, xRow=x.row, w=case.raw(w), wC=k, wK=1, out=out.pointer, outBatch=out.batch, outRow=out.row,
                B=B, Tin=T, Tout=rows, C=C, kernel=k, stride=stride, dilation=dilation, padLeft=pad, after=KINDS.index(after), scale=1.0, **v, **valid_of(case, valid))
    case.expect(out, ref, 1e-6, valid and [max(0, rows - (T - n)) for n in valid])
    case.bytes = B * T * C * 8


def conv2d(case, H, W, C, N, k, stride=1, stride_w=1, after="NONE", residual=False, relu=False, valid=None):
    pad = k // 2
    x = case.input(case.normal(H, W, C), F32, 3, 5)
    X = x.exact()
    if valid:
        X[:, valid:] = 0
    weight = case.normal(N, C, k * k) / np.float32(math.sqrt(C * k * k))
    packed, npad, _ = pack(case, weight, F32, flat=C)
    h, w = (H + 2 * pad - k) // stride + 1, (W + 2 * pad - k) // stride_w + 1
    X = np.pad(X, ((pad, pad), (pad, pad), (0, 0)))
    ref = np.zeros((h, w, N))
    for i in range(k):
        for j in range(k):
            ref += X[i : i + (h - 1) * stride + 1 : stride, j : j + (w - 1) * stride_w + 1 : stride_w] @ weight[:, :, i * k + j].T.astype(np.float64)
    b = case.normal(N)
    ref = activation(after, ref + b)
    out = case.output((h, w, N), F32, 3)
    v = {}
    if residual:
        r = case.input(case.normal(h, w, N))
        ref = ref + r.exact()
        v |= dict(residual=r.pointer, residualBatch=r.batch, residualRow=r.row)
    if relu:
        ref = np.maximum(ref, 0)
    if valid:
        v["valid"] = case.ints([valid])
    case.launch("conv2d", (ceil(w, 32), ceil(N, 32), h), 128, k * (31 * stride_w + k) * (C + 1) * 4, x=x.pointer, xBatch=x.batch, xRow=x.row, w=packed, bias=case.raw(b), out=out.pointer, outBatch=out.batch, outRow=out.row,
                H=H, W=W, C=C, Hout=h, Wout=w, N=N, Npad=npad, KH=k, KW=k, strideH=stride, strideW=stride_w, padH=pad, padW=pad, after=KINDS.index(after), relu=int(relu), **v)
    case.expect(out, ref, 1e-6)
    case.flops, case.rate, case.bytes = 2.0 * h * w * N * C * k * k, "f32", (H * W * C + h * w * N) * 4


def lstm(case, B, T, H, valid=None):
    x = case.input(case.normal(B, T, 4 * H), F32, 4)
    w = case.normal(H, 4 * H) / np.float32(math.sqrt(H))
    out = case.output((B, T, H), F32, 4)
    h, c = np.zeros((B, H)), np.zeros((B, H))
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    ref = np.zeros((B, T, H))
    for t in range(T):
        g = x.exact()[:, t] + h @ w.astype(np.float64)
        c = sigmoid(g[:, H : 2 * H]) * c + sigmoid(g[:, :H]) * np.tanh(g[:, 2 * H : 3 * H])
        h = sigmoid(g[:, 3 * H :]) * np.tanh(c)
        ref[:, t] = h
    case.launch("lstm", (B,), 1024, 24 * H, x=x.pointer, xBatch=x.batch, xRow=x.row, w=case.raw(w), out=out.pointer, outBatch=out.batch, outRow=out.row, B=B, T=T, H=H, **valid_of(case, valid))
    case.expect(out, ref, 3e-6, valid)
    case.flops, case.rate, case.bytes = 8.0 * B * T * H * H, "f32", B * T * H * 20


def harmonics(case, F, H=9, hop=480, valid=None):
    rate = np.float32(24000)
    f0 = np.abs(case.normal(F)) * 150 + 30
    f0[case.rng.random(F) < 0.3] = 3  # no voice
    f0 = f0.astype(np.float32)
    offsets = (case.rng.random(H) * 6).astype(np.float32)
    offsets[0] = 0
    start = case.rng.random(H) * 1000
    phase = case.input(start.view(np.float32), inplace=True)  # the bits of fp64 turns
    noise = case.input(case.normal(1, F * hop, H))
    out = case.output((1, F * hop, H))
    turns = case.raw(np.zeros((F, H)))
    frames = valid[0] if valid else F
    step = (f0[:, None] * np.arange(1, H + 1, dtype=np.float32)) / rate
    assert step.dtype == np.float32
    voiced = (f0 > 10)[:, None]
    per_sample = np.repeat(step[:frames].astype(np.float64), hop, 0)
    total = start + np.cumsum(per_sample, 0)
    rounded = total.astype(np.float32)
    part = rounded - np.floor(rounded)
    angle = np.where(np.repeat(voiced[:frames], hop, 0), np.float32(2 * np.pi) * part + offsets, 0)
    amount = np.where(np.repeat(voiced[:frames], hop, 0), 0.003, 0.1 / 3)
    ref = np.zeros((F * hop, H))
    ref[: frames * hop] = 0.1 * np.sin(angle.astype(np.float64)) + amount * noise.exact()[0, : frames * hop]
    f = case.raw(f0)
    common = dict(f0=f, f0Row=1, F=F, H=H, hop=hop, sampleRate=24000.0, **valid_of(case, valid))
    case.launch("harmonic_turns", (H,), 32, phase=phase.pointer, turns=turns, **common)
    case.launch("harmonics", (ceil(F * hop * H, 256),), 256, turns=turns, offsets=case.raw(offsets), noise=noise.pointer, noiseRow=noise.row, out=out.pointer, outRow=out.row,
                voicedHertz=10.0, amplitude=0.1, voicedNoise=0.003, unvoicedNoise=np.float32(0.1) / 3, **common)
    # turns that fall between two floats may round either way: an angle off by one in the last place
    case.expect(out, ref, 1e-5, [frames * hop])
    case.bytes = F * hop * H * 8


def hann(n):
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)


def stft(case, samples, fft=16, hop=4, B=1, valid=None):
    N, bins = samples // hop + 1, fft // 2 + 1
    wave = case.input(case.normal(B, 1, samples), F32, 0, 3)
    basis = np.concatenate([np.cos(2 * np.pi * np.outer(np.arange(fft), np.arange(bins)) / fft), -np.sin(2 * np.pi * np.outer(np.arange(fft), np.arange(bins)) / fft)], 1) * hann(fft)[:, None]
    basis = basis.astype(np.float32)
    out = case.output((B, N, 2 * bins), F32, 2)
    ref = np.zeros((B, N, 2 * bins))
    for b in range(B):
        frames = valid[b] if valid else N
        x = np.pad(wave.exact()[b, 0, : (frames - 1) * hop], fft // 2, mode="reflect")
        for t in range(frames):
            ref[b, t] = x[t * hop : t * hop + fft] @ basis.astype(np.float64)
    case.launch("stft", (ceil(N * 2 * bins, 256), B), 256, wave=wave.pointer, waveBatch=wave.batch, basis=case.raw(basis), basisRow=2 * bins, out=out.pointer, outBatch=out.batch, outRow=out.row, N=N, fft=fft, hop=hop, **valid_of(case, valid))
    case.expect(out, ref, 1e-6, valid)
    case.bytes = B * (samples * 4 + N * 2 * bins * 4)


def inverse_stft(case, samples, fft=16, hop=4, B=1, valid=None):
    N, bins, edge = samples // hop + 1, fft // 2 + 1, fft // 2 - hop
    x = case.input(case.normal(B, N, 2 * bins) * 1.5, F32, 3, 5)
    energy = float((hann(fft)[::hop] ** 2).sum())
    k, n = np.arange(bins), np.arange(fft)
    scale = hann(fft)[None, :] / energy / fft * np.where((k == 0) | (k == bins - 1), 1, 2)[:, None]
    angle = 2 * np.pi * np.outer(k, n) / fft
    imaginary = -scale * np.sin(angle)
    imaginary[[0, -1]] = 0
    basis = np.concatenate([scale * np.cos(angle), imaginary]).astype(np.float32)
    head, tail = 1 + np.abs(case.normal(edge)), 1 + np.abs(case.normal(edge))
    out = case.output((B, 1, samples), F32, 0, 7)
    ref = np.zeros((B, samples))
    counts = [((valid[b] if valid else N) - 1) * hop for b in range(B)]
    for b, count in enumerate(counts):
        frames = count // hop + 1
        X = x.exact()[b, :frames]
        m, phase = np.minimum(np.exp(X[:, :bins]), 100), np.sin(X[:, bins:])
        parts = np.concatenate([m * np.cos(phase), m * np.sin(phase)], 1) @ basis.astype(np.float64)
        whole = np.zeros(count + fft)
        for t in range(frames):
            whole[t * hop : t * hop + fft] += parts[t]
        s = whole[fft // 2 : fft // 2 + count].copy()
        s[:edge] *= head
        s[count - edge :] *= tail
        ref[b, :count] = np.clip(s, -0.99, 0.99)
    case.launch("inverse_stft", (ceil(samples, 256), B), 256, (256 // hop + fft // hop + 2) * (fft + 2) * 4, x=x.pointer, xBatch=x.batch, xRow=x.row, basis=case.raw(basis), basisRow=fft, headGain=case.raw(head), tailGain=case.raw(tail),
                wave=out.pointer, waveBatch=out.batch, N=N, fft=fft, hop=hop, maxMagnitude=100.0, limit=0.99, **valid_of(case, valid))
    if valid:  # what lies beyond the valid samples means nothing
        seen = np.arange(samples) < np.array(counts)[:, None, None]
        original = out.values
        out.values = lambda whole: np.where(seen, original(whole), 0)
    case.expect(out, ref, 2e-6)
    case.bytes = samples * 4 + N * 2 * bins * 4


def inverse_spline(case, T, valid=None):
    x = case.input(3 * case.normal(1, T, 1), F32, 1, inplace=True)
    q = case.input(2 * case.normal(1, T, 29), F32, 3)
    shrink = math.sqrt(192)
    ref = x.exact().copy()
    for t in range(valid[0] if valid else T):
        v, raw = ref[0, t, 0], q.exact()[0, t]
        if not -5 <= v <= 5:
            continue
        def edges(r):
            e = np.exp(r / shrink - (r / shrink).max())
            e = np.concatenate([[0], np.cumsum(1e-3 + (1 - 1e-2) * e / e.sum())]) * 10 - 5
            e[-1] = 5
            return e
        xs, ys = edges(raw[:10]), edges(raw[10:20])
        d = np.concatenate([[1], 1e-3 + np.logaddexp(0, raw[20:]), [1]])
        i = min(9, int(np.searchsorted(ys, v, side="right")) - 1)
        w, hgt = xs[i + 1] - xs[i], ys[i + 1] - ys[i]
        delta, rise, bend = hgt / w, v - ys[i], d[i] + d[i + 1] - 2 * hgt / w
        a, b, c = rise * bend + hgt * (delta - d[i]), hgt * d[i] - rise * bend, -delta * rise
        ref[0, t, 0] = 2 * c / (-b - math.sqrt(b * b - 4 * a * c)) * w + xs[i]
    case.launch("inverse_spline", (ceil(T, 128),), 128, x=x.pointer, xRow=x.row, parameters=q.pointer, parametersRow=q.row, T=T, shrink=shrink, **valid_of(case, valid))
    case.expect(x, ref, 3e-6, valid)
    case.bytes = T * 31 * 4


# Of dev.skald.tensor.Philox.normal(0x123456789abcdef, 5, 2^33 + 3, ..., 1000003): the hash of all, the first bits.
JAVA_HASH = "e51f8166812864dec3b342e3386251ae78a2a9112d89deb3af3a880cb5b81391"
JAVA_BITS = "3e7220b3 be19f7db 3fc26494 bfec2054 bd94af1d 3f6dcd26 3eb30f2a 406ade80 3e3c7356 bf231e58 be75dc3b c0116ec9 be509408 bf0ff5fa 3f8bbaed bf1458af bf7e5d81 3ef9ca23 3ed65832 3f11956b 3d19bda5 3f9d4b55 3f96d33e bec16fd3"


def noise(case, B, T, C, state=True, whole=False):
    """The same bits as Java's; whole: a million of them, by their hash."""
    out = case.output((B, T, C), F32, 0 if whole else 3)
    n = B * T * C
    first = (1 << 33) + 3
    v = {}
    if state:
        v["state"] = case.raw(np.array([0x89ABCDEF, 0x01234567, first & 0xFFFFFFFF, first >> 32], np.uint32))
    case.launch("noise", (ceil(n // 4 + 2, 256),), 256, seed=0x123456789ABCDEF, first=first, stream=5, out=out.pointer, outBatch=out.batch, outRow=out.row, B=B, T=T, C=C, **v)
    if whole:
        case.run()
        case.driver.sync()
        got = hashlib.sha256(out.values(out.get()).astype("<f4").tobytes()).hexdigest()
        assert got == JAVA_HASH, "noise is not Java's"
        case.reset()
        case.bytes = n * 4
    else:
        want = np.array([int(x, 16) for x in JAVA_BITS.split()], np.uint32).view(np.float32)
        case.expect(out, want[:n], equal=True)
