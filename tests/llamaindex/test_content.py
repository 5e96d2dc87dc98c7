from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from llama_index.core.agent.workflow.workflow_events import ToolCall
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.tools import ToolOutput
from llama_index.core.workflow import Event, StartEvent, StopEvent

from llamaindex_secure._content import clean, rewrite, texts
from secure_core import Context, Guard, Stage

from .conftest import EMAIL, KEY, holds_planted

MATERIAL = Context(Stage.RETRIEVAL)

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
planted = st.builds(lambda left, secret: f"{left} {secret}", words, st.sampled_from([EMAIL, KEY]))
leaves = words | planted | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none() | st.dates()
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=12,
)
metadata = st.dictionaries(words, values, max_size=4)
nodes = st.builds(
    lambda text, own, related: TextNode(
        text=text,
        metadata=own,
        embedding=[0.5],
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id="doc", metadata=related)},
    ),
    words | planted,
    metadata,
    metadata,
)


@given(values | nodes)
def test_a_walk_that_changes_nothing_gives_back_an_equal_value(value: Any) -> None:
    assert rewrite(value, MATERIAL, lambda text, where: text) == value


@given(nodes)
def test_a_copy_shares_no_container_with_what_it_was_made_of(node: TextNode) -> None:
    copied = rewrite(node, MATERIAL, lambda text, where: text)
    before = node.model_dump()
    copied.metadata.clear()
    copied.relationships.clear()
    copied.embedding.clear()
    assert node.model_dump() == before


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values | nodes)
def test_wherever_something_is_planted_it_is_found_and_cleaning_twice_is_cleaning_once(
    guard: Guard, value: Any
) -> None:
    cleaned = clean(guard, value, MATERIAL)
    assert not holds_planted([text for text, _ in texts(cleaned, MATERIAL)])
    assert clean(guard, cleaned, MATERIAL) == cleaned
    if not any(sign in text for text, _ in texts(value, MATERIAL) for sign in ("@", KEY)):
        assert cleaned == value


@pytest.mark.parametrize(
    "event",
    [
        StartEvent(question=EMAIL, deep=[{"key": KEY}]),  # type: ignore[call-arg]
        StopEvent(result={"answer": [EMAIL]}),
        ToolCall(tool_name="find", tool_kwargs={"who": EMAIL}, tool_id="c1"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_workflows_event_is_clean_in_fields_and_in_what_it_carries_besides(guard: Guard, event: Event) -> None:
    before = event.model_dump()
    cleaned = clean(guard, event, MATERIAL)
    assert type(cleaned) is type(event)
    assert not holds_planted(cleaned)
    assert holds_planted(event)
    assert event.model_dump() == before


def test_the_exception_that_a_tools_answer_came_from_is_dropped(guard: Guard) -> None:
    output = ToolOutput(tool_name="find", content="Sorry.", is_error=True, raw_input={}, exception=ValueError(EMAIL))
    [cleaned] = clean(guard, [output], Context(Stage.TOOL_RESULT))
    assert (cleaned, cleaned.exception) == (
        ToolOutput(tool_name="find", content="Sorry.", is_error=True, raw_input={}),
        None,
    )
    assert output.exception is not None


def test_a_nodes_own_templates_are_not_judged() -> None:
    assert texts(TextNode(text="The crane."), MATERIAL) == [("The crane.", MATERIAL)]
    other = TextNode(text="The crane.", text_template="{content} of " + EMAIL)
    assert len(texts(other, MATERIAL)) == 2
