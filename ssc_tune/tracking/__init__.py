"""The MLflow view of a study: written from the records, rebuilt from them at any time, never read for results.

:class:`Tracker` follows a running study from a thread of its own; :func:`sync` rebuilds the whole view. Both write
through one writer, which takes every time from the records, so that writing twice changes nothing. What is public
stands in ``__init__.pyi`` and is imported on first use.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
