from . import claims as claims
from . import measures as measures
from . import names as names
from . import space as space
from . import study as study
