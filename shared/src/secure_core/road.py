"""How the road is walked: with an event loop or without. It is written once, as generators that ask detectors."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Awaitable, Generator
from typing import TypeVar

from .scan import Answer, Question, interrupts

__all__ = ["Road", "adrive", "drive"]

_INLINE = 16_384  # characters beyond which `adrive` leaves the event loop to others

T = TypeVar("T")
Road = Generator[Question, Answer, T]
"""A part of the road: it asks detectors, gets their answers, and comes to a result."""


def drive(road: Road[T]) -> T:
    """Walk the road to its end here and now."""
    answer: Answer = None
    while True:
        try:
            detector, texts, contexts = road.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        try:
            answer = detector.detect(texts, contexts)
            if inspect.isawaitable(answer):
                answer = _wait(answer)
        except BaseException as error:  # a tokenizer written in Rust panics with one, and quotes the text
            if interrupts(error):
                raise
            answer = error


async def adrive(road: Road[T]) -> T:
    """Walk the road to its end, awaiting detectors that are coroutines; long work goes to a thread."""
    import asyncio

    answer: Answer = None
    while True:
        try:
            detector, texts, contexts = road.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        try:
            if sum(map(len, texts)) > _INLINE or getattr(detector, "heavy", False):
                answer = await asyncio.to_thread(detector.detect, texts, contexts)
            else:
                answer = detector.detect(texts, contexts)
            if inspect.isawaitable(answer):
                answer = await answer
        except BaseException as error:
            if interrupts(error):
                raise
            answer = error


def _wait(answer: Awaitable[T]) -> T:
    """Wait for a coroutine from code that is none, whether or not a loop runs in this thread."""
    import asyncio

    async def run() -> T:
        return await answer

    result: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            result.append(asyncio.run(run()))
        except BaseException as error:  # carried over to the waiting thread
            errors.append(error)

    thread = threading.Thread(target=work, name="secure-core-detector")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return result[0]
