"""Disguises of an attack that unicode normalisation does not undo."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"})
_KEYS = {"a": "s", "e": "r", "i": "o", "o": "p", "n": "m", "r": "t", "s": "d", "t": "y", "l": "k"}


def leet(rng: random.Random, text: str) -> str:
    """Replace some letters with digits."""
    share = rng.choice((0.4, 0.7, 1.0))
    return "".join(c.lower().translate(_LEET) if rng.random() < share else c for c in text)


def spaced(rng: random.Random, text: str) -> str:
    """Put a separator between the letters of all or of some words."""
    glue, share = rng.choice((" ", "-", ".", "_", " ")), rng.choice((0.3, 1.0))
    words = [glue.join(word) if rng.random() < share else word for word in text.split(" ")]
    return ("  " if glue == " " else " ").join(words)


def typos(rng: random.Random, text: str) -> str:
    """Swap, drop, double or mistype letters inside words."""
    out = list(text)
    for at in range(1, len(out) - 1):
        if out[at].isalpha() and rng.random() < 0.08:
            kind = rng.randrange(4)
            if kind == 0:
                out[at], out[at + 1] = out[at + 1], out[at]
            else:
                out[at] = ("", out[at] * 2, _KEYS.get(out[at], out[at]))[kind - 1]
    return "".join(out)


def cased(rng: random.Random, text: str) -> str:
    """Change the letter case."""
    kind = rng.randrange(4)
    if kind == 3:
        return "".join(c.upper() if rng.random() < 0.5 else c.lower() for c in text)
    return (text.upper, text.lower, text.title)[kind]()


def punctuated(rng: random.Random, text: str) -> str:
    """Scatter punctuation between or inside words."""
    marks = rng.choice(("...", "*", "!!", "|", "~", ",", "//"))
    return re.sub(r"\s+", lambda gap: f"{marks}{gap[0]}" if rng.random() < 0.5 else gap[0], text)


def joined(rng: random.Random, text: str) -> str:
    """Remove the spaces or write words in camel case."""
    words = text.split()
    return "".join(word.capitalize() for word in words) if rng.random() < 0.5 else rng.choice(("", "_", "-", "+")).join(words)


def framed(rng: random.Random, text: str) -> str:
    """Wrap the text in markup, comment signs or odd line breaks."""
    if rng.random() < 0.3:
        words = text.split()
        return "\n".join(" ".join(words[at : at + 3]) for at in range(0, len(words), 3))
    left, right = rng.choice(
        (
            ("**", "**"),
            ("<!-- ", " -->"),
            ("/* ", " */"),
            ("`", "`"),
            ("<b>", "</b>"),
            ("((", "))"),
            ("# ", ""),
            ('{"text": "', '"}'),
            ("> ", ""),
        )
    )
    return left + text + right


DISGUISES: tuple[Callable[[random.Random, str], str], ...] = (leet, spaced, typos, typos, cased, cased, punctuated, joined, framed)


def disguise(rng: random.Random, text: str) -> str:
    """Return ``text`` in one or two disguises."""
    for maker in rng.sample(DISGUISES, rng.choice((1, 1, 1, 2))):
        text = maker(rng, text)
    return text
