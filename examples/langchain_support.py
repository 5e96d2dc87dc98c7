"""A support conversation over e-mails: the model sees stand-ins only, the mail goes out to the real address.

python examples/langchain_support.py [--style token]
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import Any

from _documents import DEFAULT, load
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable
from langchain_core.tools import tool
from pydantic import Field

from langchain_secure import SecureOutput, secure_model, secure_tools
from secure_core import Guard, Policy
from secure_core.detectors import FunctionDetector
from secure_core.vault import MemoryVault

POLICY = """
name = "support"

[[detectors]]
name = "pii"

[[rules]]
category = "pii.*"
action = "sanitize"
operator = "pseudonymize"
options = {{ style = "{style}" }}

[[restore]]                       # people of the support team read the answers in clear
category = "pii.*"
stages = ["output"]
principals = ["support-*"]

[[restore]]                       # and the mail tool gets addresses and names, no card
category = ["pii.email_address", "pii.person"]
stages = ["tool_call"]
sources = ["send_mail"]
"""

CUSTOMERS = FunctionDetector(  # stands for a detector with a model, which finds any name
    "customers",
    "pii.person",
    lambda text: [match.span() for match in re.finditer(r"\b(?:Odile )?Marchetti\b|\bOdile\b", text)],
    scope="segment",
)

QUESTIONS = (
    "Who was charged twice, and with which card?",
    "Write to the customer that the refund is on its way.",
    "Which number may we call?",
)

SENT: list[tuple[str, str]] = []


@tool
def send_mail(to: str, text: str) -> str:
    """Send an e-mail."""
    SENT.append((to, text))
    return f"sent to {to}"


class Clerk(BaseChatModel):
    """Looks up in the e-mails what it is asked, and knows nothing of stand-ins. Needs no network."""

    heard: list[str] = Field(default_factory=list, repr=False)

    def _answer(self, messages: list[BaseMessage]) -> AIMessage:
        prompt = str(messages[0].text)
        self.heard += [str(message) for message in messages]
        if isinstance(messages[-1], ToolMessage):
            return AIMessage(f"Done: {messages[-1].text}.")
        name, mail = _found(r"From: ([^<\n]+|<\w+>) <(.+)>\n", prompt)
        question = str(messages[-1].text)
        if "Write" in question:
            text = f"Dear Ms {name.split()[-1]},\nthe second payment is on its way back to you."
            return AIMessage("", tool_calls=[{"name": "send_mail", "args": {"to": mail, "text": text}, "id": "1"}])
        if "number" in question:
            return AIMessage(f"{name}'s number is {_found(r'call me on (.+) after', prompt)[0]}.")
        return AIMessage(f"{name} was. It is {name.split()[0]}'s card {_found(r'card is (.+), expiry', prompt)[0]}.")

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._answer(messages))])

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        for piece in re.findall(r".{1,7}", str(self._answer(messages).content), re.DOTALL):
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))

    def bind_tools(self, tools: Any, **kwargs: Any) -> Runnable[Any, Any]:
        """Take the tools along, to be called by name."""
        return self.bind(tools=list(tools), **kwargs)

    @property
    def _llm_type(self) -> str:
        return "clerk"


def _found(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    return match.groups() if match else ("unknown", "unknown")


def main() -> None:
    """Ask, let a mail be sent, and show what each side saw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--style", choices=["surrogate", "token"], default="surrogate")
    policy = Policy.loads(POLICY.format(style=parser.parse_args().style))
    guard = Guard(policy, detectors=[CUSTOMERS]).bind(
        MemoryVault(), tenant="fernhill", session="ticket-20417", principal="support-ann"
    )
    mails = "\n\n".join(text for source, text in load(*DEFAULT) if source == "mail-double-charge.eml")
    prompt = ChatPromptTemplate.from_messages([("human", "{mails}"), ("placeholder", "{history}")])
    tools = {each.name: each for each in secure_tools([send_mail], guard)}
    clerk = Clerk()
    inside = secure_model(clerk, guard, restore=False)  # the history keeps stand-ins
    desk, edge = prompt | inside.bind_tools([*tools.values()]), SecureOutput(guard)

    history: list[BaseMessage] = []
    for question in QUESTIONS:
        history.append(HumanMessage(guard.check(question, stage="input").text))
        answer = desk.invoke({"mails": mails, "history": history})
        history.append(answer)
        for call in answer.tool_calls:
            history.append(tools[call["name"]].invoke(call))
            history.append(desk.invoke({"mails": mails, "history": history}))
        print(f"question │ {question}\nmodel    │ {history[-1].text}")
        print(f"user     │ {edge.invoke(history[-1]).text}")
    streamed = (desk | edge).stream({"mails": mails, "history": history[:1]})
    print("streamed │ " + "".join(str(chunk.text) for chunk in streamed))
    to, text = SENT[0]
    print(f"mailed   │ {to}: {text!r}")
    values = ("Marchetti", "4111 1111 1111 1111", "020 7946 0853")
    print(f"the model and the history saw a value: {any(v in f'{clerk.heard}{history}' for v in values)}")


if __name__ == "__main__":
    main()
