"""What ``ssc-tune check`` says of a registration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ssc_tune.commands.stored import Stored
from ssc_tune.errors import InputError
from ssc_tune.records.registrations import Registration, registered, registered_below
from ssc_tune.running.registration import registration_of
from ssc_tune.study.registration import SHOWN, differences, plan_hash, plan_of


def verify(found: Stored, expected: str | None) -> dict[str, Any]:
    """Whether a study's plan is what was registered.

    Args:
        found: the study and its records.
        expected: a hash, or its first 16 digits or more, that the plan should have; none for the study's registration.

    Returns:
        ``sound``: no line of the file is damaged and the plan has the hash expected; ``lines``: all of it in words.

    Raises:
        InputError: ``expected`` is no such hash.
    """
    if expected is not None and not re.fullmatch(rf"[0-9a-f]{{{SHOWN},64}}", expected):
        raise InputError(f"--registration: {expected!r} is no hash: {SHOWN} to 64 digits of 0-9, a-f, as printed")
    study, progress = found.study, found.progress
    kept, problems = registered(found.folder)
    digest = plan_hash(study)
    state = registration_of(study, found.folder, progress.cells, progress.records)
    carrying = sum(digest in record.registrations for record in progress.records.values())
    matches = expected is None or digest.startswith(expected)
    lost = state.time is None and carrying > 0
    lines = [*_plan_lines(found, kept, digest, expected), f"{carrying} of {len(progress.records)} records carry it"]
    if lost:
        lines.append(f"records carry {digest[:SHOWN]}, but no file below {found.folder.storage} holds it")
    return {
        "hash": digest,
        "registered": state.time is not None,
        "time": state.time,
        "by": state.study,
        "matches": matches,
        "records": carrying,
        "of": len(progress.records),
        "problems": problems,
        "sound": matches and not problems and not lost,
        "lines": [*lines, *problems],
    }


def _plan_lines(found: Stored, kept: list[Registration], digest: str, expected: str | None) -> Iterator[str]:
    """What is registered, whether its plan has its hash, and whether the study as given is still that plan."""
    below = registered_below(found.folder.storage)
    wanted = digest if expected is None else expected
    one = next((r for r in below if r.hash.startswith(wanted)), None)
    if one is not None:
        yield f"registration: {one.short} on {one.when} by study {one.study}; the stored plan hashes to it"
    elif expected is not None:
        yield f"registration: no file below {found.folder.storage} holds {expected}"
    else:
        one = max(kept, key=lambda r: r.time, default=None)
        yield f"registration: none of this plan, whose hash is {digest[:SHOWN]}"
        if one is not None:
            yield f"the study's last registration is {one.short} on {one.when}"
    if digest.startswith(wanted) and one is not None and one.hash == digest:
        yield "the study is the plan that was registered"
    elif one is not None:
        yield f"the study is not that plan; its hash is {digest[:SHOWN]}:"
        yield from (f"  {line}" for line in differences(one.plan, plan_of(found.study)))
    elif expected is not None:
        same = "is the plan with this hash" if digest.startswith(expected) else f"has another: {digest[:SHOWN]}"
        yield f"the study {same}"
