"""Answers are kept useful: what a model says of stand-ins, restored, is what it would have said of the values.

The questions are asked over the documents of the examples. The model is scripted: it looks people up, copies, reorders
and inflects their names, and knows nothing of stand-ins.
"""

import re
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pytest

from secure_core import Guard, Policy
from secure_core.detectors import FunctionDetector
from secure_core.vault import MemoryVault
from secure_core.vault.bound import BoundGuard

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))

from _demo import PROMPT, QUESTIONS, gullible_answer  # type: ignore[import-not-found] # noqa: E402
from _documents import load  # type: ignore[import-not-found] # noqa: E402

PEOPLE = [
    "Odile Marchetti",
    "Ikenna Vasquez-Holm",
    "Tamsin Okafor-Reyes",
    "Per Lindqvist",
    "Jannika Thalbach",
    "Rosalba Quintero",
    "Leopold Achterberg",
]
NAMES = FunctionDetector(
    "names",
    "pii.person",
    lambda text: [m.span() for m in re.finditer(rf"\b(?:{'|'.join(PEOPLE)}|Marchetti|Ikenna|Brandvolds?)\b", text)],
    scope="segment",
)
MAIL = re.compile(r"<EMAIL_ADDRESS_[a-z]+>|[\w.+-]+@[\w.-]+\w")


def ending(name: str) -> str:
    return "’" if name[-1] in "sxzß" else "s"


Answer = Callable[[str, str, str, str], str]
BY_NAME: dict[str, Answer] = {
    "who wrote": lambda name, first, last, mail: f"That was {name}.",
    "whose order": lambda name, first, last, mail: f"It is {name}'s order.",
    "whose refund": lambda name, first, last, mail: f"It is the refund of Ms {last}'s second payment.",
    "index": lambda name, first, last, mail: f"{last}, {first}",
    "greet": lambda name, first, last, mail: f"Dear {first},\nthank you.",
    "heading": lambda name, first, last, mail: f"FROM {name.upper()} TO SUPPORT",
    "label": lambda name, first, last, mail: f"customers/{last.lower()}: open",
    "deutsch": lambda name, first, last, mail: f"{name}{ending(last)} Bestellung, {first}{ending(first)} Brief",
    "polski": lambda name, first, last, mail: f"odpowiedź dla {last}{'ego' if last[-1] in 'iy' else 'a'}",
    "family": lambda name, first, last, mail: f"The {last}s are customers.",
    "table": lambda name, first, last, mail: f"| {last} | {first} | {mail} |",
    "link": lambda name, first, last, mail: f"[{first}](mailto:{mail})",
    "shout": lambda name, first, last, mail: f"WRITE TO {mail.upper()}!",
    "json": lambda name, first, last, mail: f'{{"from": "{name}", "reply_to": "{mail}", "greeting": "Hi {first}"}}',
    "swap": lambda name, first, last, mail: (
        f"{mail} belongs to {name}; {last} is who asked, {first} is how to address."
    ),
}
BY_TEXT: dict[str, Callable[[str], str]] = {
    "quote": lambda text: "> " + text.replace("\n", "\n> "),
    "backwards": lambda text: "\n".join(reversed(text.splitlines())),
    "number": lambda text: "\n".join(f"{n}. {line}" for n, line in enumerate(text.splitlines(), 1)),
}
COPIES = ["who wrote", "whose order"]
"""What can be said of a token, which has no first and no last name."""


def model(prompt: str) -> str:
    """Answer ``ask: "name"``, and any other question as the model of the examples does."""
    passages, _, question = prompt.partition("\n\n")[2].rpartition("\n\nQuestion: ")
    asked = re.fullmatch(r'([\w ]+): "(.*)"', question)
    if asked is None:
        return str(gullible_answer(prompt))
    ask, name = asked[1], asked[2]
    passage = next(each for each in passages.split("\n=====\n") if name in each)
    if ask in BY_TEXT:
        return BY_TEXT[ask](passage)
    first, _, last = name.partition(" ")
    mail = MAIL.search(passage, passage.index(name))
    return BY_NAME[ask](name, first, last or first, mail[0] if mail else "unknown")


@lru_cache
def documents() -> tuple[str, ...]:
    return tuple(text for _, text in load(EXAMPLES / "documents"))


def bind(style: str) -> BoundGuard:
    rule = {"category": "pii.*", "action": "sanitize", "operator": "pseudonymize", "options": {"style": style}}
    policy = Policy.model_validate({"detectors": [{"name": "pii"}], "rules": [rule]})
    return Guard(policy, detectors=[NAMES]).bind(MemoryVault(), tenant="t", session="s")


MAILS = [
    "casimir.dunmore@example.com",
    "mirela.fontaine@example.org",
    "h.oyelaran@example.net",
    "teodor.wrex@example.com",
    "solveig.nwosu@example.org",
    "k.abernethy@example.net",
]


def questions(style: str) -> list[str]:
    asks = COPIES if style == "token" else [*BY_NAME]
    by_name = [f'{ask}: "{name}"' for name in PEOPLE for ask in [*asks, *BY_TEXT]]
    return [*by_name, *(f'{ask}: "{mail}"' for mail in MAILS for ask in ("link", *BY_TEXT)), *QUESTIONS]


@pytest.mark.parametrize(("style", "at_least"), [("surrogate", 150), ("token", 60)])
def test_a_restored_answer_is_the_answer_without_protection(style: str, at_least: int) -> None:
    bound = bind(style)
    safe = [decision.text for decision in bound.check_many(documents(), stage="retrieval")]
    assert not any(mail in text for text in safe for mail in MAILS)
    asked = questions(style)
    other = []
    for question in asked:
        plain = model(PROMPT.format(context="\n=====\n".join(documents()), question=question))
        hidden = bound.check(question, stage="input").text
        said = model(PROMPT.format(context="\n=====\n".join(safe), question=hidden))
        if bound.restore(said) != plain:
            other.append(question)
    print(f"answers kept, {style}: {len(asked) - len(other)} of {len(asked)}")
    assert len(asked) >= at_least
    assert len(other) <= len(asked) // 100, other
