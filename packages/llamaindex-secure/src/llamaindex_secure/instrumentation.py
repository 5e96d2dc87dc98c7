"""LlamaIndex's instrumentation: what its handlers and exporters are told is judged and cleaned first."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from copy import copy
from hashlib import blake2b
from pathlib import Path
from typing import Any

from llama_index.core.base.llms.types import ChatResponse, CompletionResponse
from llama_index.core.base.response.schema import AsyncStreamingResponse, StreamingResponse
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.instrumentation import Dispatcher, NullSpanHandler, get_dispatcher  # type: ignore[attr-defined]
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events import BaseEvent
from llama_index.core.instrumentation.events.chat_engine import StreamChatDeltaReceivedEvent
from llama_index.core.instrumentation.events.llm import (
    LLMChatInProgressEvent,
    LLMCompletionInProgressEvent,
    LLMStructuredPredictInProgressEvent,
)
from llama_index.core.workflow import Context as WorkflowContext

from secure_core import Context, Decision, Guard, Policy, Stage

from ._content import Judge, clean, rewrite
from ._reply import bare

__all__ = ["SecureEventHandler", "instrument", "uninstrument"]

WITHHELD = "[withheld]"
"""Stands for a text that is blocked, or that could not be judged."""

_MOST = 4096
"""Texts of which it is remembered what was decided."""

_SEEN = Context(Stage.OUTPUT, source="instrumentation")
_IDENTITY = {"id_", "span_id", "timestamp"}
_IN_PROGRESS = (
    LLMChatInProgressEvent,
    LLMCompletionInProgressEvent,
    LLMStructuredPredictInProgressEvent,
    StreamChatDeltaReceivedEvent,
)
"""Events that hold a piece of a text, which cannot be judged before the rest is there."""


class SecureEventHandler(BaseEventHandler):
    """Judges every text of LlamaIndex's events and leaves sanitised copies in them for the handlers that come later.

    Texts are judged at stage ``output``, nodes at ``retrieval``, so that each finding is on record, with a span and
    in the metrics, even where no component is secured. Events of a running stream lose their pieces of text; the
    event at its end has the whole. What belongs to the application is never changed. A handler cannot block:
    LlamaIndex goes on whatever it raises.

    `instrument` puts it first; put anywhere else it does not protect the handlers before it.

    Args:
        policy: A shipped policy's name, a path to TOML, a `Policy` or a `Guard`.

    Raises:
        PolicyError: The policy cannot be turned into a guard.
    """

    _guard: Judge = PrivateAttr()

    def __init__(self, policy: str | Path | Policy | Guard = "default") -> None:
        super().__init__()
        self._guard = _Once(Guard.from_policy(policy))

    @classmethod
    def class_name(cls) -> str:
        """Return the name of the handler."""
        return "SecureEventHandler"

    def handle(self, event: BaseEvent, **kwargs: Any) -> None:
        """Put sanitised copies of its values into the event."""
        for name in type(event).model_fields.keys() - _IDENTITY:
            value = getattr(event, name)
            setattr(event, name, _emptied(value) if isinstance(event, _IN_PROGRESS) else scrubbed(self._guard, value))


class _Once:
    """Judges each text once: one question is told by many events and spans. Remembers digests and clean texts only."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._known: dict[bytes, Decision] = {}

    def check_many(self, texts: Sequence[str], *, contexts: Sequence[Context]) -> list[Decision]:
        asked = {_digest(*pair): pair for pair in zip(texts, contexts, strict=True)}
        known = {digest: decision for digest in asked if (decision := self._known.get(digest))}
        new = {digest: pair for digest, pair in asked.items() if digest not in known}
        decisions = self._guard.check_many([text for text, _ in new.values()], contexts=[c for _, c in new.values()])
        known.update(zip(new, decisions, strict=True))
        if len(self._known) + len(new) > _MOST:
            self._known = {}
        self._known.update(known)
        return [known[_digest(*pair)] for pair in zip(texts, contexts, strict=True)]


def _digest(text: str, context: Context) -> bytes:
    return blake2b(f"{context.stage}\0{context.source}\0{text}".encode("utf-8", "surrogatepass")).digest()


def instrument(policy: str | Path | Policy | Guard = "default") -> SecureEventHandler:
    """Clean what LlamaIndex's event handlers, span handlers and the exporters behind them are told.

    Events are cleaned by a `SecureEventHandler` that is put first among the root dispatcher's; arguments, results and
    errors of spans before any span handler has them, whenever that was added. The calls themselves are not changed.
    A second call replaces the first.

    Not seen: a handler on a dispatcher below the root has events before the root's handlers do; the objects whose
    methods are called (``instance``) are handed on as they are; the older callbacks (`CallbackManager`).

    Args:
        policy: A shipped policy's name, a path to TOML, a `Policy` or a `Guard`.

    Returns:
        The event handler.

    Raises:
        PolicyError: The policy cannot be turned into a guard.

    >>> instrument("default")
    >>> LlamaIndexInstrumentor().instrument()
    """
    handler = SecureEventHandler(policy)
    uninstrument()
    get_dispatcher().event_handlers.insert(0, handler)
    _watch_spans(handler._guard)
    return handler


def uninstrument() -> None:
    """Undo `instrument`."""
    handlers = get_dispatcher().event_handlers
    handlers[:] = [handler for handler in handlers if not isinstance(handler, SecureEventHandler)]
    Dispatcher.span_enter, Dispatcher.span_exit, Dispatcher.span_drop = _ENTER, _EXIT, _DROP  # type: ignore[method-assign]


_ENTER, _EXIT, _DROP = Dispatcher.span_enter, Dispatcher.span_exit, Dispatcher.span_drop


def _watch_spans(guard: Judge) -> None:
    """Stand before the methods that tell span handlers: these get a result as an argument, and none can change it."""

    def enter(self: Dispatcher, id_: str, bound_args: inspect.BoundArguments, *args: Any, **kwargs: Any) -> None:
        if _is_watched(self):
            # The call does not take its arguments from here. They stay clean for the end of the span.
            bound_args.arguments.update({name: scrubbed(guard, value) for name, value in bound_args.arguments.items()})
            kwargs = {name: scrubbed(guard, value) if name == "tags" else value for name, value in kwargs.items()}
            _ENTER(self, id_, bound_args, *args, **kwargs)

    def leave(self: Dispatcher, id_: str, bound_args: Any, instance: Any = None, result: Any = None, **kw: Any) -> None:
        if _is_watched(self):
            shown = scrubbed(guard, result)
            _EXIT(self, id_, bound_args, instance, shown, **kw)
            if isinstance(result, StreamingResponse | AsyncStreamingResponse):
                result.response_gen = shown.response_gen  # a handler may have put its own around it, to see the end

    def drop(self: Dispatcher, id_: str, bound_args: Any, instance: Any = None, err: Any = None, **kw: Any) -> None:
        if _is_watched(self):
            _DROP(self, id_, bound_args, instance, scrubbed(guard, err), **kw)

    Dispatcher.span_enter, Dispatcher.span_exit, Dispatcher.span_drop = enter, leave, drop  # type: ignore[method-assign]


def _is_watched(dispatcher: Dispatcher) -> bool:
    """Tell whether anybody listens; most processes have LlamaIndex's null handler only."""
    if any(not isinstance(handler, NullSpanHandler) for handler in dispatcher.span_handlers):
        return True
    return dispatcher.propagate and _is_watched(dispatcher.parent)


def scrubbed(guard: Judge, value: Any) -> Any:
    """Return a copy that anybody may see; what is blocked, or cannot be judged, is withheld."""
    try:
        match value:
            case StreamingResponse() | AsyncStreamingResponse():
                return _scrubbed_stream(guard, value)
            case WorkflowContext():
                return "Context"  # the state of a run, which nobody can copy
            case ChatResponse():
                return clean(guard, bare(value), _SEEN)
            case CompletionResponse():
                return clean(guard, bare(value), _SEEN)
            case BaseException():
                return _told(value, clean(guard, str(value), _SEEN))
        return clean(guard, value, _SEEN)
    except Exception:
        return _told(value, WITHHELD) if isinstance(value, BaseException) else _withheld(value)


def _scrubbed_stream(guard: Judge, response: Any) -> Any:
    """Return a copy of a response that shares the stream, of which nothing was read."""
    shown = copy(response)
    for name in ("source_nodes", "metadata", "response_txt"):
        setattr(shown, name, scrubbed(guard, getattr(response, name)))
    return shown


def _told(error: BaseException, message: str) -> Exception:
    """Return an error that has the same name, and no cause or traceback that quotes data."""
    return type(type(error).__name__, (Exception,), {})(message)  # type: ignore[no-any-return]


def _withheld(value: Any) -> Any:
    try:
        return rewrite(value, _SEEN, lambda text, where: WITHHELD)
    except Exception:
        return WITHHELD


def _emptied(value: Any) -> Any:
    try:
        return rewrite(value, _SEEN, lambda text, where: "")
    except Exception:
        return ""
