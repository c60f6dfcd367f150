"""What the package gives on first use."""

from .registry import NEEDS_EMBEDDINGS as NEEDS_EMBEDDINGS
from .registry import STRATEGIES as STRATEGIES
from .strategies import Wanted as Wanted
from .strategies import initialize as initialize
