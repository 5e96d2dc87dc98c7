"""What tools say of themselves: a model obeys a description as it obeys a result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from llama_index.core.tools import ToolMetadata

from secure_core import Context, Guard, Stage

from ._content import clean

__all__ = ["described"]


@dataclass
class _Described(ToolMetadata):
    """Tells the model other parameters than those that the class of the arguments tells."""

    parameters: dict[str, Any] = field(default_factory=dict)

    def get_parameters_dict(self) -> dict[str, Any]:
        """Return the JSON schema that a model reads."""
        return self.parameters


def described(guard: Guard, metadata: ToolMetadata) -> ToolMetadata:
    """Return a tool's metadata with a clean description and schema; the tool's name and arguments stay what they are.

    All of the schema is judged, defaults and choices too, since a model reads all of it.

    Raises:
        Blocked: something in it was blocked.
    """
    context = Context(Stage.TOOL_RESULT, source=metadata.get_name())
    description, parameters = clean(guard, (metadata.description, metadata.get_parameters_dict()), context)
    return _Described(description, metadata.name, metadata.fn_schema, metadata.return_direct, parameters)
