"""For every test: one thread a process, as cells have in a study; the tests themselves run in two processes."""

from __future__ import annotations

import os

from hypothesis import settings

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

settings.register_profile("ours", deadline=None)  # a timing is never asserted in a test
settings.load_profile("ours")
