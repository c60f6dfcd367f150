"""How things are said and shown everywhere: numbers, sentences, colours, tables, and what a terminal shows."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.presentation import colours as colours
    from ssc_tune.presentation import csvs as csvs
    from ssc_tune.presentation import live as live
    from ssc_tune.presentation import looks as looks
    from ssc_tune.presentation import measures as measures
    from ssc_tune.presentation import numbers as numbers
    from ssc_tune.presentation import places as places
    from ssc_tune.presentation import terminal as terminal
    from ssc_tune.presentation import words as words

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["colours", "csvs", "live", "looks", "measures", "numbers", "places", "terminal", "words"],
)
