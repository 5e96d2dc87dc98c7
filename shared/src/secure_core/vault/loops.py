"""Clients of asynchronous drivers, one for each event loop: a connection cannot be used in another."""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import AsyncGenerator, Callable
from typing import Generic, Protocol, TypeVar

__all__ = ["PerLoop"]


class Closable(Protocol):
    """A client whose connections can be closed."""

    async def aclose(self) -> None:
        """Close them."""


T = TypeVar("T", bound=Closable)


class PerLoop(Generic[T]):
    """Makes a client where an event loop first asks for one; it is closed when the loop ends.

    Args:
        make: returns a client that has not connected yet.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._kept: dict[AbstractEventLoop, tuple[AsyncGenerator[T], T]] = {}

    async def get(self) -> T:
        """Return the client of the running loop."""
        loop = asyncio.get_running_loop()
        if loop not in self._kept:  # nothing below waits, so no other task of the loop comes between
            for ended in [other for other in self._kept if other.is_closed()]:
                self._kept.pop(ended, None)
            holder = self._hold(loop)
            self._kept[loop] = holder, await anext(holder)
        return self._kept[loop][1]

    def clear(self) -> None:
        """Let go of all clients; their loops close them."""
        self._kept.clear()

    async def _hold(self, loop: AbstractEventLoop) -> AsyncGenerator[T]:
        # Whoever ends a loop (asyncio.run, say) first ends its asynchronous generators: so the connections end in time.
        client = self._make()
        try:
            yield client
        finally:
            self._kept.pop(loop, None)
            await client.aclose()
