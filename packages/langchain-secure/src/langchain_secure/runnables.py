"""LCEL: `SecureInput` and `SecureOutput` stand in a chain and clean what passes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import RunnableConfig, RunnableSerializable
from langchain_core.runnables.config import run_in_executor

from secure_core import Stage

from ._content import aclean, clean
from ._context import context_for
from ._guarded import Guarded, PolicyLike
from ._restoring import Edge, Restorer, wanted
from ._value_stream import ValueStream

__all__ = ["SecureInput", "SecureOutput", "SecureRestore", "SecureRunnable"]


class SecureRunnable(Guarded, RunnableSerializable[Any, Any]):
    """Passes on what comes in with every text in it cleaned; ``stage`` is where a plain string stands.

    Takes and returns a string, a message or a list of them, a prompt value, documents, or dictionaries and lists of
    such. Messages and documents are judged where their text arose: a tool's message as `Stage.TOOL_RESULT`, a
    document as `Stage.RETRIEVAL`; system messages are left alone. Streams flow through, sync and async.

    Raises:
        Blocked: a text was blocked. A blocked document is left out of its list instead.
    """

    stage: ClassVar[Stage] = Stage.INPUT

    def __init__(self, policy: PolicyLike = "default", **kwargs: Any) -> None:
        super().__init__(policy=policy, **kwargs)

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Return True: ``langchain_core.load.dumps`` writes the policy down."""
        return True

    @classmethod
    def get_lc_namespace(cls) -> list[str]:
        """Return the module, under which ``langchain_core.load.loads`` finds the class."""
        return cls.__module__.split(".")

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Return ``input``, cleaned."""
        return self._call_with_config(self._clean, input, config)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Return ``input``, cleaned."""
        return await self._acall_with_config(self._aclean, input, config)

    def stream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Any]:
        """Yield ``input``, cleaned."""
        yield from self.transform(iter([input]), config)

    async def astream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> AsyncIterator[Any]:
        """Yield ``input``, cleaned."""

        async def once() -> AsyncIterator[Any]:
            yield input

        async for chunk in self.atransform(once(), config):
            yield chunk

    def transform(self, input: Iterator[Any], config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Any]:
        """Yield the chunks of ``input``, cleaned; together they are what `invoke` makes of the whole."""
        yield from self._transform_stream_with_config(input, self._transform, config)

    async def atransform(
        self, input: AsyncIterator[Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        """Yield the chunks of ``input``, cleaned; together they are what `invoke` makes of the whole."""
        async for chunk in self._atransform_stream_with_config(input, self._atransform, config):
            yield chunk

    def _clean(self, value: Any, run_manager: Any, config: RunnableConfig) -> Any:
        return clean(self._judge(config), value, context_for(self.stage, config, source=self.get_name()))

    async def _aclean(self, value: Any, run_manager: Any, config: RunnableConfig) -> Any:
        return await aclean(self._judge(config), value, context_for(self.stage, config, source=self.get_name()))

    def _transform(self, chunks: Iterator[Any], run_manager: Any, config: RunnableConfig) -> Iterator[Any]:
        stream = ValueStream(self._judge(config), context_for(self.stage, config, source=self.get_name()))
        for chunk in chunks:
            yield from stream.push(chunk)
        yield from stream.flush()

    async def _atransform(
        self, chunks: AsyncIterator[Any], run_manager: Any, config: RunnableConfig
    ) -> AsyncIterator[Any]:
        stream = ValueStream(self._judge(config), context_for(self.stage, config, source=self.get_name()))
        async for chunk in chunks:
            small = isinstance(chunk, str | AIMessageChunk) and not getattr(self._guard, "blocking", False)
            for piece in stream.push(chunk) if small else await run_in_executor(None, list, stream.push(chunk)):
                yield piece
        for piece in await run_in_executor(None, list, stream.flush()):
            yield piece

    def _judge(self, config: RunnableConfig) -> Any:
        return self._guard


class SecureInput(SecureRunnable):
    """Cleans what a user asks, before a chain sees it (`Stage.INPUT`).

    With a guard that is bound to a vault, a chain sees stand-ins from here on, up to `SecureOutput`.

    >>> chain = SecureInput("default") | prompt | model  # doctest: +SKIP
    """

    stage: ClassVar[Stage] = Stage.INPUT

    def __init__(
        self, policy: PolicyLike = "default", **kwargs: Any
    ) -> None:  # written out: checkers take fields for keywords
        super().__init__(policy, **kwargs)


class SecureOutput(SecureRunnable):
    """Cleans what a chain says, before anybody renders it (`Stage.OUTPUT`).

    With a guard that is bound to a vault, what has been cleaned is restored for the guard's principal; arguments of
    tool calls keep their stand-ins. Where the answer is stored and not shown, ``restore=False`` keeps all of them;
    ``restore=None`` does in the nodes of a graph, whose state is stored.

    >>> chain = prompt | model | StrOutputParser() | SecureOutput("default")  # doctest: +SKIP
    """

    stage: ClassVar[Stage] = Stage.OUTPUT
    restore: bool | None = True
    """Whether stand-ins are turned back into values, if the guard is bound to a vault."""

    def __init__(
        self, policy: PolicyLike = "default", **kwargs: Any
    ) -> None:  # written out: checkers take fields for keywords
        super().__init__(policy, **kwargs)

    def _judge(self, config: RunnableConfig) -> Any:
        return Edge.of(self._guard) if wanted(self.restore, config) else self._guard


class SecureRestore(SecureRunnable):
    """Restores what has been cleaned already, and judges nothing; the arguments of tool calls keep their stand-ins.

    For the edge of an application whose inside is clean.

    Raises:
        PolicyError: the guard is not bound to a vault.

    >>> app = chain_that_keeps_stand_ins | SecureRestore(guard.bind(vault, tenant="t", session="s"))  # doctest: +SKIP
    """

    stage: ClassVar[Stage] = Stage.OUTPUT
    restore: bool | None = True
    """As `SecureOutput` takes it."""

    def __init__(
        self, policy: PolicyLike = "default", **kwargs: Any
    ) -> None:  # written out: checkers take fields for keywords
        super().__init__(policy, **kwargs)

    def model_post_init(self, context: Any, /) -> None:
        """Put what restores in the place of what judges."""
        super().model_post_init(context)
        self._guard = Restorer.of(self._guard)

    def _judge(self, config: RunnableConfig) -> Any:
        restorer: Any = self._guard
        return restorer if wanted(self.restore, config) else restorer.unseen()
