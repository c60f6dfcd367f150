"""The folder that a command is run in, the command, and PostgreSQL."""

from __future__ import annotations

from tests.cli.conftest import bench as bench
from tests.cli.conftest import call as call
from tests.design.conftest import postgresql_server as postgresql_server
