"""From files and overrides to a study, and back: every value knows where it was written."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.study.reading import dump as dump
    from ssc_tune.study.reading import explain as explain
    from ssc_tune.study.reading import override as override
    from ssc_tune.study.reading import provenance as provenance
    from ssc_tune.study.reading import prune as prune
    from ssc_tune.study.reading import suggest as suggest
    from ssc_tune.study.reading import template as template
    from ssc_tune.study.reading import yaml_reader as yaml_reader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["dump", "explain", "override", "provenance", "prune", "suggest", "template", "yaml_reader"],
)
