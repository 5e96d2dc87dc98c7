"""A detector of a real, separately installed distribution."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

SCRIPT = """
from secure_core import Guard, Policy, PolicyError
from secure_core.detectors import installed
assert "employee_badge" in installed()
rules = [{"category": "pii.*", "action": "sanitize", "operator": "mask", "options": {"keep_last": 2}}]
policy = Policy.model_validate(
    {"detectors": [{"name": "employee_badge", "options": {"prefix": "AC"}}], "rules": rules}
)
assert Guard(policy).check("badge AC12345", stage="output").text == "badge *****45"
try:
    wrong = {"detectors": [{"name": "employee_badge", "options": {"suffix": "x"}}], "rules": rules}
    Guard(Policy.model_validate(wrong))
except PolicyError as error:
    assert "employee_badge" in str(error) and "suffix" in str(error), error
else:
    raise AssertionError("a wrong option was taken")
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--target",
            target,
            HERE,
        ],
        check=True,
    )
    return target


def test_a_detector_of_another_distribution_is_found_by_its_entry_point(site: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_its_own_suite_passes(site: Path) -> None:
    suite = (
        "from secure_core.testing import DetectorContract\n"
        "from acme_badge import EmployeeBadge\n"
        "class TestBadge(DetectorContract):\n"
        "    detector = EmployeeBadge()\n"
        "    positives = ['badge EB12345 was used']\n"
        "    negatives = ['no badge here', 'XEB123456']\n"
    )
    test = site / "test_badge.py"
    test.write_text(suite)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", site, test],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout
