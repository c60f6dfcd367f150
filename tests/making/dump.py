"""Writing a study so that reading it gives the same study again."""

from __future__ import annotations

import re

import yaml

from ssc_tune.study.model.study import Study
from ssc_tune.study.reading.yaml_reader import add_patterns


class _Dumper(yaml.SafeDumper):
    """Quotes exactly the text that our reader would take for something else."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """In double quotes, with escapes, where YAML would take a character for the end of a line."""
    style = '"' if any(character in "\r\x85\u2028\u2029" for character in text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


add_patterns(_Dumper)
_Dumper.add_representer(str, _text)


def dump_study(study: Study) -> str:
    """The study as a YAML file, complete: search space inline, every default written out, but of factors only there."""
    content = study.model_dump(mode="json", by_alias=True)
    for factor in study.factors.values():
        for place in (content, *content["settings"].values()):
            (place[factor.part] or {}).pop(factor.key, None)
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
