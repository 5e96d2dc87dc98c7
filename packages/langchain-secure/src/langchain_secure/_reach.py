"""What a callback handler can reach: four edits that LangChain lets through, and the proof that it does.

LangChain hands some objects over by reference and reads them again after the callbacks. It does not promise that, so
it is tried out, on tiny fakes, with the very functions that the handler uses.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from typing import Any

import langchain_core
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk

from ._generations import info

__all__ = ["edit_chunk", "edit_tool_message", "on_trial", "proven", "put_documents", "put_message"]


def put_documents(documents: list[Document], new: list[Document]) -> None:
    """Put other documents into the list that a retriever returned; the documents themselves stay as they are."""
    documents[:] = new


def put_message(generation: ChatGeneration, message: BaseMessage) -> None:
    """Put another message into a result; the message that the model made stays as it is."""
    generation.message = message
    generation.text = str(message.text)


def edit_chunk(chunk: ChatGenerationChunk, fields: Mapping[str, Any]) -> None:
    """Change a chunk before it is given out. LangChain writes ids into the same object: nobody else holds it yet."""
    for name, value in fields.items():
        setattr(chunk.message, name, value)
    chunk.text = str(chunk.message.text)
    chunk.generation_info = info(chunk, chunk.message)


def edit_tool_message(message: ToolMessage, clean: ToolMessage) -> None:
    """Make a tool's message say what its clean copy says."""
    for name in ("content", "artifact", "additional_kwargs"):
        setattr(message, name, getattr(clean, name))


def proven() -> frozenset[str]:
    """Return which edits take effect: of ``documents``, ``message``, ``chunks`` and ``tool_message``.

    Tried once per process and version of langchain-core, in a few milliseconds.
    """
    return frozenset() if on_trial() else _proven(langchain_core.__version__)


_trying: ContextVar[bool] = ContextVar("langchain_secure_trying", default=False)


def on_trial() -> bool:
    """Whether this is the trial itself: a handler that the environment attaches to it must not try again."""
    return _trying.get()


@cache
def _proven(version: str) -> frozenset[str]:
    from ._trial import what_comes_out  # builds classes that nobody else needs

    found: set[str] = set()

    def work() -> None:
        _trying.set(True)
        found.update(asyncio.run(what_comes_out()))

    trial = threading.Thread(target=work)  # of its own: no event loop, no run and no trace of the caller's is in it
    trial.start()
    trial.join()
    return frozenset(found)
