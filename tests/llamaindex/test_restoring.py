"""Stand-ins on the way in, values on the way out: nobody between sees one, and whoever asks sees no difference."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.agent.workflow import (
    AgentStream,
    AgentWorkflow,
    FunctionAgent,
)
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.llms.types import ThinkingBlock, ToolCallBlock
from llama_index.core.chat_engine import ContextChatEngine
from llama_index.core.ingestion import IngestionCache, IngestionPipeline
from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]
from llama_index.core.llms import LLM, ChatMessage, TextBlock
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.prompts import PromptTemplate
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import TextNode
from llama_index.core.workflow import Context as WorkflowContext
from pydantic import BaseModel
from pydantic_core import to_json

from llamaindex_secure import (
    SecureChatEngine,
    SecureLLM,
    SecureNodePostprocessor,
    SecureQueryEngine,
    SecureRetriever,
    SecureTransform,
    instrument,
    secure_agent,
    secure_tools,
    uninstrument,
)
from secure_core import Guard, Policy
from secure_core.vault import MemoryVault, SQLiteVault

from .conftest import said
from .mailbox import KEY, PEOPLE, QUESTION, RULES, Copyist, Words, bound, guard, holds_values, index
from .speaker import Speaker
from .spies import Events, Spans

ASKED = QUESTION.format(name=PEOPLE[1].name)
EVERYTHING = "".join(f"{person.name} {person.address} {person.card}. " for person in PEOPLE)


def plain_engine(llm: LLM, **options: Any) -> BaseQueryEngine:
    return index().as_query_engine(llm=llm, similarity_top_k=1, **options)


def secure_engine(llm: LLM, policy: Guard, **options: Any) -> SecureQueryEngine:
    retriever = SecureRetriever(index().as_retriever(similarity_top_k=1), policy)
    return SecureQueryEngine(RetrieverQueryEngine.from_args(retriever, llm=llm, **options), policy)


def chat_engine(llm: LLM, memory: ChatMemoryBuffer, policy: Guard | None) -> Any:
    retriever: Any = index().as_retriever(similarity_top_k=1)
    retriever = SecureRetriever(retriever, policy) if policy else retriever
    engine = ContextChatEngine.from_defaults(retriever, llm=llm, memory=memory)
    return SecureChatEngine(engine, policy) if policy else engine


def stand_in(policy: Guard, value: str) -> str:
    return policy.check(value, stage="input").text


async def asked(engine: BaseQueryEngine, question: str, asynchronous: bool) -> tuple[str, Any]:
    response = await engine.aquery(question) if asynchronous else engine.query(question)
    return await said(response), response


@contextmanager
def watched(policy: Guard) -> Iterator[list[str]]:
    """Write down what exporters of events and spans are shown."""
    dispatcher, events, spans = get_dispatcher(), Events(), Spans()
    dispatcher.add_event_handler(events)
    dispatcher.add_span_handler(spans)
    instrument(policy)
    shown: list[str] = []
    try:
        yield shown
    finally:
        uninstrument()
        dispatcher.event_handlers.remove(events)
        dispatcher.span_handlers.remove(spans)
        shown += [*events.seen, *spans.seen]


# -- query engines ---------------------------------------------------------------------------------


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("streaming", [False, True])
async def test_an_engine_answers_as_it_would_without_a_guard(streaming: bool, asynchronous: bool, person: Any) -> None:
    question = QUESTION.format(name=person.name)
    expected, _ = await asked(plain_engine(Copyist(), streaming=streaming), question, asynchronous)
    llm = Copyist()
    answer, response = await asked(secure_engine(llm, bound(), streaming=streaming), question, asynchronous)
    assert answer == expected
    assert person.card in expected
    assert llm.asked
    assert not holds_values(llm.asked)
    assert not holds_values(to_json([response.source_nodes, response.metadata], fallback=vars).decode())


@pytest.mark.parametrize("size", [*range(1, 60), 1000])
async def test_a_stream_is_restored_however_the_model_cuts_it(size: int) -> None:
    expected, _ = await asked(plain_engine(Copyist()), ASKED, False)
    response: Any = secure_engine(Copyist(size=size), bound(), streaming=True).query(ASKED)
    assert "".join(response.response_gen) == expected


def test_a_postprocessor_gives_the_engines_model_the_sessions_stand_ins() -> None:
    policy, llm = bound(), Copyist()
    engine = plain_engine(llm, node_postprocessors=[SecureNodePostprocessor(policy=policy)])
    response = SecureQueryEngine(engine, policy).query("a blue bicycle was charged twice")
    assert PEOPLE[0].card in str(response)
    assert stand_in(policy, PEOPLE[0].address) == response.source_nodes[0].metadata["sender"]
    assert not holds_values(llm.asked)


def test_the_retriever_is_asked_for_the_values_and_tells_nobody() -> None:
    policy = bound()
    retriever = SecureRetriever(index().as_retriever(similarity_top_k=1), policy)
    with watched(policy) as shown:
        [found] = retriever.retrieve(stand_in(policy, PEOPLE[2].name))
    assert found.metadata["signed"] == stand_in(policy, PEOPLE[2].name)
    assert shown
    assert not holds_values(shown)


def test_the_retriever_is_asked_for_the_stand_in_where_the_policy_says_so() -> None:
    seen: list[str] = []

    class Spy(Words):
        def _get_query_embedding(self, query: str) -> list[float]:
            seen.append(query)
            return super()._get_query_embedding(query)

    policy = bound(restore=[{"category": "pii.*", "stages": ["output"]}])
    SecureRetriever(index().as_retriever(embed_model=Spy()), policy).retrieve(ASKED)
    assert seen
    assert not holds_values(seen)


def test_a_structured_answer_is_restored() -> None:
    class Sender(BaseModel):
        """Who wrote."""

        name: str
        address: str

    policy = bound()
    answer = Sender(name=stand_in(policy, PEOPLE[0].name), address=stand_in(policy, PEOPLE[0].address))
    call = ToolCallBlock(tool_call_id="1", tool_name="Sender", tool_kwargs=answer.model_dump())
    llm = SecureLLM(llm=Speaker(script=[[call]]), policy=policy, restore=False)
    response: Any = secure_engine(llm, policy, output_cls=Sender, response_mode="compact").query("Who wrote?")
    assert response.response == Sender(name=PEOPLE[0].name, address=PEOPLE[0].address)


async def test_another_principal_gets_the_stand_in_and_another_tenant_nothing() -> None:
    vault = MemoryVault(key=KEY)
    support = [{"category": "pii.*", "principals": ["support-*"]}]
    ann = bound(vault, principal="support-ann", restore=support)
    guest = bound(vault, principal="guest", restore=support)
    other = bound(vault, tenant="other", principal="support-ann", restore=support)
    answer, _ = await asked(secure_engine(Copyist(), ann), ASKED, False)
    hidden, _ = await asked(secure_engine(Copyist(), guest), "the violin came broken", False)
    assert PEOPLE[1].address in answer
    assert not holds_values(hidden)
    assert other.restore(hidden) == hidden
    assert PEOPLE[1].address in ann.restore(hidden)


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_vault_on_disk_restores_streams_too(tmp_path: Path, asynchronous: bool) -> None:
    policy = bound(SQLiteVault(tmp_path / "vault.db", key=KEY))
    expected, _ = await asked(plain_engine(Copyist()), ASKED, False)
    assert (await asked(secure_engine(Copyist(), policy, streaming=True), ASKED, asynchronous))[0] == expected


# -- chats -----------------------------------------------------------------------------------------


async def speak(engine: Any, message: str, *, streaming: bool, asynchronous: bool) -> str:
    if not streaming:
        return str(await engine.achat(message) if asynchronous else engine.chat(message))
    if not asynchronous:
        return "".join(engine.stream_chat(message).response_gen)
    response = await engine.astream_chat(message)
    return "".join([word async for word in response.async_response_gen()])


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("streaming", [False, True])
async def test_a_chat_goes_as_it_would_without_a_guard(streaming: bool, asynchronous: bool) -> None:
    messages = [ASKED, f"And {PEOPLE[0].name} ({PEOPLE[0].address})?", "Who has the violin?"]
    conversations = []
    policy = bound()
    for secured in (None, policy):
        llm, memory = Copyist(), ChatMemoryBuffer.from_defaults(token_limit=20_000)
        engine = chat_engine(llm, memory, secured)
        conversations.append([await speak(engine, m, streaming=streaming, asynchronous=asynchronous) for m in messages])
        if secured:
            assert not holds_values(llm.asked)
            assert not holds_values(memory.get_all())
            assert not holds_values(engine.chat_history)
            assert stand_in(policy, PEOPLE[1].address) in str(memory.get_all())
    assert conversations[0] == conversations[1]
    assert holds_values(conversations)


# -- models ----------------------------------------------------------------------------------------

MODEL: dict[str, Callable[[Any, str], Any]] = {
    "chat": lambda llm, text: llm.chat([ChatMessage(text)]).message.content,
    "complete": lambda llm, text: llm.complete(text).text,
    "predict": lambda llm, text: llm.predict(PromptTemplate("{text}"), text=text),
    "stream_chat": lambda llm, text: "".join(chunk.delta for chunk in llm.stream_chat([ChatMessage(text)])),
    "stream_complete": lambda llm, text: "".join(chunk.delta for chunk in llm.stream_complete(text)),
    "last chunk": lambda llm, text: list(llm.stream_chat([ChatMessage(text)]))[-1].message.content,
}
AMODEL: dict[str, Callable[[Any, str], Any]] = {
    "chat": lambda llm, text: llm.achat([ChatMessage(text)]),
    "complete": lambda llm, text: llm.acomplete(text),
    "stream_chat": lambda llm, text: llm.astream_chat([ChatMessage(text)]),
    "stream_complete": lambda llm, text: llm.astream_complete(text),
}


@pytest.mark.parametrize("method", MODEL)
def test_a_model_answers_with_the_values_and_never_reads_one(method: str) -> None:
    llm = Copyist()
    answer = MODEL[method](SecureLLM(llm=llm, policy=bound()), EVERYTHING)
    assert answer == MODEL[method](Copyist(), EVERYTHING)
    assert PEOPLE[2].name in answer
    assert not holds_values(llm.asked)


@pytest.mark.parametrize("method", AMODEL)
async def test_a_model_does_so_in_async_code(method: str) -> None:
    answer = await AMODEL[method](SecureLLM(llm=Copyist(), policy=bound()), EVERYTHING)
    told = "".join([chunk.delta async for chunk in answer]) if "stream" in method else str(answer)
    assert EVERYTHING.strip() in told


def test_a_model_restores_thoughts_and_not_what_it_calls_tools_with() -> None:
    policy = bound()
    hidden = stand_in(policy, PEOPLE[0].address)
    call = ToolCallBlock(tool_call_id="1", tool_name="send_mail", tool_kwargs={"to": hidden})
    blocks = [ThinkingBlock(content=f"I think of {hidden}."), TextBlock(text=f"I write to {hidden}."), call]
    llm = SecureLLM(llm=Speaker(script=[blocks]), policy=policy)
    chunks = list(llm.stream_chat([ChatMessage("Write.")]))
    for message in (llm.chat([ChatMessage("Write.")]).message, chunks[-1].message):
        assert f"I write to {PEOPLE[0].address}." in str(message.content)
        assert [block.tool_kwargs for block in message.blocks if isinstance(block, ToolCallBlock)] == [{"to": hidden}]
    thoughts = "".join(chunk.additional_kwargs.get("thinking_delta") or "" for chunk in chunks)
    assert thoughts == f"I think of {PEOPLE[0].address}."


def test_a_model_that_is_told_to_restores_nothing() -> None:
    llm = SecureLLM(llm=Copyist(), policy=bound(), restore=False)
    assert not holds_values([llm.chat([ChatMessage(EVERYTHING)]), *llm.stream_complete(EVERYTHING)])


def test_the_events_of_a_model_that_restores_hold_stand_ins_without_instrumenting() -> None:
    events = Events()
    get_dispatcher().add_event_handler(events)
    try:
        SecureLLM(llm=Copyist(), policy=bound()).chat([ChatMessage(EVERYTHING)])
    finally:
        get_dispatcher().event_handlers.remove(events)
    assert events.seen
    assert not holds_values([event for event in events.seen if "SecureLLM" in event or "End" in event])


class Quote(BaseModel):
    """Somebody's words."""

    who: str
    card: int | str


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("streaming", [False, True])
async def test_an_object_is_restored_after_it_was_read(streaming: bool, asynchronous: bool) -> None:
    policy = bound()
    hidden = {"who": stand_in(policy, PEOPLE[2].name), "card": stand_in(policy, PEOPLE[2].card)}
    call = ToolCallBlock(tool_call_id="1", tool_name="Quote", tool_kwargs=hidden)
    words = [TextBlock(text=to_json(hidden).decode())]  # a streamed call comes as text
    llm = SecureLLM(llm=Speaker(script=[words if streaming else [call]]), policy=policy)
    prompt = PromptTemplate("Who?")
    if streaming and asynchronous:
        answer: Any = [each async for each in await llm.astream_structured_predict(Quote, prompt)][-1]
    elif streaming:
        answer = list(llm.stream_structured_predict(Quote, prompt))[-1]
    elif asynchronous:
        answer = await llm.astructured_predict(Quote, prompt)
    else:
        answer = llm.structured_predict(Quote, prompt)
    assert (answer.who, answer.card) == (PEOPLE[2].name, PEOPLE[2].card)


# -- tools and agents ------------------------------------------------------------------------------


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_tool_gets_what_the_policy_restores_for_it(asynchronous: bool) -> None:
    called: list[Any] = []

    def send_mail(to: Any, text: str = "") -> str:
        called.append((to, text))
        return f"sent to {to}"

    def search(to: Any) -> str:
        called.append(to)
        return "nothing"

    policy = bound(restore=[{"category": "pii.email_address", "stages": ["tool_call"], "sources": ["send_mail"]}])
    address, name = stand_in(policy, PEOPLE[0].address), stand_in(policy, PEOPLE[0].name)
    mails, searches = secure_tools([send_mail, search], policy)
    given: dict[str, Any] = {"to": [{"address": address}], "text": f"Dear {name}, is {address} yours?"}
    output = await mails.acall(**given) if asynchronous else mails.call(**given)
    searches.call(to=address)
    assert called == [([{"address": PEOPLE[0].address}], f"Dear {name}, is {PEOPLE[0].address} yours?"), address]
    assert output.raw_input["kwargs"] == given
    assert not holds_values([output, output.raw_output])
    assert address in output.content


def send_mail(to: str) -> str:
    """Send a mail."""
    SENT.append(to)
    return f"sent to {to}"


SENT: list[str] = []


async def run(agent: Any, message: str, memory: ChatMemoryBuffer, **options: Any) -> tuple[str, str, list[Any]]:
    handler = agent.run(message, memory=memory, **options)
    events = [event async for event in handler.stream_events()]
    words = "".join(event.delta for event in events if isinstance(event, AgentStream))
    return str(await handler), words, events


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("workflow", [False, True])
async def test_an_agent_works_with_stand_ins_and_its_tools_and_its_user_with_values(
    workflow: bool, streaming: bool
) -> None:
    message = f"From: {PEOPLE[2].name} <{PEOPLE[2].address}>\nI paid with {PEOPLE[2].card}. Write back."
    told = []
    for policy in (None, bound()):
        SENT.clear()
        llm, memory = Copyist(), ChatMemoryBuffer.from_defaults(token_limit=20_000)
        single = FunctionAgent(name="desk", tools=[send_mail], llm=llm, streaming=streaming)
        agent: Any = AgentWorkflow(agents=[single]) if workflow else single
        context = WorkflowContext(secured := secure_agent(agent, policy) if policy else agent)
        answer, words, events = await run(secured, message, memory, ctx=context)
        told.append((answer, words))
        assert [PEOPLE[2].address] == SENT
        if policy:
            assert not holds_values(llm.asked)
            assert not holds_values(memory.get_all())
            assert not holds_values(context.to_dict())
            assert not holds_values(
                [event for event in events if type(event).__name__.startswith(("Tool", "AgentInput"))]
            )
    assert told[0] == told[1]
    assert PEOPLE[2].card in told[0][0]


async def test_events_and_spans_of_everything_hold_stand_ins() -> None:
    policy = bound()
    with watched(policy) as shown:
        for streaming in (False, True):
            await asked(secure_engine(Copyist(), policy, streaming=streaming), ASKED, streaming)
            chat = chat_engine(Copyist(), ChatMemoryBuffer.from_defaults(token_limit=9000), policy)
            await speak(chat, ASKED, streaming=streaming, asynchronous=streaming)
        agent = secure_agent(FunctionAgent(tools=[send_mail], llm=Copyist()), policy)
        await run(
            agent, f"From: {PEOPLE[0].name} <{PEOPLE[0].address}>\n", ChatMemoryBuffer.from_defaults(token_limit=9000)
        )
    assert len(shown) > 20
    assert not holds_values(shown)


# -- ingestion and identity ------------------------------------------------------------------------


def test_a_cache_never_serves_the_stand_ins_of_another_tenant() -> None:
    vault, cache = MemoryVault(key=KEY), IngestionCache()
    texts: dict[str, str] = {}
    for tenant in ("acme", "other", "acme"):
        step = SecureTransform(policy=bound(vault, tenant=tenant))
        [node] = IngestionPipeline(transformations=[step], cache=cache).run(nodes=[TextNode(text=EVERYTHING, id_="1")])
        assert not holds_values(node.get_content())
        assert texts.setdefault(tenant, node.get_content()) == node.get_content()
    assert texts["acme"] != texts["other"]


def test_documents_and_questions_of_a_tenant_share_stand_ins() -> None:
    vault = MemoryVault(key=KEY)
    tenant = guard().bind(vault, tenant="acme", scope="tenant")
    clean = SecureTransform(policy=tenant)([TextNode(text=f"Write to {PEOPLE[0].address}.")])
    assert stand_in(guard().bind(vault, tenant="acme", scope="tenant"), PEOPLE[0].address) in clean[0].get_content()


def test_a_guard_without_a_vault_changes_nothing_on_the_way_out() -> None:
    redacting = Guard(Policy.model_validate({"rules": [{**RULES[0], "operator": "redact"}]}))
    answer = str(SecureQueryEngine(plain_engine(Copyist()), redacting).query("the violin"))
    assert "[EMAIL_ADDRESS]" in answer


# -- many at once ----------------------------------------------------------------------------------


async def test_sixty_four_tenants_ask_one_index_at_once_and_each_gets_its_own() -> None:
    vault, shared = MemoryVault(key=KEY), index()

    async def ask(number: int) -> tuple[str, str]:
        policy = bound(vault, tenant=f"t{number}")
        llm = Copyist(size=number % 7 + 1)
        retriever = SecureRetriever(shared.as_retriever(similarity_top_k=1), policy)
        engine = SecureQueryEngine(RetrieverQueryEngine.from_args(retriever, llm=llm, streaming=True), policy)
        answer, _ = await asked(engine, QUESTION.format(name=PEOPLE[number % 3].name), True)
        return answer, str(llm.asked)

    answers = await asyncio.gather(*(ask(number) for number in range(64)))
    for number, (answer, prompts) in enumerate(answers):
        assert set(holds_values(answer)) == {*PEOPLE[number % 3], PEOPLE[number % 3].name.split()[-1]}
        assert not holds_values(prompts)
    tags = [frozenset(part for part in prompts.split() if "<EMAIL_ADDRESS_" in part) for _, prompts in answers]
    assert len(set(tags)) == 64
