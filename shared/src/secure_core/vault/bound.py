"""A guard with a vault: pseudonyms on the way in, the values on the way out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from ..admission import check_text
from ..errors import InputError
from ..guard import Guard
from ..operators import Means
from ..types import Context, Decision, Stage
from . import surrogates, tokens
from .pseudonyms import ScopePseudonyms
from .restoring import May, Read, RestoreStream, apart, leaves, restored
from .scope import Original, Scope
from .store import Vault
from .tokens import Candidate

__all__ = ["BoundGuard"]

_SCOPES = ("session", "tenant", "global")


class BoundGuard(Guard):
    """A guard that pseudonymizes into one scope of a vault, and restores from it. Made by `Guard.bind`.

    >>> from secure_core import Policy
    >>> from secure_core.vault import MemoryVault
    >>> rule = {"category": "pii.email_address", "action": "sanitize", "operator": "pseudonymize"}
    >>> guard = Guard(Policy.model_validate({"rules": [rule]}))
    >>> bound = guard.bind(MemoryVault(), tenant="acme", session="42")
    >>> hidden = bound.check("Write to ann@example.com!", stage="input").text
    >>> hidden.startswith("Write to <EMAIL_ADDRESS_"), bound.restore(hidden)
    (True, 'Write to ann@example.com!')
    """

    _scope: Scope
    _read: Read
    _binding: tuple[Guard, Vault, str, str | None, str, str | None, str | None]

    @classmethod
    def of(
        cls,
        guard: Guard,
        vault: Vault,
        tenant: str,
        session: str | None,
        scope: str,
        subject: str | None,
        principal: str | None,
    ) -> BoundGuard:
        """Bind a guard; see `Guard.bind`."""
        if isinstance(guard, BoundGuard):
            guard = guard._binding[0]
        bound = cls.__new__(cls)
        bound.__dict__.update(guard.__dict__)
        bound._binding = (guard, vault, tenant, session, scope, subject, principal)
        bound._scope = Scope(vault, *_place(tenant, session, scope), subject)
        bound._read = _reader(guard)
        bound._means = Means(guard._means.key, ScopePseudonyms(bound._scope, bound._read))
        return bound

    @property
    def principal(self) -> str | None:
        """Who reads what is restored."""
        return self._binding[-1]

    @property
    def blocking(self) -> bool:
        """Whether the vault may wait for a disk or a network."""
        return self._binding[1].blocking

    @property
    def scope_digest(self) -> str:
        """Sixteen hex digits that name the scope, and that only its key gives: for caches that must not mix scopes."""
        return self._scope.anchor("digest").hex()[:16]

    def __repr__(self) -> str:
        return f"BoundGuard({self.policy.name!r}, digest={self.policy.digest!r}, vault={self._binding[1]!r})"

    def __reduce__(self) -> tuple[Callable[..., Guard], tuple[Any, ...]]:
        return BoundGuard.of, self._binding

    async def acheck_many(
        self, texts: Sequence[str], *, stage: Stage | str | None = None, contexts: Sequence[Context] | None = None
    ) -> list[Decision]:
        """Judge many texts; in a thread if the vault may keep the event loop waiting."""
        if not self.blocking:
            return await super().acheck_many(texts, stage=stage, contexts=contexts)
        return await asyncio.to_thread(self.check_many, texts, stage=stage, contexts=contexts)

    # -- the way back --------------------------------------------------------------------------

    def restore(self, text: str, *, context: Context | None = None) -> str:
        """Return the text with the values in place of this scope's stand-ins.

        Whatever else looks like a stand-in, and what the policy's ``restore`` entries do not allow
        in this context, stays as it is. Check a model's answer before it is restored, not after.

        Args:
            text: what a model wrote.
            context: where the values would be seen; the output, and the principal that was bound, if left out.
                Nothing is restored where it names another tenant.

        Raises:
            InputError: this is no text.
            VaultError: the vault failed.
        """
        return self.restore_many([text], context=context)[0]

    async def arestore(self, text: str, *, context: Context | None = None) -> str:
        """Restore as `restore` does, without holding the event loop up."""
        return (await self.arestore_many([text], context=context))[0]

    def restore_many(self, texts: Sequence[str], *, context: Context | None = None) -> list[str]:
        """Restore many texts as `restore` does, and ask the vault once."""
        found = self._found(texts)
        known = self._scope.originals([candidate.stand_in for each in found for candidate in each])
        return self._restored(texts, found, known, context)

    async def arestore_many(self, texts: Sequence[str], *, context: Context | None = None) -> list[str]:
        """Restore many texts as `restore_many` does, without holding the event loop up."""
        found = self._found(texts)
        known = await self._scope.aoriginals([candidate.stand_in for each in found for candidate in each])
        return self._restored(texts, found, known, context)

    def restore_arguments(self, arguments: Any, *, tool: str) -> Any:
        """Return a tool call's parsed arguments with every string restored that this tool may see.

        Args:
            arguments: what JSON gives: dictionaries, lists, strings, numbers.
            tool: its name, for the policy's ``restore`` entries (``sources``).
        """
        texts = _strings(arguments)
        values = iter(self.restore_many(texts, context=Context(Stage.TOOL_CALL, principal=self.principal, source=tool)))
        return leaves(arguments, lambda text: next(values))

    async def arestore_arguments(self, arguments: Any, *, tool: str) -> Any:
        """Restore as `restore_arguments` does, without holding the event loop up."""
        texts = _strings(arguments)
        values = iter(
            await self.arestore_many(texts, context=Context(Stage.TOOL_CALL, principal=self.principal, source=tool))
        )
        return leaves(arguments, lambda text: next(values))

    def restore_stream(self, *, context: Context | None = None) -> RestoreStream:
        """Return a restorer for a text that arrives in pieces; together they become what `restore` makes of it."""
        return RestoreStream(self._scope, self._read, self._may(context), self.policy.limits.max_chars)

    def _found(self, texts: Sequence[str]) -> list[list[Candidate]]:
        return [self._read(check_text(text, self.policy.limits.max_chars), final=True)[0] for text in texts]

    def _restored(
        self,
        texts: Sequence[str],
        found: Sequence[Sequence[Candidate]],
        known: Iterable[Original | None],
        context: Context | None,
    ) -> list[str]:
        known, may = iter(known), self._may(context)
        real = [apart(each, list(islice(known, len(each)))) for each in found]
        return [restored(text, places, may) for text, places in zip(texts, real, strict=True)]

    def _may(self, context: Context | None) -> May:
        where = context or Context(Stage.OUTPUT, principal=self.principal)
        foreign = where.tenant not in (None, self._binding[2]) and self._binding[4] != "global"
        return lambda category: not foreign and self.policy.restores(category, where)


def _strings(arguments: Any) -> list[str]:
    """Return the strings in parsed arguments, in the order in which they will be put back."""
    texts: list[str] = []

    def note(text: str) -> str:
        texts.append(text)
        return text

    leaves(arguments, note)
    return texts


def _place(tenant: str, session: str | None, scope: str) -> tuple[str, str]:
    """Return the names under which a scope's entries are kept."""
    if scope not in _SCOPES:
        raise InputError(f"there is no scope {scope!r}; there are: {', '.join(_SCOPES)}")
    for name in (tenant, session or ""):
        if not isinstance(name, str) or any("\ud800" <= c <= "\udfff" for c in name):
            raise InputError("tenant and session must be text without lone surrogates")
    if not tenant and scope != "global":
        raise InputError("say whose the values are: bind(vault, tenant=...)")
    if not session and scope == "session":
        raise InputError('say in which session: bind(vault, tenant=..., session=...), or share: scope="tenant"')
    return {"session": (tenant, session or ""), "tenant": (tenant, ""), "global": ("", "")}[scope]


def _reader(guard: Guard) -> Read:
    """Return what finds the places where stand-ins of this guard's policy may stand."""
    locales = {
        str(rule.options.get("locale", surrogates.LOCALE))
        for rule in guard.policy.rules
        if rule.operator == "pseudonymize" and rule.options.get("style") == "surrogate"
    }
    for locale in locales:
        surrogates.prepare(locale)
    return surrogates.candidates if locales else tokens.candidates
