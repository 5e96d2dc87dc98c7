import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from secure_core.vault import MemoryVault, PostgresVault, RedisVault, SQLiteVault, Vault
from tests.core import postgres_server, redis_server
from tests.core.vaults import KEY, Make


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server.running(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_server.running() as url:
        yield url


@pytest.fixture(params=["memory", "sqlite", "redis", "postgres"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Makes vaults that share one store."""
    if request.param == "memory":
        return lambda key=KEY, **options: MemoryVault(key=key, **options)
    if request.param == "sqlite":
        return lambda key=KEY, **options: SQLiteVault(tmp_path / "vault.db", key=key, **options)
    url = request.getfixturevalue(f"{request.param}_url")
    if request.param == "postgres":
        table = "vault_" + hashlib.sha256(str(tmp_path).encode()).hexdigest()[:16]
        return lambda key=KEY, **options: PostgresVault(url, key=key, prefix=table, **options)
    prefix = f"test:{tmp_path}"
    return lambda key=KEY, **options: RedisVault(url, key=key, prefix=prefix, **options)


@pytest.fixture
def vault(make: Make) -> Vault:
    return make()
