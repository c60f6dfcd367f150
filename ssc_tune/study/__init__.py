"""Study files: parsed, completed and checked into one frozen object, every error named by file, line and key."""

from ssc_tune.study.claims import Claim, VerdictName
from ssc_tune.study.dump import dump_study
from ssc_tune.study.load import load_search_space, load_study
from ssc_tune.study.measures import MEASURES, Measure
from ssc_tune.study.models import Block, Design, Resources, Setting, Study
from ssc_tune.study.space import ChoiceParameter, FloatParameter, IntParameter, Parameter, SearchSpace, Value

__all__ = [
    "MEASURES",
    "Block",
    "ChoiceParameter",
    "Claim",
    "Design",
    "FloatParameter",
    "IntParameter",
    "Measure",
    "Parameter",
    "Resources",
    "SearchSpace",
    "Setting",
    "Study",
    "Value",
    "VerdictName",
    "dump_study",
    "load_search_space",
    "load_study",
]
