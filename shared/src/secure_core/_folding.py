"""What is drawn alike is written alike: the steps of the folded reading, in their order."""

from __future__ import annotations

import re
import unicodedata

from . import _confusables as tables
from ._invisible import without_invisible
from ._rewriting import Rewriting

__all__ = ["FOLDING"]

_NEAR = 32
"""How far around a phrase is looked for the script that its letters may be of."""

_BASE = ord("A")
_LOOKALIKE = "".join(tables.LOOKALIKES)
_SMALL_CAPITALS = "\u1d00-\u1d25\ua730\ua731"
_LETTER = r"[^\W\d_]"
_SPACE = "\\s!-/:-@\\[-`{-~«»\u2010-\u201f"

_PRETENDING = re.compile(f"[A-Za-z{tables.PRETENDERS}]+")
_FOREIGN = re.compile(f"(?![{tables.PRETENDERS}])[{tables.SCRIPTS}]")
_LATIN = re.compile("[A-Za-z]")
_SMALL_CAPITAL = re.compile(f"[{_SMALL_CAPITALS}]")
_TO_LATIN = str.maketrans(tables.LOOKALIKES)


def _compatible(match: re.Match[str]) -> str:
    character = match[0]
    if "\U0001f150" <= character <= "\U0001f189":  # white on black: NFKC knows no letter behind these
        return chr(_BASE + (ord(character) - 0x1F150) % 32)
    normal = unicodedata.normalize("NFKC", character)
    return normal if len(normal) <= 4 else character  # one Arabic ligature becomes 18 characters


def _composed(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", match[0])


def _undisguised(match: re.Match[str]) -> str:
    """Write a word in Latin letters that mixes them with look-alikes, or that is set in small capitals."""
    word = match[0]
    if _LATIN.search(word):
        disguised = len(word) >= 4 or _PRETENDING.fullmatch(word) is not None
    else:
        disguised = _SMALL_CAPITAL.search(word) is not None
    return word.translate(_TO_LATIN) if disguised else word


def _in_latin(match: re.Match[str]) -> str:
    """Write a phrase in Latin letters in which some words only pretend, unless their own script is near."""
    phrase, (start, end) = match[0], match.span()
    around = match.string[max(start - _NEAR, 0) : start] + match.string[end : end + _NEAR]
    if phrase.isascii() or not _LATIN.search(phrase) or _FOREIGN.search(around):
        return phrase
    return phrase.translate(_TO_LATIN)


FOLDING = (
    Rewriting(
        f"[{tables.INVISIBLE}]",
        re.compile(f"[{tables.INVISIBLE}]+"),
        without_invisible,
    ),
    Rewriting(  # UAX #15, NFKC; an emoji that happens to have a compatibility form stays an emoji
        f"[{tables.COMPATIBLE}]",
        re.compile(f"[{tables.COMPATIBILITY_BLOCKS}](?<!\u200d.)(?![\u200d\ufe00-\ufe0f])", re.DOTALL),
        _compatible,
    ),
    Rewriting(  # letters struck through, or buried under marks
        f"[{tables.STRIKES}]|[{tables.MARKS}]{{3}}",
        re.compile(f"[{tables.MARKS}]{{3,}}|[{tables.STRIKES}]"),
        lambda _: "",
    ),
    Rewriting(  # UTS #39, mixed-script confusables
        f"[A-Za-z][{_LOOKALIKE}]|[{_LOOKALIKE}][A-Za-z]|[{_SMALL_CAPITALS}]",
        re.compile(f"(?<!{_LETTER})[A-Za-z]*+[{_LOOKALIKE}][A-Za-z{_LOOKALIKE}]*+(?!{_LETTER})"),
        _undisguised,
    ),
    Rewriting(  # UTS #39, whole-script confusables
        f"[A-Za-z][{_SPACE}]{{1,3}}[{tables.PRETENDERS}]|[{tables.PRETENDERS}][{_SPACE}]{{1,3}}[A-Za-z]",
        re.compile(f"{_PRETENDING.pattern}+(?:[{_SPACE}]{{1,3}}+{_PRETENDING.pattern}+)*+"),
        _in_latin,
    ),
    Rewriting(
        "[A-Za-z][\u0300-\u0330]",
        re.compile("[A-Za-z][\u0300-\u0330]{1,2}"),
        _composed,
    ),
)
