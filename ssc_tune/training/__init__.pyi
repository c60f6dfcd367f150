from . import hardware as hardware
from .config import CellConfig as CellConfig
from .config import DataConfig as DataConfig
from .config import ModelConfig as ModelConfig
from .config import TrainingConfig as TrainingConfig
from .loop import train as train
from .result import Evaluation as Evaluation
from .result import RunResult as RunResult
