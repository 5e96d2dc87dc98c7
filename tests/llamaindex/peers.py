"""The other postprocessors for personal data, each with a recogniser that finds every address of these tests.

What is measured is what they do about it, not what a model finds.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from llama_index.core import VectorStoreIndex
from llama_index.core.chat_engine import ContextChatEngine
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import CompletionResponse, CompletionResponseGen, CustomLLM, LLMMetadata, TextBlock
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.postprocessor import NERPIINodePostprocessor, PIINodePostprocessor
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from llamaindex_secure import SecureNodePostprocessor
from secure_core import Guard

from .conftest import EDITING, Planted
from .speaker import Speaker
from .spies import shown

OURS = "SecureNodePostprocessor"
ORIGINS = ["node text", "node metadata", "an earlier question's node"]
SURFACES = ["prompt", "answer", "stream", "source nodes", "memory"]

_ADDRESS = re.compile(r"[\w.]+@example\.org")


def address(origin: str) -> str:
    """Return what is planted there."""
    return f"{re.sub('[^a-z]', '.', origin)}@example.org"


class Masker(CustomLLM):
    """Masks the addresses of the text that it is asked about, and tells what it masked, in the form that is asked."""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(context_window=32_000)

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        text = prompt.rpartition("Context:\n")[2].rpartition("\nTask: ")[0]
        found = {f"EMAIL{number}": each for number, each in enumerate(dict.fromkeys(_ADDRESS.findall(text)))}
        for tag, each in found.items():
            text = text.replace(each, f"[{tag}]")
        return CompletionResponse(text=f"{text}\nOutput Mapping:\n{json.dumps(found)}")

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        yield self.complete(prompt)


class Recognized(NERPIINodePostprocessor):
    """The core's own, with a pipeline that finds every address; the real one downloads a model that knows none."""

    def _postprocess_nodes(self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None) -> Any:
        def find(text: str) -> list[dict[str, Any]]:
            return [{"entity_group": "EMAIL", "start": m.start(), "word": m[0]} for m in _ADDRESS.finditer(text)]

        with patch.dict(sys.modules, transformers=SimpleNamespace(pipeline=lambda *_, **__: find)):
            return super()._postprocess_nodes(nodes, query_bundle)


def presidio() -> BaseNodePostprocessor:
    """Return llama-index-postprocessor-presidio, with Presidio's own recognisers and no language model.

    Raises:
        ImportError: it is not installed.
    """
    import tldextract.tldextract as tld
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    base: Any = import_module("llama_index.postprocessor.presidio.base")
    tld.TLD_EXTRACTOR = tld.TLDExtract(suffix_list_urls=(), cache_dir=None)  # no list from the network
    engine = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
    engine.load()

    class Presidio(base.PresidioPIINodePostprocessor):  # type: ignore[misc]
        def _postprocess_nodes(self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None) -> Any:
            with patch.object(base, "AnalyzerEngine", lambda: AnalyzerEngine(nlp_engine=engine)):
                return super()._postprocess_nodes(nodes, query_bundle)

    kind: Any = Presidio
    postprocessor: BaseNodePostprocessor = kind()
    return postprocessor


POSTPROCESSORS: dict[str, Callable[[], BaseNodePostprocessor]] = {
    OURS: lambda: SecureNodePostprocessor(policy=Guard(EDITING, detectors=[Planted()])),
    "PIINodePostprocessor": lambda: PIINodePostprocessor(llm=Masker()),
    "NERPIINodePostprocessor": Recognized,
    "llama-index-postprocessor-presidio 0.7": presidio,
}


class Parrot(Speaker):
    """Repeats every address that it reads."""

    def _next(self, asked: Any, **options: Any) -> list[Any]:
        super()._next(asked, **options)
        return [TextBlock(text=" ".join(["Ask", *dict.fromkeys(_ADDRESS.findall(str(asked)))]))]


def index(text: str, author: str) -> VectorStoreIndex:
    """Return an index that somebody filled without a guard."""
    node = TextNode(text=f"Write to {address(text)}.", metadata={"author": address(author)})
    return VectorStoreIndex([node], embed_model=MockEmbedding(embed_dim=4))


def observe(postprocessor: BaseNodePostprocessor) -> dict[str, str]:
    """Ask and chat with nothing but a postprocessor in the engine; return what can be read at each surface."""
    surfaces = dict.fromkeys(SURFACES, "")
    llm = Parrot(script=[[]])
    options: dict[str, Any] = {"llm": llm, "node_postprocessors": [postprocessor]}
    index(ORIGINS[2], ORIGINS[2]).as_query_engine(**options).query("Who?")
    llm.asked.clear()
    for surface in ("answer", "stream"):
        documents, memory = index(*ORIGINS[:2]), ChatMemoryBuffer.from_defaults(token_limit=3000)
        response: Any = documents.as_query_engine(streaming=surface == "stream", **options).query("Who?")
        chat = ContextChatEngine.from_defaults(documents.as_retriever(), memory=memory, **options)
        said = "".join(chat.stream_chat("Who?").response_gen) if surface == "stream" else chat.chat("Who?").response
        surfaces[surface] += f"{response} {said}"
        surfaces["source nodes"] += shown([response.source_nodes, response.metadata])
        surfaces["memory"] += shown(memory.get_all())
    return {**surfaces, "prompt": shown(llm.asked)}


def matrix() -> dict[tuple[str, str, str], str]:
    """Return for each postprocessor, origin and surface whether the text can be read there."""
    seen = {name: observe(build()) for name, build in POSTPROCESSORS.items()}
    return {
        (name, origin, surface): "leaks" if address(origin) in seen[name][surface] else "clean"
        for name in POSTPROCESSORS
        for origin in ORIGINS
        for surface in SURFACES
    }


def section(cells: dict[tuple[str, str, str], str]) -> str:
    """Return the section of the reference."""
    rows = [
        f"| {name} | {origin} | {' | '.join(cells[name, origin, surface] for surface in SURFACES)} |"
        for name in POSTPROCESSORS
        for origin in ORIGINS
    ]
    return "\n".join(
        [
            "## Postprocessors side by side",
            "",
            "The same engines with nothing but a postprocessor in them, the same one for every question. Each had a",
            "recogniser that finds every address, so that the table tells what is done about it: Presidio its own,",
            "without a language model; the others a scripted one, since theirs are models that have to be downloaded.",
            "",
            f"| postprocessor | arises in | {' | '.join(SURFACES)} |",
            f"|---|---{'|---' * len(SURFACES)}|",
            *rows,
            "",
        ]
    )
