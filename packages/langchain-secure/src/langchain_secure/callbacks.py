"""`SecureCallbackHandler`: one line on a chain that exists."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, Generation, LLMResult

from secure_core import Action, Context, Guard, Policy, SecureError, Stage

from ._content import Verdict, cleaned, judge, refuse
from ._context import context_for
from ._generations import info, telling
from ._message_stream import MessageStream, WholeMessage
from ._reach import edit_chunk, edit_tool_message, proven, put_documents, put_message
from ._run_span import under_run

__all__ = ["Capabilities", "Mode", "SecureCallbackHandler"]

Mode = Literal["sanitize", "block", "observe"]

_MOST_RUNS = 100_000
"""Runs that are remembered at once; a run that never ends (another handler failed) must not stay for ever."""


@dataclass(slots=True)
class _Run:
    """What is known of a run between its callbacks."""

    context: Context
    secured: bool = False
    stream: MessageStream | WholeMessage | None = None


class SecureCallbackHandler(BaseCallbackHandler):
    """Secures every model, retriever and tool below the run that it is given to.

    >>> chain.invoke(question, config={"callbacks": [SecureCallbackHandler("default")]})  # doctest: +SKIP

    LangChain lets a handler change some things and not others; `capabilities` says which. What can be changed is
    cleaned. What cannot (prompts, queries, the arguments of tools, tool results that are plain values) stops the run
    if a rule would have to change it. Works for invoke, stream and batch and their async forms.

    Args:
        policy: a shipped policy's name, a path to a TOML file, a `Policy` or a `Guard`.
        mode: ``"sanitize"`` as above; ``"block"``: nothing is changed, everything that a rule would have to change
            stops the run (streams then give their text out at the end); ``"observe"``: only spans and metrics.

    Raises:
        Blocked: from the run, when something was stopped.
        SecureError: from the run, when it streams in a way in which nothing can be held back (``version="v3"``
            events, text-completion models); wrap the model with `secure_model` instead.
    """

    raise_error = True
    run_inline = True

    def __init__(self, policy: str | Path | Policy | Guard = "default", *, mode: Mode = "sanitize") -> None:
        if mode not in get_args(Mode):
            raise ValueError(f"mode must be one of {', '.join(get_args(Mode))}")
        self.mode = mode
        self._guard = Guard.from_policy(policy)
        self._reach = proven() if mode == "sanitize" else frozenset()
        self._watches = mode != "observe" and _changes_answers(self._guard.policy)
        self._runs: dict[UUID, _Run] = {}

    def __repr__(self) -> str:
        return f"SecureCallbackHandler({self._guard!r}, mode={self.mode!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), mode=self.mode), (self._guard,)  # what it can reach is tried where it arrives

    def capabilities(self) -> Capabilities:
        """Return what is done about which text under the installed langchain-core; print it to read it."""
        blocks = "observes" if self.mode == "observe" else "blocks"
        refuses = "refuses, unless it is secured" if self._watches else "observes"

        def edits(what: str) -> str:
            return "sanitises" if what in self._reach else blocks

        return Capabilities(
            {
                "on_chat_model_start, on_llm_start: prompts": blocks,
                "on_llm_new_token: a chat model's chunks": edits("chunks"),
                "on_llm_end: a model's answer": edits("message"),
                "on_stream_event: a chat model's v3 events": refuses,
                "on_retriever_start: queries": blocks,
                "on_retriever_end: documents": edits("documents"),
                "on_tool_start: arguments": blocks,
                "on_tool_end: tool messages": edits("tool_message"),
                "on_tool_end: other results": blocks,
                "on_chain_start, on_chain_end: values between steps": "does not look",
            }
        )

    @property
    def ignore_chain(self) -> bool:
        """Whether chains are ignored: their texts come from models, retrievers and tools, or go there."""
        return True

    # -- models ------------------------------------------------------------------------------------

    def on_chat_model_start(
        self, serialized: Any, messages: list[list[BaseMessage]], *, run_id: UUID, **kwargs: Any
    ) -> None:
        """Stop a prompt that a rule would have to change."""
        self._begin(run_id, serialized, Stage.INPUT, messages, kwargs)

    def on_llm_start(self, serialized: Any, prompts: list[str], *, run_id: UUID, **kwargs: Any) -> None:
        """Stop a prompt that a rule would have to change."""
        self._begin(run_id, serialized, Stage.INPUT, prompts, kwargs)

    def on_llm_new_token(self, token: Any, *, chunk: Any = None, run_id: UUID, **kwargs: Any) -> None:
        """Clean a chunk before it is given out; text that may still become something is held back."""
        if not self._watches:
            return
        if not isinstance(chunk, ChatGenerationChunk) or not isinstance(chunk.message, AIMessageChunk):
            raise SecureError(_NO_HOLD.format("a text-completion model's stream"))
        run = self._run(run_id)
        if run.stream is None:
            kind = MessageStream if "chunks" in self._reach else WholeMessage
            run.stream = kind(self._guard, run.context)
        with under_run(run_id, kwargs.get("parent_run_id")):
            edit_chunk(chunk, run.stream.push(chunk.message))

    def on_stream_event(self, event: Any, *, run_id: UUID, **kwargs: Any) -> Any:
        """Refuse v3 events, which consumers have before any handler, unless the model is clean by itself."""
        if self._watches and not self._run(run_id).secured:
            raise SecureError(_NO_HOLD.format('a stream of events with version="v3"'))

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Clean a model's answer; a streamed one was cleaned as it came."""
        run = self._end(run_id)
        if run.stream is not None:
            if run.stream.holds:
                raise SecureError(_NO_HOLD.format("a stream without a last chunk"))
            return
        context = dataclasses.replace(run.context, stage=Stage.OUTPUT)
        with under_run(run_id, kwargs.get("parent_run_id")):
            for generation in (generation for generations in response.generations for generation in generations):
                self._finish(generation, context)
            about = self._cleaned(AIMessage("", response_metadata=response.llm_output or {}), context)
            response.llm_output = about.response_metadata or response.llm_output

    def _finish(self, generation: Generation, context: Context) -> None:
        said = telling(generation)
        new = self._cleaned(said, context)
        if new is said:
            return
        if isinstance(generation, ChatGeneration):
            put_message(generation, new)
        else:
            generation.text = str(new.content)
        generation.generation_info = info(generation, new)

    def _cleaned(self, said: BaseMessage, context: Context) -> BaseMessage:
        """Return what a model said as it may be passed on, or stop if it may not be changed."""
        verdict = judge(self._guard, said, context)
        if "message" in self._reach:
            return cleaned(said, context, verdict)
        self._refuse(verdict)
        return said

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Forget the run."""
        self._end(run_id)

    # -- retrievers --------------------------------------------------------------------------------

    def on_retriever_start(self, serialized: Any, query: str, *, run_id: UUID, **kwargs: Any) -> None:
        """Stop a query that a rule would have to change."""
        self._begin(run_id, serialized, Stage.INPUT, query, kwargs)

    def on_retriever_end(self, documents: Sequence[Document], *, run_id: UUID, **kwargs: Any) -> None:
        """Replace the documents by clean ones; leave blocked ones out."""
        context = dataclasses.replace(self._end(run_id).context, stage=Stage.RETRIEVAL)
        with under_run(run_id, kwargs.get("parent_run_id")):
            verdict = judge(self._guard, documents, context)
        if "documents" in self._reach and isinstance(documents, list):
            put_documents(documents, cleaned(documents, context, verdict))
        else:
            self._refuse(verdict)

    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Forget the run."""
        self._end(run_id)

    # -- tools -------------------------------------------------------------------------------------

    def on_tool_start(
        self, serialized: Any, input_str: str, *, run_id: UUID, inputs: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """Stop a call whose arguments a rule would have to change; the tool is not run."""
        self._begin(run_id, serialized, Stage.TOOL_CALL, input_str if inputs is None else inputs, kwargs)

    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Clean tool messages; stop any other result that a rule would have to change."""
        context = dataclasses.replace(self._end(run_id).context, stage=Stage.TOOL_RESULT)
        with under_run(run_id, kwargs.get("parent_run_id")):
            verdict = judge(self._guard, output, context)
        messages = output if isinstance(output, list) else [output]
        if "tool_message" in self._reach and all(isinstance(message, ToolMessage) for message in messages):
            for message in messages:
                edit_tool_message(message, cleaned(message, context, verdict))
        else:
            self._refuse(verdict)

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Forget the run."""
        self._end(run_id)

    # -- both --------------------------------------------------------------------------------------

    def _begin(self, run_id: UUID, serialized: Any, stage: Stage, value: Any, known: dict[str, Any]) -> None:
        """Judge what goes into a run, and remember the run if it may go on."""
        source = known.get("name") or (serialized or {}).get("name")
        context = context_for(stage, metadata=known.get("metadata"), source=source)
        with under_run(run_id, known.get("parent_run_id")):
            verdict = judge(self._guard, value, context)
        self._refuse(verdict)
        if len(self._runs) >= _MOST_RUNS:
            self._runs.pop(list(self._runs)[0], None)  # noqa: RUF015  # a copy: other threads write to it too
        secured = (serialized or {}).get("id", [])[-1:] in (["SecureChatModel"], ["AgentChatModel"])
        self._runs[run_id] = _Run(context, secured)

    def _run(self, run_id: UUID) -> _Run:
        return self._runs.setdefault(run_id, _Run(context_for(Stage.INPUT)))

    def _end(self, run_id: UUID) -> _Run:
        return self._runs.pop(run_id, None) or _Run(context_for(Stage.INPUT))

    def _refuse(self, verdict: Verdict) -> None:
        if self.mode != "observe":
            refuse(verdict)


def _changes_answers(policy: Policy) -> bool:
    """Whether a rule may change or block what a model says; otherwise a stream need not be held back."""
    said = {Stage.OUTPUT, Stage.TOOL_CALL}
    return any(rule.action >= Action.SANITIZE and not said.isdisjoint(rule.stages) for rule in policy.rules)


class Capabilities(dict[str, str]):
    """Which callback sees which text, and what is done about it. Prints as a table."""

    def __str__(self) -> str:
        width = max(map(len, self))
        return "\n".join(f"{what:<{width}}  {does}" for what, does in self.items())


_NO_HOLD = (
    "SecureCallbackHandler cannot hold text back in {}, so the run was stopped before anything leaked. "
    'Wrap the model instead: secure_model(model, policy); or use mode="observe".'
)
