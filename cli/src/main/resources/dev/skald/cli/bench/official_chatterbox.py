"""Speaks one text with the official chatterbox-tts, for `skald bench --official PYTHON`.

The job comes as JSON on the standard input, the row goes as JSON to the standard output: of the form
of `skald bench --json`, with "failure" where the text was not spoken whole and "every_text" where no
other text would be either. The official code runs as it is installed, in its own precision.

Job: model, folder, device, threads, clip, watermark, options (of generate), language, seed, name,
text, warm_up_text, warm_up, repetitions, seconds (after which nothing is said again; null: no such
limit), tokens (at which speech is stopped; null: where it ends by itself).
"""

import importlib.metadata
import importlib.util
import inspect
import json
import os
import random
import sys
import time

# Read when the packages are imported.
os.environ.update(TQDM_DISABLE="1", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

# Nobody speaks faster: audio that is shorter is not that of the whole text.
CHARACTERS_A_SECOND = 40


class Failure(Exception):
    def __init__(self, what, error=None, every_text=False):
        if error is not None:
            if "OutOfMemory" in type(error).__name__ or "out of memory" in str(error):
                what += ": CUDA out of memory"
            else:
                while isinstance(error, ImportError) and error.__cause__ is not None:
                    error = error.__cause__  # lazy imports say which name was wanted, not why not
                what += f": {type(error).__name__}: {' '.join(str(error).split())}"
        super().__init__(what)
        self.every_text = every_text


def version():
    try:
        return importlib.metadata.version("chatterbox-tts")
    except importlib.metadata.PackageNotFoundError:
        return "of a source tree"


def imported(job):
    """PyTorch and the loader of the job's model."""
    if importlib.util.find_spec("chatterbox") is None:
        raise Failure(
            f"no chatterbox-tts is installed: {sys.executable} -m pip install chatterbox-tts",
            every_text=True,
        )
    try:
        import torch
    except Exception as error:
        raise Failure("its PyTorch cannot be imported", error, every_text=True)
    try:
        model = job["model"]
        if model == "chatterbox":
            from chatterbox.tts import ChatterboxTTS as loader
        elif "multilingual" in model:
            from chatterbox.mtl_tts import ChatterboxMultilingualTTS as loader
        else:
            from chatterbox.tts_turbo import ChatterboxTurboTTS as loader
    except Exception as error:
        what = f"chatterbox-tts {version()} cannot be imported"
        raise Failure(what, error, every_text=True)
    if job["device"] != "cpu" and not torch.cuda.is_available():
        raise Failure(f"PyTorch {torch.__version__} finds no CUDA device", every_text=True)
    return torch, loader


def loaded(job, loader):
    model = job["model"]
    known = inspect.signature(loader.from_local).parameters
    more = {}
    if model == "chatterbox-nano":
        more["nano"] = True
    elif model == "chatterbox-multilingual-v3" or "multilingual" in model and "t3_model" in known:
        more["t3_model"] = model.rsplit("-", 1)[1]
    if not known.keys() >= more.keys():
        raise Failure(f"chatterbox-tts {version()} does not know {model}", every_text=True)
    try:
        speaker = loader.from_local(job["folder"], job["device"], **more)
    except Exception as error:
        what = f"chatterbox-tts {version()} cannot load the checkpoint"
        raise Failure(what, error, every_text=True)
    if job["clip"] is not None:
        try:
            emotion = {k: v for k, v in job["options"].items() if k == "exaggeration"}
            speaker.prepare_conditionals(job["clip"], **emotion)
        except Exception as error:
            raise Failure("cannot take the voice from the clip", error, every_text=True)
    elif speaker.conds is None:
        raise Failure("the checkpoint has no conds.pt: name a clip as --voice", every_text=True)
    if not job["watermark"]:  # neither does the other side
        speaker.watermarker.apply_watermark = lambda wav, sample_rate: wav
    return speaker


class Tokens:
    """Watches the drawing of speech tokens: it has a limit, at which it stops without a word."""

    def __init__(self, t3, turbo, wanted):
        self.cut = ""
        name, keyword = ("inference_turbo", "max_gen_len") if turbo else ("inference", "max_new_tokens")
        draw = getattr(t3, name)
        default = inspect.signature(draw).parameters[keyword].default
        first = 1 if turbo else 0  # the first token does not count there

        def watched(*args, **kwargs):
            own = (kwargs.get(keyword) or default) + first
            limit = own if wanted is None else min(own, wanted)
            kwargs[keyword] = limit - first
            tokens = draw(*args, **kwargs)
            count = tokens.shape[-1]
            ended = count < limit or int(tokens.reshape(-1)[-1]) == t3.hp.stop_speech_token
            early = not ended and (wanted is None or wanted > own)
            self.cut = f"cut off at {own} speech tokens" if early else ""
            return tokens

        setattr(t3, name, watched)


def measured(job):
    begin = time.perf_counter()
    torch, loader = imported(job)
    import_s = time.perf_counter() - begin
    gpu = job["device"] != "cpu"
    if not gpu:
        torch.set_num_threads(job["threads"])
    speaker = loaded(job, loader)
    load = time.perf_counter() - begin

    turbo = job["model"] in ("chatterbox-turbo", "chatterbox-nano")
    tokens = Tokens(speaker.t3, turbo, job["tokens"])
    language = {"language_id": job["language"]} if "multilingual" in job["model"] else {}
    text = job["text"]
    cut = ""
    if turbo:
        count = len(speaker.tokenizer(text).input_ids)
        taken = len(speaker.tokenizer(text, truncation=True).input_ids)
        if taken < count:
            cut = f"cut off: {taken} of {count} text tokens were taken"
    else:
        # A longer one is an index out of range, which a GPU tells in other words, or later.
        count = len(speaker.tokenizer.encode(text, **language)) + 2
        most = speaker.t3.hp.max_text_tokens + 2
        if count > most:
            raise Failure(f"refused: {count} text tokens, and it takes {most} at most")

    def speak(words):
        if job["seed"] is not None:
            random.seed(job["seed"])
            torch.manual_seed(job["seed"])
        start = time.perf_counter()
        try:
            audio = speaker.generate(words, **language, **job["options"])
        except Exception as error:
            raise Failure("failed", error)
        return time.perf_counter() - start, audio.shape[-1] / speaker.sr

    def repeated(words, count):
        spoken, spent = [], 0
        while len(spoken) < count and (not spoken or job["seconds"] is None or spent < job["seconds"]):
            spoken.append(speak(words))
            spent += spoken[-1][0]
        return spoken

    repeated(job["warm_up_text"], job["warm_up"])
    spoken = repeated(text, job["repetitions"])
    audio = spoken[-1][1]
    cut = cut or tokens.cut
    if not cut and job["tokens"] is None and len(text) > CHARACTERS_A_SECOND * audio:
        cut = "cut off"
    name = f"chatterbox-tts {version()}, PyTorch {torch.__version__}"
    return {
        "program": name + (", stopped at the same length" if job["tokens"] else ""),
        "load_s": [load],
        "import_s": [import_s],
        "total_s": [seconds for seconds, _ in spoken],
        "audio_s": [audio for _, audio in spoken],
        "peak_rss_bytes": resident(),
        "peak_gpu_bytes": torch.cuda.max_memory_reserved() if gpu else 0,
        "failure": cut and f"{cut}, {audio:.1f} s of audio",
    }


def resident():
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main():
    job = json.load(sys.stdin)
    row = {"program": "chatterbox-tts", "text": job["name"], "characters": len(job["text"])}
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # the official code prints
    try:
        row.update(measured(job))
    except Failure as failure:
        row.update({"failure": str(failure), "every_text": failure.every_text})
    json.dump(row, answer)
    answer.close()


if __name__ == "__main__":
    main()
