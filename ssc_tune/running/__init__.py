"""From a study to its verdicts: plan, run, judge. The same steps serve the command line and Python."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.running import changes as changes
    from ssc_tune.running import estimate as estimate
    from ssc_tune.running import judge as judge
    from ssc_tune.running import listeners as listeners
    from ssc_tune.running import looks as looks
    from ssc_tune.running import options as options
    from ssc_tune.running import pilot as pilot
    from ssc_tune.running import plan as plan
    from ssc_tune.running import power as power
    from ssc_tune.running import registration as registration
    from ssc_tune.running import run as run
    from ssc_tune.running.judge import analyse as analyse
    from ssc_tune.running.options import Options as Options
    from ssc_tune.running.options import default_command as default_command
    from ssc_tune.running.options import folder_of as folder_of
    from ssc_tune.running.options import hints_of as hints_of
    from ssc_tune.running.options import options_from as options_from
    from ssc_tune.running.options import tracking_uri as tracking_uri
    from ssc_tune.running.plan import StudyPlan as StudyPlan
    from ssc_tune.running.plan import survey as survey
    from ssc_tune.running.run import Finished as Finished
    from ssc_tune.running.run import Interrupted as Interrupted
    from ssc_tune.running.run import Unjudged as Unjudged
    from ssc_tune.running.run import train_and_judge as train_and_judge

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "changes",
        "estimate",
        "judge",
        "listeners",
        "looks",
        "options",
        "pilot",
        "plan",
        "power",
        "registration",
        "run",
    ],
    submod_attrs={
        "judge": ["analyse"],
        "options": ["Options", "default_command", "folder_of", "hints_of", "options_from", "tracking_uri"],
        "plan": ["StudyPlan", "survey"],
        "run": ["Finished", "Interrupted", "Unjudged", "train_and_judge"],
    },
)
