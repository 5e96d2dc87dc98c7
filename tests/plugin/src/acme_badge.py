"""Finds the badge numbers of Acme's employees, such as EB12345."""

import re
from collections.abc import Sequence

from secure_core import Context, Finding


class EmployeeBadge:
    """A detector is a name, its categories, and ``detect``; options come from the policy."""

    name = "employee_badge"
    categories = ("pii.employee_badge",)
    scope = "segment"

    def __init__(self, *, prefix: str = "EB") -> None:
        self._badge = re.compile(rf"\b{re.escape(prefix)}\d{{5}}\b")

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        """Return the badge numbers of each text."""
        return [
            [Finding(*found.span(), "pii.employee_badge", 1.0, self.name) for found in self._badge.finditer(text)]
            for text in texts
        ]
