"""Reading a folder of documents (text, Markdown, CSV, HTML pages, e-mails) into passages, and finding them again.

Whatever a page hides from the eye (comments, invisible elements, alternative texts) stays in, as
markup: a model would read it, so the guard has to see it.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

from rank_bm25 import BM25Okapi

HERE = Path(__file__).parent
DEFAULT = (HERE / "documents", HERE.parent / "docs", HERE.parent / "README.md")
"""The e-mails, pages and tickets of a company that does not exist, and the project's own documentation."""

KEYS = {
    "{{DEMO_AWS_KEY_ID}}": "AKIA" + "3SGQ7ZTMWX2LPRVC",
    "{{DEMO_AWS_SECRET}}": "Jx8/mV2qTfN7hRzW+" + "c4YkLs0DpGbQ9eUa5XiH3oK",
    "{{DEMO_GITHUB_TOKEN}}": "ghp" + "_k7Qw2ZsVn94TxPbL0cRfYh6JmUe8Ad" + "1DBJw7",
}
"""Keys that open nothing. The files hold the markers only, so that no secret scanner stumbles over
the repository; the values are put together here, when a document is read."""


def words(text: str) -> list[str]:
    """Return the words of a text that say something."""
    return [word for word in re.findall(r"\w+", text.lower()) if len(word) > 2]


class Passage(NamedTuple):
    """A piece of a document, small enough for a prompt."""

    source: str
    text: str


class Index:
    """Finds the passages that share the most telling words with a question (BM25)."""

    def __init__(self, passages: list[Passage]) -> None:
        self._passages = passages
        self._bm25 = BM25Okapi([words(passage.text) for passage in passages])

    def best(self, question: str, k: int = 3) -> list[Passage]:
        """Return the ``k`` best passages, the best first."""
        found: list[Passage] = self._bm25.get_top_n(words(question), self._passages, n=k)
        return found


def load(*paths: Path, size: int = 1500) -> list[Passage]:
    """Return the passages of all documents under ``paths``, each of about ``size`` characters."""
    files = sorted(file for path in paths for file in ([path] if path.is_file() else path.rglob("*")))
    passages = [
        Passage(file.name if number == 1 else f"{file.name}#{number}", passage)
        for file in files
        if file.suffix.lower() in READERS
        for number, passage in enumerate(cut(fill(READERS[file.suffix.lower()](file.read_bytes())), size), 1)
    ]
    if not passages:
        raise SystemExit(f"no documents ({', '.join(READERS)}) under {', '.join(map(str, paths))}")
    return passages


def fill(text: str) -> str:
    """Put the demo keys in the place of their markers."""
    for marker, key in KEYS.items():
        text = text.replace(marker, key)
    return text


def cut(text: str, size: int) -> Iterator[str]:
    """Cut a text at blank lines into passages of about ``size`` characters."""
    passage = ""
    for paragraph in text.split("\n\n"):
        if passage and len(passage) + len(paragraph) > size:
            yield passage
            passage = ""
        passage = f"{passage}\n\n{paragraph}" if passage else paragraph
    if passage.strip():
        yield passage


def read_text(data: bytes) -> str:
    """Decode UTF-8; what is not UTF-8 is taken for Latin-1, which never fails."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def read_email(data: bytes) -> str:
    """Return an e-mail's main headers and its text parts, attached ones included."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    headers = [f"{name}: {message[name]}" for name in ("From", "To", "Subject", "Date") if message[name]]
    return "\n\n".join(["\n".join(headers), *_parts(message)])


def _parts(message: EmailMessage) -> Iterator[str]:
    for part in message.walk():
        if part.get_content_maintype() == "text":
            text = _content(part)
            yield (html_to_text(text) if part.get_content_subtype() == "html" else text).strip()


def _content(part: EmailMessage) -> str:
    try:
        return str(part.get_content())
    except LookupError:  # a character set that nobody knows
        payload = part.get_payload(decode=True)
        return read_text(payload) if isinstance(payload, bytes) else ""


def read_html(data: bytes) -> str:
    """Return a page as text."""
    return html_to_text(read_text(data))


def html_to_text(html: str) -> str:
    """Drop the tags that only lay out; keep comments, images, and elements that say how they look."""
    reader = _Page()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).splitlines())
    return "\n".join(line for line in lines if line)


class _Page(HTMLParser):
    _DROPPED = frozenset({"script", "style"})
    _TELLING = frozenset({"style", "hidden", "aria-hidden", "alt", "title"})
    _INLINE = frozenset({"a", "b", "code", "em", "i", "span", "strong", "td", "th", "u"})
    _VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = any(name in self._TELLING for name, _ in attrs)
        self.pieces.append((self.get_starttag_text() or "") if kept else self._gap(tag))
        if tag not in self._VOID:
            self._open.append((tag, kept))

    def handle_endtag(self, tag: str) -> None:
        while any(name == tag for name, _ in self._open):
            name, kept = self._open.pop()
            self.pieces.append(f"</{name}>" if kept else self._gap(name))
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        if not any(tag in self._DROPPED for tag, _ in self._open):
            self.pieces.append(data)

    def handle_comment(self, data: str) -> None:
        self.pieces.append(f"<!--{data}-->")

    def _gap(self, tag: str) -> str:
        return " " if tag in self._INLINE else "\n"


READERS = {
    ".txt": read_text,
    ".md": read_text,
    ".csv": read_text,
    ".html": read_html,
    ".htm": read_html,
    ".eml": read_email,
}
