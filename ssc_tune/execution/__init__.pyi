"""What the package gives on first use."""

from . import tuning as tuning
from . import worker as worker
