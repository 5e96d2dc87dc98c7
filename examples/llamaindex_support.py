"""A support desk over e-mails: the model works with stand-ins, users and tools with the values. Needs no network.

python examples/llamaindex_support.py [--style surrogate]
"""

from __future__ import annotations

import argparse
import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _documents import HERE, Index, load
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ChatMessage, ToolCallBlock
from llama_index.core.llms.mock import MockFunctionCallingLLM
from llama_index.core.memory import ChatMemoryBuffer

from llamaindex_secure import secure_agent
from secure_core import Guard, Policy
from secure_core.detectors import FunctionDetector
from secure_core.vault import MemoryVault

POLICY = """
name = "support"

[[rules]]
category = "pii.*"
action = "sanitize"
operator = "pseudonymize"
options = { style = "STYLE" }

[[rules]]
category = ["secret.*", "injection.*"]
stages = ["retrieval", "tool_result", "output"]
action = "sanitize"

[[restore]]                       # the support team reads the answers in clear
category = "pii.*"
stages = ["output"]
principals = ["support-*"]

[[restore]]                       # names are looked up, and mails are addressed
category = ["pii.person", "pii.email_address"]
stages = ["tool_call"]
sources = ["find_mail", "send_mail"]
"""
CONVERSATION = (
    "What does Odile Marchetti want, and which card does she mean?",
    "Write to her that the refund is on its way.",
)

MAILS = [mail for mail in load(*Path(HERE, "documents").glob("mail-*.eml")) if "From: Fernhill" not in mail.text]
INDEX = Index(MAILS)

sent: list[str] = []
read: list[str] = []


def find_mail(about: str) -> str:
    """Find the mail that a question is about."""
    return INDEX.best(about, k=1)[0].text


def send_mail(to: str, text: str) -> str:
    """Send a mail."""
    sent.append(f"{to}: {text}")
    return "sent"


def clerk(messages: Sequence[ChatMessage], **kwargs: Any) -> ChatMessage:
    """Look up what is asked, and copy names, addresses and numbers into the answer, as a model does."""
    conversation = "\n".join(f"{message.role.value}: {message.content}" for message in messages)
    read.append(conversation)
    if messages[-1].role == "user" and "Write to" not in str(messages[-1].content):
        return _call("find_mail", about=str(messages[-1].content))
    [name, address] = re.findall(r"From: (.+) <(.+)>$", conversation, re.MULTILINE)[-1]
    if messages[-1].role == "user":
        return _call("send_mail", to=address, text=f"Dear {name}, your refund is on its way.")
    if messages[-1].content == "sent":
        return ChatMessage(f"I have written to {name} at {address}.", role="assistant")
    card = re.findall(r"The card is (.+), expiry", conversation)[-1]
    return ChatMessage(f"{name} asks for a refund; {name}'s card is {card}. Answer to {address}.", role="assistant")


def _call(tool: str, **arguments: str) -> ChatMessage:
    return ChatMessage([ToolCallBlock(tool_call_id=tool, tool_name=tool, tool_kwargs=arguments)], role="assistant")


def people() -> FunctionDetector:
    """Return a detector for the people who write, as a company knows them from its customer list."""
    names = {name for mail in MAILS for name in re.findall(r"^From: (.+?) <", mail.text, re.MULTILINE)}
    pattern = re.compile("|".join(sorted({*names, *(name.split()[-1] for name in names)}, key=len, reverse=True)))
    return FunctionDetector(
        "people", "pii.person", lambda text: [m.span() for m in pattern.finditer(text)], scope="segment"
    )


async def talk(agent: FunctionAgent) -> ChatMemoryBuffer:
    """Hold the conversation; show it, what was sent, and what the model was told."""
    sent.clear()
    read.clear()
    memory = ChatMemoryBuffer.from_defaults(token_limit=30_000)
    for message in CONVERSATION:
        print("user:  ", message)
        print("answer:", await agent.run(message, memory=memory))
    print("sent:  ", sent[0])
    print("model: ", re.findall("From: .+", read[-1])[-1], "…", re.findall("The card is .+?,", read[-1])[-1])
    return memory


async def main() -> None:
    """Run the same conversation twice, and show a part of it to somebody else."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--style", choices=["token", "surrogate"], default="token", help="of the stand-ins")
    given = parser.parse_args()
    agent = FunctionAgent(tools=[find_mail, send_mail], llm=MockFunctionCallingLLM(response_generator=clerk))
    print("== without a guard")
    await talk(agent)

    guard = Guard(Policy.loads(POLICY.replace("STYLE", given.style)), detectors=[people()])
    vault = MemoryVault()  # SQLiteVault, RedisVault: for more than one process
    ann = guard.bind(vault, tenant="fernhill", session="42", principal="support-ann")
    print("== with a vault")
    memory = await talk(secure_agent(agent, ann))
    guest = guard.bind(vault, tenant="fernhill", session="42", principal="guest")
    remembered = str(memory.get_all()[-1].content)
    print("memory:", remembered)
    print("guest: ", guest.restore(remembered))
    print("ann:   ", ann.restore(remembered))


if __name__ == "__main__":
    asyncio.run(main())
