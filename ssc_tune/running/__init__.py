"""From a study to its verdicts: plan, run, judge. The same steps serve the command line and Python."""

from ssc_tune.running.judge import analyse
from ssc_tune.running.options import Options, folder_of
from ssc_tune.running.plan import StudyPlan, survey
from ssc_tune.running.run import Finished, Interrupted, Unjudged, run

__all__ = ["Finished", "Interrupted", "Options", "StudyPlan", "Unjudged", "analyse", "folder_of", "run", "survey"]
