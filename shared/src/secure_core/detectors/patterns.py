"""Linear-time pattern matching: one cheap pass says which rules may match, RE2 says where.

A raw list of backtracking expressions must never meet untrusted text. Here a `Gate` (Hyperscan,
in pre-filter mode: it may say yes too often, never no too often) rules out nearly every rule in
one pass over the bytes, and only what is left is matched by google-re2, whose cost is linear.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, cached_property, partial
from itertools import accumulate
from typing import Any

__all__ = ["Ends", "Gate", "Utf8"]

_SEPARATOR = "\n\0\n"
"""Stands between texts that share a pass: a word border and a line border on both sides."""


class Utf8:
    """A text, its bytes, and the way from a byte offset back to a character offset."""

    __slots__ = ("__dict__", "data", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.data = text.encode()

    @cached_property
    def _ends(self) -> list[int] | None:
        if len(self.data) == len(self.text):
            return None
        return list(accumulate(1 + (c > "\x7f") + (c > "\u07ff") + (c > "\uffff") for c in self.text))

    def char(self, offset: int) -> int:
        """Return the index of the character that begins at, or holds, byte ``offset``."""
        ends = self._ends
        return offset if ends is None else bisect_right(ends, offset)


class Gate:
    """Says which of many patterns may match a text, in one pass; it never leaves one out.

    Args:
        patterns: regular expressions in PCRE syntax. Look-around and back-references are allowed
            and taken for true, which is what makes the answer a superset.
        ignore_case: whether letters match in both cases.

    Where Hyperscan has no wheel the gate stands open: every rule is a candidate, and detection
    is slower, not weaker. Instances can be pickled, forked and shared by threads.
    """

    def __init__(self, patterns: Sequence[str], *, ignore_case: bool = False) -> None:
        self._patterns = tuple(patterns)
        self._ignore_case = ignore_case
        self._everything = frozenset(range(len(self._patterns)))
        self._build()

    def _build(self) -> None:
        in_ascii = {index for index, pattern in enumerate(self._patterns) if pattern.isascii()}
        # Letters of other scripts are most of the time that it takes to compile, and little of that to scan.
        parts = (sorted(in_ascii), sorted(self._everything - in_ascii))
        self._databases = _Databases([_InBackground(partial(self._compiled, part)) for part in parts if part])

    def _compiled(self, part: Sequence[int]) -> Any:
        try:
            import hyperscan
        except ImportError:  # no wheel for this platform
            return None
        flags = (
            hyperscan.HS_FLAG_PREFILTER
            | hyperscan.HS_FLAG_SINGLEMATCH
            | hyperscan.HS_FLAG_UTF8
            | hyperscan.HS_FLAG_MULTILINE
            | hyperscan.HS_FLAG_DOTALL
            | hyperscan.HS_FLAG_ALLOWEMPTY
        )
        if self._ignore_case:
            flags |= hyperscan.HS_FLAG_CASELESS
        return _compile({index: self._patterns[index] for index in part}, flags)

    def __getstate__(self) -> dict[str, Any]:
        return {"_patterns": self._patterns, "_ignore_case": self._ignore_case, "_everything": self._everything}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._build()

    def candidates(self, text: str) -> frozenset[int] | set[int]:
        """Return the indices of the patterns that may match ``text``."""
        if not self._databases.known:
            return self._everything
        found: set[int] = set()
        data = text.encode()
        for database, scratch in self._databases.with_scratch():
            database.scan(data, match_event_handler=lambda rule, *_: found.add(rule), scratch=scratch)
        return found

    def candidates_many(self, texts: Sequence[str]) -> list[frozenset[int] | set[int]]:
        """Return `candidates` for each text; texts without any cost one shared pass."""
        if len(texts) > 1 and not self.candidates(_SEPARATOR.join(texts)):
            return [frozenset()] * len(texts)
        return [self.candidates(text) for text in texts]


class Ends:
    """Says where matches of many expressions end, in one pass over ASCII bytes.

    Args:
        patterns: regular expressions in PCRE syntax, without look-around, back-references and empty matches.

    Instances are shared by threads; they are not pickled but made anew.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._firsts = range(0, len(patterns), _TOGETHER)
        self._databases = _Databases([_database(tuple(patterns[first : first + _TOGETHER])) for first in self._firsts])

    @property
    def known(self) -> bool:
        """Whether there is an engine to ask; Hyperscan has no wheel for some platforms."""
        return self._databases.known

    def find(self, data: bytes, *, enough: Collection[int] = frozenset()) -> list[tuple[int, int]]:
        """Return where matches end and the indices of their patterns, in order; all, or up to one of ``enough``."""
        import hyperscan

        found: list[tuple[int, int]] = []
        for first, (database, scratch) in zip(self._firsts, self._databases.with_scratch(), strict=True):

            def note(pattern: int, _: int, end: int, *__: object, first: int = first) -> bool:
                found.append((end, first + pattern))
                return first + pattern in enough

            try:
                database.scan(data, match_event_handler=note, scratch=scratch)
            except hyperscan.ScanTerminated:
                break
        found.sort()
        return found


class _Databases:
    """Compiled patterns, each with a scratch space of the thread that scans."""

    def __init__(self, made: Sequence[_InBackground]) -> None:
        self._made = made

    @cached_property
    def _all(self) -> list[Any]:
        return [each.value for each in self._made]

    @cached_property
    def _scratches(self) -> _Scratches:
        return _Scratches(self._all)

    @property
    def known(self) -> bool:
        """Whether Hyperscan is there to make them."""
        return None not in self._all

    def with_scratch(self) -> Iterator[tuple[Any, Any]]:
        """Give each with the scratch space to scan with."""
        return zip(self._all, self._scratches.spaces, strict=True)


class _Scratches(threading.local):
    """One thread's scratch spaces, made when it first asks: Hyperscan lets go of the GIL while it scans."""

    def __init__(self, databases: Sequence[Any]) -> None:
        import hyperscan

        self.spaces = [hyperscan.Scratch(database) for database in databases]


_TOGETHER = 20
"""Patterns in one database: the time to compile one grows faster than their number."""


@cache
def _database(patterns: tuple[str, ...]) -> _InBackground:
    """Return the compiled patterns, made once per process; ``None`` where Hyperscan is not installed."""
    return _InBackground(lambda: _ends_of(patterns))


def _ends_of(patterns: Sequence[str]) -> Any:
    try:
        import hyperscan
    except ImportError:  # no wheel for this platform
        return None
    return _compile(dict(enumerate(patterns)), hyperscan.HS_FLAG_DOTALL)


def _compile(patterns: Mapping[int, str], flags: int) -> Any:
    import hyperscan

    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[pattern.encode() for pattern in patterns.values()],
        ids=list(patterns),
        flags=[flags] * len(patterns),
    )
    return database


class _InBackground:
    """A value that a thread makes while the others go on: Hyperscan lets go of the GIL while it compiles."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._result: tuple[Any] | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with suppress(Exception):  # whoever asks for the value is told
            self._result = (self._make(),)

    @cached_property
    def value(self) -> Any:
        """The value, as soon as it is made; raises what making it does."""
        self._thread.join()
        # Without a result it failed, or the process has been forked from the one with the thread.
        return self._make() if self._result is None else self._result[0]
