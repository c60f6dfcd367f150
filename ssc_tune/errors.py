"""Errors that a user can mend: shown as one line each, without a traceback."""

from __future__ import annotations

from collections.abc import Sequence


class InputError(ValueError):
    """Something the user wrote is wrong.

    Args:
        problems: one line each, ``file:line: path.to.key: what is wrong; allowed: ...``.
    """

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


def cause(error: BaseException) -> str:
    """What an error comes from, in one line: the first of its chain, without what libraries wrap around it."""
    first = error
    while first.__cause__ is not None:
        first = first.__cause__
    text = next((line.strip() for line in str(first).splitlines() if line.strip()), "")
    return text[:300] if isinstance(first, InputError) else f"{type(first).__name__}: {text[:300]}".removesuffix(": ")
