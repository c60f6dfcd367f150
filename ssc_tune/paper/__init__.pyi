"""What the package gives on first use."""

from . import files as files
from .files import write as write
