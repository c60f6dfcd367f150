"""The wording of errors about a word that is not known: near misses first, then everything allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def unknown(what: str, word: str, allowed: Iterable[str], *, also: str | None = None) -> str:
    """``unknown key (did you mean 'tau'?); allowed: mu, tau``.

    Args:
        what: the sentence so far, for instance ``unknown key``.
        word: what the user wrote.
        allowed: what could stand there.
        also: a suggestion better than any near miss, for instance where the very word would be right.
    """
    names = list(allowed)
    by_lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    guess = also or next((by_lower[found] for found in near), None)
    hint = f" (did you mean '{guess}'?)" if guess else ""
    return f"{what}{hint}; allowed: {', '.join(names) if names else 'none'}"
