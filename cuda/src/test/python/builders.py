"""What each case of cases.json launches and what it must give; one function a kernel."""

from builders_attention import *  # noqa: F401,F403
from builders_conv import *  # noqa: F401,F403
from builders_decode import *  # noqa: F401,F403
from builders_gemm import *  # noqa: F401,F403
from builders_models import *  # noqa: F401,F403
from builders_rows import *  # noqa: F401,F403
