"""Questions to a folder of documents with LlamaIndex, without and with llamaindex-secure.

python examples/llamaindex_rag.py [--docs PATH] [--policy default] [--question "..."] [--model openai:gpt-5-mini]
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from _demo import PROMPT, arguments, compare, gullible_answer
from _documents import Index, Passage, load
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.llms.types import CompletionResponse, CompletionResponseGen, LLMMetadata
from llama_index.core.llms import LLM, CustomLLM
from llama_index.core.llms.callbacks import llm_completion_callback
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.prompts import PromptTemplate
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from llamaindex_secure import SecureNodePostprocessor, SecureQueryEngine
from secure_core import Guard

PROVIDERS = {"anthropic": "Anthropic", "mistralai": "MistralAI", "ollama": "Ollama", "openai": "OpenAI"}


class KeywordRetriever(BaseRetriever):
    """Retrieves by keywords. Needs no network."""

    def __init__(self, index: Index) -> None:
        super().__init__()
        self._index = index

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self._index.best(query_bundle.query_str)
        return [NodeWithScore(node=TextNode(text=text, metadata={"source": source})) for source, text in found]


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


def engine(retriever: BaseRetriever, llm: LLM, *postprocessors: BaseNodePostprocessor) -> BaseQueryEngine:
    """Retrieve, postprocess, ask."""
    template = PromptTemplate(PROMPT.format(context="{context_str}", question="{query_str}"))
    return RetrieverQueryEngine.from_args(
        retriever, llm=llm, node_postprocessors=list(postprocessors), text_qa_template=template
    )


def main() -> None:
    """Ask the same questions twice."""
    given = arguments(__doc__)
    retriever, llm = KeywordRetriever(Index(load(*given.docs))), choose_model(given.model)
    guard = Guard.from_policy(given.policy)

    plain = engine(retriever, llm)
    secure = SecureQueryEngine(engine(retriever, llm, SecureNodePostprocessor(policy=guard)), guard)

    def ask(asked: BaseQueryEngine, question: str) -> tuple[list[Passage], str]:
        response = asked.query(question)
        return [Passage(each.metadata["source"], each.text) for each in response.source_nodes], str(response)

    compare(given.question, lambda question: ask(plain, question), lambda question: ask(secure, question))


if __name__ == "__main__":
    main()
