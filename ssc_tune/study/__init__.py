"""Study files: parsed, completed and checked into one frozen object, every error named by file, line and key."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.study import checking as checking
    from ssc_tune.study import load as load
    from ssc_tune.study import model as model
    from ssc_tune.study import reading as reading
    from ssc_tune.study import reference as reference
    from ssc_tune.study import registration as registration
    from ssc_tune.study import schema as schema
    from ssc_tune.study.load import load_search_space as load_search_space
    from ssc_tune.study.load import load_study as load_study
    from ssc_tune.study.model.claims import Claim as Claim
    from ssc_tune.study.model.claims import VerdictName as VerdictName
    from ssc_tune.study.model.measures import MEASURES as MEASURES
    from ssc_tune.study.model.measures import Measure as Measure
    from ssc_tune.study.model.space import ChoiceParameter as ChoiceParameter
    from ssc_tune.study.model.space import FloatParameter as FloatParameter
    from ssc_tune.study.model.space import IntParameter as IntParameter
    from ssc_tune.study.model.space import Parameter as Parameter
    from ssc_tune.study.model.space import SearchSpace as SearchSpace
    from ssc_tune.study.model.space import Value as Value
    from ssc_tune.study.model.study import Block as Block
    from ssc_tune.study.model.study import Design as Design
    from ssc_tune.study.model.study import Resources as Resources
    from ssc_tune.study.model.study import Setting as Setting
    from ssc_tune.study.model.study import Study as Study
    from ssc_tune.study.reading.dump import dump_study as dump_study

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["checking", "load", "model", "reading", "reference", "registration", "schema"],
    submod_attrs={
        "load": ["load_search_space", "load_study"],
        "model.claims": ["Claim", "VerdictName"],
        "model.measures": ["MEASURES", "Measure"],
        "model.space": ["ChoiceParameter", "FloatParameter", "IntParameter", "Parameter", "SearchSpace", "Value"],
        "model.study": ["Block", "Design", "Resources", "Setting", "Study"],
        "reading.dump": ["dump_study"],
    },
)
