"""What is encoded is read: escapes character by character, blobs of base64 and hexadecimal digits whole."""

from __future__ import annotations

import base64
import html
import re

from ._rewriting import Rewriting

__all__ = ["DECODING"]

_ESCAPE = re.compile(
    r"""
      %(?: [0-7][0-9A-Fa-f] | [89A-Fa-f][0-9A-Fa-f](?:%[89A-Fa-f][0-9A-Fa-f])* )                        # RFC 3986
    | &(?: \#[0-9]{1,7} | \#[xX][0-9A-Fa-f]{1,6} | [A-Za-z][A-Za-z0-9]{1,30}(?=;) | lt | gt | amp | quot );?
    | (?<!\\)\\++(?: x[0-7][0-9A-Fa-f] | x[89A-Fa-f][0-9A-Fa-f](?:\\+x[89A-Fa-f][0-9A-Fa-f])*
          | u[dD][89ABab][0-9A-Fa-f]{2}\\+u[dD][C-Fc-f][0-9A-Fa-f]{2} | u[0-9A-Fa-f]{4}
          | U000[0-9A-Fa-f]{5} | u\{[0-9A-Fa-f]{1,6}\} )
    """,
    re.VERBOSE,
)
"""An escape takes all the backslashes before it, so that JSON in JSON is read too, and stays JSON without it."""

_KEPT = re.compile(r"""["'\\\x00-\x1f]""")
"""What a string literal cannot do without an escape for."""

# Shorter runs of base64 or hexadecimal digits than 20 are words and numbers.
_BLOB = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{20,}+={0,2}")
_LINES = re.compile(r"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/]{60,76}+\r?\n)+[A-Za-z0-9+/]{1,76}+={0,2}")  # RFC 2045
_PART = re.compile(r"[A-Za-z0-9+_-]{20,}={0,2}")
_HEX = re.compile("[0-9A-Fa-f]+")
_PAIRS = re.compile(r"\b(?:0x)?[0-9A-Fa-f]{2}(?:[ ,:;]{1,2}(?:0x)?[0-9A-Fa-f]{2}(?![0-9A-Za-z])){9,}")
_UNREADABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff]")
_BETWEEN_PAIRS = re.compile(r"0x|[ ,:;]")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def _unescape(match: re.Match[str]) -> str:
    code = match[0]
    if code[0] == "&":
        return html.unescape(code)
    if code[0] == "%":
        return _readable_hex(code.replace("%", "")) or code
    meant = _backslashed(code)
    return code if meant is None or _KEPT.search(meant) else meant


def _backslashed(code: str) -> str | None:
    """Read ``\\x41``, ``\\u0041``, ``\\U00000041``, ``\\u{41}`` or a surrogate pair of such."""
    units = re.split(r"\\+[xuU]", code)[1:]
    if "x" in code:
        return _readable_hex("".join(units))
    points = [int(unit.strip("{}"), 16) for unit in units]
    if len(points) == 2:
        return chr(0x10000 + ((points[0] - 0xD800) << 10) + points[1] - 0xDC00)
    return None if 0xD800 <= points[0] < 0xE000 or points[0] > 0x10FFFF else chr(points[0])


def _readable_hex(digits: str) -> str | None:
    try:
        return bytes.fromhex(digits).decode()
    except ValueError:  # an odd number of digits, or no UTF-8
        return None


def _readable_base64(digits: str) -> str | None:
    """Read base64 in either alphabet of RFC 4648, padded or not."""
    code = digits.rstrip("=").encode().translate(_URL_SAFE)
    try:
        return base64.b64decode(code + b"=" * (-len(code) % 4)).decode()
    except ValueError:
        return None


def _is_text(text: str) -> bool:
    return len(_UNREADABLE.findall(text)) <= 0.1 * len(text)


def _read_lines(match: re.Match[str]) -> str:
    return _text_of(match[0]) or match[0]


def _read_blob(match: re.Match[str]) -> str:
    code = match[0]
    read = _text_of(code)
    if read is None and not _PART.fullmatch(code):
        read = _PART.sub(lambda part: _text_of(part[0]) or part[0], code)
    return read or code


def _text_of(code: str) -> str | None:
    joined = "".join(code.split())
    read = (_readable_hex(joined) if _HEX.fullmatch(joined) else None) or _readable_base64(joined)
    return read if read is not None and _is_text(read) else None


def _read_pairs(match: re.Match[str]) -> str:
    text = _readable_hex(_BETWEEN_PAIRS.sub("", match[0]))
    return text if text is not None and _is_text(text) else match[0]


DECODING = (
    Rewriting(
        r"%[0-9A-Fa-f]{2}|&(?:#|[A-Za-z][0-9A-Za-z]+;|lt|gt|amp|quot)|\\[xuU]",
        _ESCAPE,
        _unescape,
    ),
    Rewriting(
        r"(?:[0-9A-Fa-f]{2}[ ,:;]{1,2}(?:0x)?){9}",
        _PAIRS,
        _read_pairs,
    ),
    Rewriting(
        r"[A-Za-z0-9+/]{60}\r?\n",
        _LINES,
        _read_lines,
    ),
    Rewriting(
        "[A-Za-z0-9]{16}",  # paths and identifiers have more separators than base64 has signs
        _BLOB,
        _read_blob,
    ),
)
