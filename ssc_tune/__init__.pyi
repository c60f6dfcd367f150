from .api import StudyResult as StudyResult
from .api import run_study as run_study
from .errors import InputError as InputError
from .study import Study as Study
from .study import load_study as load_study

__version__: str
