"""What the package gives on first use."""

from . import augmentation as augmentation
from .dataset import Dataset as Dataset
from .registry import DATASETS as DATASETS
from .registry import load as load
from .splits import Split as Split
from .splits import split as split
