from . import drawers as drawers
from .files import write as write
