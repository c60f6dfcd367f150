"""Studies: one function, and a base for every shape that is different in kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ssc_tune.study.model.study import Study

Content = Mapping[str, Any]

RATE: Content = {"type": "float", "default": 0.03, "factor": 3}
TAU: Content = {"type": "float", "default": 0.95, "low": 0.6, "high": 0.99, "log": True, "complement": True}
TEMPERATURE: Content = {"type": "float", "default": 0.1, "factor": 3, "applies_to": ["ssc"]}
STD: Content = {"name": "more stable", "less": "ssc", "than": "fixmatch", "in": "std"}
PARAMETERS: dict[str, Any] = {
    "learning_rate": RATE,
    "tau": TAU,
    "mu": {"type": "int", "default": 2, "low": 1, "high": 4},
    "temperature": TEMPERATURE,
    "prototype_init": {
        "type": "choice",
        "default": "random",
        "choices": ["random", "orthogonal", "simplex"],
        "applies_to": ["ssc"],
    },
}
SMALL: Content = {
    "name": "small",
    "training": {"steps": 6, "evaluations": 2},
    "methods": ["fixmatch", "ssc"],
    "hyperparameters": {"batch_size": 8},
    "search_space": {"parameters": PARAMETERS},
    "design": {"type": "sobol", "points": 4},
    "seeds": 2,
    "blocks": {
        "shared": {"parameters": ["learning_rate", "tau"]},
        "specific": {"parameters": ["learning_rate", "temperature", "prototype_init"]},
    },
}
"""Two methods, a shared block and one with what only SSC has."""

FAKE: Content = {
    "name": "fake",
    "methods": ["fixmatch", "ssc"],
    "training": {"steps": 4, "evaluations": 2},
    "search_space": {"parameters": {"learning_rate": RATE, "tau": {**TAU, "default": 0.9}}},
    "design": {"type": "sobol", "points": 8},
    "seeds": 3,
    "claims": [STD],
}
"""Two methods over two shared hyperparameters."""

TRACKED: Content = {
    "name": "stability",
    "description": "Is SSC less sensitive than FixMatch?",
    "methods": ["fixmatch", "ssc"],
    "search_space": {
        "parameters": {
            "tau": {"type": "float", "default": 0.95, "low": 0.6, "high": 0.99},
            "learning_rate": {"type": "float", "default": 0.03, "low": 0.01, "high": 0.1, "log": True},
        }
    },
    "design": {"type": "sobol", "points": 4},
    "seeds": 2,
    "claims": [STD],
}
"""Two methods, two shared hyperparameters, one claim, all with names that MLflow's store shows."""

REPORTED: Content = {
    "name": "stability",
    "description": "Are SSC and FixMatch equally sensitive to their hyperparameters on digits?",
    "methods": ["fixmatch", "ssc"],
    "search_space": {
        "parameters": {
            "tau": {**TAU, "reason": "0.01 to 0.4 of 1 - tau"},
            "learning_rate": {**RATE, "reason": "three times either way"},
            "mu": {"type": "int", "default": 4, "low": 1, "high": 7},
            "temperature": TEMPERATURE,
            "prototypes": {
                "type": "choice",
                "default": "random",
                "choices": ["random", "orthogonal", "simplex", "class_means"],
                "applies_to": ["ssc"],
            },
        }
    },
    "design": {"type": "sobol", "points": 16},
    "blocks": {"shared": {}},
    "seeds": 3,
    "claims": [
        {**STD, "name": "stability", "source": "arXiv 2409.07292, section 4.4"},
        {"name": "accuracy", "more": "ssc", "than": "fixmatch", "in": "mean"},
        {"name": "worst case", "equivalent": ["ssc", "fixmatch"], "within": 0.02, "in": "cvar"},
    ],
}
"""Two methods, five parameters, three claims."""

SYNTHETIC: Content = {
    "name": "synthetic",
    "methods": {"fixmatch": None, "ssc": None},
    "search_space": {
        "parameters": {
            "tau": {"type": "float", "default": 0.95, "factor": 4, "complement": True},
            "learning_rate": {"type": "float", "default": 0.03, "factor": 4},
        }
    },
    "design": {"type": "sobol", "points": 32},
    "seeds": 3,
}
"""Two methods over tau and learning rate on 32 Sobol points."""

ALIKE: Content = {
    "name": "synthetic",
    "methods": ["fixmatch", "supervised"],
    "search_space": {
        "parameters": {
            "tau": TAU,
            "learning_rate": {"type": "float", "default": 0.03, "low": 0.01, "high": 0.1, "log": True},
            "randaugment_n": {"type": "int", "default": 2, "low": 1, "high": 4},
        }
    },
    "seeds": 3,
}
"""Two methods that need no parameters of their own, over three."""

DISCRETE: Content = {
    "name": "discrete",
    "methods": ["fixmatch", "ssc"],
    "search_space": {
        "parameters": {"batch_size": {"type": "int", "default": 8, "low": 8, "high": 9}, "temperature": TEMPERATURE}
    },
    "blocks": {"all": {"parameters": ["batch_size", "temperature"]}},
    "design": {"type": "sobol", "points": 8},
    "seeds": 2,
}
"""A shared hyperparameter of two values, and one of SSC's own."""


def study(base: Content = SMALL, /, *, points: int | None = None, **changes: Any) -> Study:
    """A base with keys replaced; ``points`` stand for a Sobol design of so many."""
    sobol = {} if points is None else {"design": {"type": "sobol", "points": points}}
    return Study.model_validate({**base, **sobol, **changes})
