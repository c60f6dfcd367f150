"""Text in TeX, where what users wrote means itself and numbers keep their signs; and names of files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

_SPECIAL = str.maketrans(
    {c: f"\\{c}" for c in "{}$&%#_"}
    | {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': r"\textquotedbl{}",
        "`": r"\textasciigrave{}",
        "[": "{[}",  # after a line's end it would begin an argument, as * would
        "]": "{]}",
        "*": "{*}",
        "−": "$-$",
        "×": r"$\times$",
        "±": r"$\pm$",
        "≤": r"$\le$",
        "≥": r"$\ge$",
        "²": "$^2$",
        "→": r"$\to$",
        "–": r"\textendash{}",
    }
)
_SIGN = re.compile(r"(?<![\w.-])-(?=\.?\d)")


def escaped(value: object) -> str:
    """Text that means itself, on one line and without what no page can show; a minus before a number is its sign."""
    shown = "".join(c for c in " ".join(str(value).split()) if unicodedata.category(c) != "Cc")
    text = _SIGN.sub("−", shown)
    return re.sub(r"(?<=-)-", "{}-", text.translate(_SPECIAL))


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, columns: str, caption: str, label: str) -> str:
    """A floating table with the rules of booktabs; cells are TeX already, the caption too."""
    lines = [" & ".join(row) + r" \\" for row in (header, *rows)]
    return "\n".join(
        [
            "% needs the packages booktabs and array, and T1 fonts: \\usepackage[T1]{fontenc}",
            r"\begin{table}",
            r"  \centering\small",
            rf"  \caption{{{caption}}}",
            rf"  \label{{{label}}}",
            rf"  \begin{{tabular}}{{{columns}}}",
            r"    \toprule",
            f"    {lines[0]}",
            r"    \midrule",
            *(f"    {line}" for line in lines[1:]),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def apart(names: Iterable[str]) -> list[str]:
    """The same with nothing in them that a file system or TeX minds, and no two alike: ``a_b``, ``a_b-2``."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name)
        made, number = plain, 1
        while made.lower() in (one.lower() for one in found):
            number += 1
            made = f"{plain}-{number}"
        found.append(made)
    return found
