"""What a detector is, and how the ones that a policy names are found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, runtime_checkable

from ..errors import PolicyError
from ..types import Context, Finding

__all__ = ["GROUP", "Detector", "FunctionDetector", "installed", "load", "within"]

GROUP = "secure_core.detectors"
"""The entry-point group under which detectors, ours and third parties', are registered."""


@runtime_checkable
class Detector(Protocol):
    """Finds things in texts. Construct it with keyword options (the policy's ``options`` table).

    Optional attributes tell the guard how to feed it:

    ``scope``
        ``"text"`` (default): it wants the text whole, so that a stream holds until its end.
        ``"segment"``: what it finds never reaches over a sentence or line end, as
        `secure_core.segment` cuts them; such a detector sees one segment at a time, with a
        little of what stood before it, and streams flow.
    ``views``
        Which readings of the text it wants besides the text itself: any of ``"folded"`` and
        ``"decoded"`` (default: both). See `secure_core.normalize`.
    ``screen(texts) -> list[bool]``
        A cheap test. False promises that `detect` finds nothing in the text, nor in any segment
        of it; then it is not asked.
    ``stages``
        The stages at which it looks; left out, at all of them.
    ``heavy``
        It works for long; `Guard.acheck` asks it in a thread.
    """

    @property
    def name(self) -> str:
        """The entry point's name."""
        ...

    @property
    def categories(self) -> Sequence[str]:
        """Every category it may report; ``pii.*`` stands for a family."""
        ...

    def detect(
        self, texts: Sequence[str], contexts: Sequence[Context]
    ) -> Sequence[Sequence[Finding]] | Awaitable[Sequence[Sequence[Finding]]]:
        """Return the findings of each text, in the texts' order; offsets are the text's own."""
        ...


def within(category: str, family: str) -> bool:
    """Whether a category is the one that is named, or of the family (``pii.*``, ``*``) that is."""
    return family in (category, "*") or (family.endswith(".*") and category.startswith(family[:-1]))


class FunctionDetector:
    """A detector made of a plain function ``text -> [(start, end), ...]``.

    >>> badge = FunctionDetector("badge", "pii.badge", lambda text: [(0, 3)] if text[:2] == "EB" else [])
    """

    def __init__(
        self,
        name: str,
        category: str,
        find: Callable[[str], Iterable[tuple[int, int]]],
        *,
        scope: str = "text",
        score: float = 1.0,
    ) -> None:
        self.name = name
        self.categories = (category,)
        self.scope = scope
        self._find = find
        self._score = score

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        """Apply the function to each text."""
        return [
            [Finding(start, end, self.categories[0], self._score, self.name) for start, end in self._find(text)]
            for text in texts
        ]


def installed() -> dict[str, list[EntryPoint]]:
    """Return the registered detectors by name, without importing any."""
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        known = found.setdefault(point.name, [])
        if point.value not in {other.value for other in known}:
            known.append(point)
    return found


def load(name: str, options: Mapping[str, Any]) -> Detector:
    """Import the detector called ``name`` and construct it.

    Only what a policy names is ever imported.

    Raises:
        PolicyError: nobody offers it, two distributions do, or it refuses the options.
    """
    points = installed().get(name, [])
    if not points:
        raise PolicyError(f"no detector {name!r} is installed; there are: {', '.join(sorted(installed())) or 'none'}")
    if len(points) > 1:
        offers = ", ".join(sorted(point.value for point in points))
        raise PolicyError(f"detector {name!r} is offered more than once ({offers}); uninstall all but one")
    try:
        detector = points[0].load()(**options)
    except (TypeError, ValueError) as error:
        raise PolicyError(f"detector {name!r} cannot be built with options {sorted(options)}: {error}") from None
    except ModuleNotFoundError as error:
        raise PolicyError(f"detector {name!r} needs a package that is not installed: {error.name}") from error
    if not isinstance(detector, Detector):
        raise PolicyError(f"detector {name!r} is no detector: it lacks name, categories or detect")
    return detector
