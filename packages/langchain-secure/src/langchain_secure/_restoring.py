"""The way back: at the edge, where the user reads, a vault's stand-ins become values again, for those who may see them.

Nothing happens unless the guard is bound to a vault. What a tool is to be called with keeps its stand-ins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from langchain_core.runnables.config import RunnableConfig

from secure_core import Action, Context, Decision, Guard, Policy, PolicyError, Stage

from ._context import in_a_node

__all__ = ["Edge", "Restorer", "Restoring", "wanted"]


def wanted(restore: bool | None, config: RunnableConfig | None) -> bool:
    """Whether values are wanted: as is said, and where nothing is, unless a graph's node asks and writes them down."""
    return not in_a_node(config) if restore is None else restore


class Words(Protocol):
    """Restores a text that arrives in pieces (`secure_core.vault.RestoreStream`)."""

    def push(self, chunk: str) -> str:
        """Take a piece; return what is certain by now."""

    def flush(self) -> str:
        """Return the rest."""


@runtime_checkable
class Restoring(Protocol):
    """A guard that is bound to a vault; a protocol, because vaults need a package that guards do not."""

    policy: Policy
    blocking: bool
    """Whether its vault may wait for a disk or a network."""

    @property
    def principal(self) -> str | None:
        """Who reads what is restored."""

    @property
    def scope_digest(self) -> str:
        """What names the scope."""

    def restore_many(self, texts: Sequence[str], *, context: Context | None = None) -> list[str]:
        """Return the texts with values in the place of stand-ins."""

    async def arestore_many(self, texts: Sequence[str], *, context: Context | None = None) -> list[str]:
        """Return what `restore_many` does."""

    def restore_stream(self, *, context: Context | None = None) -> Words:
        """Return a restorer for a text that arrives in pieces."""


class Restorer:
    """Stands where a guard can stand, finds nothing, and restores every text but the arguments of tool calls."""

    def __init__(self, guard: Restoring, *, shown: bool = True) -> None:
        self._bound = guard
        self._shown = shown

    @classmethod
    def of(cls, guard: Guard) -> Any:
        """Return what restores for a guard.

        Raises:
            PolicyError: it is not bound to a vault.
        """
        if not isinstance(guard, Restoring):
            raise PolicyError(
                "there is nothing to restore from: bind the guard, guard.bind(vault, tenant=..., session=...)"
            )
        return cls(guard)

    def unseen(self) -> Restorer:
        """Return one that leaves every text as it is: for where nobody reads it who may see values."""
        return Restorer(self._bound, shown=False)

    @property
    def policy(self) -> Policy:
        """The policy of the guard."""
        return self._bound.policy

    @property
    def blocking(self) -> bool:
        """Whether the vault may wait for a disk or a network."""
        return self._bound.blocking

    def check_many(self, texts: Sequence[str], *, contexts: Sequence[Context]) -> list[Decision]:
        """Return the texts restored, each as the decision to let it pass."""
        asked = self._grouped(texts, contexts)
        known = {seat: self._bound.restore_many(group, context=seat) for seat, group in asked.items()}
        return self._passed(texts, contexts, known)

    async def acheck_many(self, texts: Sequence[str], *, contexts: Sequence[Context]) -> list[Decision]:
        """Return what `check_many` does, without holding the event loop up."""
        asked = self._grouped(texts, contexts)
        known = {seat: await self._bound.arestore_many(group, context=seat) for seat, group in asked.items()}
        return self._passed(texts, contexts, known)

    def stream(self, *, context: Context) -> RestoringStream:
        """Return what restores a text in pieces."""
        return RestoringStream(None, self.words(context))

    def words(self, context: Context) -> Words | None:
        """Return what restores a text in pieces there; ``None`` where nothing is restored."""
        seat = self._seat(context)
        return None if seat is None else self._bound.restore_stream(context=seat)

    def _seat(self, place: Context) -> Context | None:
        """Return where the values of a text would be seen: by whom the guard was bound for, or who runs this."""
        if place.stage is Stage.TOOL_CALL or not self._shown:
            return None
        return replace(place, stage=Stage.OUTPUT, principal=self._bound.principal or place.principal)

    def _grouped(self, texts: Sequence[str], contexts: Sequence[Context]) -> dict[Context, list[str]]:
        groups: dict[Context, list[str]] = {}
        for text, place in zip(texts, contexts, strict=True):
            if (seat := self._seat(place)) is not None:
                groups.setdefault(seat, []).append(text)
        return groups

    def _passed(
        self, texts: Sequence[str], contexts: Sequence[Context], known: dict[Context, list[str]]
    ) -> list[Decision]:
        values = {seat: iter(group) for seat, group in known.items()}
        decisions = []
        for text, place in zip(texts, contexts, strict=True):
            seat = self._seat(place)
            decisions.append(Decision(Action.ALLOW, text if seat is None else next(values[seat]), place))
        return decisions


class Edge:
    """A guard whose texts are restored once they are clean: for the last thing before the user."""

    def __init__(self, guard: Guard, restorer: Restorer) -> None:
        self._guard = guard
        self._restorer = restorer

    @classmethod
    def of(cls, guard: Guard) -> Any:
        """Return the edge of a guard that is bound to a vault, and any other guard as it is."""
        return cls(guard, Restorer(guard)) if isinstance(guard, Restoring) else guard

    @property
    def policy(self) -> Policy:
        """The policy of the guard."""
        return self._guard.policy

    @property
    def blocking(self) -> bool:
        """Whether the vault may wait for a disk or a network."""
        return self._restorer.blocking

    def check_many(self, texts: Sequence[str], *, contexts: Sequence[Context]) -> list[Decision]:
        """Judge texts, and restore what they become."""
        decided = self._guard.check_many(texts, contexts=contexts)
        return _with_texts(decided, self._restorer.check_many([each.text for each in decided], contexts=contexts))

    async def acheck_many(self, texts: Sequence[str], *, contexts: Sequence[Context]) -> list[Decision]:
        """Judge texts as `check_many` does, without holding the event loop up."""
        decided = await self._guard.acheck_many(texts, contexts=contexts)
        found = await self._restorer.acheck_many([each.text for each in decided], contexts=contexts)
        return _with_texts(decided, found)

    def stream(self, *, context: Context) -> RestoringStream:
        """Return what judges a text in pieces, and restores it."""
        return RestoringStream(self._guard.stream(context=context), self._restorer.words(context))


class RestoringStream:
    """A text in pieces: judged if there is a guard, then restored if values may be seen."""

    def __init__(self, judging: Any, words: Words | None) -> None:
        self._judging = judging
        self._words = words

    @property
    def decision(self) -> Decision | None:
        """The decision on all of the stream, once it is flushed or given up."""
        return self._judging.decision if self._judging else None

    def push(self, chunk: str) -> str:
        """Take a piece; return what is certain by now."""
        text = self._judging.push(chunk) if self._judging else chunk
        return self._words.push(text) if self._words else text

    def flush(self) -> str:
        """Return the rest."""
        text = self._judging.flush() if self._judging else ""
        return self._words.push(text) + self._words.flush() if self._words else text


def _with_texts(decided: Sequence[Decision], found: Sequence[Decision]) -> list[Decision]:
    return [replace(each, text=new.text) for each, new in zip(decided, found, strict=True)]
