"""A block is an answer, not a failure: it is not tried again, and not taken to a model that nobody guards.

LangChain retries, and falls back, after any exception unless it is told otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.runnables import Runnable, RunnableWithFallbacks

from secure_core import Blocked

__all__ = ["BlockIsFinal", "not_blocked"]


def not_blocked(error: BaseException) -> bool:
    """Whether an error is a failure, after which another attempt may help.

    >>> chain.with_retry(retry_if_exception_type=not_blocked)  # doctest: +SKIP
    """
    return isinstance(error, Exception) and not isinstance(error, Blocked)


class BlockIsFinal(Runnable[Any, Any]):
    """A runnable for which a block is final. Stands before LangChain's class among the bases."""

    def with_retry(self, *, retry_if_exception_type: Any = not_blocked, **kwargs: Any) -> Runnable[Any, Any]:
        """Return this runnable, tried again after any exception but a block, unless something else is asked for."""
        return super().with_retry(retry_if_exception_type=retry_if_exception_type, **kwargs)

    def with_fallbacks(self, fallbacks: Sequence[Runnable[Any, Any]], **kwargs: Any) -> RunnableWithFallbacks[Any, Any]:
        """Return this runnable with fallbacks, which are secured by the same policy: they are tried after a block."""
        return super().with_fallbacks([self._as_secure(fallback) for fallback in fallbacks], **kwargs)

    def _as_secure(self, fallback: Runnable[Any, Any]) -> Runnable[Any, Any]:
        """Return a fallback as something that lets pass what this runnable would."""
        raise NotImplementedError
