"""What a command tells the shell."""

from __future__ import annotations

EXIT_DONE = 0
EXIT_SOME_FAILED = 1
"""Some cells failed beyond their retries, or a check found otherwise than expected."""
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130
"""By Ctrl-C or the end of the terminal."""
EXIT_TERMINATED = 143
"""By SIGTERM."""
