"""Questions to a folder of documents with LangChain, without and with langchain-secure.

python examples/langchain_rag.py [--docs PATH] [--policy default] [--question "..."] [--model openai:gpt-5-mini]
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from _demo import PROMPT, arguments, compare, gullible_answer
from _documents import Index, Passage, load
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel, SimpleChatModel
from langchain_core.messages import BaseMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough

from langchain_secure import SecureInput, SecureRetriever, secure_model
from secure_core import Guard


class KeywordRetriever(BaseRetriever):
    """Retrieves by keywords. Needs no network."""

    index: Index

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return [Document(text, metadata={"source": source}) for source, text in self.index.best(query)]


class GullibleModel(SimpleChatModel):
    """Quotes whatever it reads, and does what it is told there. Needs no network."""

    @property
    def _llm_type(self) -> str:
        return "gullible"

    def _call(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> str:
        return gullible_answer(str(messages[-1].text))


def choose_model(name: str | None) -> BaseChatModel:
    """Return the offline model, or any that LangChain knows by ``provider:name``."""
    if name is None:
        return GullibleModel()
    try:
        from langchain.chat_models import init_chat_model

        return init_chat_model(name)
    except (ImportError, ValueError) as error:
        raise SystemExit(f"--model {name}: {error}") from None


def join(documents: list[Document]) -> str:
    """Put the documents into one text for the prompt."""
    return "\n\n".join(document.page_content for document in documents)


def chain(retriever: BaseRetriever, model: Runnable[Any, Any]) -> Runnable[str, dict[str, Any]]:
    """Retrieve, ask, and keep the documents beside the answer."""
    return (
        {"question": RunnablePassthrough()}
        | RunnablePassthrough.assign(documents=itemgetter("question") | retriever)
        | RunnablePassthrough.assign(context=itemgetter("documents") | RunnableLambda(join))
        | RunnablePassthrough.assign(answer=ChatPromptTemplate.from_template(PROMPT) | model | StrOutputParser())
    )


def main() -> None:
    """Ask the same questions twice."""
    given = arguments(__doc__)
    retriever, model = KeywordRetriever(index=Index(load(*given.docs))), choose_model(given.model)
    guard = Guard.from_policy(given.policy)

    plain = chain(retriever, model)
    secure = SecureInput(policy=guard) | chain(
        SecureRetriever(retriever=retriever, policy=guard), secure_model(model, guard)
    )

    def ask(runnable: Runnable[str, dict[str, Any]], question: str) -> tuple[list[Passage], str]:
        result = runnable.invoke(question)
        return [Passage(each.metadata["source"], each.page_content) for each in result["documents"]], result["answer"]

    compare(given.question, lambda question: ask(plain, question), lambda question: ask(secure, question))


if __name__ == "__main__":
    main()
