"""Stands in for the official loader of Original: a speech token is a character."""

import os
import types

import torch


class Row(list):
    """A tensor of one row."""

    @property
    def shape(self):
        return 1, len(self)

    def reshape(self, _):
        return self


class Tokenizer:
    def encode(self, text):
        return list(text)


class T3:
    hp = types.SimpleNamespace(stop_speech_token=6562, max_text_tokens=2048)

    def inference(self, text, max_new_tokens=None):
        tokens = [7] * len(text) + [self.hp.stop_speech_token]
        return Row(tokens[:max_new_tokens])


class ChatterboxTTS:
    sr = 100
    conds = object()

    @classmethod
    def from_local(cls, folder, device):
        print("the official code prints", device)
        if not os.path.exists(os.path.join(folder, "t3_cfg.safetensors")):
            raise FileNotFoundError("No such file: t3_cfg.safetensors\nand more")
        speaker = cls()
        speaker.t3, speaker.tokenizer = T3(), Tokenizer()
        speaker.watermarker = types.SimpleNamespace()
        return speaker

    def generate(self, text, cfg_weight=0.5):
        if "memory" in text:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")
        if "crash" in text:
            os.abort()
        if "hurry" in text:
            return Row([0])
        assert cfg_weight == 0.3
        tokens = self.t3.inference(text, max_new_tokens=1000)
        return Row([0] * (4 * len(tokens)))
