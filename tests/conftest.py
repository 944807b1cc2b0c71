"""Fixtures that every room's tests may use: real servers, one pair per test worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.servers import Servers

settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile("gate")
"""The gate says the same of the same code each time; `make search` looks for what it has not seen yet."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make chaos` runs the kill -9 tests for longer than `make test` does, `make search` the others."""
    parser.addoption("--thorough", action="store_true", help="whole data sets and many examples, for minutes")
    parser.addoption("--chaos-seconds", type=float, default=None, help="how long to kill under load")


@pytest.fixture
def thorough(request: pytest.FixtureRequest) -> bool:
    """Whether this run may take minutes."""
    return bool(request.config.getoption("--thorough"))


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A real PostgreSQL and Valkey, for this worker alone; they are restarted when a test kills them."""
    started = Servers(tmp_path_factory.mktemp("servers"))
    started.start()
    yield started
    started.stop()


@pytest.fixture
def database_url(servers: Servers) -> Iterator[str]:
    """A fresh migrated database, in SQLAlchemy's form (postgresql+asyncpg://)."""
    url = servers.create_database()
    yield url.render_as_string(hide_password=False)
    servers.drop_database(url)


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """An empty Valkey (unix://)."""
    return servers.empty_redis()
