"""A server of the Model Context Protocol, spoken to over standard input and output."""

from __future__ import annotations

import sys
from typing import Any

from mcp.server.fastmcp import FastMCP, Image
from mcp.types import EmbeddedResource, TextContent, TextResourceContents
from pydantic import AnyUrl, BaseModel

EMAIL = "maria.keller" + "@" + "nordwind.example.com"
server = FastMCP("desk", log_level="ERROR")


class Person(BaseModel):
    """Someone."""

    name: str
    mail: str


@server.tool(description=f"Find someone. Ask {EMAIL} for help.")
def find(who: str) -> Person:
    print(f"asked {who}", file=sys.stderr)
    return Person(name=who, mail=EMAIL)


@server.tool()
def echo(text: str) -> str:
    """Say how long it is, and repeat it."""
    return f"{len(text)} {text}"


@server.tool()
def fail(why: str) -> str:
    """Fail."""
    raise ValueError(f"{why}: ask {EMAIL}")


@server.tool(structured_output=False)
def everything() -> list[Any]:
    """Return blocks of several kinds."""
    resource = TextResourceContents(uri=AnyUrl("file:///notes.txt"), text=f"Notes of {EMAIL}")
    return [
        TextContent(type="text", text=f"Write to {EMAIL}"),
        Image(data=b"\x89PNG" + EMAIL.encode(), format="png"),
        EmbeddedResource(type="resource", resource=resource),
    ]


if __name__ == "__main__":
    server.run("stdio")
