"""A study file to begin with."""

from __future__ import annotations

from pydantic import ValidationError

from ssc_tune.errors import InputError
from ssc_tune.study.model.study import Study
from ssc_tune.study.reading.explain import explain
from ssc_tune.study.reading.yaml_reader import parse_yaml

_TEXT = """\
# A study: which methods are compared, over which hyperparameters, and what is claimed of them.
# Look at it first:  python -m ssc_tune.run {name}.yaml --dry-run
# Run it:            python -m ssc_tune.run {name}.yaml
name: {name}
data: {{name: digits, labels_per_class: 4}}     # or mnist5k
training: {{steps: 100}}                        # optimizer steps of one training run
methods: [fixmatch, ssc]
hyperparameters: {{batch_size: 32, mu: 4}}      # fixed; what is named neither here nor below has its published default

search_space:                                 # what varies; may also be the path of a file with the same content
  parameters:
    learning_rate: {{type: float, default: 0.03, factor: 3}}        # 3 times either way, uniform in the logarithm
    tau: {{type: float, default: 0.95, low: 0.6, high: 0.99, log: true, complement: true}}  # scale of 1 - tau
    # A parameter that only one method has says so, and needs a block of its own:
    # temperature: {{type: float, applies_to: [ssc], default: 0.1, factor: 3}}

design: {{type: sobol, points: 8}}              # or random, grid, one-at-a-time, search
seeds: 3                                      # repetitions of each point; claims about spread need 2 or more
# blocks:
#   shared: {{}}                                # the parameters that all methods have
#   specific: {{parameters: [learning_rate, tau, temperature]}}

claims:                                       # judged at the end: supported, refuted or inconclusive
  - {{name: stability, less: ssc, than: fixmatch, in: std}}
  - {{name: accuracy, more: ssc, than: fixmatch, in: mean}}
"""


def study_template(name: str) -> str:
    """The text of a commented study file called ``name`` that runs as it is.

    Raises:
        InputError: ``name`` cannot be a study's name.
    """
    content = parse_yaml(_TEXT.format(name="name"), "template").value
    try:
        Study.model_validate({**content, "name": name}, strict=True)
    except ValidationError as error:
        problem = explain(error, {**content, "name": name}, Study)[0]
        raise InputError(f"name: {problem.text}") from None
    return _TEXT.format(name=name).replace(f"name: {name}\n", f"name: {_quoted(name)}\n", 1)


def _quoted(name: str) -> str:
    """In quotes where YAML would take the name for a number or the like."""
    return name if isinstance(parse_yaml(name, "name").value, str) else f'"{name}"'
