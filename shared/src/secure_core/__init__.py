"""One road from a text to a sanitised text: normalise, detect, decide, sanitise, record.

>>> from secure_core import Guard, Policy
>>> policy = Policy.model_validate({"rules": [{"category": "secret.*", "action": "sanitize"}]})
>>> Guard.from_policy(policy).check("Nothing to hide here.", stage="output").status.value
'clean'
"""

from .errors import Blocked, DetectorError, InputError, IntegrityError, PolicyError, SecureError
from .guard import Guard
from .policy import DetectorSpec, Limits, Policy, Rule
from .stream import StreamSanitizer
from .types import Action, Context, Decision, Edit, Finding, Stage, Status

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
