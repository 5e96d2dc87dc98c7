"""What every wrapper that LangChain holds as a pydantic model shares: a policy, and the guard made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator

from secure_core import Guard, Policy, PolicyError

__all__ = ["Guarded", "PolicyLike", "guard_of"]

PolicyLike = str | Path | Policy | dict[str, Any] | Guard


class Guarded(BaseModel):
    """Holds a policy that can be written down, and builds its guard when it is constructed.

    Raises:
        PolicyError: the policy is wrong.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    policy: PolicyLike = Field(default="default")
    """A shipped name, the path of a TOML file, a `Policy` or a `Guard`; kept as plain data where that is possible."""
    _guard: Guard = PrivateAttr()

    @field_validator("policy", mode="before")
    @classmethod
    def _as_data(cls, policy: object) -> object:
        if isinstance(policy, Policy):
            return policy.model_dump(mode="json")
        return str(policy) if isinstance(policy, Path) else policy

    def model_post_init(self, context: Any, /) -> None:
        """Build the guard, so that a wrong policy is refused here and not when the first text comes."""
        super().model_post_init(context)
        self._guard = guard_of(self.policy)


def guard_of(policy: PolicyLike) -> Guard:
    """Return the guard that a policy is made into, or that was given as one.

    Raises:
        PolicyError: the policy is wrong.
    """
    return Guard.from_policy(_read(policy) if isinstance(policy, dict) else policy)


def _read(data: dict[str, Any]) -> Policy:
    try:
        return Policy.model_validate(data)
    except ValidationError as error:
        raise PolicyError(str(error)) from None
