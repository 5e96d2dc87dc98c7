"""What a tool is called with: a vault's stand-ins become values for the tools that the policy names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from secure_core import Action, Context, Decision, Guard

from ._content import aclean, clean
from ._restoring import Restoring

__all__ = ["areal_arguments", "real_arguments"]


def real_arguments(guard: Guard, given: Any, context: Context) -> Any:
    """Return what a tool gets: ``given``, with the values that a bound guard's policy restores in that context."""
    return clean(_Values.of(guard), given, context) if isinstance(guard, Restoring) else given


async def areal_arguments(guard: Guard, given: Any, context: Context) -> Any:
    """Return what `real_arguments` does, without holding the event loop up."""
    return await aclean(_Values.of(guard), given, context) if isinstance(guard, Restoring) else given


class _Values:
    """Stands where a guard can stand, finds nothing, and restores every text that it is asked about."""

    def __init__(self, guard: Restoring) -> None:
        self._bound = guard

    @classmethod
    def of(cls, guard: Restoring) -> Any:
        return cls(guard)

    def check_many(self, texts: Sequence[str], *, contexts: Sequence[Context]) -> list[Decision]:
        values = self._bound.restore_many(texts, context=self._seat(contexts))
        return [Decision(Action.ALLOW, value, place) for value, place in zip(values, contexts, strict=True)]

    async def acheck_many(self, texts: Sequence[str], *, contexts: Sequence[Context]) -> list[Decision]:
        values = await self._bound.arestore_many(texts, context=self._seat(contexts))
        return [Decision(Action.ALLOW, value, place) for value, place in zip(values, contexts, strict=True)]

    def _seat(self, contexts: Sequence[Context]) -> Context:
        """Return where the values are needed: all texts of a call stand at one place."""
        return replace(contexts[0], principal=self._bound.principal or contexts[0].principal)
