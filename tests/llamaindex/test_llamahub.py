"""The distribution by which LlamaHub finds the postprocessor: a namespace package that holds one name."""

from __future__ import annotations

import importlib.util
import tomllib
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from llama_index.core.postprocessor.types import BaseNodePostprocessor

import llamaindex_secure

PACKAGE = Path(__file__).parents[2] / "packages" / "llama-index-postprocessor-secure"
PROJECT = tomllib.loads((PACKAGE / "pyproject.toml").read_text("utf-8"))
SECURE = tomllib.loads((PACKAGE.parent / "llamaindex-secure" / "pyproject.toml").read_text("utf-8"))
HUB = PROJECT["tool"]["llamahub"]


def test_it_is_named_and_versioned_like_what_it_stands_for() -> None:
    assert HUB["import_path"] == "llama_index.postprocessor.secure"
    assert PROJECT["project"]["version"] == SECURE["project"]["version"]
    assert PROJECT["project"]["dependencies"] == [f"llamaindex-secure=={SECURE['project']['version']}"]


@pytest.mark.parametrize("name", HUB["class_authors"])
def test_its_class_is_ours_and_a_postprocessor(name: str) -> None:
    file = PACKAGE.joinpath(*HUB["import_path"].split("."), "__init__.py")
    spec = importlib.util.spec_from_file_location("llamahub_shim", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.__all__ == [name]
    assert getattr(module, name) is getattr(llamaindex_secure, name)
    assert BaseNodePostprocessor in getattr(module, name).__mro__


def test_its_wheel_adds_to_the_namespace_and_takes_nothing_of_it(tmp_path: Path) -> None:
    [wheel] = WheelBuilder(str(PACKAGE)).build(directory=str(tmp_path), versions=["standard"])
    names = [name for name in zipfile.ZipFile(wheel).namelist() if "dist-info" not in name]
    assert sorted(names) == [f"llama_index/postprocessor/secure/{name}" for name in ("__init__.py", "py.typed")]
