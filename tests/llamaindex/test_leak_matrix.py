"""The leak matrix of the reference is what the code does."""

from __future__ import annotations

import pytest

from . import leaks, peers


@pytest.fixture(scope="module")
def cells() -> dict[tuple[str, str], str]:
    return leaks.matrix()


@pytest.mark.parametrize("surface", leaks.SURFACES)
@pytest.mark.parametrize("origin", leaks.ORIGINS)
def test_a_text_is_clean_where_it_can_be_seen(cells: dict[tuple[str, str], str], origin: str, surface: str) -> None:
    if (origin, surface) in leaks.NOT_COVERED:
        assert cells[origin, surface] == "leaks"
    else:
        assert cells[origin, surface] in {"clean", "–"}


def test_every_text_gets_somewhere_and_every_surface_is_reached(cells: dict[tuple[str, str], str]) -> None:
    reached = {place for place, cell in cells.items() if cell != "–"}
    assert {origin for origin, _ in reached} == set(leaks.ORIGINS)
    assert {surface for _, surface in reached} == set(leaks.SURFACES)


def test_the_page_of_the_reference_shows_it(cells: dict[tuple[str, str], str]) -> None:
    assert leaks.PAGE.read_text("utf-8").startswith(leaks.page(cells))


@pytest.fixture(scope="module")
def side_by_side() -> dict[tuple[str, str, str], str]:
    pytest.importorskip("llama_index.postprocessor.presidio", reason="llama-index-postprocessor-presidio")
    if not hasattr(pytest.importorskip("presidio_analyzer.nlp_engine"), "NoOpNlpEngine"):
        pytest.skip("the others are measured without a language model, which an older Presidio cannot do")
    return peers.matrix()


def test_our_postprocessor_alone_leaks_nothing(side_by_side: dict[tuple[str, str, str], str]) -> None:
    assert {cell for (name, *_), cell in side_by_side.items() if name == peers.OURS} == {"clean"}


def test_the_page_of_the_reference_shows_the_others(side_by_side: dict[tuple[str, str, str], str]) -> None:
    assert leaks.PAGE.read_text("utf-8").endswith(peers.section(side_by_side))
