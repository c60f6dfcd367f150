"""The commands of ``ssc-tune``, one file each with its arguments and its ``run``; ``cli.py`` lists them.

What several commands share is loaded when one of them runs: reading the command line costs nothing else.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
