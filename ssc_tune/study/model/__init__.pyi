from . import claims as claims
from . import measures as measures
from . import space as space
from . import study as study
