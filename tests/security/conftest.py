"""The folder that a command is run in, the command, and PostgreSQL."""

from __future__ import annotations

from tests.making.fixtures import bench as bench
from tests.making.fixtures import call as call
from tests.making.fixtures import measured_here as measured_here
from tests.making.fixtures import one_block as one_block
from tests.making.fixtures import postgresql_server as postgresql_server
