from . import between as between
from . import between_words as between_words
from . import pages as pages
from . import plan_words as plan_words
from . import registered as registered
from . import screen as screen
from . import state as state
from . import stored as stored
