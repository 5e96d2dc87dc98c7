"""Tool arguments on their way into SQL or a shell, where they could become part of the command.

For policies that name the sink of a tool: in prose, an apostrophe is an apostrophe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, get_args

from ..types import Context, Finding
from .shell import posix_breaks, windows_breaks
from .sql import statement_breaks, value_breaks

__all__ = ["Shell", "Sql"]

Argument = Literal["value", "statement"]
Platform = Literal["posix", "windows", "any"]
Breaks = Callable[[str], Iterable[tuple[int, int, float]]]

_SQL: dict[str, Breaks] = {"value": value_breaks, "statement": statement_breaks}
_SHELL: dict[str, tuple[Breaks, ...]] = {
    "posix": (posix_breaks,),
    "windows": (windows_breaks,),
    "any": (posix_breaks, windows_breaks),
}


class Sql:
    """Finds arguments that would change the SQL statement that they are put into.

    Args:
        argument: ``"value"``: the argument is put into a statement of the tool's. ``"statement"``: it is
            the statement, so that only a second one, a condition that is always true, a delay and the
            server's own tables count.

    Raises:
        ValueError: there is no such kind of argument.
    """

    name = "sql"
    categories = ("markup.sql",)
    scope = "text"

    def __init__(self, *, argument: Argument = "value") -> None:
        if argument not in get_args(Argument):
            raise ValueError(f"argument must be one of {', '.join(get_args(Argument))}")
        self._breaks = _SQL[argument]

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        """Return at most one finding for each text: the surest, and of these the first."""
        return [_surest(self._found(text)) for text in texts]

    def _found(self, text: str) -> Iterator[Finding]:
        return (Finding(start, end, "markup.sql", score, self.name) for start, end, score in self._breaks(text))


class Shell:
    """Finds arguments that would change the command line that they are put into.

    Quotation follows the shell's own rules: nothing counts inside of single quotation marks, only
    expansions in double ones. A quotation mark with an operator behind it counts as well, because it may
    end the quotation that the tool puts around the argument. Scores: 0.9 expansions and such breakouts, 0.8
    an operator before a command or a file, 0.6 a variable, 0.5 an operator alone (``R&D``).

    Args:
        platform: whose rules: ``"posix"``, ``"windows"`` (cmd.exe) or ``"any"`` of them.

    Raises:
        ValueError: there is no such platform.
    """

    name = "shell"
    categories = ("markup.shell",)
    scope = "text"

    def __init__(self, *, platform: Platform = "posix") -> None:
        if platform not in get_args(Platform):
            raise ValueError(f"platform must be one of {', '.join(get_args(Platform))}")
        self._breaks = _SHELL[platform]

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        """Return at most one finding for each text: the surest, and of these the first."""
        return [_surest(self._found(text)) for text in texts]

    def _found(self, text: str) -> Iterator[Finding]:
        for breaks in self._breaks:
            yield from (Finding(start, end, "markup.shell", score, self.name) for start, end, score in breaks(text))


def _surest(findings: Iterable[Finding]) -> list[Finding]:
    best = max(findings, key=lambda finding: (finding.score, -finding.start), default=None)
    return [] if best is None else [best]
