"""What the package gives on first use."""

from . import augmentation as augmentation
from .dataset import Dataset as Dataset
from .facts import DatasetInfo as DatasetInfo
from .facts import Source as Source
from .registry import DATASETS as DATASETS
from .registry import info as info
from .registry import load as load
from .splits import Split as Split
from .splits import noisy_labels as noisy_labels
from .splits import num_labelled as num_labelled
from .splits import split as split
