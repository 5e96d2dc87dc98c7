"""The decisions that LangChain's hooks and LlamaIndex's come to about the same texts.

``python -m tests.llamaindex.verdicts PATH... [--policy default] [--limit 500]`` compares them at every stage on rows of
JSON lines that have a ``text``, from files or folders, and fails if one differs.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import itertools
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.documents import Document
from langchain_core.messages import HumanMessage
from langchain_core.retrievers import BaseRetriever
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.base.response.schema import Response
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.query_engine import CustomQueryEngine
from llama_index.core.schema import NodeWithScore, TextNode

import langchain_secure as langchain
import llamaindex_secure as llamaindex
from secure_core import Blocked, Decision, Guard, Policy
from secure_core.telemetry import Telemetry

Hook = Callable[[Guard, str], Any]


class Recorder(Telemetry):
    """Keeps the decisions that it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.decisions: list[Decision] = []

    def record(self, decision: Decision, policy: Policy, started: int, ended: int) -> None:
        self.decisions.append(decision)


class Shelf(BaseRetriever):
    """Brings one document."""

    text: str

    def _get_relevant_documents(self, query: str, **kwargs: Any) -> list[Document]:
        return [Document(self.text)]


class Fixed(CustomQueryEngine):
    """Answers with one text."""

    answer: str = ""

    def custom_query(self, query_str: str) -> Response:
        return Response(self.answer)


def saying(text: str) -> Callable[[], str]:
    """Return a tool that answers with a text."""

    def answer() -> str:
        """Answer."""
        return text

    return answer


def silent(text: str) -> str:
    """Say nothing."""
    return ""


HOOKS: dict[str, tuple[Hook, Hook]] = {
    "input": (
        lambda guard, text: langchain.SecureInput(guard).invoke(text),
        lambda guard, text: llamaindex.SecureQueryEngine(Fixed(), guard).query(text),
    ),
    "retrieval": (
        lambda guard, text: langchain.SecureRetriever(retriever=Shelf(text=text), policy=guard).invoke(""),
        lambda guard, text: llamaindex.SecureNodePostprocessor(policy=guard).postprocess_nodes(
            [NodeWithScore(node=TextNode(text=text))]
        ),
    ),
    "tool_call": (
        lambda guard, text: langchain.secure_tools([silent], guard)[0].invoke({"text": text}),
        lambda guard, text: llamaindex.secure_tools([silent], guard)[0].call(text=text),
    ),
    "tool_result": (
        lambda guard, text: langchain.secure_tools([saying(text)], guard)[0].invoke({}),
        lambda guard, text: llamaindex.secure_tools([saying(text)], guard)[0].call(),
    ),
    "output": (
        lambda guard, text: langchain.SecureOutput(guard).invoke(text),
        lambda guard, text: llamaindex.SecureQueryEngine(Fixed(answer=text), guard).query(""),
    ),
    "ingest": (
        lambda guard, text: langchain.SecureDocumentTransformer(guard).transform_documents([Document(text)]),
        lambda guard, text: llamaindex.SecureTransform(policy=guard)([TextNode(text=text)]),
    ),
    "memory": (
        lambda guard, text: langchain.SecureChatMessageHistory(InMemoryChatMessageHistory(), guard).add_messages(
            [HumanMessage(text)]
        ),
        lambda guard, text: llamaindex.SecureMemory(memory=ChatMemoryBuffer.from_defaults(), policy=guard).put(
            ChatMessage(text)
        ),
    ),
}
"""By stage: how LangChain and how LlamaIndex judge a text there."""


def verdicts(hook: Hook, policy: str | Policy, stage: str, texts: Sequence[str]) -> list[bytes]:
    """Return what was decided about each text by a guard of its own, as bytes."""
    recorder = Recorder()
    guard = Guard(policy if isinstance(policy, Policy) else Policy.load(policy), key=b"test", telemetry=recorder)
    found = []
    for text in texts:
        recorder.decisions.clear()
        with contextlib.suppress(Blocked):
            hook(guard, text)
        found.append("\n".join(map(_told, filter(lambda d: d.context.stage == stage, recorder.decisions))).encode())
    return found


def _told(decision: Decision) -> str:
    edits = [(edit.start, edit.end, edit.replacement) for edit in decision.edits]
    return repr((decision.action, decision.status, decision.text, decision.findings, edits, decision.policy))


def files(path: Path) -> list[Path]:
    """Return a file of JSON lines, or all that are in a folder."""
    return sorted(path.rglob("*.jsonl*")) if path.is_dir() else [path]


def rows(path: Path) -> Iterator[str]:
    """Yield the texts of JSON lines, plain or gzipped."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
        yield from (text for line in lines if (text := json.loads(line).get("text")))


def sample(paths: Sequence[Path], limit: int, longest: int) -> list[str]:
    """Return texts of all files in turn: the first of each, then the second."""
    turns = itertools.zip_longest(*(rows(file) for path in paths for file in files(path)))
    return list(itertools.islice((text for turn in turns for text in turn if text and len(text) <= longest), limit))


def main() -> int:
    """Compare the hooks on rows of data."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("paths", nargs="+", type=Path, help="files of JSON lines, or folders that hold some")
    parser.add_argument("--policy", default="default")
    parser.add_argument("--limit", type=int, default=500, help="how many texts")
    parser.add_argument("--longest", type=int, default=2000, help="characters; longer texts are left out")
    given = parser.parse_args()
    texts, differing = sample(given.paths, given.limit, given.longest), 0
    for stage, hooks in HOOKS.items():
        one, other = (verdicts(hook, given.policy, stage, texts) for hook in hooks)
        found = sum(b"Finding(" in verdict for verdict in one)
        different = sum(left != right or not left for left, right in zip(one, other, strict=True))
        differing += different
        print(f"{stage}: {len(texts)} texts, something found in {found}, {different} differ", flush=True)
    return int(bool(differing) or not texts)


if __name__ == "__main__":
    sys.exit(main())
