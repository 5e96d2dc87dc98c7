"""Letters in a disguise that Unicode does not know of, read as the words they stand for.

Leetspeak, letters set apart, marks inside words, reversed words, rot13 and Morse code survive `secure_core.normalize`,
whose readings every rule searches; these guesses are for a model that can tell sense from nonsense. What becomes no
known words is left as it stands, so a text in plain words is read as it is.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from functools import partial

from ..normalize import View

__all__ = ["undisguised"]

_COMMON = frozenset(
    """
    about all also and answer any are ask before can could disregard do every file first follow for forget from
    give has have help here how ignore in instead instruction instructions into is it its just know last let
    like list mail make me message more must my never new no not now of on once only other our out output over
    please previous print prompt reply reveal rule rules say secret see send she should show some system take
    tell text than that the their them then there these they this to translate use user was we what when which
    who will with without word words write you your
    """.split()  # noqa: SIM905  # reads as the list that it is
)
"""Words of which an English text has some in every line, and attacks all the more."""

_TRACES = 3
"""So many known words must appear for a code to be more than chance."""

_WORD = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"[^\n.!?|]+")
_LEET = str.maketrans("013457@$", "oieastas")
_LEETED = re.compile(r"(?<![\w@$])(?=[A-Za-z]{0,30}[013457@$])[A-Za-z013457@$]{2,30}(?![\w@$])")

_COMMENT = re.compile(r"(?<=[^\W\d_])<!--[^\w<>]{0,40}-->")  # one with words in it is read
_MARK = r"(\*{1,3}|__|~~)([^\W\d_]{1,30})"
_EMPHASIS = re.compile(rf"{_MARK}\1(?=[^\W\d_])|(?<=[^\W\d_]){_MARK}\3")
_SPACED = re.compile(r"(?<!\S)[^\W\d_](?!\S)(?: {1,4}[^\s|](?!\S)){5,}")
_GAP = re.compile(r" ( +)?")
_GLUED = re.compile(r"(?<![^\W_])[^\W\d_](?:([-.*_/|+~])[^\W_](?![^\W_]))(?:\1[^\W_](?![^\W_])){0,40}")
_GLUES = re.compile(r"[-.*_/|+~]")

_MORSE = dict(
    zip(
        """
        .- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..-
        -.-- --.. ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----. .-.-.- --..-- ..--..
        """.split(),  # noqa: SIM905  # as above
        "abcdefghijklmnopqrstuvwxyz0123456789.,?",
        strict=True,
    )
)
"""Recommendation ITU-R M.1677-1."""
_SIGNS = re.compile(r"(?<!\S)[.-]{1,6}(?: {1,3}(?:/ {1,3})?(?:[.-]{1,6}|[^\w\s|])(?!\S)){7,}")


def undisguised(text: str) -> View:
    """Return the text in plain letters, with offsets that lead back; the identity if nothing in it is disguised."""
    view = View.identity(text)
    for pattern, replace in ((_COMMENT, _nothing), (_EMPHASIS, _inner), (_SIGNS, _from_morse), (_SPACED, _closed)):
        view = view.rewrite("decoded", pattern, replace)
    if sum(len(match[0]) > 6 for match in _GLUED.finditer(view.text)) >= _TRACES:
        view = view.rewrite("decoded", _GLUED, _unglued)
    if sum(_from_leet(word) in _COMMON for word in _LEETED.findall(view.text.lower())) >= _TRACES:
        view = view.rewrite("decoded", _LEETED, lambda match: _from_leet(match[0]))
    for read, coded, more in _CIPHERS:
        if sum(word in coded for word in _WORD.findall(view.text.lower())) >= _TRACES:
            view = view.rewrite("decoded", _PIECE, partial(_deciphered, read=read, coded=coded, more=more))
    return view


def _deciphered(piece: re.Match[str], read: Callable[[str], str], coded: frozenset[str], more: str) -> str:
    words = _WORD.findall(piece[0].lower())
    if sum(word in coded for word in words) > sum(word in _COMMON for word in words):
        return read(piece[0]) + more
    return piece[0]


def _rot13(text: str) -> str:
    return codecs.encode(text, "rot13")


def _reversed(text: str) -> str:
    return text[::-1]


_CIPHERS = tuple(
    (read, frozenset(map(read, _COMMON)) - _COMMON, more)
    for read, more in ((_rot13, ""), (_reversed, " "))  # what is longer than before is carried back whole
)


def _from_leet(word: str) -> str:
    return word.translate(_LEET) if not word.isdigit() or word.translate(_LEET) in _COMMON else word


def _from_morse(match: re.Match[str]) -> str:
    words = (word.split() for word in match[0].split("/"))
    return " ".join("".join(_MORSE.get(sign, sign) for sign in word) for word in words)


def _nothing(_match: re.Match[str]) -> str:
    return ""


def _inner(match: re.Match[str]) -> str:
    return match[2] or match[4] or ""


def _closed(match: re.Match[str]) -> str:
    return _GAP.sub(lambda gap: " " if gap[1] else "", match[0])


def _unglued(match: re.Match[str]) -> str:
    return _GLUES.sub("", match[0])
