from . import mirrored as mirrored
from . import registrations as registrations
from .record import Attempt as Attempt
from .record import Record as Record
from .registrations import Registration as Registration
from .store import CorruptRecord as CorruptRecord
from .store import RecordStore as RecordStore
from .store import StudyFolder as StudyFolder
