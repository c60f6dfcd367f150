"""The paragraph on methods as TeX and as Markdown, with its citations."""

from __future__ import annotations

from collections.abc import Sequence

from ssc_tune.paper.paragraph import Cite, Sentences
from ssc_tune.paper.tex import escaped
from ssc_tune.presentation import markdown


def as_tex(found: Sequence[Sentences]) -> str:
    r"""One ``\paragraph`` each; citations by ``\cite`` of the keys of ``references.bib``."""
    return "\n".join(rf"\paragraph{{{escaped(one.heading)}}}" + "\n" + _tex(one) + "\n" for one in found)


def as_markdown(found: Sequence[Sentences]) -> str:
    """The same with headings, and citations as pandoc reads them."""
    return "\n".join(f"**{markdown.escaped(one.heading)}.** {_markdown(one)}\n" for one in found)


def _tex(one: Sentences) -> str:
    parts = [(rf"~\cite{{{','.join(p.keys)}}}" if p.keys else "") if isinstance(p, Cite) else _spaced(p, escaped(p))
             for p in one.pieces]  # fmt: skip
    return "".join(parts).strip()


def _markdown(one: Sentences) -> str:
    parts = [
        (f" [{'; '.join(f'@{key}' for key in p.keys)}]" if p.keys else "")
        if isinstance(p, Cite)
        else _spaced(p, markdown.escaped(p))
        for p in one.pieces
    ]
    return "".join(parts).strip()


def _spaced(piece: str, text: str) -> str:
    """The text with the space that its piece begins or ends with."""
    return f"{' ' if piece[:1] == ' ' else ''}{text}{' ' if piece[-1:] == ' ' and piece.strip() else ''}"
