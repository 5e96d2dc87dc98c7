"""`SecureMCPInterceptor`: what goes to the servers of the Model Context Protocol, and what comes from them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from langchain_core.tools import ToolException
from langchain_mcp_adapters.interceptors import MCPToolCallRequest, MCPToolCallResult
from mcp.types import AudioContent, CallToolResult, ImageContent, TextContent

from secure_core import Blocked, Context, Stage

from ._arguments import areal_arguments
from ._content import aclean
from ._context import context_for
from ._failures import DENIED, safe_error
from ._guarded import PolicyLike, guard_of

__all__ = ["SecureMCPInterceptor"]

Handler = Callable[[MCPToolCallRequest], Awaitable[MCPToolCallResult]]


class SecureMCPInterceptor:
    """Cleans the arguments and the results of a client's tool calls, whoever makes them.

    Arguments are cleaned value by value (`Stage.TOOL_CALL`), then texts, embedded resources, links and structured
    content of the result (`Stage.TOOL_RESULT`), with the tool's name as the source; pictures, sound and blobs pass.
    A guard that is bound to a vault gives the server the values that the policy restores for the tool. A blocked call
    is answered with an error that tells nothing; the server is not asked.

    What servers say of their tools is not seen here: ``secure_tools(await client.get_tools(), descriptions=True)``.

    Args:
        policy: a shipped policy's name, a path, a `Policy` or a `Guard`.

    Raises:
        PolicyError: the policy is wrong.

    >>> client = MultiServerMCPClient(servers, tool_interceptors=[SecureMCPInterceptor("default")])  # doctest: +SKIP
    """

    def __init__(self, policy: PolicyLike = "default") -> None:
        self._guard = guard_of(policy)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._guard!r})"

    async def __call__(self, request: MCPToolCallRequest, handler: Handler) -> Any:
        """Make the call; return its result."""
        config = getattr(request.runtime, "config", None)
        asked, told = (
            context_for(stage, config, source=request.name) for stage in (Stage.TOOL_CALL, Stage.TOOL_RESULT)
        )
        try:
            args = await aclean(self._guard, request.args, asked)
            result = await handler(request.override(args=await areal_arguments(self._guard, args, asked)))
            return await self._clean(result, told)
        except Exception as error:
            failure = safe_error(self._guard, error, told, otherwise=ToolException)
        if isinstance(failure, Blocked):
            return CallToolResult(content=[TextContent(type="text", text=DENIED)], isError=True)
        raise failure

    async def _clean(self, result: MCPToolCallResult, context: Context) -> Any:
        if not isinstance(result, CallToolResult):  # another interceptor's
            return await aclean(self._guard, result, context)
        said = [block for block in result.content if not _is_binary(block)]
        clean_ones, structured = await aclean(self._guard, (said, result.structuredContent), context)
        new = iter(clean_ones)
        content = [block if _is_binary(block) else next(new) for block in result.content]
        return result.model_copy(update={"content": content, "structuredContent": structured, "meta": None})


def _is_binary(block: Any) -> bool:
    return isinstance(block, ImageContent | AudioContent) or hasattr(getattr(block, "resource", None), "blob")
