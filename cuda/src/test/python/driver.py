"""The CUDA driver API through ctypes: of a card, or of the simulator that stands for one (SKALD_LIBCUDA)."""

import ctypes
import os
import re
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
KERNELS = ROOT / "src/main/resources/dev/skald/cuda/kernels"


def parse_structs():
    """Parameter structs and kernels as the sources declare them."""
    structs, kernels = {}, {}
    for file in sorted((ROOT / "src/main/cuda").glob("*.cu*")):
        text = re.sub(r"//[^\n]*", "", file.read_text())
        for name, body in re.findall(r"struct (\w+Params) \{(.*?)\};", text, re.S):
            fields = []
            for declaration in body.split(";"):
                declaration = " ".join(declaration.split())
                if not declaration:
                    continue
                pointer = "*" in declaration
                words = declaration.replace("const ", "").replace("*", " ").strip()
                kind, names = re.match(r"((?:unsigned |long )*\w+) (.*)", words).groups()
                c = ctypes.c_uint64 if pointer else {
                    "i64": ctypes.c_int64, "u64": ctypes.c_uint64, "int": ctypes.c_int32, "float": ctypes.c_float,
                    "unsigned": ctypes.c_uint32}[kind]
                for one in names.split(","):
                    fields.append((one.strip(), c))
            structs[name] = type(name, (ctypes.Structure,), {"_fields_": fields})
        for match in re.findall(r"^\s*[A-Z_]*KERNEL\w*\((\w+), *(\d+|\w+), *\w+, *(\w+Params)\b", text, re.M):
            kernels[match[0]] = (structs[match[2]] if match[2] in structs else match[2], match[1], file.stem)
    for name, value in list(kernels.items()):
        if isinstance(value[0], str):
            kernels[name] = (structs[value[0]], value[1], value[2])
    return kernels


class LaunchAttribute(ctypes.Structure):
    _fields_ = [("id", ctypes.c_int), ("pad", ctypes.c_int), ("value", ctypes.c_int * 16)]


class LaunchConfig(ctypes.Structure):
    _fields_ = [(n, ctypes.c_uint) for n in ("gx", "gy", "gz", "bx", "by", "bz", "shared")] + [
        ("stream", ctypes.c_void_p), ("attributes", ctypes.POINTER(LaunchAttribute)), ("count", ctypes.c_uint)]


# CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION: a kernel starts beside the end of the one before
DEPENDENT = LaunchAttribute(6, 0, (ctypes.c_int * 16)(1))


class Driver:
    dependent = False

    def __init__(self, library=None):
        library = library or os.environ.get("SKALD_LIBCUDA", "libcuda.so.1")
        self.cuda = ctypes.CDLL(library)
        self.simulated = "sim" in library
        self.call("cuInit", 0)
        device = ctypes.c_int()
        self.call("cuDeviceGet", ctypes.byref(device), 0)
        name = ctypes.create_string_buffer(100)
        self.call("cuDeviceGetName", name, 100, device)
        self.name = name.value.decode()
        self.sms = self.attribute(16)
        context = ctypes.c_void_p()
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
        self.call("cuCtxSetCurrent", context)
        stream = ctypes.c_void_p()
        self.call("cuStreamCreate", ctypes.byref(stream), 1)
        self.stream = stream
        self.kernels = parse_structs()
        self.modules, self.functions = {}, {}

    def call(self, name, *arguments):
        code = getattr(self.cuda, name)(*arguments)
        if code:
            text = ctypes.c_char_p()
            self.cuda.cuGetErrorName(code, ctypes.byref(text))
            raise RuntimeError(f"{name}: {text.value.decode() if text.value else code}")

    def attribute(self, which):
        v = ctypes.c_int()
        self.call("cuDeviceGetAttribute", ctypes.byref(v), which, 0)
        return v.value

    def alloc(self, size):
        p = ctypes.c_uint64()
        self.call("cuMemAlloc_v2", ctypes.byref(p), ctypes.c_size_t(max(size, 16)))
        return p.value

    def free(self, p):
        self.call("cuMemFree_v2", ctypes.c_uint64(p))

    def upload(self, p, array):
        array = np.ascontiguousarray(array)
        self.call("cuMemcpyHtoD_v2", ctypes.c_uint64(p), array.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(array.nbytes))
        # it returns before the last bytes have arrived, and the stream of the kernels does not wait for it
        self.call("cuCtxSynchronize")

    def download(self, p, array):
        self.call("cuMemcpyDtoH_v2", array.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint64(p), ctypes.c_size_t(array.nbytes))
        return array

    def sync(self):
        self.call("cuStreamSynchronize", self.stream)

    def function(self, name):
        if name not in self.functions:
            stem = self.kernels[name][2]
            if stem not in self.modules:
                module = ctypes.c_void_p()
                image = b"" if self.simulated else (KERNELS / f"{stem}.fatbin").read_bytes()
                self.call("cuModuleLoadData", ctypes.byref(module), image)
                self.modules[stem] = module
            f = ctypes.c_void_p()
            self.call("cuModuleGetFunction", ctypes.byref(f), self.modules[stem], name.encode())
            self.functions[name] = (f, {})
        return self.functions[name]

    def launch(self, name, grid, block, shared, values):
        f, state = self.function(name)
        if shared > 48 * 1024 and state.get("shared", 0) < shared:
            self.call("cuFuncSetAttribute", f, 8, ctypes.c_int(shared))
            state["shared"] = shared
        struct = self.kernels[name][0]
        known = {n for n, _ in struct._fields_}
        unknown = set(values) - known
        assert not unknown, f"{name} has no parameter {unknown}"
        params = struct(**{k: v for k, v in values.items()})
        arguments = (ctypes.c_void_p * 1)(ctypes.cast(ctypes.byref(params), ctypes.c_void_p))
        grid = tuple(grid) + (1,) * (3 - len(grid))
        if self.dependent:
            config = LaunchConfig(*grid, block, 1, 1, shared, self.stream, ctypes.pointer(DEPENDENT), 1)
            self.call("cuLaunchKernelEx", ctypes.byref(config), f, arguments, None)
            return
        self.call("cuLaunchKernel", f, *grid, block, 1, 1, shared, self.stream, arguments, None)

    def capture(self, body):
        self.call("cuStreamBeginCapture_v2", self.stream, 2)
        try:
            body()
        finally:
            graph = ctypes.c_void_p()
            self.call("cuStreamEndCapture", self.stream, ctypes.byref(graph))
        executable = ctypes.c_void_p()
        self.call("cuGraphInstantiateWithFlags", ctypes.byref(executable), graph, ctypes.c_uint64(0))
        self.call("cuGraphDestroy", graph)
        return executable

    def replay(self, executable):
        self.call("cuGraphLaunch", executable, self.stream)

    def event(self):
        e = ctypes.c_void_p()
        self.call("cuEventCreate", ctypes.byref(e), 0)
        return e

    def milliseconds(self, body):
        if not hasattr(self, "events"):
            self.events = self.event(), self.event()
        a, b = self.events
        self.call("cuEventRecord", a, self.stream)
        body()
        self.call("cuEventRecord", b, self.stream)
        self.call("cuEventSynchronize", b)
        ms = ctypes.c_float()
        self.call("cuEventElapsedTime", ctypes.byref(ms), a, b)
        return ms.value
