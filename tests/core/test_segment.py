from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_core.segment import Segmenter, segments

PIECES = [
    "One sentence. ", "Dr. Smith paid 3.50. ", "a\n", "\n", "\n\n", "<b>", "<script>", "x()</script>", "<!--",
    "-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----\n", "[text](http://a.example/?q=1)", "![", "](",
    "```", "```python\n", "~~~\n", "`code.` ", "<a href='x>y'", ">", '"', "…", "好。", "是！", " ", "\r\n", "-----",
    "A line that is long enough to be taken for wrapped prose\n", "e.g. ", "word ", "1 234 ", "<", "~", "?!) ", ")",
    "BEGIN ", "x" * 50, "lorem ipsum dolor " * 60, "1 " * 900, "z" * 2100, "<p " + "q" * 2000, "\\\n", "-->",
    "\u200b".join("-----BEGIN KEY"), "-\u200b" * 4, "－" * 5 + "BEGIN ", "－" * 5 + "END KEY" + "－" * 5,
    "PuTTY\u2060-User",
]  # fmt: skip
SHAPES = ["<", "<a ", '<a ="', "[", "![", "](", "`", "``` ", "<!--", "<script>", ".", ". ", "\n", "x", "-----BEGIN "]
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=14).map("".join)


def chunked(text: str, cuts: list[int]) -> list[tuple[int, str, str]]:
    segmenter = Segmenter()
    found = []
    edges = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    for start, end in pairwise(edges):
        found += segmenter.push(text[start:end])
    found += segmenter.flush()
    return [(segment.start, segment.text, segment.left) for segment in found]


@settings(max_examples=400, deadline=None)
@given(texts, st.lists(st.integers(min_value=0), max_size=12))
def test_seams_do_not_depend_on_chunks(text: str, cuts: list[int]) -> None:
    assert chunked(text, cuts) == chunked(text, [])


@settings(max_examples=100, deadline=None)
@given(texts)
def test_seams_are_the_same_one_character_at_a_time(text: str) -> None:
    assert chunked(text, list(range(len(text)))) == chunked(text, [])


@given(texts)
def test_segments_joined_are_the_text(text: str) -> None:
    found = segments(text)
    assert "".join(segment.text for segment in found) == text
    assert [segment.start for segment in found] == [
        sum(len(before.text) for before in found[:i]) for i in range(len(found))
    ]


LONG = (
    "A sentence that is long enough to stand for itself, as any reader would say, "
    "and that has nothing in it that could end it"
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{LONG}. ", "Two. "),
        (f"{LONG} to Dr. Smith and J. Doe at No. 5 Main St. today. ", "They left."),
        (f"{LONG}: 1;\n", "b: 2\n"),
        ("你好" * 64 + "。", "再见！"),
        (f"<!-- {LONG}.\n\nB. -->\n", "c"),
        (f"<script>\n{LONG}. Y\n</script>\n", "z"),
        (f"![Look. {LONG}. Here](http://x.example/?q=1)\n", "z"),
        (f"{LONG} and `<script>` too. ", "Or not"),
        (f"-----BEGIN KEY-----\n{LONG}\n\ncd\n-----END KEY-----\n", "z"),
        ("\u200b".join(f"-----BEGIN KEY-----\n{LONG}\n\ncd\n-----END KEY-----\n"), "z"),
        (f"－－－－－ＢＥＧＩＮ\u3000KEY-----\n{LONG}\n\ncd\n－－－－－ＥＮＤ KEY－－－－－\n", "z"),
        (f"{LONG} and\ngoes on here.\n", "Next"),
        (f'<img alt="{LONG}>b.\n" src=x>\n', "z"),
        (f"{LONG} \\\n goes on.\n", "Next"),
        (f"{LONG}:\n\n", "Next"),
        ("Short. Ones. Are. " * 5 + "Short. Ones. ", "Are. Put. Together."),
    ],
)
def test_seams_stand_where_a_reader_would_put_them(before: str, after: str) -> None:
    assert [segment.text for segment in segments(before + after)] == [before, after]


@pytest.mark.parametrize(("before", "mark"), [(LONG, ". "), (LONG + ":", "\n"), (LONG, "\n\n")])
def test_a_segment_is_released_with_the_first_character_behind_it(before: str, mark: str) -> None:
    segmenter = Segmenter()
    assert not any(segmenter.push(character) for character in before + mark)
    assert [segment.text for segment in segmenter.push("T")] == [before + mark]


def test_code_in_a_fence_is_seen_as_code() -> None:
    found = segments("Look:\n```html\n<b>\n" + ("x" * 110 + " = 1\n") * 40 + "```\nend")
    inside = [segment for segment in found if segment.text.startswith("xxx")]
    assert len(inside) >= 39
    assert all(segment.left.startswith("```") for segment in inside)
    assert found[-1].text.endswith("end")
    assert "```" in found[-1].left


def test_a_break_that_was_forced_does_not_depend_on_chunks() -> None:
    text = "z" * 4000 + " y" + "q" * 38 + "." * 60 + " And more of it" + "w" * 300 + ". End of it"
    assert chunked(text, [4030]) == chunked(text, [])


@pytest.mark.parametrize(
    "make",
    [
        *(lambda n, shape=shape: shape * (n // len(shape)) for shape in SHAPES),
        lambda n: "a" * 120 + "." * n + "x",
        lambda n: "x" * 4200 + " " * n + "1",
        lambda n: " " * n + "1",
        lambda n: "<svg></" * (n // 7),
    ],
)
def test_hostile_shapes_are_cut_whole(make: Callable[[int], str]) -> None:
    text = make(200_000)
    assert sum(len(segment.text) for segment in segments(text)) == len(text)
