"""``secure-core vault key | list | erase | rotate``. None of them prints a value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ._usage import usage_errors
from .errors import InputError

if TYPE_CHECKING:
    from .vault import Vault

__all__ = ["app", "opened"]

app = typer.Typer(no_args_is_help=True, help="Look after vaults; the master key is read from SECURE_CORE_VAULT_KEY.")

StoreArgument = Annotated[
    str, typer.Argument(metavar="STORE", help="A SQLite file, redis://host:port/db, or postgresql://...")
]


def opened(store: str) -> Vault:
    """Open a vault by its address.

    Raises:
        InputError: there is no such file.
        VaultError: it cannot be opened, or there is no master key.
    """
    from .vault import PostgresVault, RedisVault, SQLiteVault

    if store.startswith(("postgresql://", "postgres://")):
        return PostgresVault(store, durable=False)  # whoever hands out stand-ins asks for that
    if store.startswith(("redis://", "rediss://", "unix://")):
        return RedisVault(store, durable=False)
    if not Path(store).is_file():
        raise InputError(f"no vault {store!r}: neither a file nor a redis:// or postgresql:// address")
    return SQLiteVault(store)


@app.command("key")
def key() -> None:
    """Print a new master key, for SECURE_CORE_VAULT_KEY."""
    with usage_errors():
        from .vault.keys import new_key

        print(new_key())


@app.command("list")
def scopes(store: StoreArgument, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the scopes and how many entries each holds."""
    with usage_errors():
        sizes = opened(store).scopes()
    if as_json:
        print(json.dumps([size._asdict() for size in sizes], indent=2))
        return
    table = Table("tenant", "session", "entries")
    for size in sizes:
        table.add_row(escape(size.tenant), escape(size.session), str(size.entries))
    Console().print(table)


@app.command("erase")
def erase(
    store: StoreArgument,
    tenant: Annotated[str, typer.Option(help="Whose entries; all of them, and the key, if nothing else is given.")],
    session: Annotated[str | None, typer.Option(help="Only of this session.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only what is about this subject.")] = None,
) -> None:
    """Forget a tenant, a session, or everything about a subject."""
    with usage_errors():
        gone = opened(store).erase(tenant, session=session, subject=subject)
    print(f"{gone} entries erased")


@app.command("rotate")
def rotate(store: StoreArgument) -> None:
    """Wrap all data keys with the newest master key: put it before the old one, separated by a comma."""
    with usage_errors():
        rotated = opened(store).rotate()
    print(f"{rotated} tenants rotated")
