"""One walk finds every text, knows where it arose, and changes nothing that it was given."""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, ChatMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.prompt_values import ChatPromptValue, StringPromptValue
from langchain_core.runnables.utils import AddableDict
from pydantic import BaseModel

from langchain_secure._content import aclean, clean, rewrite
from secure_core import Blocked, Context, Guard, InputError, Stage

from .conftest import EMAIL, MASK, ORDER

HERE = Context(Stage.OUTPUT)


class Person(BaseModel):
    name: str
    mail: str


@dataclass(frozen=True)
class Ticket:
    subject: str
    number: int = 7


class Pair(NamedTuple):
    left: str
    right: str


class Opaque:
    def __str__(self) -> str:
        return f"<{EMAIL}>"


VALUES = {
    "str": (EMAIL, MASK),
    "list": ([EMAIL, "ok"], [MASK, "ok"]),
    "tuple": ((EMAIL, 1), (MASK, 1)),
    "named tuple": (Pair(EMAIL, "b"), Pair(MASK, "b")),
    "set": ({EMAIL}, {MASK}),
    "dict": ({"a": {"b": [EMAIL]}}, {"a": {"b": [MASK]}}),
    "key of a dict": ({EMAIL: 1}, {MASK: 1}),
    "addable dict": (AddableDict(a=EMAIL), AddableDict(a=MASK)),
    "default dict": (defaultdict(str, a=EMAIL), defaultdict(str, a=MASK)),
    "pydantic model": (Person(name="M", mail=EMAIL), Person(name="M", mail=MASK)),
    "frozen dataclass": (Ticket(EMAIL), Ticket(MASK)),
    "unknown object": (Opaque(), f"<{MASK}>"),
    "human message": (HumanMessage(EMAIL), HumanMessage(MASK)),
    "chat message": (ChatMessage(content=EMAIL, role="x"), ChatMessage(content=MASK, role="x")),
    "document": (
        Document(EMAIL, metadata={"by": EMAIL, "n": 1}, id="1"),
        Document(MASK, metadata={"by": MASK, "n": 1}, id="1"),
    ),
    "string prompt": (StringPromptValue(text=EMAIL), StringPromptValue(text=MASK)),
    "chat prompt": (
        ChatPromptValue(messages=[SystemMessage("s"), HumanMessage(EMAIL)]),
        ChatPromptValue(messages=[SystemMessage("s"), HumanMessage(MASK)]),
    ),
}


@pytest.mark.parametrize(("value", "expected"), VALUES.values(), ids=VALUES.keys())
def test_every_text_is_cleaned_and_what_was_given_is_not_changed(guard: Guard, value: Any, expected: Any) -> None:
    before = copy.deepcopy(value) if not isinstance(value, Opaque) else value
    new = clean(guard, value, HERE)
    assert new == expected
    assert type(new) is type(expected)
    assert value is before or value == before


@pytest.mark.parametrize(("value", "expected"), VALUES.values(), ids=VALUES.keys())
async def test_async_is_the_same(guard: Guard, value: Any, expected: Any) -> None:
    assert await aclean(guard, value, HERE) == expected


@pytest.mark.parametrize("value", [None, True, 3, 2.5, len, Person, 1732384000, {"a": None, "b": [1, 2]}])
def test_what_holds_no_text_is_the_same_object(guard: Guard, value: Any) -> None:
    assert clean(guard, value, HERE) is value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    )
)
def test_a_walk_that_changes_nothing_returns_the_very_object(value: Any) -> None:
    assert rewrite(value, HERE, lambda text, place: text) is value


def test_bytes_that_are_text_are_judged_and_media_pass(guard: Guard) -> None:
    picture = b"\x89PNG\xff"
    value = {"note": EMAIL.encode(), "picture": picture}
    assert clean(guard, value, HERE) == {"note": MASK.encode(), "picture": picture}


@pytest.mark.parametrize("value", [iter([EMAIL]), (c for c in EMAIL)])
def test_what_cannot_be_read_twice_is_refused_with_a_word_of_advice(guard: Guard, value: Any) -> None:
    with pytest.raises(InputError, match="hand in a list"):
        clean(guard, {"rows": value}, HERE)


def test_a_value_that_changes_while_it_is_judged_is_refused_without_its_text(guard: Guard) -> None:
    class Restless:
        def __init__(self) -> None:
            self.times = 0

        def __str__(self) -> str:
            self.times += 1
            return f"{EMAIL} {self.times}"

    with pytest.raises(InputError) as caught:
        clean(guard, Restless(), HERE)
    assert EMAIL not in str(caught.value)


def test_a_card_number_that_is_an_int_is_text_too() -> None:
    assert rewrite({"card": 4111111111111111}, HERE, lambda text, place: "[CARD]") == {"card": "[CARD]"}


BLOCKS = {
    "text": [{"type": "text", "text": EMAIL, "id": "x"}],
    "plain string": [EMAIL],
    "what a provider adds": [{"type": "non_standard", "value": {"name": EMAIL, "id": EMAIL}}],
    "a file's name": [{"type": "file", "name": EMAIL, "base64": "aGk=", "mime_type": "text/plain"}],
    "reasoning": [{"type": "reasoning", "reasoning": EMAIL}],
    "reasoning summary": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": EMAIL}]}],
    "thinking": [{"type": "thinking", "thinking": EMAIL, "signature": "c2ln"}],
    "citation": [{"type": "text", "text": "ok", "citations": [{"type": "c", "cited_text": EMAIL}]}],
    "tool use": [{"type": "tool_use", "id": "1", "name": "mail", "input": {"to": [EMAIL]}}],
    "unparsed arguments": [{"type": "function_call", "name": "mail", "arguments": json.dumps({"to": EMAIL})}],
    "picture by url": [{"type": "image_url", "image_url": {"url": f"https://x.example/?q={EMAIL}"}}],
}


@pytest.mark.parametrize("content", BLOCKS.values(), ids=BLOCKS.keys())
def test_every_kind_of_content_block_is_cleaned(guard: Guard, content: list[Any]) -> None:
    expected = json.loads(json.dumps(content).replace(EMAIL, MASK))
    assert clean(guard, AIMessage(content), HERE).content == expected


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "image", "base64": EMAIL, "mime_type": "image/png"}],
        [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{EMAIL}"}}],
        [{"type": "input_audio", "input_audio": {"data": EMAIL, "format": "wav"}}],
    ],
)
def test_bytes_inside_blocks_are_no_text(guard: Guard, content: list[Any]) -> None:
    message = AIMessage(content)
    assert clean(guard, message, HERE) is message


def test_tool_calls_are_judged_string_by_string_with_the_tool_as_source(guard: Guard, planted: Any) -> None:
    message = AIMessage("", tool_calls=[{"name": "mail", "args": {"to": EMAIL, "n": 2}, "id": "1"}])
    message.additional_kwargs = {
        "tool_calls": [{"function": {"name": "mail", "arguments": json.dumps({"to": EMAIL})}, "id": "1"}],
        "reasoning_content": EMAIL,
    }
    new = clean(guard, message, HERE)
    assert new.tool_calls == [{"name": "mail", "args": {"to": MASK, "n": 2}, "id": "1", "type": "tool_call"}]
    assert json.loads(new.additional_kwargs["tool_calls"][0]["function"]["arguments"]) == {"to": MASK}
    assert new.additional_kwargs["reasoning_content"] == MASK
    assert Context(Stage.TOOL_CALL, source="mail") in planted.contexts
    assert EMAIL in str(message)


DEEP, DEEPER = ("[" * n + '"%s"' + "]" * n for n in (600, 100_000))


@pytest.mark.parametrize("raw", ['{"to": "%s", "to": "x"}', '{"to": "%s"', '["%s"]', '"%s"', "%s", DEEP, DEEPER])
def test_arguments_that_are_odd_json_are_judged_all_the_same(guard: Guard, raw: str) -> None:
    message = AIMessage("", invalid_tool_calls=[{"name": "mail", "args": raw % EMAIL, "id": "1", "error": None}])
    assert EMAIL not in str(clean(guard, message, HERE))


def test_a_replacement_that_holds_a_quote_leaves_json_whole() -> None:
    raw = json.dumps({"to": EMAIL})
    message = AIMessage([{"type": "function_call", "name": "mail", "arguments": raw}])
    new = rewrite(message, HERE, lambda text, place: text.replace(EMAIL, '"}'))
    assert json.loads(new.content[0]["arguments"]) == {"to": '"}'}


@pytest.mark.parametrize(
    ("message", "stage"),
    [
        (HumanMessage("x"), Stage.INPUT),
        (AIMessage("x"), Stage.OUTPUT),
        (ToolMessage("x", tool_call_id="1", name="mail"), Stage.TOOL_RESULT),
        (ChatMessage(content="x", role="r"), Stage.TOOL_CALL),
        (Document("x"), Stage.RETRIEVAL),
        (SystemMessage("x"), None),
    ],
)
def test_a_text_is_judged_where_it_arose(guard: Guard, planted: Any, message: Any, stage: Stage | None) -> None:
    clean(guard, [message], Context(Stage.TOOL_CALL))
    assert {context.stage for context in planted.contexts} == ({stage} if stage else set())


def test_what_the_provider_tells_beside_the_text_is_cleaned(guard: Guard) -> None:
    told = {"model_name": "m", "id": "x", "search_results": [{"title": EMAIL, "id": "s1"}]}
    new = clean(guard, AIMessage("fine", response_metadata=told), HERE)
    assert new.response_metadata == {"model_name": "m", "id": "x", "search_results": [{"title": MASK, "id": "s1"}]}


def test_ids_stay_as_they_are_so_that_results_find_their_calls(guard: Guard) -> None:
    call: Any = {"name": EMAIL, "args": {}, "id": EMAIL}
    assert clean(guard, AIMessage("", tool_calls=[call]), HERE).tool_calls[0]["id"] == EMAIL


def test_the_name_that_a_user_gives_is_text_and_so_is_what_he_adds(guard: Guard) -> None:
    new = clean(guard, HumanMessage("hi", name=EMAIL, signature_line=EMAIL), HERE)
    assert (new.name, new.model_extra) == (MASK, {"signature_line": MASK})


def test_a_tools_artifact_is_cleaned(guard: Guard) -> None:
    message = ToolMessage("ok", tool_call_id="1", artifact={"rows": [{"mail": EMAIL}]})
    assert clean(guard, message, HERE).artifact == {"rows": [{"mail": MASK}]}


def test_log_probabilities_go_with_the_text_that_they_spell(guard: Guard) -> None:
    metadata = {"model_name": "m", "logprobs": {"content": [{"token": EMAIL}]}}
    assert clean(guard, AIMessage(EMAIL, response_metadata=metadata), HERE).response_metadata == {"model_name": "m"}


def test_a_blocked_document_is_left_out_and_anything_else_blocked_raises(guard: Guard) -> None:
    good, bad = Document("fine"), Document("fine", metadata={"title": ORDER})
    assert clean(guard, {"context": [good, bad]}, HERE) == {"context": [good]}
    with pytest.raises(Blocked):
        clean(guard, [HumanMessage(ORDER)], HERE)
    with pytest.raises(Blocked):
        clean(guard, bad, HERE)


def test_one_value_is_one_batch_and_the_same_text_is_judged_once(guard: Guard, planted: Any) -> None:
    clean(guard, ["one", "two", "one", {"three": "three"}], HERE)
    assert planted.batches == [3]
