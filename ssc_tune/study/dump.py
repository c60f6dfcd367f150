"""Writing a study so that reading it gives the same study again."""

from __future__ import annotations

import re

import yaml

from ssc_tune.study.models import Study
from ssc_tune.study.yaml_reader import add_patterns


class _Dumper(yaml.SafeDumper):
    """Quotes exactly the text that our reader would take for something else."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def ignore_aliases(self, data: object) -> bool:
        return True


add_patterns(_Dumper)


def dump_study(study: Study) -> str:
    """The study as a YAML file, complete: search space inline, every default written out."""
    content = study.model_dump(mode="json", by_alias=True)
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
