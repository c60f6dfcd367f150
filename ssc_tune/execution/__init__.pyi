"""What the package gives on first use."""

from . import execute as execute
from . import listening as listening
from . import places as places
from . import quiet as quiet
from . import signals as signals
from . import task as task
from . import tuning as tuning
from . import worker as worker
