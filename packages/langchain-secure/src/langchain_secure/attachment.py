"""The handler for every run of a block of code, or of a process, without a change to the chains.

Attached by `secured`; and, once this package is imported, to every run while ``LANGCHAIN_SECURE`` is ``true``: with the
policy that ``LANGCHAIN_SECURE_POLICY`` names (``default``) in the mode that ``LANGCHAIN_SECURE_MODE`` names
(``sanitize``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

from langchain_core.tracers.context import register_configure_hook

from secure_core import Guard, Policy

from ._reach import on_trial
from .callbacks import Mode, SecureCallbackHandler

__all__ = ["secured"]

_SWITCH, _POLICY, _MODE = "LANGCHAIN_SECURE", "LANGCHAIN_SECURE_POLICY", "LANGCHAIN_SECURE_MODE"

_scoped: ContextVar[SecureCallbackHandler | None] = ContextVar("langchain_secure_scoped", default=None)
_never: ContextVar[SecureCallbackHandler | None] = ContextVar("langchain_secure_never", default=None)


@contextmanager
def secured(
    policy: str | Path | Policy | Guard = "default", *, mode: Mode = "sanitize"
) -> Iterator[SecureCallbackHandler]:
    """Attach a handler to every run that begins in the block, as if each were called with it; yield the handler.

    Holds for this thread or task, for the threads that LangChain starts itself, and for tasks begun in the block; a
    thread pool of one's own is not reached (pass the handler in ``config``). A block within a block takes its place.

    >>> with secured("default"):  # doctest: +SKIP
    ...     chain.invoke(question)

    Args:
        policy: a shipped policy's name, a path to a TOML file, a `Policy` or a `Guard`.
        mode: as `SecureCallbackHandler` takes it.

    Raises:
        PolicyError: the policy is wrong.
    """
    handler = SecureCallbackHandler(policy, mode=mode)
    token = _scoped.set(handler)
    try:
        yield handler
    finally:
        _scoped.reset(token)


class _FromEnvironment(SecureCallbackHandler):
    """What LangChain itself builds for a run that has none yet, while the environment asks for it.

    A class of its own: LangChain leaves it out where a handler of its class is present, and no other handler, in mode
    "observe" say, may keep it away.
    """

    def __init__(self) -> None:
        mode: Any = os.environ.get(_MODE, "sanitize")
        super().__init__(_guard(os.environ.get(_POLICY, "default")), mode=mode)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ()

    # While it is tried out what handlers can do, this one would be tried along.
    ignore_llm = ignore_chat_model = ignore_retriever = ignore_agent = property(lambda self: on_trial())


@lru_cache(maxsize=8)
def _guard(policy: str) -> Guard:
    return Guard.from_policy(policy)


register_configure_hook(_scoped, inheritable=True)
register_configure_hook(_never, inheritable=True, handle_class=_FromEnvironment, env_var=_SWITCH)
