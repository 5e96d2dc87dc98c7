"""What models, retrievers, engines and tools raise, for whoever catches it: errors quote what they failed on."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from secure_core import Blocked, Context, Guard
from secure_core.failures import told

from ._content import clean

__all__ = ["clean_errors", "safe_error"]

F = TypeVar("F", bound=Callable[..., Any])


def safe_error(guard: Guard, error: Exception, context: Context) -> Exception:
    """Return the error if all that it tells is clean; otherwise one without cause that tells it cleanly, or `Blocked`.

    What is clean stays what it is, for it may be a provider's own (a limit of its rate), or a workflow's signal.
    """
    if isinstance(error, Blocked):
        return error
    try:
        said = told(error)
        if clean(guard, said, context) == said:
            return error
        return RuntimeError(f"{type(error).__name__}: {clean(guard, str(error), context)}")
    except Blocked as blocked:
        return Blocked(blocked.decision)  # a new one, which does not remember the error


def clean_errors(context: Context) -> Callable[[F], F]:
    """Return a decorator: what a method of something with a guard raises is raised as `safe_error` has it."""

    def decorate(method: F) -> F:
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return method(self, *args, **kwargs)
            except Exception as error:
                raised = safe_error(self._guard, error, context)
            raise raised

        async def acall(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return await method(self, *args, **kwargs)
            except Exception as error:
                raised = safe_error(self._guard, error, context)
            raise raised

        wrapped = wraps(method)(acall if inspect.iscoroutinefunction(method) else call)
        del wrapped.__wrapped__  # by which LlamaIndex knows a method that tells its events already
        return cast(F, wrapped)

    return decorate
