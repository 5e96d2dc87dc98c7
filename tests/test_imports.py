"""What an import costs. (The direction of imports is held by import-linter, see pyproject.toml.)"""

import subprocess
import sys

import pytest

HEAVY = {
    "torch",
    "transformers",
    "presidio_analyzer",
    "spacy",
    "onnxruntime",
    "numpy",
    "phonenumbers",
    "typer",
    "rich",
    "hyperscan",
}


def loaded(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_the_core_is_light() -> None:
    assert not loaded("import secure_core") & (HEAVY | {"asyncio", "opentelemetry", "pydantic"})


def test_a_policy_loads_what_it_names_and_nothing_else() -> None:
    code = (
        "from secure_core import Guard, Policy\n"
        "rule = {'category': 'secret.*', 'action': 'sanitize'}\n"
        "Guard(Policy.model_validate({'rules': [rule]})).check('text', stage='output')"
    )
    assert not loaded(code) & (HEAVY - {"hyperscan"})


def test_the_default_policy_needs_no_model() -> None:
    code = "from secure_core import Guard\nGuard.from_policy('default').check('to ann@example.com', stage='output')"
    assert not loaded(code) & {"torch", "transformers", "onnxruntime"}


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (
            "secure_core",
            "Action Blocked Context Decision DetectorError DetectorSpec Edit Finding Guard InputError IntegrityError "
            "Limits Policy PolicyError Rule SecureError Stage Status StreamSanitizer",
        ),
    ],
)
def test_the_public_names_are_these(module: str, names: str) -> None:
    assert sorted(__import__(module).__all__) == names.split()
