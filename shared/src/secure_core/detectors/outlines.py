"""Renderings written by hand, where what `expressions` derives from one of Presidio's is too common or too large:
some are a few states to Hyperscan in the one form, and thousands, for which it needs a tenth of a second, in the other.

They are kept by the expression's digest: should another version of Presidio change the expression, the
derived rendering is used again, and nothing is lost.
"""

from __future__ import annotations

from hashlib import sha256

__all__ = ["AT_THE_START", "BY_DIGEST", "digest"]

_HOST = r"[a-z0-9.-]+\.[a-z_]{2}"

BY_DIGEST = {
    "f8d9ff5876327c15": r"[0-9]{4}[^0-9]",  # PAN (Low)
    "e810f67f37fe02d6": r"\b[a-z][a-z0-9-]*[0-9][a-z0-9-]*[^a-z0-9-]",  # Health insurance member ID (weak)
    "422b91a465b6177e": rf"://{_HOST}",  # Standard Url
    "7405c3a8b8c39f4d": r"[a-z0-9.-]\.[a-z_]{2}",  # Non schema URL
    "7c4d4807c3039a79": r"[a-z]{6}[0-9lmnp-v]{2}[a-ehlmpr-t][0-9lmnp-v]{2}[a-z][0-9lmnp-v]{3}[a-z]",  # Fiscal Code
    "478335a8ed0a2ea4": r"\b(?:[0-9][ _]?){10}[0-9](?:\b|[ _])",  # IT Vat code (piva)
    "1f98697e78e08d67": r"[a-z]{2}[0-9]{2}(?:[ -]?[a-z0-9]{4}){2}",  # IBAN Generic
    "6b7fdca16218151c": r"[^0-9][0-9]{2}-[0-9]{7}\b",  # Provider tax ID (labelled)
    "a1d8d743f35dd6a0": r"\b(?:[a-z]{1,2}[0-9][0-9a-z]?|gir)[\t-\r ]?[0-9][a-z]{2}\b",  # UK Postcode
    "ab1eb0b240f24580": (
        r"\b(?:[a-z]{1,2}[0-9]{1,18}[a-z]?|[0-9]{2,3}[a-z]{2,3}[0-9]{4,6}|[0-9]{7,9}[a-z]{1,2}|"
        r"[a-z][0-9][a-z][0-9][a-z]|a-z\]\][0-9]{2,5})\b"
    ),  # Driver License - Alphanumeric (weak)
    "473c5e6b40a31272": rf"[\"']https?://{_HOST}",  # Quoted URL
    "58b5bbbc4796bab1": rf"[\"']{_HOST}",  # Quoted Non-schema URL
}
"""What `readings.plain` of a text holds, for Hyperscan, if the expression matches the text."""

AT_THE_START = frozenset({"1f98697e78e08d67"})
"""Those of them that begin where the match of the expression does, with a letter or digit."""


def digest(expression: str) -> str:
    """Return a short name for an expression."""
    return sha256(expression.encode()).hexdigest()[:16]
