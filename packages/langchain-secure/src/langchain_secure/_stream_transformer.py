"""`SecureStreamTransformer`: the v3 events of an agent, and of whatever runs inside of it."""

from __future__ import annotations

from typing import Any, ClassVar

from langchain_core.messages import AIMessage
from langgraph.stream import ProtocolEvent, StreamTransformer

from secure_core import Blocked, Context, Stage, StreamSanitizer

from ._content import clean
from ._context import context_for

__all__ = ["MARK", "SecureStreamTransformer"]

MARK = "langchain_secure"
"""Key of a run's metadata under which a model says that it is secured, and by whom."""

_NAMES = ("event", "type", "id", "name", "index", "tool_call_id", "tool_name")
_TEXTS = {"text-delta": "text", "reasoning-delta": "reasoning"}


class SecureStreamTransformer(StreamTransformer):
    """Cleans what models and tools stream that nobody secured: those that run inside of a tool, for instance.

    Text and reasoning are held back until they are certain, the arguments of tool calls until their block is
    complete; the event that finishes a block carries all of it, and consumers read from there what is missing.
    """

    before_builtins: ClassVar[bool] = True
    required_stream_modes: ClassVar[tuple[str, ...]] = ("messages", "tools", "values", "custom")

    def __init__(self, scope: tuple[str, ...] = (), *, guard: Any, mark: str, source: str) -> None:
        super().__init__(scope)
        self._guard = guard
        self._mark = mark
        self._source = source
        self._streams: dict[tuple[Any, Any], StreamSanitizer] = {}

    def init(self) -> dict[str, Any]:
        """Return no projections: events are changed where they are."""
        return {}

    def process(self, event: ProtocolEvent) -> bool:
        """Clean an event where it is: other transformers are shown it, whether it is kept or not."""
        params = event["params"]
        if event["method"] == "messages" and isinstance(params["data"][0], dict):
            self._message(*params["data"])
        elif event["method"] in self.required_stream_modes:
            try:
                params["data"] = clean(self._guard, params["data"], self._at(Stage.TOOL_RESULT))
            except Blocked:
                params["data"] = _named(params["data"])
                return False
        return True

    def _message(self, told: dict[str, Any], metadata: dict[str, Any]) -> None:
        if metadata.get(MARK) == self._mark:
            return
        match told.get("event"):
            case "content-block-start" | "content-block-finish":
                self._streams.pop((metadata.get("run_id"), told["index"]), None)
                told["content"] = self._block(told["content"])
            case "content-block-delta":
                told["delta"] = self._delta(told["delta"], (metadata.get("run_id"), told["index"]))

    def _block(self, block: dict[str, Any]) -> Any:
        try:
            return clean(self._guard, AIMessage(content=[block]), self._at(Stage.OUTPUT)).content[0]
        except Blocked:
            return _named(block) | {key: "" for key in ("text", "reasoning") if key in block}

    def _delta(self, delta: dict[str, Any], place: tuple[Any, Any]) -> dict[str, Any]:
        """Return a delta with the text that is certain; of any other that may hold text, only what it is."""
        key = _TEXTS.get(delta["type"])
        if key is None:
            return delta if delta["type"] == "data-delta" else _emptied(delta)
        if place not in self._streams:
            self._streams[place] = self._guard.stream(context=self._at(Stage.OUTPUT))
        try:
            return {**delta, key: self._streams[place].push(delta[key])}
        except Blocked:
            return {**delta, key: ""}

    def _at(self, stage: Stage) -> Context:
        return context_for(stage, source=self._source)


def _named(told: Any) -> dict[str, Any]:
    """Return what says which event, tool or block something is, and nothing of what it says."""
    return {key: told[key] for key in _NAMES if key in told} if isinstance(told, dict) else {}


def _emptied(delta: dict[str, Any]) -> dict[str, Any]:
    """Return a delta without the arguments that it brings: the finished block has them."""
    fields = {"fields": _named(delta["fields"])} if isinstance(delta.get("fields"), dict) else {"args": ""}
    return {"type": delta["type"], **fields}
