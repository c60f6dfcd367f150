from __future__ import annotations

from tests.making.buckets import bucket_server as bucket_server
from tests.making.fixtures import call as call
from tests.making.fixtures import measured_here as measured_here
