"""What the package offers, and what it says where something it stands on is not installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

import langchain_secure


def test_every_public_name_can_be_had() -> None:
    for name in langchain_secure.__all__:
        assert getattr(langchain_secure, name)
    assert set(langchain_secure.__all__) <= set(dir(langchain_secure))


@pytest.mark.parametrize(
    ("missing", "code", "extra"),
    [
        ("langchain", "from langchain_secure import SecureMiddleware", "agents"),
        ("langgraph", "from langchain_secure import SecureMiddleware", "agents"),
        ("langgraph", "from langchain_secure import secure_input", "agents"),
        ("langgraph", "from langchain_secure import SecureSerializer; SecureSerializer()", "agents"),
        ("langchain_mcp_adapters", "from langchain_secure import SecureMCPInterceptor", "mcp"),
    ],
)
def test_a_missing_extra_is_named_with_the_command_that_installs_it(missing: str, code: str, extra: str) -> None:
    hidden = f"import sys; sys.modules[{missing!r}] = None; {code}"
    done = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: ")
    assert missing in last
    assert last.endswith(f"pip install 'langchain-secure[{extra}]'")
