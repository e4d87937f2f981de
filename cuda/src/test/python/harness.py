"""Cases: tensors with gaps and canaries on the device, a float64 reference, tolerances, times."""

import ctypes
import statistics
import zlib

import numpy as np

F32, F16, BF16 = 0, 1, 2
CANARY = 64  # elements before and after each tensor


def to_bf16(x):
    u = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return ((u + 0x7FFF + ((u >> 16) & 1)) >> 16).astype(np.uint16)


def from_bf16(x):
    return (x.astype(np.uint32) << 16).view(np.float32)


def encode(x, type):
    return x.astype(np.float32) if type == F32 else x.astype(np.float16) if type == F16 else to_bf16(x)


def decode(x, type):
    return from_bf16(x) if type == BF16 else x.astype(np.float32)


class View:
    """(B,T,C) on the device with gaps between rows and batches; everything around the values is NaN."""

    def __init__(self, case, shape, values, type, gap, batch_gap, out):
        B, T, C = shape
        self.case, self.shape, self.type, self.out = case, shape, type, out
        self.row = C + gap
        self.batch = T * self.row + batch_gap
        n = max(1, B * self.batch) + 2 * CANARY
        dtype = np.float32 if type == F32 else np.float16 if type == F16 else np.uint16
        whole = np.empty(n, dtype)
        whole.view(np.uint8)[:] = 0xFF
        self.mask = np.zeros(n, bool)
        grid = CANARY + np.arange(B)[:, None, None] * self.batch + np.arange(T)[None, :, None] * self.row + np.arange(C)
        self.at = grid.reshape(-1)
        self.mask[self.at] = True
        if values is not None:
            whole[self.at] = encode(np.asarray(values, np.float32).reshape(-1), type)
        self.before = whole
        d = case.driver
        self.base = d.alloc(whole.nbytes)
        case.allocated.append(self.base)
        self.pointer = self.base + CANARY * whole.itemsize
        self.reset()

    def reset(self):
        self.case.driver.upload(self.base, self.before)

    def exact(self):
        """The values as the device sees them."""
        return decode(self.before[self.at], self.type).reshape(self.shape).astype(np.float64)

    def get(self):
        return self.case.driver.download(self.base, np.empty_like(self.before))

    def values(self, whole):
        return decode(whole[self.at], self.type).reshape(self.shape)

    def untouched(self, whole):
        keep = ~self.mask if self.out else np.ones_like(self.mask)
        return np.array_equal(whole[keep].view(np.uint8), self.before[keep].view(np.uint8))


class Case:
    """One launch, or several, that a builder has described."""

    def __init__(self, driver, name, seed=0):
        self.driver, self.name = driver, name
        self.rng = np.random.default_rng(zlib.crc32(name.encode()) + seed)
        self.allocated, self.views, self.launches, self.checks = [], [], [], []
        self.bytes = self.flops = 0
        self.rate = "copy"

    def normal(self, *shape):
        return self.rng.standard_normal(shape).astype(np.float32)

    def input(self, values, type=F32, gap=0, batch_gap=0, inplace=False):
        values = np.asarray(values, np.float32)
        values = values.reshape((1,) * (3 - values.ndim) + values.shape)
        v = View(self, values.shape, values, type, gap, batch_gap, inplace)
        self.views.append(v)
        return v

    def output(self, shape, type=F32, gap=0, batch_gap=0):
        v = View(self, shape, None, type, gap, batch_gap, True)
        self.views.append(v)
        return v

    def raw(self, array):
        """A constant array, as it is."""
        array = np.ascontiguousarray(array)
        p = self.driver.alloc(array.nbytes)
        self.allocated.append(p)
        self.driver.upload(p, array)
        return p

    def ints(self, values):
        return self.raw(np.asarray(values, np.int32))

    def launch(self, kernel, grid, block, shared=0, /, **values):
        self.launches.append((kernel, grid, block, shared, values))

    def expect(self, view, reference, tolerance=1e-6, valid=None, equal=False, worst=None):
        """valid: rows of each batch that are compared; equal: bit for bit; tolerance of |out - ref| / |ref|."""
        self.checks.append((view, np.asarray(reference, np.float64).reshape(view.shape), tolerance, valid, equal, worst))

    def run(self):
        for l in self.launches:
            self.driver.launch(*l)

    def reset(self):
        for v in self.views:
            if v.out:
                v.reset()

    def check(self):
        """Runs once, then 20 times more as a graph; returns (error, what is wrong or None)."""
        self.reset()
        self.run()
        self.driver.sync()
        first = [v.get() for v in self.views]
        error, wrong = 0.0, None
        for view, reference, tolerance, valid, equal, worst in self.checks:
            out = view.values(first[self.views.index(view)]).astype(np.float64)
            if valid is not None:
                rows = np.arange(view.shape[1])[None, :] < np.asarray(valid)[:, None]
                out, reference = out[rows], reference[rows]
            if equal:
                bad = int(np.sum(~((out == reference) | (np.isnan(out) & np.isnan(reference)))))
                e = bad / max(1, out.size)
            else:
                e = float(np.linalg.norm(out - reference) / max(np.linalg.norm(reference), 1e-30))
                if worst is not None and out.size:
                    e = max(e, float(np.max(np.abs(out - reference))) / worst * tolerance)
            if not e <= (0 if equal else tolerance):
                where = np.argwhere(~(np.abs(out - reference) <= tolerance * max(1e-30, np.abs(reference).max())))
                wrong = f"error {e:.2e} over {tolerance:.1e}; {len(where)} off, first at {where[0].tolist() if len(where) else '-'} of {list(view.shape)}"
            error = max(error, e) if e == e else float("nan")
        for view, whole in zip(self.views, first):
            if not view.untouched(whole):
                wrong = wrong or f"wrote outside of {list(view.shape)}"
        executable = self.driver.capture(self.run)
        for i in range(2 if self.driver.simulated else 20):
            self.reset()
            self.driver.replay(executable)
            self.driver.sync()
            for view, whole in zip(self.views, first):
                if view.out and not np.array_equal(view.get().view(np.uint8), whole.view(np.uint8)):
                    wrong = wrong or f"replay {i} differs"
        self.driver.call("cuGraphExecDestroy", executable)
        return error, wrong

    def time(self, launches=20, repeats=15):
        """Median microseconds of one run, in a graph."""
        executable = self.driver.capture(lambda: [self.run() for _ in range(launches)])
        for _ in range(2):
            self.driver.replay(executable)
        times = [self.driver.milliseconds(lambda: self.driver.replay(executable)) for _ in range(repeats)]
        self.driver.call("cuGraphExecDestroy", executable)
        return statistics.median(times) / launches * 1000

    def close(self):
        for p in self.allocated:
            self.driver.free(p)


def ceil(a, b):
    return -(-a // b)


def tiled(x):
    """(B,T,C) in the tiles of attention.cu: (B * tiles * chunks * 64, 32)."""
    B, T, C = x.shape
    full = np.zeros((B, ceil(T, 64) * 64, C), x.dtype)
    full[:, :T] = x
    tiles = full.reshape(B, -1, 64, C // 32, 4, 8).transpose(0, 1, 3, 2, 4, 5)
    row = np.arange(64)[:, None]
    return tiles[:, :, :, row, np.arange(4)[None, :] ^ (row >> 1 & 3)].reshape(1, -1, 32)
