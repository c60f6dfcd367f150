"""From effects to verdicts: gates, cautions, several claims, looks; and the power that all of it has."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.analysis.judge import batched as batched
    from ssc_tune.analysis.judge import cautions as cautions
    from ssc_tune.analysis.judge import gates as gates
    from ssc_tune.analysis.judge import law as law
    from ssc_tune.analysis.judge import looks as looks
    from ssc_tune.analysis.judge import power as power
    from ssc_tune.analysis.judge import sentences as sentences
    from ssc_tune.analysis.judge import sides as sides
    from ssc_tune.analysis.judge import simulated as simulated
    from ssc_tune.analysis.judge import specifications as specifications
    from ssc_tune.analysis.judge import verdicts as verdicts

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "batched",
        "cautions",
        "gates",
        "law",
        "looks",
        "power",
        "sentences",
        "sides",
        "simulated",
        "specifications",
        "verdicts",
    ],
)
