"""The commands of ``ssc-tune``, one file each; ``cli.py`` lists them.

A file has ``HELP`` (and ``MORE``, which its own help adds), ``add_arguments``, and ``run``, which takes the arguments
with ``given``, the command line they are from, and returns the exit code.

What several commands share is loaded when one of them runs: reading the command line costs nothing else.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
