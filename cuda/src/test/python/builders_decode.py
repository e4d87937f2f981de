"""Cases of decode_int8.cu: packing in 8 bits, bit for bit, and products over what was packed."""

import ctypes

import numpy as np

from harness import BF16, F32, encode, from_bf16, to_bf16

MAPS = {"plain": 0, "rotary": 1, "even": 2, "odd": 3}


def quantised(w):
    """(rows, inputs) as integers, and the bits of a scale in bf16 for 64 inputs of a row, as the kernel computes."""
    v = w.reshape(w.shape[0], -1, 64)
    bits = ((np.abs(v).max(2) / np.float32(127)).astype(np.float32).view(np.uint32) + 0xFFFF >> 16).astype(np.uint16)
    scale = from_bf16(bits)
    inverse = np.where(scale < 1e-37, np.float32(0), np.float32(1) / np.where(scale < 1e-37, np.float32(1), scale)).astype(np.float32)
    return np.clip(np.rint(v * inverse[..., None]), -127, 127).astype(np.int8).reshape(w.shape), bits


def tiles(q):
    """In the order of the kernels: groups of 8 rows, tiles of 64 inputs, lanes of 16 bytes."""
    rows, inputs = q.shape
    t = q.reshape(rows // 8, 8, inputs // 64, 2, 4, 2, 4)  # group, g, tile, half, t, part, four
    return t[..., [0, 2, 1, 3]].transpose(0, 2, 1, 4, 3, 5, 6).reshape(-1)


def scales_of(bits):
    """In the order of the tiles: 8 rows of each."""
    return bits.reshape(bits.shape[0] // 8, 8, -1).transpose(0, 2, 1).reshape(-1)


def packed_rows(rows, map):
    """Of each packed row, the row of the source, or -1."""
    if map == "rotary":
        r = np.arange(rows)
        return (r & ~63) + (r & 1) * 32 + (r & 63) // 2
    if map in ("even", "odd"):
        r = np.arange(2 * rows)
        return np.where(r % 2 == (map == "odd"), r // 2, -1)
    return np.concatenate([np.arange(rows), np.full(-rows % 8, -1)])


def launch_pack(case, to, scales, w, found, map="plain", turned=False, type=F32, first=0):
    rows, inputs = w.shape
    source = case.raw(encode(w.T if turned else w, type))
    return ("t3_pack_int8", (3,), 256, 0, dict(to=to, scales=scales, source=source, found=found, type=type, rows=rows, inputs=inputs, turned=int(turned),
                                               map=MAPS[map], first=first, packed=len(packed_rows(rows, map))))


def pack_int8(case, rows, inputs, map="plain", turned=False, type=F32, first=0):
    w = (case.normal(rows, inputs) * np.exp(case.normal(rows, 1))).astype(np.float32)
    w[rows // 2] = 0
    w = w if type == F32 else from_bf16(to_bf16(w)) if type == BF16 else w.astype(np.float16).astype(np.float32)
    source = packed_rows(rows, map)
    q, bits = quantised(w)
    whole = first + len(source)
    bytes_ = np.full((whole, inputs), -128, np.int8)  # what another source's rows keep
    scales = np.full((whole, inputs // 64), 0x4040, np.uint16)
    out = case.input(tiles(bytes_).view(np.float32), inplace=True)
    at = case.input(from_bf16(scales_of(scales)), BF16, inplace=True)
    for r, s in enumerate(source):
        if s >= 0:
            bytes_[first + r], scales[first + r] = q[s], bits[s]
        elif map == "plain":
            bytes_[first + r], scales[first + r] = 0, 0
    found = case.ints([0])
    name, grid, block, shared, values = launch_pack(case, out.pointer, at.pointer, w, found, map, turned, type, first)
    case.launch(name, grid, block, shared, **values)
    values_ = out.values
    out.values = lambda whole_: np.ascontiguousarray(values_(whole_)).view(np.int8).astype(np.float32)
    case.checks.append((out, tiles(bytes_).astype(np.float64), 0, None, True, None))
    case.expect(at, from_bf16(scales_of(scales)), equal=True)
    case.bytes += w.nbytes + len(source) * inputs
    # A NaN and an infinity are counted.
    bad = w.copy()
    bad[0, 5], bad[1, inputs - 1] = np.nan, np.inf
    name, grid, block, shared, values = launch_pack(case, case.raw(np.zeros(whole * inputs, np.int8)), case.raw(np.zeros(whole * inputs, np.uint16)), bad, found, map, turned, F32, first)
    case.driver.launch(name, grid, block, shared, values)
    case.driver.sync()
    assert case.driver.download(found, np.zeros(1, np.int32))[0] == 2, "values that are not finite were not counted"


def down_int8(case, R, width, ffn):
    """x += hidden * W of the last of two layers, GPT-2 with a bias."""
    T3 = type("T3", (ctypes.Structure,), {"_fields_": [(n, ctypes.c_uint64) for n in (
        "weights vectors speech places rotary slots rows alive live input x q partial partialWeight hidden logits scratch").split()] + [
        (n, ctypes.c_int) for n in "rowCount layer layers width heads ffn vocabulary llama splits".split()] + [("eps", ctypes.c_float)]})
    octets = 1 if R <= 8 else 2 if R <= 16 else 4
    kernel = f"t3_int8_down_{8 * octets}_2"
    case.driver.kernels[kernel] = (T3, 512, "decode_int8")
    heads, vocabulary = width // 64, 208
    before = 3 * width * width + width * width + ffn * width  # the layer's other matrices
    layer, rows = before + width * ffn, 3 * width + width + ffn + width
    whole = 2 * layer + vocabulary * width
    w = case.normal(width, ffn) / np.float32(np.sqrt(ffn))
    weights = case.raw(np.full(whole + whole // 32, 0x7F, np.uint8))
    found = case.ints([0])
    to, scales = weights + layer + before, weights + whole + (layer + before) // 32
    case.driver.launch("t3_pack_int8", (4,), 256, 0, launch_pack(case, to, scales, w, found)[4])
    vectors = np.full(2 * (4 * width + rows), np.nan, np.float32)
    vectors[-width:] = case.normal(width)
    x = case.input(case.normal(R, width), inplace=True)
    hidden = to_bf16(case.normal(R, ffn))
    case.launch(kernel, (-(-width // 16),), 512, octets * 1024 + octets * 2 * 4096, weights=weights, vectors=case.raw(vectors), live=case.ints([1]), x=x.pointer,
                hidden=case.raw(hidden), rowCount=R, layer=1, layers=2, width=width, heads=heads, ffn=ffn, vocabulary=vocabulary, splits=8, eps=1e-5)
    q, bits = quantised(w)
    values = q.astype(np.float64) * np.repeat(from_bf16(bits).astype(np.float64), 64, 1)
    sums = from_bf16(hidden).astype(np.float64) @ values.T
    case.expect(x, x.exact().reshape(R, width) + sums + vectors[-width:], 1e-6)
    case.bytes += w.size + 4 * width
    case.flops += 2 * R * w.size
    case.rate = "f16"
