"""Spotlighting by delimiters (Hines et al. 2024, arXiv:2403.14720): a model is shown where material begins and ends."""

from __future__ import annotations

import secrets
from string import ascii_lowercase

from llama_index.core.schema import BaseNode, MetadataMode, NodeWithScore

__all__ = ["spotlighted"]


def spotlighted(nodes: list[NodeWithScore]) -> list[NodeWithScore]:
    """Put the texts of nodes, which are the caller's to change, between delimiters drawn for this call.

    Metadata get theirs from the template that they are shown by, and stay as they are.
    """
    name = "data-" + "".join(secrets.choice(ascii_lowercase) for _ in range(12))  # no detector takes letters for a key
    for each in nodes:
        _delimit(each.node, f"[[{name}]]", f"[[/{name}]]")
    return nodes


def _delimit(node: BaseNode, start: str, end: str) -> None:
    node.metadata_template = node.metadata_template.replace("{value}", f"{start}{{value}}{end}")
    if text := node.get_content(MetadataMode.NONE):
        node.set_content(f"{start}\n{text}\n{end}")
