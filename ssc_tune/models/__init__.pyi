"""What the package gives on first use."""

from .layers import Encoder as Encoder
from .layers import init_linear as init_linear
from .norm import BatchNorm2d as BatchNorm2d
from .norm import move_towards as move_towards
from .norm import update_running_statistics as update_running_statistics
from .norm import waiting as waiting
from .registry import build as build
from .weights import load_weights as load_weights
