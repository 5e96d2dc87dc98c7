"""The documentation is run: every Python block of a page, in order, in one name space.

A ``text`` block right after a Python block is what that block prints.
"""

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("packages/*/README.md")), *sorted(ROOT.glob("docs/**/*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_shows_is_so(page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text("utf-8")
    names: dict[str, object] = {"__name__": "docs"}
    for block in BLOCK.finditer(text):
        line = text[: block.start()].count("\n") + 2
        printed = io.StringIO()
        code = compile("\n" * (line - 1) + block[1], str(page), "exec")
        with contextlib.redirect_stdout(printed):
            exec(code, names)
        if block[2] is not None:
            assert printed.getvalue() == block[2], f"{page.name}:{line}"


def test_links_between_pages_lead_somewhere() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in re.findall(
            r"\]\((?!https?:|#|mailto:)([^)#\s]+)", re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
        )
        if not (page.parent / target).exists()
    ]
    assert not dead
