"""Judging each text once, where the same texts come again and again: a conversation is stored whole at every step."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from secure_core import Context, Decision, Guard, Policy, StreamSanitizer

__all__ = ["Once"]

Pair = tuple[str, Context]
Known = tuple[Decision, bool]
"""A decision, and whether the text that it lacks is the one that was asked about."""

_MOST = 4096
"""Decisions that are remembered; the one that was not asked for the longest is forgotten first."""


class Once:
    """A guard that answers from memory what it was asked before.

    Remembers keyed digests and decisions, never a text as it was given. Safe to share between threads.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._secret = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, Known] = OrderedDict()
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[Once], tuple[Guard]]:
        return type(self), (self._guard,)

    def __deepcopy__(self, memo: object) -> Once:
        return self

    @property
    def policy(self) -> Policy:
        """The policy of the guard."""
        return self._guard.policy

    def stream(self, **where: Any) -> StreamSanitizer:
        """Return what judges a text in pieces; nothing of that is remembered."""
        return self._guard.stream(**where)

    def check_many(self, texts: Sequence[str], *, contexts: Sequence[Context]) -> list[Decision]:
        """Judge texts, each in its context."""
        pairs = list(zip(texts, contexts, strict=True))
        known = self._recall(pairs)
        new = [pair for pair in dict.fromkeys(pairs) if pair not in known]
        if new:
            decided = self._guard.check_many([text for text, _ in new], contexts=[place for _, place in new])
            known |= self._remember(new, decided)
        return [known[pair] for pair in pairs]

    async def acheck_many(self, texts: Sequence[str], *, contexts: Sequence[Context]) -> list[Decision]:
        """Judge texts as `check_many` does, without holding the event loop up."""
        pairs = list(zip(texts, contexts, strict=True))
        known = self._recall(pairs)
        new = [pair for pair in dict.fromkeys(pairs) if pair not in known]
        if new:
            decided = await self._guard.acheck_many([text for text, _ in new], contexts=[place for _, place in new])
            known |= self._remember(new, decided)
        return [known[pair] for pair in pairs]

    def _recall(self, pairs: list[Pair]) -> dict[Pair, Decision]:
        keys = [(self._key(pair), pair) for pair in pairs]
        with self._lock:
            found = [(key, pair, self._known[key]) for key, pair in keys if key in self._known]
            for key, _, _ in found:
                self._known.move_to_end(key)
        return {pair: _with_text(decided, pair[0]) for _, pair, decided in found}

    def _remember(self, pairs: list[Pair], decisions: list[Decision]) -> dict[Pair, Decision]:
        decided = dict(zip(pairs, decisions, strict=True))
        kept = {self._key(pair): _without_text(decision, pair[0]) for pair, decision in decided.items()}
        with self._lock:
            self._known.update(kept)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return decided

    def _key(self, pair: Pair) -> bytes:
        """Return a digest of all that a decision depends on."""
        text, context = pair
        asked = (context.stage.value, context.source, context.principal, context.session, context.tenant, text)
        return blake2b(repr(asked).encode(), key=self._secret, digest_size=32).digest()


def _without_text(decision: Decision, text: str) -> Known:
    return (replace(decision, text=""), True) if decision.text == text else (decision, False)


def _with_text(known: Known, text: str) -> Decision:
    decision, unchanged = known
    return replace(decision, text=text) if unchanged else decision
