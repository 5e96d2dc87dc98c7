"""Outlines written by hand, where what `shapes` derives from one of Presidio's expressions is too common.

They are kept by the expression's digest: should another version of Presidio change the expression, the
derived shape is used again, and nothing is lost.
"""

from __future__ import annotations

from hashlib import sha256

__all__ = ["BY_DIGEST", "digest"]

_DOTTED = r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]"

BY_DIGEST = {
    "5def597d3b4dac73": _DOTTED,  # IPv4_mapped
    "66197b1f8e63cd27": _DOTTED,  # IPv4_embedded
    "ae1e66dfc54606cf": _DOTTED,  # IPv4
    "c4f79b73053cd5f0": r":[0-9a-f]{0,4}:",  # IPv6
    "478335a8ed0a2ea4": r"0(?:[ _]?0){10}",  # IT Vat code (piva)
}
"""What `shapes.outline` of a text matches, for Hyperscan, if the expression matches the text."""


def digest(expression: str) -> str:
    """Return a short name for an expression."""
    return sha256(expression.encode()).hexdigest()[:16]
