"""From an analysis to what people look at: HTML, Markdown, tables and figures."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.report.files import write as write

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={"files": ["write"]})
