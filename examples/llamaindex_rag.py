"""Questions to a folder of documents with LlamaIndex, without and with llamaindex-secure.

python examples/llamaindex_rag.py [--docs PATH] [--policy default] [--question "..."] [--model openai:gpt-5-mini]
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from _demo import PROMPT, arguments, compare, gullible_answer
from _documents import Passage, load
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.llms.types import CompletionResponse, CompletionResponseGen, LLMMetadata
from llama_index.core.llms import LLM, CustomLLM
from llama_index.core.llms.callbacks import llm_completion_callback
from llama_index.core.prompts import PromptTemplate
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import TextNode
from llama_index.retrievers.bm25 import BM25Retriever  # type: ignore[import-untyped]

from llamaindex_secure import SecureNodePostprocessor, SecureQueryEngine
from secure_core import Guard

PROVIDERS = {"anthropic": "Anthropic", "mistralai": "MistralAI", "ollama": "Ollama", "openai": "OpenAI"}


class GullibleLLM(CustomLLM):
    """Quotes whatever it reads, and does what it is told there. Needs no network."""

    @property
    def metadata(self) -> LLMMetadata:
        """Say what the model can do."""
        return LLMMetadata(model_name="gullible", context_window=100_000)

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """Answer at once."""
        return CompletionResponse(text=gullible_answer(prompt))

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        """Answer in one piece."""
        yield CompletionResponse(text=gullible_answer(prompt), delta=gullible_answer(prompt))


def choose_model(name: str | None) -> LLM:
    """Return the offline model, or ``provider:model`` of a ``llama-index-llms-*`` package."""
    if name is None:
        return GullibleLLM()
    provider, _, model = name.partition(":")
    try:
        chosen: LLM = getattr(import_module(f"llama_index.llms.{provider}"), PROVIDERS[provider])(model=model)
        return chosen
    except KeyError:
        raise SystemExit(f"--model {name}: PROVIDER:MODEL with one of {', '.join(PROVIDERS)}") from None
    except ImportError:
        raise SystemExit(f"--model {name} needs: pip install llama-index-llms-{provider}") from None


def main() -> None:
    """Ask the same questions twice."""
    given = arguments(__doc__)
    nodes = [TextNode(text=text, metadata={"source": source}) for source, text in load(*given.docs)]
    guard = Guard.from_policy(given.policy)
    parts = {
        "retriever": BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=min(3, len(nodes))),
        "llm": choose_model(given.model),
        "text_qa_template": PromptTemplate(PROMPT.format(context="{context_str}", question="{query_str}")),
    }

    plain = RetrieverQueryEngine.from_args(**parts)
    secure = SecureQueryEngine(
        RetrieverQueryEngine.from_args(**parts, node_postprocessors=[SecureNodePostprocessor(policy=guard)]), guard
    )

    def ask(engine: BaseQueryEngine, question: str) -> tuple[list[Passage], str]:
        response = engine.query(question)
        return [Passage(each.metadata["source"], each.text) for each in response.source_nodes], str(response)

    compare(given.question, lambda question: ask(plain, question), lambda question: ask(secure, question))


if __name__ == "__main__":
    main()
