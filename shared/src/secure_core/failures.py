"""What others raise: an error quotes what it failed on, in its words, its notes and all that a traceback prints."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator, Iterable, Iterator
from typing import TypeVar

__all__ = ["afailing_cleanly", "failing_cleanly", "told"]

T = TypeVar("T")
Failure = Callable[[Exception], Exception]


def told(error: BaseException) -> str:
    """Return all that can be read of an error, of those that it came from and of those that it holds, a text a line."""
    return "\n".join(line for each in _behind(error) for line in _lines(each))


def failing_cleanly(chunks: Iterable[T], failure: Failure) -> Generator[T, None, None]:
    """Yield chunks; what is raised in the place of one is raised as ``failure`` has it, and remembers nothing else."""
    try:
        yield from chunks
    except Exception as error:
        raised = failure(error)
    else:
        return
    raise raised


async def afailing_cleanly(chunks: AsyncIterable[T], failure: Failure) -> AsyncGenerator[T, None]:
    """Async twin of `failing_cleanly`."""
    try:
        async for chunk in chunks:
            yield chunk
    except Exception as error:
        raised = failure(error)
    else:
        return
    raise raised


def _behind(error: BaseException) -> Iterator[BaseException]:
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]


def _lines(error: BaseException) -> tuple[str, ...]:
    return (str(error), repr(error), *getattr(error, "__notes__", ()))
