"""Markdown code is shown, not rendered, so markup in it is let be; but only where it is code beyond doubt."""

import pytest

from secure_core import Guard

GUARD = Guard.from_policy("default")
PROSE = "Here is some text that is long enough to stand as a segment for itself, as it should be, and a bit more. "
LINE = "a line that is rather long, to make a segment of its own here, and it goes on until it is long enough\n"
HOSTILE = "<img src=x onerror=go()>"


def indented(text: str, by: str) -> str:
    return "".join(by + line for line in text.splitlines(keepends=True))


@pytest.mark.parametrize(
    "text",
    [
        PROSE + f"Use `{LINE[:60]}` now and then. " + HOSTILE + " and `y`",
        "```\n" + LINE * 6 + "```\n" + HOSTILE + "\n",
        "```\ncode\n```\n<script>\n/*\n```\n*/go()</script>\n",
        "<div>\n```\n" + LINE * 3 + HOSTILE + "\n```\n</div>",
        "> ```\n" + indented(LINE * 3, "> ") + HOSTILE + "\n> ```\n",
        "- a\n\n  ```\n" + indented(LINE * 3, "  ") + HOSTILE + "\n  ```\n",
        "a `" + "word " * 60 + "\nb` " + HOSTILE + " `c`",
        "a ` b.\n\n" + PROSE + HOSTILE + " `c",
        "a `" + "word " * 900 + "` " + HOSTILE + " `c`",
        "a \\` b " + PROSE + HOSTILE + " `c`",
        "a ``b` " + PROSE + HOSTILE + " ` c",
        "[a `](b) " + PROSE + "` " + HOSTILE + " `c`",
        "<a `b> " + PROSE + "` " + HOSTILE + " `c`",
        "  ```\ncode\n```\n" + PROSE + "\n" + HOSTILE + "\n```\n",
        "```\n" + "x = 1\n" * 3000 + "```\n" + PROSE + HOSTILE + "\n```\n",
        "<pre>\n\n```\n" + LINE * 3 + HOSTILE + "\n```\n</pre>",
        "~~~ a`b\nx\n~~~\n" + PROSE * 2 + HOSTILE + "\n~~~\n",
        "``` " + "a" * 70 + "`\n" + PROSE * 2 + HOSTILE + "\n```\n",
        "```\nx\n```" + " " * 70 + "x\n```\n" + PROSE * 2 + HOSTILE + "\n```\n",
        "- ```\n  x\n  ```\n" + PROSE * 2 + HOSTILE,
        "1) ```\n   x\n   ```\n" + PROSE * 2 + HOSTILE,
        PROSE + "and then ```\n" + LINE * 2 + HOSTILE + "\n```\n",
    ],
)
def test_what_may_be_rendered_is_taken_out(text: str) -> None:
    whole = GUARD.check(text, stage="output").text
    assert "go()" not in whole
    stream = GUARD.stream(stage="output")
    assert "".join(stream.push(character) for character in text) + stream.flush() == whole


@pytest.mark.parametrize(
    "text",
    [
        f"Example:\n\n```html\n{LINE * 4}{HOSTILE}\n```\nBye.",
        f"Example:\n\n~~~\n{LINE * 4}{HOSTILE}\n~~~\nBye.",
        f"1. Do this:\n\n   ```html\n   {HOSTILE}\n   {LINE}   ```\n\n2. Done.",
        f"{PROSE}Write `{HOSTILE}` to see it.",
        f"{PROSE}Write ``{HOSTILE} ` `` to see it.",
        f"```html\n{LINE * 40}{HOSTILE}\n" + LINE * 40,
        f"One:\n```\n{HOSTILE}\n```\n\n{PROSE}\n\nTwo:\n```\n{HOSTILE}\n```\n",
    ],
)
def test_what_is_shown_as_code_stays(text: str) -> None:
    assert GUARD.check(text, stage="output").text == text
