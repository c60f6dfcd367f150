"""What the package gives on first use."""

from . import cluster as cluster
from . import execute as execute
from . import listening as listening
from . import place as place
from . import preflight as preflight
from . import quiet as quiet
from . import signals as signals
from . import slots as slots
from . import start as start
from . import task as task
from . import tuning as tuning
from . import worker as worker
