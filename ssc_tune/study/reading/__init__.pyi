from . import explain as explain
from . import override as override
from . import provenance as provenance
from . import prune as prune
from . import suggest as suggest
from . import template as template
from . import yaml_reader as yaml_reader
