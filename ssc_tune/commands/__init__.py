"""The commands of ``ssc-tune``, one file each with its arguments and its ``run``; ``cli.py`` lists them.

What several commands share is loaded when one of them runs: reading the command line costs nothing else.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.commands import pages as pages
    from ssc_tune.commands import plan_words as plan_words
    from ssc_tune.commands import registered as registered
    from ssc_tune.commands import screen as screen
    from ssc_tune.commands import state as state
    from ssc_tune.commands import stored as stored

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=["pages", "plan_words", "registered", "screen", "state", "stored"]
)
