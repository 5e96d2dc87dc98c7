"""One road from a text to a sanitised text: normalise, detect, decide, sanitise, record.

>>> from secure_core import Guard, Policy
>>> policy = Policy.model_validate({"rules": [{"category": "secret.*", "action": "sanitize"}]})
>>> Guard.from_policy(policy).check("Nothing to hide here.", stage="output").status.value
'clean'
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .errors import Blocked, DetectorError, InputError, IntegrityError, PolicyError, SecureError
from .types import Action, Context, Decision, Edit, Finding, Stage, Status

if TYPE_CHECKING:
    from .guard import Guard
    from .policy import DetectorSpec, Limits, Policy, Rule
    from .stream import StreamSanitizer

__all__ = [
    "Action",
    "Blocked",
    "Context",
    "Decision",
    "DetectorError",
    "DetectorSpec",
    "Edit",
    "Finding",
    "Guard",
    "InputError",
    "IntegrityError",
    "Limits",
    "Policy",
    "PolicyError",
    "Rule",
    "SecureError",
    "Stage",
    "Status",
    "StreamSanitizer",
]

_LATE = {
    "Guard": "guard",
    "DetectorSpec": "policy",
    "Limits": "policy",
    "Policy": "policy",
    "Rule": "policy",
    "StreamSanitizer": "stream",
}
"""The names that stand on pydantic and OpenTelemetry, and their modules: imported when they are asked for (PEP 562)."""


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
