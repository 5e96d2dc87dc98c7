"""``secure-core vault key | list | erase | purge | rotate | restore``. No value is printed without ``--reveal``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ._usage import usage_errors
from .errors import InputError
from .guard import Guard

if TYPE_CHECKING:
    from .vault import Vault

__all__ = ["app", "opened"]

app = typer.Typer(no_args_is_help=True, help="Look after vaults; the master key is read from SECURE_CORE_VAULT_KEY.")

StoreArgument = Annotated[
    str,
    typer.Argument(
        metavar="STORE",
        envvar="SECURE_CORE_VAULT",  # an address may hold a password, which arguments show to every user of a machine
        help="A SQLite file, redis://host:port/db, or postgresql://...",
    ),
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
    if "://" in store:  # may hold a password
        raise InputError("no vault is kept at such an address: take redis://, rediss://, unix:// or postgresql://")
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


@app.command("purge")
def purge(store: StoreArgument) -> None:
    """Delete what has expired: for a cron job."""
    with usage_errors():
        gone = opened(store).purge()
    print(f"{gone} expired entries deleted")


@app.command("restore")
def restore(
    store: StoreArgument,
    tenant: Annotated[str, typer.Option(help="Whose stand-ins.")],
    session: Annotated[str | None, typer.Option(help="Of which session; left out: those of the whole tenant.")] = None,
    policy: Annotated[str, typer.Option(help="A TOML file: the policy that made the stand-ins.")] = "observe",
    principal: Annotated[str | None, typer.Option(help="Who reads, for the policy's restore entries.")] = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="Print the text with the values.")] = False,
) -> None:
    """Say whether a text on standard input holds stand-ins of a scope; print it with the values if told to."""
    with usage_errors():
        scope = "session" if session else "tenant"
        guard = Guard.from_policy(policy).bind(
            opened(store), tenant=tenant, session=session, scope=scope, principal=principal
        )
        text = sys.stdin.read()
        restored = guard.restore(text)
    if reveal:
        sys.stdout.write(restored)
    else:
        print("nothing to restore" if restored == text else "holds stand-ins of this scope: --reveal prints the values")
