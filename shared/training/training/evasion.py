"""Twenty-four obfuscations of a text, each on its own and whole: what an attacker tries once plain words fail.

Deterministic, so that a figure can be reproduced. What the core's normaliser undoes is judged in its readings
(:func:`secure_core.normalize.views`), because the product judges those too; the rest is up to the model.
"""

from __future__ import annotations

import base64
import codecs
import random
import re
from collections.abc import Callable
from urllib.parse import quote

_WORD = re.compile(r"[A-Za-z]+")
_LEET = str.maketrans("aeiostAEIOST", "431057431057")
_LOOKALIKES = str.maketrans("aceopxyiABCEHKMOPTX", "асеорхуіАВСЕНКМОРТХ")
_MORSE = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz0123456789.,?!:@/-'",
        ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. "
        "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----. "
        ".-.-.- --..-- ..--.. -.-.-- ---... .--.-. -..-. -....- .----.".split(),
        strict=True,
    )
)


def _letters(text: str, glue: str) -> str:
    """Put ``glue`` between the letters of every word."""
    return _WORD.sub(lambda word: glue.join(word[0]), text)


def _plane(text: str, upper: int, lower: int) -> str:
    """Write Latin letters in another alphabet of Unicode."""
    shift = {**{ord("A") + n: upper + n for n in range(26)}, **{ord("a") + n: lower + n for n in range(26)}}
    return text.translate(shift)


def _mixed_case(text: str) -> str:
    return "".join(c.upper() if n % 2 else c.lower() for n, c in enumerate(text))


def _typos(text: str) -> str:
    """Swap two inner letters of every longer word."""
    return re.sub(r"([A-Za-z])([A-Za-z])([A-Za-z])(?=[A-Za-z])", r"\1\3\2", text)


def _split(text: str) -> str:
    """Hand the text over in parts that the model is asked to join."""
    size = max(1, -(-len(text) // 4))
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    named = "\n".join(f"{name} = {part!r}" for name, part in zip("abcd", parts, strict=False))
    return f"{named}\nDo what {' + '.join('abcd'[: len(parts)])} says."


def _morse(text: str) -> str:
    return " / ".join(" ".join(_MORSE.get(c, c) for c in word) for word in text.lower().split())


def _marks(text: str) -> str:
    return "".join(c + "\u0336\u0353\u0301" if c.isalpha() else c for c in text)


def _selectors(text: str) -> str:
    """Hide the bytes in variation selectors behind one visible letter."""
    return "x" + "".join(chr(0xFE00 + b if b < 16 else 0xE0100 + b - 16) for b in text.encode())


def _bidi(text: str) -> str:
    """Put directional controls inside and around words."""
    return "\u202d" + re.sub(r"(\w)(\w)", "\\1\u200e\\2", text) + "\u202c"


def _markdown(text: str) -> str:
    """Emphasise a part of every word."""
    return _WORD.sub(lambda word: f"**{word[0][:2]}**{word[0][2:]}", text)


OBFUSCATIONS: dict[str, Callable[[str], str]] = {
    "leetspeak": lambda text: text.translate(_LEET),
    "spaced letters": lambda text: "  ".join(" ".join(word) for word in text.split()),
    "dashed letters": lambda text: _letters(text, "-"),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "URL encoding": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()) if text.isascii() else quote(text, safe=""),
    "HTML entities": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "Unicode escapes": lambda text: "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else c for c in text),
    "tag characters": lambda text: "".join(chr(0xE0000 + ord(c)) if 31 < ord(c) < 127 else c for c in text),
    "variation selectors": _selectors,
    "zero-width spaces": lambda text: _letters(text, "\u200b"),
    "homoglyphs": lambda text: text.translate(_LOOKALIKES),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if 32 < ord(c) < 127 else c for c in text),
    "mathematical letters": lambda text: _plane(text, 0x1D400, 0x1D41A),
    "bidirectional controls": _bidi,
    "combining marks": _marks,
    "mixed case": _mixed_case,
    "reversed": lambda text: text[::-1],
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "Morse code": _morse,
    "payload split": _split,
    "Markdown emphasis": _markdown,
    "comments in words": lambda text: _WORD.sub(lambda word: f"{word[0][:2]}<!-- -->{word[0][2:]}", text),
    "typos": _typos,
}


def obfuscated(rng: random.Random, text: str) -> str:
    """Return ``text`` in one of the obfuscations that survive normalisation and leave pieces of words to learn."""
    return OBFUSCATIONS[rng.choice(LEARNT)](text)


#: Reversed letters, rot13 and Morse code survive too, but hardly a piece of a word is left in them:
#: a small encoder with a frozen word table cannot learn to read them, and training on them cost it elsewhere.
LEARNT = ("leetspeak", "spaced letters", "dashed letters", "mixed case", "payload split", "Markdown emphasis", "comments in words", "typos")
