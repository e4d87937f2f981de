"""Cases of rows.cu."""

import math

import numpy as np

from harness import BF16, F16, F32, ceil

KINDS = ["NONE", "RELU", "LEAKY_RELU", "GELU", "GELU_TANH", "SILU", "MISH", "ELU", "TANH", "SIGMOID", "EXP", "LOG_CLAMPED", "SNAKE", "ABS", "SQUARE", "SIN", "COS"]
OPS = ["COPY", "ACTIVATE", "SCALE", "CLAMP", "FILL", "ADD", "MUL", "ADD_SCALED", "AFFINE", "LERP"]
erf = np.vectorize(math.erf)


def activation(kind, x, parameter=0.0, alpha=None):
    x = np.asarray(x, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        return {
            "NONE": lambda: x, "RELU": lambda: np.maximum(x, 0), "LEAKY_RELU": lambda: np.where(x < 0, x * parameter, x),
            "GELU": lambda: gelu(x), "GELU_TANH": lambda: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
            "SILU": lambda: x / (1 + np.exp(-x)), "MISH": lambda: x * np.tanh(np.logaddexp(0, x)),
            "ELU": lambda: np.where(x > 0, x, parameter * np.expm1(np.minimum(x, 0))), "TANH": lambda: np.tanh(x),
            "SIGMOID": lambda: 1 / (1 + np.exp(-x)), "EXP": lambda: np.exp(x), "LOG_CLAMPED": lambda: np.log(np.maximum(x, parameter)),
            "SNAKE": lambda: x + np.sin(alpha * x) ** 2 / (alpha + 1e-9), "ABS": lambda: np.abs(x), "SQUARE": lambda: x * x,
            "SIN": lambda: np.sin(x), "COS": lambda: np.cos(x)}[kind]()


def gelu(x):
    """0.5 x (1 + erf(x / sqrt 2)), erf by a series good to 1e-15 for |x| < 6."""
    z = np.abs(x) / math.sqrt(2)
    z = np.minimum(z, 5.9)
    # Simpson's rule on a fine grid is slow; use the continued product of erfc by Chebyshev through a table instead
    grid = np.linspace(0, 6, 60001)
    table = _erf_table(grid)
    i = np.minimum((z / 6 * 60000).astype(int), 59999)
    d = z - grid[i]
    slope = 2 / math.sqrt(math.pi) * np.exp(-grid[i] ** 2)
    e = table[i] + slope * (d - grid[i] * d**2 + (2 * grid[i] ** 2 - 1) / 3 * d**3)
    return 0.5 * x * (1 + np.sign(x) * e)


_TABLE = {}


def _erf_table(grid):
    if "t" not in _TABLE:
        _TABLE["t"] = np.array([math.erf(v) for v in grid])
    return _TABLE["t"]


def valid_of(case, valid):
    return {"valid": case.ints(valid)} if valid is not None else {}


def groups_grid(T, C, B):
    return (ceil(T * ceil(C, 4), 256), B)


def elementwise(case, op, B, T, C, kind="NONE", parameter=0.0, a=1.0, b=0.0, y="same", z=False, divide=1, type=F32, out_type=F32, valid=None, device_factor=False, gap=4):
    x = case.input(3 * case.normal(B, T, C), type, gap, 8) if op != "FILL" else None
    rows = ceil(T, divide)
    shapes = {"same": (B, rows, C), "channel": (1, 1, C), "batch": (B, 1, C), "row": (1, rows, C), "none": None}
    needs_y = op in ("ADD", "MUL", "ADD_SCALED", "AFFINE", "LERP")
    v = {"B": B, "T": T, "C": C, "divide": divide, "op": OPS.index(op), "kind": KINDS.index(kind), "xType": type, "outType": out_type, "parameter": parameter, "a": a, "b": b}
    out = case.output((B, T, C), out_type, gap + 4, 4)
    v |= {"out": out.pointer, "outBatch": out.batch, "outRow": out.row}
    X = Y = Z = None
    if x:
        X = x.exact()
        v |= {"x": x.pointer, "xBatch": x.batch, "xRow": x.row}
    if needs_y:
        shape = shapes[y]
        yv = case.input(case.normal(*shape), F32, gap)
        v |= {"y": yv.pointer, "yBatch": yv.batch if shape[0] > 1 else 0, "yRow": yv.row if shape[1] > 1 else 0}
        Y = yv.exact()
        Y = np.repeat(Y, divide, 1)[:, :T] if Y.shape[1] > 1 else Y
    if z:
        zv = case.input(case.normal(*(shapes[y] if op == "LERP" else (1, 1, C))))
        v |= {"z": zv.pointer, "zBatch": zv.batch if zv.shape[0] > 1 else 0, "zRow": zv.row if zv.shape[1] > 1 else 0}
        Z = zv.exact()
    alpha = None
    if kind == "SNAKE":
        alpha = np.abs(case.normal(C)) + 0.3
        v["alpha"] = case.raw(alpha)
    if device_factor:
        v["factor"] = case.raw(np.float32([a]))
        v["a"] = 99.0
    ref = {"COPY": lambda: X, "ACTIVATE": lambda: activation(kind, X, parameter, alpha), "SCALE": lambda: a * X + b, "CLAMP": lambda: np.clip(X, a, b),
           "FILL": lambda: np.full((B, T, C), a), "ADD": lambda: X + Y, "MUL": lambda: X * Y, "ADD_SCALED": lambda: X + a * Y,
           "AFFINE": lambda: activation(kind, X * Y + Z, parameter, alpha), "LERP": lambda: X + (Y - X) * Z}[op]()
    v |= valid_of(case, valid)
    case.launch("elementwise", groups_grid(T, C, B), 256, **v)
    case.expect(out, ref, 1e-6 if out_type == F32 else 5e-4 if out_type == F16 else 4e-3, valid)
    case.bytes = B * T * C * ((4 if type == F32 else 2) + (4 if out_type == F32 else 2) + (4 if y == "same" and needs_y else 0))


def overflow(case):
    """What a half cannot hold becomes the largest one and is counted, in kernels of every kind."""
    values = np.float32([[1e6, -1e6, 65504, 3, np.inf, -7e4]])
    counter = case.ints([0])
    x = case.input(values)
    out = case.output((1, 1, 6), F16)
    case.launch("elementwise", (1, 1), 256, x=x.pointer, xBatch=x.batch, xRow=x.row, out=out.pointer, outBatch=out.batch, outRow=out.row, B=1, T=1, C=6, op=OPS.index("COPY"), outType=F16, overflow=counter)
    case.expect(out, np.clip(values, -65504, 65504), equal=True)
    normed = case.output((1, 1, 6), F16)
    case.launch("normalize", (1, 1), 256, x=x.pointer, xBatch=x.batch, xRow=x.row, gamma=case.raw(np.full(6, 1e9, np.float32)), out=normed.pointer, outBatch=normed.batch, outRow=normed.row,
                B=1, T=1, C=5, kind=1, outType=F16, eps=1e30, overflow=counter)
    case.run()
    case.driver.sync()
    assert case.driver.download(counter, np.zeros(1, np.int32))[0] >= 2, "overflows were not counted"


def gate(case, kind, B, T, C, bias=False, type=F32, out_type=F32, valid=None):
    x = case.input(case.normal(B, T, 2 * C), type, 4, 4)
    out = case.output((B, T, C), out_type, 4)
    v = {"x": x.pointer, "xBatch": x.batch, "xRow": x.row, "out": out.pointer, "outBatch": out.batch, "outRow": out.row, "B": B, "T": T, "C": C, "kind": kind, "xType": type, "outType": out_type}
    X = x.exact()
    if bias:
        bv = case.input(case.normal(B, 1, 2 * C))
        v |= {"bias": bv.pointer, "biasBatch": bv.batch}
        X = X + bv.exact()
    u, w = X[..., :C], X[..., C:]
    ref = np.tanh(u) / (1 + np.exp(-w)) if kind == 0 else u / (1 + np.exp(-u)) * w
    case.launch("gate", groups_grid(T, C, B), 256, **v, **valid_of(case, valid))
    case.expect(out, ref, 1e-6 if out_type == F32 else 5e-4 if out_type == F16 else 4e-3, valid)
    case.bytes = B * T * C * (8 if type == F32 else 4) + B * T * C * (4 if out_type == F32 else 2)


def normalize(case, kind, B, T, C, after="NONE", add=False, beta=True, type=F32, out_type=F32, valid=None, gap=4, eps=1e-5):
    x = case.input(2 * case.normal(B, T, C) + 0.5, type, gap, 4)
    out = case.output((B, T, C), out_type, gap)
    g, s = 1 + 0.3 * case.normal(C), case.normal(C)
    v = {"x": x.pointer, "xBatch": x.batch, "xRow": x.row, "gamma": case.raw(g), "out": out.pointer, "outBatch": out.batch, "outRow": out.row,
         "B": B, "T": T, "C": C, "kind": kind, "after": KINDS.index(after), "xType": type, "outType": out_type, "eps": eps}
    X = x.exact()
    mean = X.mean(-1, keepdims=True) if kind == 0 else 0
    ref = (X - mean) / np.sqrt(((X - mean) ** 2).mean(-1, keepdims=True) + eps) * g
    if beta:
        v["beta"] = case.raw(s)
        ref = ref + s
    ref = activation(after, ref)
    if add == "each":  # a row a batch
        own = case.input(case.normal(B, 1, C), F32, 4)
        v |= {"add": own.pointer, "addBatch": own.batch}
        ref = ref + own.exact()
    elif add:  # a row of a table, chosen by an integer on the device
        table = case.input(case.normal(1, 5, C))
        v |= {"add": table.pointer, "addIndex": case.ints([3]), "addStep": table.row}
        ref = ref + table.exact()[0, 3]
    case.launch("normalize" if C <= 512 else "normalize_wide", (ceil(T, 8), B), 256, **v, **valid_of(case, valid))
    case.expect(out, ref, 1e-6 if out_type == F32 else 5e-4 if out_type == F16 else 4e-3, valid)
    case.bytes = B * T * C * ((4 if type == F32 else 2) + (4 if out_type == F32 else 2))


def rotary(case, B, T, H, D, type=F32, first=None, valid=None):
    x = case.input(case.normal(B, T, H * D), type, 8, 0, inplace=True)
    positions = T + 40
    angle = np.arange(positions)[:, None] * 10000.0 ** (-np.arange(D // 2) / (D // 2))
    cos, sin = case.input(np.cos(angle)), case.input(np.sin(angle))
    at = np.arange(T) + (first or 0)
    c, s = cos.exact()[0][at][None, :, None], sin.exact()[0][at][None, :, None]
    X = x.exact().reshape(B, T, H, D)
    u, w = X[..., : D // 2], X[..., D // 2 :]
    ref = np.concatenate([u * c - w * s, w * c + u * s], -1)
    case.launch("rotary", (ceil(T * H * D // 2, 256), B), 256, x=x.pointer, xBatch=x.batch, xRow=x.row, cosines=cos.pointer, sines=sin.pointer, tableRow=cos.row,
                B=B, T=T, H=H, D=D, xType=type, **({"first": case.ints([first])} if first is not None else {}), **valid_of(case, valid))
    case.expect(x, ref, 1e-6 if type == F32 else 4e-3, valid)
    case.bytes = B * T * H * D * (8 if type == F32 else 4)


def gather(case, B, T, C, entries=0, repeat=0, type=F32, out_type=F32, valid=None):
    if repeat:
        entries = ceil(T, repeat)
    shared = not repeat and B > 1
    x = case.input(case.normal(1 if shared else B, entries, C), type, 4)
    out = case.output((B, T, C), out_type, 4)
    v = {}
    if repeat:
        index = np.broadcast_to(np.arange(T) // repeat, (B, T))
    else:
        index = case.rng.integers(0, entries, (B, T))
        v |= {"index": case.ints(index), "indexBatch": T}
    X = x.exact()
    ref = np.stack([X[0 if shared else b][index[b]] for b in range(B)])
    case.launch("gather", groups_grid(T, C, B), 256, x=x.pointer, xBatch=0 if shared else x.batch, xRow=x.row, out=out.pointer, outBatch=out.batch, outRow=out.row,
                B=B, T=T, C=C, entries=entries, repeat=repeat, xType=type, outType=out_type, **v, **valid_of(case, valid))
    case.expect(out, ref, 0, valid, equal=True)
    case.bytes = B * T * C * 8


def overlap_add(case, B, T, n, hop, valid=None):
    x = case.input(case.normal(B, T, n), F32, 3)
    length = (T - 1) * hop + n
    out = case.output((B, 1, length), F32, 5)
    ref = np.zeros((B, length))
    for b in range(B):
        for t in range(valid[b] if valid else T):
            ref[b, t * hop : t * hop + n] += x.exact()[b, t]
    case.launch("overlap_add", (ceil(length, 256), B), 256, x=x.pointer, xBatch=x.batch, xRow=x.row, out=out.pointer, outBatch=out.batch, B=B, T=T, n=n, hop=hop, **valid_of(case, valid))
    case.expect(out, ref, 1e-6)
    case.bytes = B * T * n * 4 + length * 4


def statistics(case, B, T, C, segment=0, deviation=False, valid=None):
    x = case.input(case.normal(B, T, C) + 1, F32, 3)
    segment = segment or T
    count = ceil(T, segment)
    out = case.output((B, count, C * (2 if deviation else 1)), F32, 5)
    ref = np.zeros(out.shape)
    for b in range(B):
        rows = x.exact()[b, : valid[b] if valid else T]
        for s in range(count):
            part = rows[s * segment : (s + 1) * segment]
            ref[b, s, :C] = part.mean(0)
            if deviation:
                ref[b, s, C:] = part.std(0, ddof=1)
    case.launch("statistics", (ceil(C, 32), count, B), 256, x=x.pointer, xBatch=x.batch, xRow=x.row, out=out.pointer, outBatch=out.batch, outRow=out.row, B=B, T=T, C=C, segment=segment, deviation=int(deviation), **valid_of(case, valid))
    case.expect(out, ref, 1e-6)
    case.bytes = B * T * C * 4


def lengths(case):
    source = [0, 1, 7, 33, 100]
    out = case.raw(np.zeros(5, np.float32))
    view = case.output((1, 1, 5))
    # integers seen through a float view: compared as bits
    case.launch("lengths", (1,), 32, **{"from": case.ints(source), "to": view.pointer, "n": 5, "multiply": 3, "add": -4, "divide": 2, "low": 0, "high": 120})
    want = np.clip(np.floor((np.array(source) * 3 - 4) / 2), 0, 120).astype(np.int32)
    case.expect(view, want.view(np.float32), equal=True)


def euler(case, T, C, branches, guidance, index, B=1, valid=None):
    x = case.input(case.normal(B, T, C), F32, 2, 0, inplace=True)
    field = case.input(case.normal(branches * B, T, C), F32, 2)
    steps = np.float32([0.1, 0.3, 0.2])
    X, F = x.exact(), field.exact()
    dt = steps[index].astype(np.float64)[:, None, None]
    ref = X + dt * ((1 + guidance) * F[:B] - guidance * F[-B:])
    case.launch("euler", (ceil(T * C, 256), B), 256, x=x.pointer, xBatch=x.batch, xRow=x.row, field=field.pointer, fieldBatch=field.batch, fieldRow=field.row,
                steps=case.raw(steps), index=case.ints(index), B=B, T=T, C=C, branches=branches, indexStep=0 if len(index) == 1 else 1, guidance=guidance, **valid_of(case, valid))
    case.expect(x, ref, 1e-6, valid)
    case.bytes = B * T * C * 4 * (2 + branches)


def increment(case, n, by):
    view = case.input(np.arange(n, dtype=np.int32).view(np.float32), inplace=True)
    case.launch("increment", (1,), 32, counter=view.pointer, n=n, by=by)
    case.expect(view, (np.arange(n, dtype=np.int32) + by).view(np.float32), equal=True)


def append(case, B, T, H, D, capacity, at, cache_type=BF16, valid=None):
    from harness import decode, encode
    x = case.input(case.normal(B, T, H * D), F32, 8)
    out = case.output((B * H, capacity, D), cache_type, 8)
    before = decode(out.before[out.at], cache_type).reshape(out.shape).astype(np.float64)
    ref = before.reshape(B, H, capacity, D).copy()
    X = decode(encode(x.exact(), cache_type), cache_type).reshape(B, T, H, D)
    for b in range(B):
        for t in range(valid[b] if valid else T):
            if at + t < capacity:
                ref[b, :, at + t] = X[b, t]
    case.launch("append", (ceil(T * H * D, 256), B), 256, x=x.pointer, xBatch=x.batch, xRow=x.row, cache=out.pointer, cacheBatch=H * out.batch, cacheHead=out.batch, cacheRow=out.row,
                at=case.ints([at]), B=B, T=T, H=H, D=D, capacity=capacity, cacheType=cache_type, **valid_of(case, valid))
    case.expect(out, ref, equal=True)
    case.bytes = B * T * H * D * 6
