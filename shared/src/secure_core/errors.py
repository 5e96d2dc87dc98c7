"""The error tree. No message and no attribute ever quotes a text that was judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .types import Decision

__all__ = ["Blocked", "DetectorError", "InputError", "IntegrityError", "PolicyError", "SecureError", "VaultError"]


class SecureError(Exception):
    """Base of everything that this library raises on purpose."""


class PolicyError(SecureError):
    """A policy cannot be turned into a guard; the message names the key and its place."""


class InputError(SecureError, ValueError):
    """What was handed in is no text that can be judged (bytes, ``None``, lone surrogates, too long)."""


class DetectorError(SecureError):
    """A detector failed. Names the detector and the kind of failure, never the text."""

    def __init__(self, detector: str, reason: str) -> None:
        self.detector = detector
        self.reason = reason
        super().__init__(detector, reason)

    def __str__(self) -> str:
        return (
            f"detector {self.detector!r} failed ({self.reason}); the text was not passed on. "
            'Fix the detector, or set on_error = "open" in the policy to go on without it.'
        )


class Blocked(SecureError):
    """A text was blocked. Carries the decision; the message names stage and categories only."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        super().__init__(decision)

    def __str__(self) -> str:
        found = ", ".join(self.decision.categories) or "unspecified"
        return f"blocked at stage {self.decision.context.stage.value}: {found}"

    def __repr__(self) -> str:
        return f"Blocked({str(self)!r})"


class IntegrityError(SecureError):
    """An artefact or an audit log is not what its manifest says it is."""


class VaultError(SecureError):
    """A vault cannot be reached, is full, or was written with another key; nothing was passed on."""
