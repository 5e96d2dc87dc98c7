"""What every pydantic component of this package has: a policy that is part of its identity."""

from __future__ import annotations

from typing import Any, Self

from llama_index.core.bridge.pydantic import BaseModel, Field, PrivateAttr, field_serializer, model_validator

from secure_core import Guard, Policy
from secure_core.errors import PolicyError

from ._restoring import Restoring

__all__ = ["SecureComponent"]


class SecureComponent(BaseModel):
    """A component that judges texts by a policy.

    The policy and its digest are fields, so that `to_dict`, and every cache key made of it, change with the policy,
    and so that a copy that would judge by another policy than its original is refused.

    Raises:
        PolicyError: The policy cannot be turned into a guard, or is not the one that ``policy_digest`` speaks of.
    """

    policy: Any = Field(default="default", description="A shipped policy's name, a path to TOML, a Policy or a Guard.")
    policy_digest: str = Field(default="", description="Digest of the policy; filled in, and checked if it is given.")
    _guard: Guard = PrivateAttr()

    @model_validator(mode="after")
    def _build_guard(self) -> Self:
        if self.policy is None:
            raise PolicyError("this component was saved with a Guard, which is no data; restore it with policy=<guard>")
        if isinstance(self.policy, dict):
            self.policy = Policy.model_validate(self.policy)
        self._guard = Guard.from_policy(self.policy)
        digest = _digest(self._guard)
        if self.policy_digest and self.policy_digest != digest:
            raise PolicyError(
                f"{type(self).__name__} was saved under another policy (digest {self.policy_digest}); "
                "build it anew, or restore the policy that it was saved with"
            )
        self.policy_digest = digest
        return self

    @field_serializer("policy")
    def _policy_as_data(self, policy: Any) -> Any:
        """A guard may hold detectors that its policy does not name: leave it out, or it comes back without them."""
        if isinstance(policy, Guard):
            return None
        return policy.model_dump(mode="json") if isinstance(policy, Policy) else str(policy)

    def __getstate__(self) -> dict[Any, Any]:
        """LlamaIndex drops what does not pickle and would go on with the default policy: refuse instead."""
        state = super().__getstate__()
        if "policy" not in state["__dict__"]:
            raise PolicyError(
                f"{type(self).__name__} cannot be pickled, for its guard cannot (a detector holds a lambda or a "
                "handle?); give it a policy's name or path, or a guard whose detectors pickle"
            )
        return state

    def __setstate__(self, state: dict[Any, Any]) -> None:
        """Build the guard anew where the component arrives, and fail there rather than judge by another policy."""
        self.__init__(**state["__dict__"])  # type: ignore[misc]


def _digest(guard: Guard) -> str:
    """Return the policy's digest, the names of the detectors that the guard has besides it, and its vault's scope."""
    named = {spec.name for spec in guard.policy.detectors}
    own = sorted({detector.name for detector in guard.detectors} - named)
    scope = [f"scope:{guard.scope_digest}"] if isinstance(guard, Restoring) else []
    return "+".join([guard.policy.digest, *own, *scope])
