"""The tables of docs/augmentation.md: ``python docs/augmentation_tables.py``."""

from __future__ import annotations

import torch

from ssc_tune.data.randaugment import OPERATIONS, Operation, values

MAGNITUDES = (3.0, 5.0, 7.0, 10.0)
"""The magnitudes of the authors' stability series that exist here."""

AUTHORS_GRID = ((1, 3), (3, 5), (4, 7), (4, 10), (5, 12))
"""(n, m) of the stability series of arXiv 2409.07292, as their configuration files have it; (3, 5) is their default."""


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _ends(operation: Operation, magnitude: float) -> list[float]:
    """Weakest and strongest value at a magnitude, before a random sign."""
    which = torch.full((2,), OPERATIONS.index(operation))
    return values(which, torch.tensor([0.0, 1.0]), torch.ones(2), magnitude=magnitude).tolist()


def _range(operation: Operation, magnitude: float) -> str:
    weakest, strongest = _ends(operation, magnitude)
    if operation.signed:
        return f"-{_number(strongest)} to {_number(strongest)}"
    return _number(strongest) if weakest == strongest else f"{_number(weakest)} to {_number(strongest)}"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _table(header: list[str], rows: list[list[str]]) -> str:
    return "\n".join([_row(header), _row(["---"] * len(header)), *(_row(row) for row in rows)])


def operations_table() -> str:
    """A row an operation: what its value means, the neutral value, the range at each magnitude."""
    header = ["operation", "value", "neutral", *(f"m = {_number(m)}" for m in MAGNITUDES)]
    rows = []
    for operation in OPERATIONS:
        ranges = [_range(operation, m) for m in MAGNITUDES] if operation.meaning else ["-"] * len(MAGNITUDES)
        neutral = _number(operation.neutral) if operation.meaning else "-"
        rows.append([operation.name, operation.meaning or "none", neutral, *ranges])
    return _table(header, rows)


def grid_table() -> str:
    """A row a pair of the authors' series: what it does in their code, and what the same numbers do here."""
    rotation = next(operation for operation in OPERATIONS if operation.name == "rotate")
    solarize = next(operation for operation in OPERATIONS if operation.name == "solarize")
    rows = []
    for n, m in AUTHORS_GRID:
        own = min(m, 10)
        rows.append(
            [
                f"({n}, {m})",
                f"({n}, 10)",
                f"({n}, {own})" + (", the nearest there is" if own != m else ""),
                _number(_expected_operations(n, own)),
                _number(_ends(rotation, own)[1]) + " degrees",
                _number(_ends(solarize, own)[1]),
            ]
        )
    header = ["authors' (n, m)", "in effect in their code", "here", "operations applied here, on average"]
    return _table([*header, "largest rotation here", "lowest solarize level here"], rows)


def _expected_operations(num_ops: int, magnitude: float) -> float:
    """Mean number of operations an image that are neither identity nor skipped."""
    by_chance = sum(operation.meaning == "probability of being applied" for operation in OPERATIONS)
    always = len(OPERATIONS) - 1 - by_chance
    return num_ops * (always + by_chance * magnitude / 10) / len(OPERATIONS)


def main() -> None:
    """Prints both tables in Markdown."""
    print(operations_table())
    print()
    print(grid_table())


if __name__ == "__main__":
    main()
