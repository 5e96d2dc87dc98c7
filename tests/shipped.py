"""The shipped policies as most tests and benchmarks want them: as they are, but without their models."""

from secure_core import Policy

MODELS = frozenset({"injection_model", "entities"})
OPINIONS = frozenset({"injection.attack", "injection.instruction"})
"""What nobody but a model reports."""


def without_models(name: str) -> Policy:
    """Return a shipped policy without the detectors that ask a model, and without the rules for them alone."""
    policy = Policy.load(name)
    return policy.model_copy(
        update={
            "name": f"{name}, without models",
            "detectors": tuple(spec for spec in policy.detectors if spec.name not in MODELS),
            "rules": tuple(rule for rule in policy.rules if not OPINIONS.issuperset(rule.category)),
        }
    )
