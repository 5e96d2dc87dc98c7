"""Texts that Presidio's rules are about: drawn from their own expressions, then spoilt a little."""

from __future__ import annotations

import random
import warnings
from collections.abc import Sequence
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from hypothesis import strategies as st

from secure_core.detectors._presidio import presidio
from secure_core.detectors.expressions import rendered
from secure_core.detectors.patterns import Ends
from secure_core.detectors.readings import plain

RECOGNIZERS = [
    kind(supported_language="en")
    for kind in presidio().recognizers()
    if kind.__name__ not in ("ZaPhoneNumberRecognizer", "PhoneRecognizer")
]
EXPRESSIONS = [pattern.regex for each in RECOGNIZERS for pattern in getattr(each, "patterns", ())]
CONTEXT = sorted({word for each in RECOGNIZERS for word in each.context or ()})
PHONES = (
    *("+1 212-555-0147", "(212) 555-0147", "030 1234567", "+44 20 7946 0018", "082 123 4567", "+27 21 555 0123"),
    *("01 42 68 53 00", "0171 1234567", "98765 43210", "+49 (0)30 901820", "212.555.0147 ext. 12", "450 0840"),
    *("+12125550147", "2125550147 x12", "212-555-0147~12", "(2125550147", "1200000000x", "0821234567"),
)
CARDS = ("4111 1111 1111 1111", "5555-5555-5555-4444", "3782 822463 10005", "6304000000000000", "4000 0000 0006")
WORDS = ("the", "is", "of", "und", "der", "para", "Order", "ref.", "id:", "2024", "(", ")", "=", "“", "№", "é", "한국")
ODD = ("٣", "K", "ſ", "İ", " ", "\u00a0", "–")
GLUE = (" ", " ", " ", "\n", "\t", "\u00a0", "\u2003", "", ", ", ": ", "-", "/", ".", "\u200b", "x", "7")


def sample(nodes: Any, rng: random.Random) -> str:
    """Return a string that a syntax tree matches, look-around and back-references aside."""
    return "".join(_sample(code, args, rng) for code, args in nodes)


def _sample(code: Any, args: Any, rng: random.Random) -> str:
    if code is op.LITERAL:
        return chr(args)
    if code is op.IN:
        return _member(rng.choice([item for item in args if item[0] is not op.NEGATE]), rng)
    if code in (op.MAX_REPEAT, op.MIN_REPEAT):
        least, most, inner = args
        return "".join(sample(inner, rng) for _ in range(rng.randint(least, min(most, least + 3))))
    if code is op.SUBPATTERN:
        return sample(args[3], rng)
    if code is op.BRANCH:
        return sample(rng.choice(args[1]), rng)
    return rng.choice("-1a") if code in (op.ANY, op.NOT_LITERAL, op.GROUPREF) else ""


def _member(item: Any, rng: random.Random) -> str:
    code, args = item
    if code is op.RANGE:
        return chr(rng.randint(*args))
    if code is op.LITERAL:
        return chr(args)
    return rng.choice({op.CATEGORY_DIGIT: "0123456789٣", op.CATEGORY_WORD: "aZ9_é"}.get(args, " \t"))


def spoilt(text: str, rng: random.Random) -> str:
    """Return ``text`` with up to two characters changed, doubled or lost, or all in another case."""
    chars = list(text)
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        place = rng.randrange(len(chars)) if chars else 0
        chars[place : place + 1] = rng.choice(
            (
                [],
                chars[place : place + 1] * 2,
                ["٣"],
                ["K"],
                ["ſ"],
                ["İ"],
                [" "],
                ["\u00a0"],
                ["–"],
                [rng.choice("09aZ.-/@")],
            )
        )
    made = "".join(chars)
    return rng.choice((made, made, made, made.upper(), made.lower()))


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Draw a text of a few spoilt identifiers, context words and other words."""
    rng = draw(st.randoms(use_true_random=False))
    pieces = []
    for _ in range(rng.randint(1, 6)):
        kind = rng.random()
        if kind < 0.5:
            pieces.append(spoilt(_from(rng.choice(EXPRESSIONS), rng), rng))
        elif kind < 0.6:
            pieces.append(spoilt(rng.choice(PHONES + CARDS), rng))
        else:
            pieces.append(rng.choice(CONTEXT if kind < 0.85 else WORDS))
    return "".join(piece + rng.choice(GLUE) for piece in pieces)


def _from(expression: str, rng: random.Random) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sample(parser.parse(expression.replace("(?i)", "")), rng)


def matched(expressions: Sequence[str], text: str, *, overlapped: bool = False) -> dict[str, list[tuple[int, int]]]:
    """Return where ``expressions`` match ``text`` under Presidio's flags, for those that do."""
    import regex  # type: ignore[import-untyped]

    flags = regex.DOTALL | regex.MULTILINE | regex.IGNORECASE
    found = {
        each: [match.span() for match in regex.finditer(each, text, flags=flags, overlapped=overlapped)]
        for each in expressions
    }
    return {expression: spans for expression, spans in found.items() if spans}


def renderings_in(text: str, *, apart: bool = False) -> dict[str, list[int]]:
    """Return where the matches of the expressions' renderings end in a text with a character before and behind it."""
    patterns = sorted({one.pattern for each in EXPRESSIONS if (one := rendered(each, apart=apart))})
    found: dict[str, list[int]] = {}
    for end, pattern in Ends(patterns).find(f"\0{plain(text)}\0".encode()):
        found.setdefault(patterns[pattern], []).append(end)
    return found
