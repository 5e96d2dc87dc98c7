"""What tools, models and retrievers raise: errors quote what they failed on; tracers, agents and models read them."""

from __future__ import annotations

from langchain_core.tools import ToolException
from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from secure_core import Blocked, Context, Decision, Guard
from secure_core.failures import afailing_cleanly, failing_cleanly, told

from ._content import clean

__all__ = ["DENIED", "ToolDenied", "afailing_cleanly", "failing_cleanly", "safe_error"]

DENIED = "This tool cannot be used for that."
"""All that a model learns of a call that was blocked, before or after the tool ran."""


class ToolDenied(Blocked, ToolException):
    """A call, or what it brought, was blocked. Carries the decision; the message tells a model nothing."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision)
        self.args = (DENIED,)  # what `handle_tool_error=True` answers with

    def __reduce__(self) -> tuple[type[ToolDenied], tuple[Decision]]:
        return type(self), (self.decision,)


def safe_error(guard: Guard, error: Exception, context: Context, *, otherwise: type[Exception]) -> Exception:
    """Return the error if all that it says is clean, and otherwise one that says it cleanly.

    LangGraph's interrupts and commands keep their kind, an error of validation too; any other becomes ``otherwise``,
    without cause, for attributes may hold data; where its text is blocked, `Blocked`.
    """
    if isinstance(error, Blocked):
        return error
    if type(error).__module__ == "langgraph.errors":
        args = clean(guard, error.args, context)
        return error if args is error.args else type(error)(*args)
    said = told(error)
    try:
        if clean(guard, said, context) == said:
            return error
        if isinstance(error, ValidationError):
            return _validation_error(guard, error, context)
        return otherwise(clean(guard, str(error), context))
    except Blocked as blocked:
        return Blocked(blocked.decision)  # a new one, which does not remember the error


def _validation_error(guard: Guard, error: ValidationError, context: Context) -> ValidationError:
    """Return an error of the same places and kinds, without the values."""
    details: list[InitErrorDetails] = []
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        said = PydanticCustomError(each["type"], "{said}", {"said": clean(guard, each["msg"], context)})
        details.append(InitErrorDetails(type=said, loc=each["loc"], input=None))
    return ValidationError.from_exception_data(error.title, details, hide_input=True)
