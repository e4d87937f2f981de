"""The official Chatterbox code, stage by stage, for chatterbox_goldens.py.

A stage builds its module from a configuration of the manifest, runs it over given inputs with all
randomness replaced by them, and gives back outputs and taps under the manifest's names. Cases are
chosen for what the set in the repository does not have: one token, odd and prime lengths, several
rows, no prompt, other parameters.
"""

from .listening import CamPlus, Mel24, Resampling, SpeechTokenizer, VoiceEncoder
from .s3gen import Flow, FlowMeanflow, Hift, S3Gen, S3GenMeanflow
from .t3 import T3, Sampler
from .texts import Text
from .whole import Conds, Pipeline

STAGES = {"hift": Hift, "flow": Flow, "flow_meanflow": FlowMeanflow, "s3gen": S3Gen, "s3gen_meanflow": S3GenMeanflow,
          "campplus": CamPlus, "s3tok": SpeechTokenizer, "ve": VoiceEncoder, "mel24": Mel24, "resample": Resampling,
          "t3_original": T3("t3_original"), "t3_multilingual": T3("t3_multilingual"), "t3_turbo": T3("t3_turbo"), "sampler": Sampler, "conds": Conds, "pipeline": Pipeline,
          "text": Text}
