"""A node postprocessor: what was retrieved is sanitised before a model reads it or a caller sees it."""

from __future__ import annotations

from llama_index.core.bridge.pydantic import Field
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle

from secure_core import Context, Stage

from ._component import SecureComponent
from ._content import aclean, clean
from ._spotlight import spotlighted

__all__ = ["SecureNodePostprocessor"]


class SecureNodePostprocessor(SecureComponent, BaseNodePostprocessor):
    """Sanitises the text of nodes and each metadata value on its own, that of related nodes included.

    All texts of all nodes are judged in one batch at stage ``retrieval``. Nodes that hold a blocked text are left out.
    The nodes given, which belong to the index, are never changed: what comes back are copies, without their
    embedding where a text was changed. Put it last, after postprocessors that bring texts of their own
    (MetadataReplacementPostProcessor brings a sentence's window, PrevNextNodePostprocessor its neighbours).

    With ``spotlight`` the model reads each text and each metadata value between delimiters that nobody who wrote one
    could know (``[[data-…]]`` and ``[[/data-…]]``, other letters at each call), so that a prompt can tell it to obey
    nothing in between.

    >>> engine = index.as_query_engine(node_postprocessors=[SecureNodePostprocessor(policy="default")])
    """

    spotlight: bool = Field(default=False, description="Whether texts stand between delimiters nobody can guess.")

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which it is serialised."""
        return "SecureNodePostprocessor"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        return self._shown(clean(self._guard, nodes, Context(Stage.RETRIEVAL)))

    async def _apostprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        return self._shown(await aclean(self._guard, nodes, Context(Stage.RETRIEVAL)))

    def _shown(self, nodes: list[NodeWithScore]) -> list[NodeWithScore]:
        return spotlighted(nodes) if self.spotlight else nodes
