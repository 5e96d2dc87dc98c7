"""Puts orders to a model into material and says exactly where they stand."""

from __future__ import annotations

import json
import random
import re

from .obfuscate import disguise

_BORDER = re.compile(r"(?<=[.!?;:>])\s+|\n+|(?<=[。！？])")
_VALUE = re.compile(r"""(?<=[:\[,] )"((?:[^"\\]|\\.){3,}?)"|(?<=[:\[,] )'((?:[^'\\]|\\.){3,}?)'""")


def crop(rng: random.Random, text: str, most: int) -> str:
    """Return a stretch of at most ``most`` characters that starts at a border of the text."""
    if len(text) <= most:
        return text
    starts = [0, *(m.end() for m in _BORDER.finditer(text) if m.end() <= len(text) - most // 2)]
    start = rng.choice(starts)
    return text[start : start + most]


def crop_around(rng: random.Random, text: str, spans: list[list[int]], most: int) -> tuple[str, list[list[int]]]:
    """Return a stretch that holds the first span, and the spans in it."""
    if len(text) <= most:
        return text, spans
    room = max(0, most - (spans[0][1] - spans[0][0]))
    start = min(max(0, spans[0][0] - rng.randint(0, room)), max(0, len(text) - most))
    piece = text[start : start + most]
    moved = [[max(0, s - start), min(len(piece), e - start)] for s, e in spans]
    return piece, [span for span in moved if span[0] < span[1]]


def insert(rng: random.Random, carrier: str, order: str) -> tuple[str, list[int]]:
    """Return ``carrier`` with ``order`` in it, and the order's ``[start, end]``."""
    values = list(_VALUE.finditer(carrier)) if carrier.lstrip()[:1] in "{[" else []
    if values:
        return _into_value(rng, carrier, rng.choice(values), order)
    return _between(rng, carrier, order)


def _into_value(rng: random.Random, carrier: str, value: re.Match[str], order: str) -> tuple[str, list[int]]:
    """Put the order at the start, at the end or in place of a JSON string."""
    start, end = value.span(1) if value[1] is not None else value.span(2)
    order = json.dumps(order, ensure_ascii=False)[1:-1]
    if carrier[value.start()] == "'":
        order = order.replace("'", "\\'")
    place = rng.choice(("start", "end", "end", "instead"))
    if place == "instead":
        return carrier[:start] + order + carrier[end:], [start, start + len(order)]
    if place == "start":
        return carrier[:start] + order + " " + carrier[start:], [start, start + len(order)]
    glue = rng.choice((" ", ". ", " ", "\\n"))
    at = end + len(glue)
    return carrier[:end] + glue + order + carrier[end:], [at, at + len(order)]


def _between(rng: random.Random, carrier: str, order: str) -> tuple[str, list[int]]:
    """Put the order before, after or between sentences or lines."""
    place = rng.choice(("start", "middle", "middle", "end"))
    borders = [m.end() for m in _BORDER.finditer(carrier)]
    at = 0 if place == "start" else len(carrier) if place == "end" or not borders else rng.choice(borders)
    before, after = carrier[:at], carrier[at:]
    line = rng.random() < 0.5 or before.endswith("\n")
    left = "" if not before or before[-1].isspace() else "\n" if line else " "
    if line and rng.random() < 0.08:
        left += rng.choice(("# ", "// ", "- ", "> "))
    right = "\n" if line and after else " " if after else ""
    start = len(before) + len(left)
    return before + left + order + right + after, [start, start + len(order)]


def poison(rng: random.Random, carrier: str, order: str) -> tuple[str, list[list[int]]]:
    """Return poisoned material with spans; some orders are disguised, some texts begin inside one."""
    if rng.random() < 0.1:
        order = disguise(rng, order)
    if rng.random() < 0.03:
        return order, [[0, len(order)]]
    text, span = insert(rng, carrier, order)
    if rng.random() < 0.06 and span[1] - span[0] > 80:
        cut = span[0] + rng.randint(20, (span[1] - span[0]) // 2)
        text, span = text[cut:], [0, span[1] - cut]
    return text, [span]
