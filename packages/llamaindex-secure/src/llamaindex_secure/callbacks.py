"""A handler for LlamaIndex's older callbacks, which can stop a call and nothing else. Legacy: prefer the wrappers."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from llama_index.core.callbacks import CBEventType, EventPayload
from llama_index.core.callbacks.base_handler import BaseCallbackHandler

from secure_core import Action, Blocked, Context, Guard, Policy, Stage, Status

from ._content import texts

__all__ = ["SecureCallbackHandler"]

_STAGES = {
    EventPayload.QUERY_STR: Stage.INPUT,
    EventPayload.PROMPT: Stage.INPUT,
    EventPayload.MESSAGES: Stage.INPUT,
    EventPayload.NODES: Stage.RETRIEVAL,
    EventPayload.FUNCTION_CALL: Stage.TOOL_CALL,
    EventPayload.FUNCTION_OUTPUT: Stage.TOOL_RESULT,
    EventPayload.COMPLETION: Stage.OUTPUT,
    EventPayload.RESPONSE: Stage.OUTPUT,
}
"""Where the texts of a payload stand. Others repeat these in parts, or never leave the process."""


class SecureCallbackHandler(BaseCallbackHandler):
    """Stops a call whose question, prompt, nodes or answer a rule would have to change or block.

    Legacy. `CallbackManager` hands out what belongs to the application, so a handler can look and raise, not clean;
    and a stream's end comes after its words are out. Use it where an application is not yours to change; everywhere
    else the wrappers (`SecureQueryEngine`, `SecureLLM`, …) clean what this one stops.

    >>> Settings.callback_manager = CallbackManager([SecureCallbackHandler("default")])

    Args:
        policy: A shipped policy's name, a path to TOML, a `Policy` or a `Guard`.

    Raises:
        PolicyError: The policy cannot be turned into a guard.
        Blocked: From the call that LlamaIndex was about to make, or has just made.
    """

    def __init__(self, policy: str | Path | Policy | Guard = "default") -> None:
        super().__init__([], [])
        self._guard = Guard.from_policy(policy)

    def on_event_start(
        self,
        event_type: CBEventType,
        payload: dict[str, Any] | None = None,
        event_id: str = "",
        parent_id: str = "",
        **kwargs: Any,
    ) -> str:
        """Stop what must not begin."""
        self._judge(payload)
        return event_id

    def on_event_end(
        self, event_type: CBEventType, payload: dict[str, Any] | None = None, event_id: str = "", **kwargs: Any
    ) -> None:
        """Stop what must not be handed on."""
        self._judge(payload)

    def start_trace(self, trace_id: str | None = None) -> None:
        """Do nothing."""

    def end_trace(self, trace_id: str | None = None, trace_map: dict[str, list[str]] | None = None) -> None:
        """Do nothing."""

    def _judge(self, payload: dict[str, Any] | None) -> None:
        found = [pair for key, stage in _STAGES.items() for pair in texts((payload or {}).get(key), Context(stage))]
        decisions = self._guard.check_many([text for text, _ in found], contexts=[where for _, where in found])
        worst = max(decisions, key=lambda decision: decision.action, default=None)
        if worst is not None and worst.action >= Action.SANITIZE:
            raise Blocked(dataclasses.replace(worst, action=Action.BLOCK, text="", edits=(), status=Status.BLOCKED))
