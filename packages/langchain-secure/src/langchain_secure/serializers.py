"""`SecureSerializer`: what a graph's checkpointer writes down is clean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from secure_core import Stage

from ._content import clean
from ._context import context_for
from ._guarded import PolicyLike, guard_of
from ._once import Once

__all__ = ["SecureSerializer", "Serializer"]

_CHECKPOINT = frozenset({"v", "ts", "id", "channel_versions", "versions_seen"})
_SOURCES = frozenset({"input", "loop", "update", "fork"})


class Serializer(Protocol):
    """LangGraph's ``SerializerProtocol``."""

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """Return a type and the bytes of an object."""

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Return the object of a type and bytes."""


class SecureSerializer:
    """A serializer around another one, which cleans the values of a graph's state before they are written.

    What a human or a model said, and plain text, is judged as `Stage.MEMORY`; tool messages, tool calls and documents
    where they arose; system messages stay as they are.

    The run that writes goes on with the values that it has; who reads a checkpoint (the next turn, a resumed run,
    ``get_state``, another process) gets clean ones. A value of an unknown type in which something is found is written
    as the text that it prints, cleaned. LangGraph's own books (ids, versions, and the run's metadata, which some
    savers do not hand to a serializer anyway) are not looked at. Each text is judged once, however often its
    conversation is written.

    >>> saver = InMemorySaver(serde=SecureSerializer("default"))  # doctest: +SKIP
    >>> saver = SqliteSaver(conn, serde=EncryptedSerializer(cipher, SecureSerializer()))  # doctest: +SKIP

    Args:
        policy: a shipped policy's name, a path, a `Policy` or a `Guard`.
        serde: what turns values into bytes; LangGraph's ``JsonPlusSerializer`` if left out. Where
            ``LANGGRAPH_STRICT_MSGPACK`` is set, give one whose ``allowed_msgpack_modules`` names your own types.

    Raises:
        Blocked: from the run, when a value that it would write is blocked; the value is not written.
        PolicyError: the policy is wrong.
        ImportError: langgraph is not installed, and ``serde`` was left out.
    """

    def __init__(self, policy: PolicyLike = "default", serde: Serializer | None = None) -> None:
        self.serde: Serializer = _default() if serde is None else serde
        self._guard: Any = Once(guard_of(policy))

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """Return the type and the bytes of a value, cleaned."""
        return self.serde.dumps_typed(self._clean(obj))

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Return the value of a type and bytes, as it was written."""
        return self.serde.loads_typed(data)

    def _clean(self, value: Any) -> Any:
        if _is_metadata(value):
            return value
        if isinstance(value, dict) and value.keys() >= _CHECKPOINT:
            held = value.get("channel_values")
            return {**value, "channel_values": self._clean(held)} if held else value
        return clean(self._guard, value, context_for(Stage.MEMORY))


def _is_metadata(value: Any) -> bool:
    """Whether this is what LangGraph notes about a checkpoint."""
    if not isinstance(value, Mapping) or not isinstance(value.get("source"), str):
        return False
    return value["source"] in _SOURCES and isinstance(value.get("step"), int) and "parents" in value


def _default() -> Serializer:
    try:
        from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    except ModuleNotFoundError as error:
        raise ImportError(f"{error.name} is not installed: pip install 'langchain-secure[agents]'") from error
    return JsonPlusSerializer()
