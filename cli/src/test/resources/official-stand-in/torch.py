"""Stands in for PyTorch: what official_chatterbox.py asks of it."""

__version__ = "0.0"


class OutOfMemoryError(RuntimeError):
    pass


class cuda:
    @staticmethod
    def is_available():
        return False


def manual_seed(seed):
    print("seed", seed)


def set_num_threads(threads):
    print("threads", threads)
