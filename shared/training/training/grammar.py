"""A phrase grammar: lists of wordings with ``{slots}`` that name other lists."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

_SLOT = re.compile(r"\{(\w+)\}")


class Grammar:
    """Expands templates; every slot is drawn afresh from its list of wordings."""

    def __init__(self, *rules: Mapping[str, Sequence[str]]) -> None:
        """Merge the rule tables; a later table wins."""
        self.rules: dict[str, Sequence[str]] = {}
        for table in rules:
            self.rules.update(table)

    def say(self, rng: random.Random, template: str) -> str:
        """Return ``template`` with all slots filled, nested ones too."""
        return _SLOT.sub(lambda slot: self.pick(rng, slot[1]), template)

    def pick(self, rng: random.Random, rule: str) -> str:
        """Return one filled wording of ``rule``."""
        return self.say(rng, rng.choice(self.rules[rule]))


def sentence(text: str) -> str:
    """Return ``text`` with a capital first letter and a final stop."""
    text = text[:1].upper() + text[1:]
    return text if text[-1:] in ".!?:;…。！？)" else text + "."
