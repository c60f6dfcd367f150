"""What ``ssc-tune plan`` prints: words and a small table."""

from __future__ import annotations

from ssc_tune.running.power import Plan, Size

_SHOWN = 5
"""Divisions of the budget that are shown."""

_HEAD = ("points", "seeds", "cells", "rule", "skewed", "test", "mean", "worst", "logit", "margin", "ratio")

_LEGEND = (
    "rule: interval, p and all gates; skewed: the rule, if the worst points lie far below;\n"
    "test: no gates; mean, worst (10%), logit: each gate by itself; margin, ratio: the smallest\n"
    "margin, and at the claim's margin the largest ratio, with which the rule has {power}"
)

_GATES = {"mean_gate": "mean not worse", "worst_gate": "worst 10% not worse", "logit_gate": "same sign on logit"}


def lines(plan: Plan) -> list[str]:
    """The plan in words and tables."""
    said = [*_premises(plan), "", *_table(plan), "", *_conclusion(plan)]
    return said + (["", *_advice(plan)] if plan.divisions else [])


def _premises(plan: Plan) -> list[str]:
    what = "no claim in std of one setting: planned for one" if plan.claim is None else f"claim {plan.claim!r}"
    said = [f"block {plan.block}, {what}, margin {plan.margin:g}; p below {plan.level:.3g}"]
    if plan.num_claims > 1:
        said[0] += f" (Holm's first step,\nas if none of {plan.num_claims} claims but this held)"
    if len(plan.looks) > 1:
        said.append(f"judged at {', '.join(f'{share:.0%}' for share in plan.looks)} of the points (looks)")
    said += [
        f"variances of accuracy: point {plan.point_variance:.3g}, seed {plan.seed_variance:.3g}, "
        f"error {plan.error_variance:.3g}, about a mean of {plan.mean_accuracy:.3g}",
        f"from {plan.source}",
    ]
    if not any("--slope-cv" in words for words in plan.assumed):
        said[-1] += f"; sensitivity varies by seed by {plan.slope_cv:.0%}"
    means = f"a mean better by {plan.mean_gain:g}" if plan.mean_gain else "equal means"
    return [*said, "assumed:", *(f"  {words}" for words in (f"{means} (--mean-gain)", *plan.assumed))]


def _table(plan: Plan) -> list[str]:
    title = (
        f"how often the claim is supported if a standard deviation over points is {plan.target_ratio:g} of\n"
        f"the other ({plan.num_simulations:,} simulated studies), and how often each part says yes:"
    )
    rows: list[tuple[str, ...]] = [_HEAD]
    for s in plan.sizes:
        shares = (s.power, s.skewed, s.test, s.mean_gate, s.worst_gate, s.logit_gate)
        limits = tuple("none" if v is None else f"{v:.3g}" for v in (s.margin, s.ratio))
        rows.append((str(s.points), str(s.seeds), str(s.cells), *(f"{v:.0%}" for v in shares), *limits))
    table = ["  ".join(f"{v:>{max(5, len(h))}}" for v, h in zip(row, _HEAD, strict=True)) for row in rows]
    legend = _LEGEND.format(power=f"{plan.power:.0%}")
    return [title, *table, legend]


def _conclusion(plan: Plan) -> list[str]:
    enough = next((size for size in plan.sizes if size.power >= plan.power), None)
    if enough is not None:
        skewed = f"{enough.skewed:.0%} if effects are skewed"
        return [f"{_size(enough)} reach {plan.power:.0%} ({skewed}): the first size of the table that does"]
    last = plan.sizes[-1]
    said = [f"no size of the table reaches {plan.power:.0%}"]
    shares = {name: getattr(last, name) for name in _GATES}
    worst = min(shares, key=lambda name: shares[name])
    if shares[worst] < last.test:
        said.append(f"most is lost at the gate {_GATES[worst]!r}: passed in {shares[worst]:.0%} at {_size(last)}")
    else:
        said.append(f"most is lost at the test itself: it speaks in {last.test:.0%} at {_size(last)}")
    reached = [size for size in plan.sizes if size.margin is not None]
    if not reached:
        return [*said, f"no margin up to 0.1 gives it back: the test alone speaks in {last.test:.0%} there"]
    wide = ", ".join(f"{size.margin:g} at {_size(size)}" for size in reached)
    first = reached[0]
    assert first.margin is not None
    gain = plan.mean_gain + first.margin - plan.margin
    said.append(f"a wider margin, fixed before the first cell, gives it back: {wide}")
    said.append(
        f"so does a better mean, at the gates worth as much as margin: --mean-gain {gain:.3g} at {_size(first)}"
    )
    return said


def _size(size: Size) -> str:
    return f"{size.points} points x {size.seeds} seeds"


def _advice(plan: Plan) -> list[str]:
    best = plan.divisions[0]
    said = [
        f"a budget of {plan.budget} cells is best spent on {best.points} points x {best.seeds} seeds "
        f"(power {best.power:.0%}):",
        f"{'points':>6}  {'seeds':>5}  {'cells':>6}  {'whole rule':>10}  {'test alone':>10}",
    ]
    for d in plan.divisions[:_SHOWN]:
        said.append(f"{d.points:>6}  {d.seeds:>5}  {d.cells:>6}  {d.power:>10.0%}  {d.test:>10.0%}")
    return said
