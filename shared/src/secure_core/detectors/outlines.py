"""Renderings written by hand, where what `expressions` derives from one of Presidio's is too common or too large.

They are kept by the expression's digest: should another version of Presidio change the expression, the
derived rendering is used again, and nothing is lost.
"""

from __future__ import annotations

from hashlib import sha256

__all__ = ["BY_DIGEST", "digest"]

_HOST = r"[a-z0-9.-]+\.[a-z_]{2}"

BY_DIGEST = {
    "f8d9ff5876327c15": r"[0-9]{4}[^0-9]",  # PAN (Low)
    "e810f67f37fe02d6": r"\b[a-z][a-z0-9-]*[0-9][a-z0-9-]*[^a-z0-9-]",  # Health insurance member ID (weak)
    "422b91a465b6177e": rf"://{_HOST}",  # Standard Url
    "7405c3a8b8c39f4d": r"[a-z0-9.-]\.[a-z_]{2}",  # Non schema URL
    "473c5e6b40a31272": rf"[\"']https?://{_HOST}",  # Quoted URL
    "58b5bbbc4796bab1": rf"[\"']{_HOST}",  # Quoted Non-schema URL
}
"""What `expressions.plain` of a text holds, for Hyperscan, if the expression matches the text."""


def digest(expression: str) -> str:
    """Return a short name for an expression."""
    return sha256(expression.encode()).hexdigest()[:16]
