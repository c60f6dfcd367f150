"""What the package gives on first use."""

from . import falling as falling
from . import memory as memory
from . import moving as moving
from . import parts as parts
from . import ramps as ramps
from . import thresholds as thresholds
from .base import Extent as Extent
from .base import Hyperparameters as Hyperparameters
from .base import Method as Method
from .own import OwnMethod as OwnMethod
from .registry import augmentation_of as augmentation_of
from .registry import get as get
from .registry import hyperparameters_of as hyperparameters_of
from .registry import known as known
from .registry import make as make
from .registry import names as names
from .registry import resolve as resolve
from .registry import sources_of as sources_of
