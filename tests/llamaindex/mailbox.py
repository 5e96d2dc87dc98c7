"""E-mails with people, addresses and cards in a real index, and a model that answers by copying from what it reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple
from zlib import crc32

from llama_index.core import VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.llms.types import ToolCallBlock
from llama_index.core.llms import TextBlock
from llama_index.core.schema import TextNode

from secure_core import Guard, Policy
from secure_core.detectors import FunctionDetector
from secure_core.vault import MemoryVault, Vault
from secure_core.vault.bound import BoundGuard

from .speaker import Speaker

KEY = b"k" * 32


class Person(NamedTuple):
    """Somebody who writes."""

    name: str
    address: str
    card: str


PEOPLE = (
    Person("Amara Castellan", "amara.castellan@example.com", "4111 1111 1111 1111"),
    Person("Jonas Groenveld", "jonas@example.org", "5555 5555 5555 4444"),
    Person("Inés O'Brien", "ines.obrien@example.net", "6011 1111 1111 1117"),
)
MATTERS = ("a blue bicycle was charged twice", "the violin came broken", "a second ticket for the ferry is missing")
VALUES = [value for person in PEOPLE for value in (*person, person.name.split()[-1])]
QUESTION = "Whom do I answer about the message of {name}, and with which card was it paid?"

RULES = [{"category": "pii.*", "action": "sanitize", "operator": "pseudonymize"}]
NAMES = FunctionDetector(
    "names",
    "pii.person",
    lambda text: [m.span() for m in re.finditer("|".join(re.escape(p.name) for p in PEOPLE), text)],
    scope="segment",
)


def mail(person: Person, matter: str) -> TextNode:
    """Return a message as it lies in the index, its writer in the metadata too."""
    text = f"From: {person.name} <{person.address}>\nHello, {matter}.\nI paid with {person.card}. {person.name}"
    return TextNode(text=text, metadata={"sender": person.address, "signed": person.name})


class Words(BaseEmbedding):
    """Embeds the words of a text: a deterministic vector that is near where words are shared."""

    size: int = 4096

    def _get_text_embedding(self, text: str) -> list[float]:
        vector = [0.0] * self.size
        for word in re.findall(r"\w+", text.casefold()):
            vector[crc32(word.encode()) % self.size] += 1.0
        return vector

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


def index(nodes: Sequence[TextNode] = ()) -> VectorStoreIndex:
    """Return an index of everybody's message, or of these nodes."""
    messages = list(nodes) or [mail(*pair) for pair in zip(PEOPLE, MATTERS, strict=True)]
    return VectorStoreIndex(messages, embed_model=Words())


def guard(*, restore: Sequence[dict[str, Any]] = ()) -> Guard:
    """Return a guard that pseudonymizes personal data everywhere."""
    policy = {"name": "mailbox", "detectors": [{"name": "pii"}], "rules": RULES, "restore": list(restore)}
    return Guard(Policy.model_validate(policy), detectors=[NAMES])


def bound(
    vault: Vault | None = None, *, tenant: str = "acme", principal: str | None = None, **policy: Any
) -> BoundGuard:
    """Return that guard, bound to a session of a tenant."""
    return guard(**policy).bind(vault or MemoryVault(key=KEY), tenant=tenant, session="1", principal=principal)


class Copyist(Speaker):
    """Answers by copying, reordering and inflecting what it reads; mails somebody, if it has the tool for it."""

    def _next(self, asked: Any, **options: Any) -> list[Any]:
        read = asked if isinstance(asked, str) else "\n".join(f"{each.role.value}: {each.content}" for each in asked)
        self.asked.append(f"{read} {asked}")
        if "send_mail" in options.get("tools", ()) and "\ntool: " not in read:
            [(_, address)] = _heads(read)
            return [ToolCallBlock(tool_call_id="1", tool_name="send_mail", tool_kwargs={"to": address})]
        return [TextBlock(text=_reply(read))]


def _heads(read: str) -> list[tuple[str, str]]:
    return re.findall(r"From: (.+) <(.+)>$", read, re.MULTILINE)


def _reply(read: str) -> str:
    cards = re.findall(r"I paid with (.+)\. ", read)
    told = [
        f"Answer {address}; {name}'s card is {card}, and {name} wrote it himself ({address})."
        for (name, address), card in zip(_heads(read), cards, strict=False)
    ]
    return " ".join(told) or f"You said: {read.rpartition('user: ')[2].strip()}"


def holds_values(seen: Any) -> list[str]:
    """Return the values that somebody could read there."""
    return [value for value in VALUES if value in str(seen)]
