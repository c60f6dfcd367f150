"""``ssc-tune plan``: the power of a study before it is run, in words and a small table."""

from __future__ import annotations

import argparse

from ssc_tune import pipeline
from ssc_tune.errors import InputError
from ssc_tune.exit_codes import EXIT_DONE, EXIT_INTERRUPTED
from ssc_tune.planning import Plan, make_plan, parse_variances, pilot_study, variances_of
from ssc_tune.registering import register
from ssc_tune.study import Study

_SHOWN = 5
"""Divisions of the budget that are shown."""


def plan(study: Study, arguments: argparse.Namespace) -> int:
    """Prints the plan and returns the exit code."""
    block, setting = arguments.block, arguments.setting or study.setting_names[0]
    for name, allowed, key in ((block, study.blocks, "--block"), (setting, study.setting_names, "--setting")):
        if name not in allowed:
            raise InputError(f"{key}: {name!r} is not in this study; allowed: {', '.join(allowed)}")
    options = pipeline.Options(
        storage=arguments.storage,
        tracking_uri=arguments.tracking_uri,
        command=f"ssc-tune plan {arguments.study} --pilot {arguments.pilot}",
    )
    measured = study
    if arguments.pilot is not None:
        measured = pilot_study(study, arguments.pilot)
        register(study, pipeline.folder_of(study, options))  # the whole plan stands before its pilot
        if pipeline.run(measured, options).interrupted:
            return EXIT_INTERRUPTED
    if arguments.variances is not None:
        variances, source = parse_variances(arguments.variances), "--variances"
    else:
        progress = pipeline.survey(measured, options)
        variances, source = variances_of(measured, progress, block=block, setting=setting)
    found = make_plan(study, variances, source, block=block, budget=arguments.budget, ratio=arguments.ratio)
    print(found.model_dump_json() if arguments.json else "\n".join(lines(found)))
    return EXIT_DONE


def lines(plan: Plan) -> list[str]:
    """The plan in words and tables."""
    own, power = plan.sizes[0], f"{plan.power:.0%}"
    components = f"point {plan.point_variance:.3g}, seed {plan.seed_variance:.3g}, error {plan.error_variance:.3g}"
    said = [f"variances of accuracy: {components} (from {plan.source})"]
    if own.ratio is None:
        said.append(f"{own.points} points x {own.seeds} seeds see no difference in spread with {power} power")
    else:
        said.append(
            f"{own.points} points x {own.seeds} seeds see with {power} power that a method is more stable if its "
            f"standard deviation over points is at most {own.ratio:.2f} of the other's"
        )
    said += ["", f"{'points':>8} {'seeds':>6} {'cells':>7}   ratio of spreads seen with {power} power"]
    for size in plan.sizes:
        ratio = "none" if size.ratio is None else f"{size.ratio:.2f} or less"
        said.append(f"{size.points:>8} {size.seeds:>6} {size.cells:>7}   {ratio}")
    if plan.divisions:
        said += ["", *_advice(plan)]
    said.append(
        f"\nsimulated for block {plan.block}, one claim in std at level {plan.level:.3g}, normal effects; "
        "skewed ones need about half as many points again"
    )
    return said


def _advice(plan: Plan) -> list[str]:
    best = plan.divisions[0]
    said = [
        f"a budget of {plan.budget} cells sees a ratio of {plan.target_ratio:g} best with {best.points} points x "
        f"{best.seeds} seeds (power {best.power:.0%}):",
        f"{'points':>8} {'seeds':>6} {'cells':>7}   power",
    ]
    said += [f"{d.points:>8} {d.seeds:>6} {d.cells:>7}   {d.power:.0%}" for d in plan.divisions[:_SHOWN]]
    return said
