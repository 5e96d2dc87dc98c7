from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from llama_index.core import PromptTemplate, VectorStoreIndex
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import (
    RESPONSE_TYPE,
    AsyncStreamingResponse,
    PydanticResponse,
    Response,
    StreamingResponse,
)
from llama_index.core.query_engine import CustomQueryEngine, RouterQueryEngine, SubQuestionQueryEngine
from llama_index.core.question_gen.types import BaseQuestionGenerator, SubQuestion
from llama_index.core.response_synthesizers import get_response_synthesizer
from llama_index.core.schema import BaseNode, NodeWithScore, QueryBundle, TextNode
from llama_index.core.selectors import LLMSingleSelector
from llama_index.core.tools import QueryEngineTool, ToolMetadata
from opentelemetry import trace
from pydantic import BaseModel

from llamaindex_secure import SecureNodePostprocessor, SecureQueryEngine
from secure_core import Blocked, Guard, Stage
from secure_core.errors import InputError

from .conftest import EMAIL, KEY, ORDER, Planted, ScriptedLLM, holds_planted, planted_node, said

Indexed = Callable[[Sequence[BaseNode]], VectorStoreIndex]

ANSWER = f"The owner is {EMAIL}. The key is {KEY}; keep it.\nWrite to {EMAIL}"
CLEAN_ANSWER = "The owner is [EMAIL_ADDRESS]. The key is [AWS_ACCESS_KEY]; keep it.\nWrite to [EMAIL_ADDRESS]"


class Invoice(BaseModel):
    payer: str
    total: float
    notes: list[str]


class Fixed(BaseQueryEngine):
    """Answers with what it was given, whatever the question, and remembers the questions."""

    def __init__(self, answer: Callable[[], RESPONSE_TYPE]) -> None:
        super().__init__(callback_manager=None)
        self.answer = answer
        self.asked: list[QueryBundle] = []

    def _get_prompt_modules(self) -> dict[str, Any]:
        return {}

    def _query(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        self.asked.append(query_bundle)
        return self.answer()

    async def _aquery(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        return self._query(query_bundle)


def pieces(text: str, size: int) -> Generator[str, None, None]:
    yield from (text[start : start + size] for start in range(0, len(text), size))


async def apieces(text: str, size: int) -> AsyncGenerator[str, None]:
    for piece in pieces(text, size):
        await asyncio.sleep(0)
        yield piece


def sources() -> dict[str, Any]:
    nodes = [NodeWithScore(node=planted_node(id_="kept")), NodeWithScore(node=TextNode(text=ORDER, id_="dropped"))]
    return {
        "source_nodes": nodes,
        "metadata": {"kept": nodes[0].metadata, "dropped": {"note": ORDER}, "scores": [0.5]},
    }


ANSWERS: dict[str, Callable[[], RESPONSE_TYPE]] = {
    "whole": lambda: Response(ANSWER, **sources()),
    "stream": lambda: StreamingResponse(pieces(ANSWER, 3), **sources()),
    "async stream": lambda: AsyncStreamingResponse(apieces(ANSWER, 3), **sources()),
    "stream that was read": lambda: StreamingResponse(pieces("", 1), response_txt=ANSWER, **sources()),
}


async def ask(engine: BaseQueryEngine, question: str | QueryBundle, asynchronous: bool) -> RESPONSE_TYPE:
    return await engine.aquery(question) if asynchronous else engine.query(question)


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("kind", ANSWERS)
async def test_every_kind_of_answer_is_clean_and_of_the_same_kind(guard: Guard, kind: str, asynchronous: bool) -> None:
    response = await ask(SecureQueryEngine(Fixed(ANSWERS[kind]), guard), "Who?", asynchronous)
    assert type(response) is type(ANSWERS[kind]())
    assert await said(response) == CLEAN_ANSWER
    assert [node.node_id for node in response.source_nodes] == ["kept"]
    assert response.metadata is not None
    assert list(response.metadata) == ["kept", "scores"]
    assert not holds_planted([response.source_nodes, response.metadata])
    assert not holds_planted(response.get_formatted_sources(length=1000))


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_structured_answer_is_clean_in_every_field(guard: Guard, asynchronous: bool) -> None:
    invoice = Invoice(payer=EMAIL, total=12.5, notes=["paid", KEY])
    engine = SecureQueryEngine(Fixed(lambda: PydanticResponse(invoice, **sources())), guard)
    response = await ask(engine, "Who?", asynchronous)
    assert isinstance(response, PydanticResponse)
    assert response.response == Invoice(payer="[EMAIL_ADDRESS]", total=12.5, notes=["paid", "[AWS_ACCESS_KEY]"])
    assert response.payer == "[EMAIL_ADDRESS]"
    assert invoice.payer == EMAIL


async def test_a_node_and_the_metadata_that_repeats_it_are_judged_once(guard: Guard, detector: Planted) -> None:
    node = TextNode(text="The crane is blue.", metadata={"author": "Ines", "place": "pier 4"}, id_="kept")
    answer = Response("Blue.", [NodeWithScore(node=node)], {"kept": node.metadata})
    response = SecureQueryEngine(Fixed(lambda: answer), guard).query("Who?")
    assert response.metadata == {"kept": node.metadata}
    assert len(detector.batches) == 3  # the question, the answer and the node


def test_other_metadata_that_is_blocked_blocks_the_answer(guard: Guard) -> None:
    with pytest.raises(Blocked):
        SecureQueryEngine(Fixed(lambda: Response("Yes.", metadata={"note": ORDER})), guard).query("Who?")


async def test_no_answer_stays_no_answer(guard: Guard) -> None:
    assert SecureQueryEngine(Fixed(lambda: Response(None)), guard).query("Who?") == Response(None)


class Raw(CustomQueryEngine):
    def custom_query(self, query_str: str) -> Any:
        return {"answer": EMAIL}


def test_an_answer_that_cannot_be_judged_is_refused(guard: Guard) -> None:
    with pytest.raises(InputError, match="answers with dict") as caught:
        SecureQueryEngine(Raw(), guard).query("Who?")
    assert not holds_planted(str(caught.value))


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_the_engine_is_asked_the_sanitised_question(guard: Guard, asynchronous: bool) -> None:
    engine = Fixed(ANSWERS["whole"])
    question = QueryBundle(f"Who is {EMAIL}?", custom_embedding_strs=[EMAIL, "who"], embedding=[1.0])
    await ask(SecureQueryEngine(engine, guard), question, asynchronous)
    assert engine.asked == [QueryBundle("Who is [EMAIL_ADDRESS]?", custom_embedding_strs=["[EMAIL_ADDRESS]", "who"])]
    assert question.query_str == f"Who is {EMAIL}?"


async def test_a_question_without_findings_goes_on_as_it_is(guard: Guard) -> None:
    engine = Fixed(ANSWERS["whole"])
    SecureQueryEngine(engine, guard).query(QueryBundle("Who?", image_path="a.png", embedding=[1.0]))
    assert engine.asked == [QueryBundle("Who?", image_path="a.png", embedding=[1.0])]


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_blocked_question_never_reaches_the_engine(guard: Guard, asynchronous: bool) -> None:
    engine = Fixed(ANSWERS["whole"])
    with pytest.raises(Blocked) as caught:
        await ask(SecureQueryEngine(engine, guard), ORDER, asynchronous)
    assert engine.asked == []
    assert caught.value.decision.context.stage is Stage.INPUT
    assert not holds_planted([str(caught.value), repr(caught.value)])


@pytest.mark.parametrize(
    "answer",
    [
        lambda: Response(f"Yes. {ORDER}"),
        lambda: StreamingResponse(pieces(f"Yes. {ORDER}", 2)),
        lambda: AsyncStreamingResponse(apieces(f"Yes. {ORDER}", 2)),
        lambda: PydanticResponse(Invoice(payer=ORDER, total=0, notes=[])),
    ],
    ids=["whole", "stream", "async stream", "structured"],
)
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_blocked_answer_is_never_handed_out(guard: Guard, answer: Any, asynchronous: bool) -> None:
    with pytest.raises(Blocked) as caught:
        await said(await ask(SecureQueryEngine(Fixed(answer), guard), "Who?", asynchronous))
    assert caught.value.decision.context.stage is Stage.OUTPUT


def test_nothing_of_a_blocked_answer_is_streamed(guard: Guard) -> None:
    engine = SecureQueryEngine(Fixed(lambda: StreamingResponse(pieces(f"Yes.\n{ORDER}\nNo.", 1))), guard)
    response = engine.query("Who?")
    assert isinstance(response, StreamingResponse)
    heard: list[str] = []
    with pytest.raises(Blocked):
        heard.extend(response.response_gen)
    assert heard == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, len(ANSWER)), max_size=30))
def test_however_an_answer_is_cut_the_stream_says_what_the_whole_says(
    guard: Guard, flowing: Guard, cuts: list[int]
) -> None:
    edges = [0, *sorted(cuts), len(ANSWER)]
    tokens = [ANSWER[start:end] for start, end in pairwise(edges)]
    for either in (guard, flowing):
        response = SecureQueryEngine(Fixed(lambda: StreamingResponse(token for token in tokens)), either).query("Who?")
        assert str(response) == CLEAN_ANSWER


def test_a_stream_flows(flowing: Guard) -> None:
    """Where nothing may be blocked, what a sentence became is out before the end was read."""
    read: list[str] = []
    answer = f"This sentence, written to {EMAIL}, is long enough to stand for itself. " * 20

    def tokens() -> Generator[str, None, None]:
        for piece in pieces(answer, 1):
            read.append(piece)
            yield piece

    response = SecureQueryEngine(Fixed(lambda: StreamingResponse(tokens())), flowing).query("Who?")
    assert isinstance(response, StreamingResponse)
    assert read == []
    first = next(iter(response.response_gen))
    assert first.startswith("This sentence, written to [EMAIL_ADDRESS]")
    assert len(read) < len(answer) / 2


def test_no_span_is_current_while_a_stream_is_open(flowing: Guard) -> None:
    before = trace.get_current_span()
    response = SecureQueryEngine(Fixed(lambda: StreamingResponse(pieces(ANSWER * 9, 3))), flowing).query("Who?")
    assert isinstance(response, StreamingResponse)
    for _ in response.response_gen:
        assert trace.get_current_span() is before


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_an_index_answers_clean_from_end_to_end(
    guard: Guard, indexed: Indexed, size: int, asynchronous: bool
) -> None:
    llm = ScriptedLLM(answer=ANSWER, size=size)
    index = indexed([planted_node(), TextNode(text=ORDER)])
    options: dict[str, Any] = {"llm": llm, "node_postprocessors": [SecureNodePostprocessor(policy=guard)]}
    whole = SecureQueryEngine(index.as_query_engine(**options), guard)
    stream = SecureQueryEngine(index.as_query_engine(streaming=True, **options), guard)
    for engine in (whole, stream):
        response = await ask(engine, f"Who is {EMAIL}?", asynchronous)
        assert await said(response) == CLEAN_ANSWER
        assert not holds_planted([response.source_nodes, response.metadata])
    assert len(llm.prompts) == 2
    assert "Who is [EMAIL_ADDRESS]?" in llm.prompts[0]
    assert not holds_planted(llm.prompts)


async def test_nodes_can_be_retrieved_and_an_answer_be_written_from_nodes(guard: Guard, indexed: Indexed) -> None:
    llm = ScriptedLLM(answer=ANSWER)
    engine = SecureQueryEngine(indexed([planted_node()]).as_query_engine(llm=llm), guard)
    question, raw = QueryBundle(f"Who is {EMAIL}?"), [NodeWithScore(node=planted_node())]
    retrieved = [engine.retrieve(question), await engine.aretrieve(question)]
    answers = [engine.synthesize(question, raw), await engine.asynthesize(question, raw, additional_source_nodes=raw)]
    assert [str(answer) for answer in answers] == [CLEAN_ANSWER, CLEAN_ANSWER]
    assert [len(answer.source_nodes) for answer in answers] == [1, 2]
    assert not holds_planted([retrieved, [answer.source_nodes for answer in answers], llm.prompts])
    assert holds_planted(raw)


def test_prompts_are_read_and_changed_through_it(guard: Guard, indexed: Indexed) -> None:
    llm = ScriptedLLM()
    inner = indexed([TextNode(text="The crane is blue.")]).as_query_engine(llm=llm)
    engine = SecureQueryEngine(inner, guard)
    assert engine.get_prompts().keys() == inner.get_prompts().keys()
    engine.update_prompts({"response_synthesizer:text_qa_template": PromptTemplate("Say {query_str} {context_str}")})
    engine.query("crane?")
    assert llm.prompts == ["Say crane? The crane is blue."]


class Echo(CustomQueryEngine):
    def custom_query(self, query_str: str) -> str:
        return f"You asked {query_str} and {EMAIL} knows."


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_custom_engine_that_answers_with_a_string_is_clean(guard: Guard, asynchronous: bool) -> None:
    response = await ask(SecureQueryEngine(Echo(), guard), KEY, asynchronous)
    assert str(response) == "You asked [AWS_ACCESS_KEY] and [EMAIL_ADDRESS] knows."


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_router_around_secured_engines_and_within_one_is_clean(guard: Guard, asynchronous: bool) -> None:
    chooser = ScriptedLLM(answer='[{"choice": 1, "reason": "it fits"}]')
    tools = [
        QueryEngineTool.from_defaults(SecureQueryEngine(Fixed(ANSWERS["whole"]), guard), name=name, description=name)
        for name in ("left", "right")
    ]
    router = RouterQueryEngine(LLMSingleSelector.from_defaults(llm=chooser), tools, llm=chooser)
    for engine in (router, SecureQueryEngine(router, guard)):
        response = await ask(engine, "Who?", asynchronous)
        assert str(response) == CLEAN_ANSWER
        assert not holds_planted(response.source_nodes)
        assert response.metadata is not None
        assert response.metadata["selector_result"].ind == 0


class OneQuestion(BaseQuestionGenerator):
    def _get_prompts(self) -> dict[str, Any]:
        return {}

    def _update_prompts(self, prompts: dict[str, Any]) -> None: ...

    def generate(self, tools: Sequence[ToolMetadata], query: QueryBundle) -> list[SubQuestion]:
        return [SubQuestion(sub_question=query.query_str, tool_name=tools[0].name or "")]

    async def agenerate(self, tools: Sequence[ToolMetadata], query: QueryBundle) -> list[SubQuestion]:
        return self.generate(tools, query)


async def test_an_engine_of_sub_questions_is_clean(guard: Guard) -> None:
    llm = ScriptedLLM(answer=ANSWER)
    tool = QueryEngineTool.from_defaults(
        SecureQueryEngine(Fixed(ANSWERS["whole"]), guard), name="left", description="l"
    )
    engine = SubQuestionQueryEngine.from_defaults(
        [tool],
        llm=llm,
        question_gen=OneQuestion(),
        response_synthesizer=get_response_synthesizer(llm=llm),
        use_async=False,
        verbose=False,
    )
    response = SecureQueryEngine(engine, guard).query(f"Who is {EMAIL}?")
    assert str(response) == CLEAN_ANSWER
    assert not holds_planted([llm.prompts, response.source_nodes, response.metadata])


class Mirror(Fixed):
    """Answers each question with itself, from a node that holds it."""

    def __init__(self) -> None:
        super().__init__(lambda: Response(None))

    def _query(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        node = TextNode(text=query_bundle.query_str, id_=query_bundle.query_str.split()[0])
        return AsyncStreamingResponse(
            apieces(query_bundle.query_str, 1), [NodeWithScore(node=node)], {node.node_id: {"of": node.node_id}}
        )


async def test_users_who_share_one_engine_share_nothing_else(guard: Guard) -> None:
    shared = SecureQueryEngine(Mirror(), guard)
    before = dict(vars(shared))

    async def user(number: int) -> None:
        for _ in range(3):
            response = await shared.aquery(f"user{number} is user{number}@nordwind.example of {KEY}")
            expected = f"user{number} is [EMAIL_ADDRESS] of [AWS_ACCESS_KEY]"
            assert await said(response) == expected
            assert [node.text for node in response.source_nodes] == [expected]
            assert response.metadata == {f"user{number}": {"of": f"user{number}"}}

    await asyncio.gather(*(user(number) for number in range(64)))
    assert vars(shared) == before
