"""Study files: parsed, completed and checked into one frozen object, every error named by file, line and key."""

from ssc_tune.study.load import load_search_space, load_study
from ssc_tune.study.model.claims import Claim, VerdictName
from ssc_tune.study.model.measures import MEASURES, Measure
from ssc_tune.study.model.space import ChoiceParameter, FloatParameter, IntParameter, Parameter, SearchSpace, Value
from ssc_tune.study.model.study import Block, Design, Resources, Setting, Study
from ssc_tune.study.reading.dump import dump_study

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
