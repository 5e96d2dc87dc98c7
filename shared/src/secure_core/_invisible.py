"""Invisible characters: which belong to the way a script or an emoji is written, and what the others carry."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ._confusables import BIDI, RIGHT_TO_LEFT

__all__ = ["SMUGGLERS", "carried", "without_invisible"]

SMUGGLERS = "\ufe00-\ufe0f\U000e0000-\U000e007f\U000e0100-\U000e01ef"
"""Inside of a character class: tags and variation selectors, which can carry bytes that nobody sees."""

_SMUGGLER = re.compile(f"[{SMUGGLERS}]")
_INTERLEAVED = 8
"""Smuggled characters that stand no further apart belong to one word."""

_TAG = range(0xE0000, 0xE0080)
_FLAG = re.compile("\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|"
                   "\U000e0077\U000e006c\U000e0073)\U000e007f")  # fmt: skip
"""The subdivision flags that UTS #51 recommends for interchange: England, Scotland, Wales."""

_JOINED = re.compile(
    "[\u0600-\u0dff\u0f00-\u0fff\u1000-\u109f\u1780-\u18af\u1900-\u1aaf\u1b00-\u1c4f\ua800-\uabff"
    "\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00010fff\U00011000-\U00011fff\U0001e900-\U0001e95f]"
)
"""Scripts whose orthography uses the zero-width joiner or non-joiner."""

_UNSPACED = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1980-\u19df\u1a20-\u1aaf\u3000-\u30ff\u3400-\u9fff]")
"""Scripts without spaces, where a zero-width space marks the word border."""

_IDEOGRAPH = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_JAMO = re.compile("[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]")
_KHMER = re.compile("[\u1780-\u17d3]")
_MONGOLIAN = re.compile("[\u1800-\u18af]")
_VARIED = re.compile("[\u1000-\u109f\u2000-\u2bff\u3000-\u30ff\ua840-\ua877\uff00-\uffef]")
_BIDI = re.compile(f"[{BIDI}]")
_RIGHT_TO_LEFT = re.compile(f"[{RIGHT_TO_LEFT}]")
_NEAR = 32
"""How far from a directional mark a letter of a right-to-left script may stand."""


def without_invisible(run: re.Match[str]) -> str:
    """Return what is left of a match of invisible characters: those to which the text around it gives a job."""
    text, (start, end) = run.string, run.span()
    if _FLAG.fullmatch(text, max(start - 1, 0), end):
        return run[0]
    before, after = text[start - 1 : start], text[end : end + 1]
    right_to_left = _BIDI.search(run[0]) is not None and _is_right_to_left(text, start, end)
    kept = ""
    for character in run[0]:
        if _belongs(character, before, after, right_to_left):
            kept += character
            before = character
    return kept


def _is_right_to_left(text: str, start: int, end: int) -> bool:
    """Say whether a right-to-left script is near; between two ASCII letters or digits it never is."""
    if re.match("[A-Za-z0-9]", text[start - 1 : start]) and re.match("[A-Za-z0-9]", text[end : end + 1]):
        return False
    return any(map(_RIGHT_TO_LEFT.search, (text[max(start - _NEAR, 0) : start], text[end : end + _NEAR])))


@lru_cache(maxsize=4096)
def _belongs(character: str, before: str, after: str, right_to_left: bool) -> bool:
    """Judge one invisible character between its visible neighbours (UAX #9, UTS #37, UTS #51)."""
    if character == "\ufeff":
        return not before
    if _BIDI.match(character):
        return right_to_left
    if character in "\ufe0e\ufe0f":
        return _is_emoji(before) or _may_vary(before)
    if character == "\u200d":
        return _is_joined(before, after) or ((before == "\ufe0f" or _is_emoji(before)) and _is_emoji(after))
    if character == "\u200c":
        return _is_joined(before, after)
    if character == "\u200b":
        return bool(_UNSPACED.match(before) or _UNSPACED.match(after))
    if "\ufe00" <= character <= "\ufe0d":
        return _may_vary(before)
    if "\U000e0100" <= character <= "\U000e01ef":
        return _IDEOGRAPH.match(before) is not None
    if character == "\u034f":
        return "\u0591" <= after <= "\u05c7"
    if "\u180b" <= character <= "\u180f":
        return _MONGOLIAN.match(before) is not None
    if character in "\u115f\u1160":
        return bool(_JAMO.match(before) or _JAMO.match(after))
    return character in "\u17b4\u17b5" and _KHMER.match(before) is not None


def _is_emoji(character: str) -> bool:
    return character != "" and (character in "#*0123456789ℹ‼⁉〰〽" or unicodedata.category(character)[0] == "S")


def _may_vary(character: str) -> bool:
    return bool(_VARIED.match(character) or _IDEOGRAPH.match(character)) and not character.isspace()


def _is_joined(before: str, after: str) -> bool:
    return bool(_JOINED.match(before) or _JOINED.match(after))


def carried(stretch: re.Match[str]) -> str:
    """Return the text that a run of tags (as ASCII) or variation selectors (as bytes of UTF-8) carries.

    What stands between the runs is left out; far apart, they are separate lines.
    """
    if not _SMUGGLER.match(stretch[0]):
        return "\n" if len(stretch[0]) > _INTERLEAVED else ""
    legitimate = without_invisible(stretch)
    hidden = [] if legitimate == stretch[0] else [ord(character) for character in stretch[0]]
    if all(code in _TAG for code in hidden):
        return "".join(chr(code - 0xE0000) if 0xE0020 <= code < 0xE007F else " " for code in hidden)
    return bytes(_byte(code) for code in hidden if code not in _TAG).decode(errors="replace")


def _byte(selector: int) -> int:
    return selector - 0xFE00 if selector <= 0xFE0F else selector - 0xE0100 + 16
