"""Valid studies of every shape, as plain values."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ssc_tune.study import Study
from tests.making.studies import study

WORDS = st.text(alphabet="abcxyz0189_-", min_size=1, max_size=8).filter(lambda word: word[0].isalnum())
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t")
ANY_TEXT = st.text(CHARACTERS, max_size=20)
SHARED = {
    "learning_rate": {"type": "float", "default": 0.03, "factor": 3},
    "tau": {"type": "float", "default": 0.95, "low": 0.6, "high": 0.99, "log": True, "complement": True},
    "mu": {"type": "int", "default": 4, "low": 1, "high": 9, "log": True},
}
SPECIFIC = {
    "temperature": {"type": "float", "default": 0.1, "low": 0.05, "high": 0.5, "applies_to": ["ssc"]},
    "prototype_init": {"type": "choice", "default": "random", "choices": ["random", "kmeans"], "applies_to": ["ssc"]},
}


@st.composite
def studies(draw: st.DrawFn) -> Study:
    """A study that :func:`ssc_tune.study.load_study` would accept."""
    shared = draw(st.lists(st.sampled_from(sorted(SHARED)), min_size=1, unique=True))
    specific = draw(st.lists(st.sampled_from(sorted(SPECIFIC)), unique=True))
    content: dict[str, Any] = {
        "name": draw(WORDS),
        "description": draw(ANY_TEXT),
        "methods": draw(st.sampled_from([["fixmatch", "ssc"], {"ssc": {"pseudo_temperature": 0.1}, "fixmatch": None}])),
        "hyperparameters": draw(st.sampled_from([{}, {"batch_size": 16}, {"cutout": 0.25, "weight_decay": 1e-5}])),
        "search_space": {
            "description": draw(ANY_TEXT),
            "parameters": {
                name: {**parameter, "reason": draw(ANY_TEXT)}
                for name, parameter in (SHARED | SPECIFIC).items()
                if name in shared + specific
            },
        },
        "design": draw(
            st.one_of(
                st.builds(lambda n: {"type": "sobol", "points": n}, st.integers(2, 64)),
                st.builds(
                    lambda n, s: {"type": "random", "points": n, "seed": s},
                    st.integers(2, 64),
                    st.integers(0, 2**32 - 1),
                ),
                st.builds(lambda n: {"type": "search", "points": n, "sampler": "gp"}, st.integers(1, 64)),
                st.just({"type": "grid", "levels": {shared[0]: [SHARED[shared[0]]["default"]]}}),
            )
        ),
        "seeds": draw(st.integers(2, 300)),  # fewer cells than a study may have
        "resources": {"cpus": draw(st.sampled_from([1, 0.5, 4]))},
    }
    if specific:
        content["blocks"] = {"shared": {}, draw(WORDS): {"parameters": [*shared, *specific]}}
    if content["design"]["type"] != "search":
        names = draw(st.lists(st.text(CHARACTERS, min_size=1, max_size=10), unique=True, max_size=3))
        claim = {"less": "ssc", "than": "fixmatch", "in": "std", "expected": None}
        content["claims"] = [{**claim, "name": name, "source": draw(ANY_TEXT)} for name in names]
    return study(content)
