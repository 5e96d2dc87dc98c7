"""Every kind is found, exactly, wherever it stands; what only looks like a secret is left alone.

The values are drawn from the rules' own alphabets at run time, so that none stands in this file.
"""

from __future__ import annotations

import base64
import json
import pickle
import random
import re
import string
import threading
import time
from collections.abc import Callable
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_core.detectors import Detector, load, secret_assignments
from secure_core.detectors.secret_rules import FORMATS, NAMED, Format, Named
from secure_core.detectors.secret_values import CHECKS, entropy, is_placeholder
from secure_core.detectors.secrets import KINDS, Secrets, _gate
from secure_core.errors import PolicyError
from secure_core.types import Context, Finding, Stage

CONTEXT = Context(Stage.INPUT)
DETECTOR = Secrets()
PRINTABLE = string.ascii_letters + string.digits + "_-+/"


def detect(text: str, detector: Secrets = DETECTOR) -> list[Finding]:
    return detector.detect([text], [CONTEXT])[0]


def found(text: str, detector: Secrets = DETECTOR) -> list[tuple[str, str]]:
    return [(finding.category, text[finding.start : finding.end]) for finding in detect(text, detector)]


class Sampler:
    """Draws texts that a regular expression matches; remembers what group 1 held."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.value: str | None = None

    def draw(self, pattern: str) -> str:
        self.value = None
        return "".join(self._item(*item) for item in parser.parse(pattern))

    def _item(self, kind: Any, what: Any) -> str:
        if kind is op.LITERAL:
            return chr(what)
        if kind is op.ANY:
            return self.rng.choice(PRINTABLE)
        if kind is op.NOT_LITERAL:
            return self.rng.choice([c for c in PRINTABLE if c != chr(what)])
        if kind is op.IN:
            return self.rng.choice(self._class(what))
        if kind is op.BRANCH:
            return self._sequence(self.rng.choice(what[1]))
        if kind is op.SUBPATTERN:
            text = self._sequence(what[3])
            self.value = text if what[0] == 1 else self.value
            return text
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            least, most, inner = what
            times = least if kind is op.MIN_REPEAT else self.rng.randint(least, min(most, least + 3))
            return "".join(self._sequence(inner) for _ in range(times))
        assert kind in (op.AT, op.ASSERT), kind
        return ""

    def _sequence(self, items: Any) -> str:
        return "".join(self._item(*item) for item in items)

    def _class(self, items: Any) -> list[str]:
        chosen: set[str] = set()
        for kind, what in items:
            if kind is op.LITERAL:
                chosen.add(chr(what))
            elif kind is op.RANGE:
                chosen.update(map(chr, range(what[0], what[1] + 1)))
            elif kind is op.CATEGORY:
                chosen.update({op.CATEGORY_SPACE: " ", op.CATEGORY_NOT_SPACE: PRINTABLE}.get(what, "-"))
        if items[0][0] is op.NEGATE:
            return [c for c in PRINTABLE if c not in chosen]
        return sorted(chosen)


def letters(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(string.ascii_letters + string.digits, k=count))


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def jwt(rng: random.Random) -> str:
    header = b64url(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    return f"{header}.{b64url(json.dumps({'sub': letters(rng, 8)}).encode())}.{letters(rng, 43)}"


def wrapped_jwt(rng: random.Random) -> str:
    return base64.b64encode(jwt(rng).encode()).decode()


def pem(rng: random.Random, label: str = "RSA PRIVATE KEY", newline: str = "\n") -> str:
    body = [letters(rng, 64) for _ in range(rng.randint(3, 9))]
    return newline.join(["-" * 5 + f"BEGIN {label}-----", *body, f"-----END {label}-----"])


def discord(rng: random.Random) -> str:
    return f"{b64url(str(rng.randrange(10**17, 10**18)).encode())}.{letters(rng, 6)}.{letters(rng, 27)}"


def basic(rng: random.Random) -> str:
    return base64.b64encode(f"service:{letters(rng, 12)}".encode()).decode()


BUILT: dict[str, Callable[[random.Random], str]] = {
    "jwt": jwt,
    "wrapped_jwt": wrapped_jwt,
    "discord": discord,
}


def sample(row: Format, rng: random.Random) -> tuple[str, str]:
    """A text that holds a secret of this format, and the secret."""
    if row.check in BUILT:
        value = BUILT[row.check](rng)
        return value, value
    if row.check == "basic":
        value = basic(rng)
        return f"Authorization: Basic {value}", value
    if row.check == "key_body" and "BEGIN" in row.pattern:
        value = pem(rng)
        return value, value
    sampler = Sampler(rng)
    for _ in range(500):
        text = sampler.draw(row.pattern)
        value = (sampler.value if "(?P<value>" in row.pattern else text) or ""
        if not is_placeholder(value, row.entropy) and CHECKS[row.check](value) and not value.endswith("."):
            return text, value
    raise AssertionError(f"no sample of {row.kind} passes its own checks")


def named_sample(row: Named, rng: random.Random) -> str:
    sampler = Sampler(rng)
    while True:
        value = sampler.draw(row.shape)
        if any(c.isdigit() for c in value) and not is_placeholder(value, 1.5 if value.isdigit() else 2.6):
            return value


FORMAT_IDS = [f"{row.kind}-{i}" for i, row in enumerate(FORMATS)]


@pytest.mark.parametrize("rule", range(len(FORMATS)), ids=FORMAT_IDS)
def test_a_value_of_every_format_is_found_exactly(rule: int) -> None:
    text, value = sample(FORMATS[rule], random.Random(rule))
    assert rule in _gate().candidates(text)
    assert (f"secret.{FORMATS[rule].kind}", value) in found(text)


@pytest.mark.parametrize("row", NAMED, ids=lambda row: row.kind)
@pytest.mark.parametrize("assign", ["{}_API_KEY={}", "{}Token: '{}'", 'set("{}.secret", "{}")', "<{}Key>\n  {}\n</>"])
def test_a_value_of_every_provider_is_found_beside_its_name(row: Named, assign: str) -> None:
    value = named_sample(row, random.Random(row.kind))
    text = assign.format(row.provider.split("|")[0], value)
    assert value in [secret for _, secret in found(text)]
