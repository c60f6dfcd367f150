"""Verdicts and measures as tables in TeX, with the words and the digits of the report."""

from __future__ import annotations

from collections.abc import Sequence

from ssc_tune.analysis.result import StudyAnalysis, Verdict
from ssc_tune.paper.tex import apart, escaped, table
from ssc_tune.presentation import measures, places, words
from ssc_tune.presentation.measures import MeasureTable
from ssc_tune.presentation.numbers import p_value, percent
from ssc_tune.study.model.study import Study

_CELL = r">{{\raggedright\arraybackslash}}p{{{width:.2f}\linewidth}}"

_SPACE = 0.04
"""Of a line that stands between two columns, of a narrow page."""


def tables(study: Study, analysis: StudyAnalysis) -> dict[str, str]:
    """By the names of their files: ``verdicts`` where claims were judged, and one of measures a block and setting."""
    found = {"verdicts": verdicts(study, analysis.verdicts)} if analysis.verdicts else {}
    slugs = [f"measures{places.slug(study, *place)}" for place in measures.by_place(analysis.summaries)]
    for name, made in zip(apart(slugs), measures.tables(study, analysis.summaries), strict=True):
        found[name] = of_measures(study, made, name)
    return found


def verdicts(study: Study, judged: Sequence[Verdict]) -> str:
    """A row a claim: what it says, the effect with its interval, p, and the verdict, marked where it is post hoc."""
    header = ["Claim", "Effect", "Estimate [interval]", "$p$", "Verdict"]
    rows = [
        [
            escaped(verdict.sentence.rstrip(".")),
            escaped(words.effect_title(verdict)),
            escaped(words.effect_text(verdict, verdict.effect)),
            escaped(p_value(verdict.p_adjusted)),
            escaped(words.decided(verdict)),
        ]
        for verdict in judged
    ]
    widths = (0.27, 0.17, 0.18, 0.07, 0.16)
    return table(
        header, rows, columns=_columns(widths), caption=_caption(study, judged), label=f"tab:{study.name}-verdicts"
    )


def _caption(study: Study, judged: Sequence[Verdict]) -> str:
    """Of which study, at which level, how p-values were adjusted, and what was known before post hoc claims."""
    parts = [f"Verdicts on the claims of study {study.name}"]
    levels = dict.fromkeys(v.effect.confidence for v in judged if v.effect.confidence is not None)
    if levels:
        parts.append(f"{words.join([percent(level) for level in levels])} intervals")
    if len(judged) > 1:
        parts.append(f"$p$ after Holm over {len(judged)} claims")
    if any(v.post_hoc for v in judged):
        known = dict.fromkeys(v.known for v in judged if v.post_hoc and v.known)
        parts.append(f"post hoc: {words.join(list(known)) if known else 'not declared before its cells'}")
    return "; ".join(part if part.startswith("$") else escaped(part) for part in parts) + "."


def of_measures(study: Study, made: MeasureTable, name: str) -> str:
    """A row a measure, a column a method."""
    rows, n = [[escaped(name), *map(escaped, texts)] for name, _, texts in made.rows], len(made.methods)
    widths = (0.22, *((0.78 - _SPACE * n) / n for _ in made.methods))
    where = f" ({made.heading})" if made.heading else ""
    notes = [f"{name}: {text}" for name, text, _ in made.rows]
    return table(
        ["", *map(escaped, made.methods)],
        rows,
        columns=_columns(widths),
        caption=escaped(f"Measures of study {study.name}{where}."),
        label=f"tab:{study.name}-{name}",
    ) + "".join(f"% {' '.join(note.split())}\n" for note in (*notes, *made.how))


def _columns(widths: Sequence[float]) -> str:
    return "@{}" + "".join(_CELL.format(width=width) for width in widths) + "@{}"
