"""A policy that pseudonymizes, bound to vaults: what the tests of the stores share."""

from collections.abc import Callable

from secure_core import Guard, Policy
from secure_core.vault import Vault
from secure_core.vault.bound import BoundGuard

KEY = b"k" * 32
RULE = {"category": "pii.*", "action": "sanitize", "operator": "pseudonymize"}
GUARD = Guard(Policy.model_validate({"name": "pseudonyms", "rules": [RULE]}))
ANN, BOB = "ann@example.com", "bob@example.com"
Make = Callable[..., Vault]


def bind(vault: Vault, session: str | None = "s", tenant: str = "t", **options: str) -> BoundGuard:
    return GUARD.bind(vault, tenant=tenant, session=session, **options)


def hidden(bound: BoundGuard, value: str = ANN) -> str:
    text = bound.check(value, stage="input").text
    assert value not in text
    return text
