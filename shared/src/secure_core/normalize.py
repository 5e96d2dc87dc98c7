"""Other readings of a text, each with a map of its offsets back to the source.

What a language model reads is not always what a rule sees: letters hide behind invisible characters, look-alikes,
full-width forms, escapes and encodings. `views` gives the readings that are worth a look; detectors search them,
and whatever they find is carried back to the characters of the source by `View.source`.
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import re2

from . import _confusables as tables
from ._invisible import SMUGGLERS, belongs, payload

__all__ = ["View", "views"]

_DEPTH = 2
"""How many layers of encoding are taken off."""


@dataclass(frozen=True, slots=True)
class View:
    """A reading of a text. ``kind`` is ``"identity"``, ``"folded"`` or ``"decoded"``.

    The text is a chain of stretches, taken over unchanged and rewritten in turn: stretch ``i`` begins
    at ``_at[i]`` here and at ``_from[i]`` in the text below; even ones are unchanged.
    """

    kind: str
    text: str = field(repr=False)
    _at: array[int] = field(default_factory=lambda: array("q", (0,)), repr=False)
    _from: array[int] = field(default_factory=lambda: array("q", (0,)), repr=False)
    _below: View | None = field(default=None, repr=False)

    @classmethod
    def identity(cls, text: str) -> View:
        """Return the text as it stands."""
        return cls("identity", text)

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of the source that the range ``start:end`` of this text was read from.

        Both are Python string offsets. A rewritten stretch is carried back whole; an empty range stays empty.
        """
        stretch = bisect_right(self._at, start) - 1
        first = self._from[stretch] + (0 if stretch % 2 else start - self._at[stretch])
        last = first
        if end > start:
            stretch = bisect_right(self._at, end - 1) - 1
            last = self._from[stretch + 1] if stretch % 2 else self._from[stretch] + end - self._at[stretch]
        return (first, last) if self._below is None else self._below.source(first, last)

    def rewrite(self, kind: str, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str]) -> View:
        """Return a view in which ``replace(match)`` stands for each match; this view, if that changes nothing.

        A replacement of the same length is taken to stand for the match character by character.
        """
        parts: list[str] = []
        at, below = array("q", (0,)), array("q", (0,))
        taken = length = 0
        for match in pattern.finditer(self.text):
            start, end = match.span()
            new = replace(match)
            if new == self.text[start:end]:
                continue
            parts += (self.text[taken:start], new)
            length += start - taken
            if len(new) != end - start:
                at.extend((length, length + len(new)))
                below.extend((start, end))
            length += len(new)
            taken = end
        if not parts:
            return self
        return View(kind, "".join([*parts, self.text[taken:]]), at, below, self)


def views(text: str) -> list[View]:
    """Return the readings of ``text``: itself, then folded, then decoded, one and two deep, where they differ.

    Together they are at most a small multiple of the text, and cost time linear in it.
    """
    found = [View.identity(text)]
    if _WORTH_A_LOOK.search(text) is None:
        return found
    folded = _fold(found[0], "folded")
    if folded is not found[0]:
        found.append(folded)
    smuggled = _smuggled(found[0])
    for view in [folded] if smuggled is None else [folded, smuggled]:
        if view is smuggled:
            found.append(view)
        for _ in range(_DEPTH):
            decoded = view.rewrite("decoded", _ENCODED, _decode)
            if decoded is view:
                break
            view = _fold(decoded, "decoded")
            found.append(view)
    return found


# --- Folding: what is drawn alike is written alike -----------------------------------------------------------

_COMPATIBLE = re.compile(f"(?<!\u200d)[{tables.COMPATIBLE}](?![\u200d\ufe0e\ufe0f])")
_COMPATIBILITY = re.compile(f"(?<!\u200d)[{tables.COMPATIBILITY_BLOCKS}](?![\u200d\ufe0e\ufe0f])")
_INVISIBLE = re.compile(f"[{tables.INVISIBLE}]+")
_MARKS = re.compile(f"[{tables.MARKS}]{{3,}}|[{tables.STRIKES}]")
_ACCENTED = re.compile("[A-Za-z][\u0300-\u0330]{1,2}")

_LOOKALIKE = "".join(tables.LOOKALIKES)
_LETTER = r"[^\W\d_]"
_DISGUISED = re.compile(f"(?<!{_LETTER})[A-Za-z]*+[{_LOOKALIKE}][A-Za-z{_LOOKALIKE}]*+(?!{_LETTER})")
_PRETENDER = re.compile(f"[A-Za-z{tables.PRETENDERS}]+")
_OTHER_SCRIPT = re.compile(f"(?![{tables.PRETENDERS}])[{tables.SCRIPTS}]")
_LATIN = re.compile("[A-Za-z]")
_TO_LATIN = str.maketrans(tables.LOOKALIKES)
_NEAR = 32
"""How far around a word is looked for the script that it stands in."""


def _fold(view: View, kind: str) -> View:
    view = view.rewrite(kind, _INVISIBLE, _without_invisible)
    if _COMPATIBLE.search(view.text):
        view = view.rewrite(kind, _COMPATIBILITY, lambda match: _compatible(match[0]))
    view = view.rewrite(kind, _MARKS, lambda _: "")
    view = view.rewrite(kind, _ACCENTED, lambda match: unicodedata.normalize("NFC", match[0]))
    return view.rewrite(kind, _DISGUISED, _undisguised)


def _without_invisible(match: re.Match[str]) -> str:
    return "".join(character for character, legitimate in belongs(match) if legitimate)


_SMUGGLER = re.compile(f"[{SMUGGLERS}]")
_SMUGGLED = re.compile(f"[{SMUGGLERS}]+|[^{SMUGGLERS}]+")
_INTERLEAVED = 8
"""Smuggled characters that stand no further apart belong to one word."""


def _smuggled(view: View) -> View | None:
    """Read what tags and variation selectors carry, and nothing else."""
    if view.text.isascii():
        return None
    smuggled = view.rewrite("decoded", _SMUGGLED, _payload)
    return smuggled if smuggled is not view and not smuggled.text.isspace() and smuggled.text else None


def _payload(stretch: re.Match[str]) -> str:
    if _SMUGGLER.match(stretch[0]):
        return payload(stretch)
    return "\n" if len(stretch[0]) > _INTERLEAVED else ""


def _compatible(character: str) -> str:
    if "\U0001f150" <= character <= "\U0001f189":  # white on black: NFKC knows no letter behind these
        return chr(ord("A") + (ord(character) - 0x1F150) % 32)
    normal = unicodedata.normalize("NFKC", character)
    return normal if len(normal) <= 4 else character


def _undisguised(match: re.Match[str]) -> str:
    """Write a word in Latin letters if it mixes them with look-alikes, or pretends in the midst of Latin text."""
    word = match[0]
    if _LATIN.search(word):
        disguised = len(word) >= 4 or _PRETENDER.fullmatch(word) is not None
    else:
        around = match.string[max(match.start() - _NEAR, 0) : match.end() + _NEAR]
        disguised = (
            _PRETENDER.fullmatch(word) is not None
            and _LATIN.search(around) is not None
            and _OTHER_SCRIPT.search(around) is None
        )
    return word.translate(_TO_LATIN) if disguised else word


# --- Decoding: what is encoded is read ------------------------------------------------------------------------

# Shorter runs of base64 or hexadecimal digits than 20 are words and numbers.
_ENCODED = re.compile(
    r"""
      %[0-7][0-9A-Fa-f] | (?:%[89A-Fa-f][0-9A-Fa-f])+                                     # RFC 3986, UTF-8 inside
    | &(?:\#[0-9]{1,7} | \#[xX][0-9A-Fa-f]{1,6} | [A-Za-z][A-Za-z0-9]{1,30}(?=;) | lt | gt | amp | quot);?
    | \\x[0-7][0-9A-Fa-f] | (?:\\x[89A-Fa-f][0-9A-Fa-f])+
    | (?:\\u[dD][89ABab][0-9A-Fa-f]{2}\\u[dD][C-Fc-f][0-9A-Fa-f]{2}) | \\u[0-9A-Fa-f]{4} | \\U000[0-9A-Fa-f]{5}
    | \\u\{[0-9A-Fa-f]{1,6}\}
    | \b(?:0x)?[0-9A-Fa-f]{2}(?:[ ,:;-]{1,2}(?:0x)?[0-9A-Fa-f]{2}){9,}+\b                 # 49 67 6e 6f, 0x49, 0x67
    | (?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{20,}+(?:\r?\n[A-Za-z0-9+/_-]+)*+={0,2}         # base64, base64url, hex
    """,
    re.VERBOSE,
)
_PART = re.compile(r"[A-Za-z0-9+_-]{20,}={0,2}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")

_WORTH_A_LOOK: Any = re2.compile(
    "|".join(
        (
            r"%[0-9A-Fa-f]{2}|&(?:#|[A-Za-z][0-9A-Za-z]+;|lt|gt|amp|quot)|\\[xuU]",
            r"[A-Za-z0-9+/_-]{20}|(?:[0-9A-Fa-f]{2}[ ,:;]{1,2}(?:0x)?){9}",
            f"[{tables.INVISIBLE}{tables.COMPATIBLE}{tables.STRIKES}]|[{tables.MARKS}]{{3}}",
            "[A-Za-z][\u0300-\u0330]",
            f"[A-Za-z][{_LOOKALIKE}]|[{_LOOKALIKE}][A-Za-z]",
            # a word that only pretends stands next to one that is Latin
            rf"[A-Za-z][\s\pP]{{1,3}}[{tables.PRETENDERS}]+(?:[\s\pP]|$)|[{tables.PRETENDERS}][\s\pP]{{1,3}}[A-Za-z]",
        )
    )
)
"""One linear pass that says whether any reading could differ from the text."""


def _decode(match: re.Match[str]) -> str:
    code = match[0]
    mark = code[0]
    if mark == "&":
        return html.unescape(code)
    if mark == "%":
        return _utf8(code.replace("%", "")) or code
    if mark == "\\":
        return _unescape(code)
    return _blob(code) or _PART.sub(lambda part: _blob(part[0]) or part[0], code)


def _utf8(digits: str) -> str | None:
    try:
        return bytes.fromhex(digits).decode()
    except UnicodeDecodeError:
        return None


def _unescape(code: str) -> str:
    if code[1] == "x":
        return _utf8(code.replace("\\x", "")) or code
    units = [int(unit.strip("{}"), 16) for unit in re.split(r"\\[uU]", code)[1:]]
    if len(units) == 2:
        return chr(0x10000 + (units[0] - 0xD800 << 10) + units[1] - 0xDC00)
    return code if 0xD800 <= units[0] < 0xE000 or units[0] > 0x10FFFF else chr(units[0])


def _blob(code: str) -> str | None:
    """Read hexadecimal digits or base64 (RFC 4648, either alphabet), if that yields text."""
    digits = re.sub(r"0x|[\s,:;]", "", code)
    for read in (bytes.fromhex, _base64):
        try:
            data = read(digits.replace("-", "") if read is bytes.fromhex else digits)
            text = data.decode()
        except ValueError:  # binascii.Error and UnicodeDecodeError among them
            continue
        if sum(character.isprintable() or character.isspace() for character in text) >= 0.9 * len(text) > 0:
            return text
    return None


def _base64(code: str) -> bytes:
    digits = code.rstrip("=").encode().translate(_URL_SAFE)
    return base64.b64decode(digits + b"=" * (-len(digits) % 4), validate=True)
