"""Vaults: what stand-ins stand for, encrypted, and the way back.

`Guard.bind` makes a guard that pseudonymizes into a vault and restores from it.
"""

from ..errors import VaultError
from .memory import MemoryVault
from .postgres import PostgresVault
from .redis import RedisVault
from .restoring import RestoreStream
from .sqlite import SQLiteVault
from .store import ScopeSize, Vault

__all__ = [
    "MemoryVault",
    "PostgresVault",
    "RedisVault",
    "RestoreStream",
    "SQLiteVault",
    "ScopeSize",
    "Vault",
    "VaultError",
]
