"""The leak matrix of the reference is what the code does."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from . import leaks

Cells = dict[tuple[str, str], tuple[str, str]]


@pytest.fixture(scope="module")
def cells() -> Cells:
    return leaks.matrix()


@pytest.mark.parametrize("surface", leaks.SURFACES)
@pytest.mark.parametrize("origin", leaks.ORIGINS)
def test_a_text_is_clean_where_it_can_be_seen(cells: Cells, origin: str, surface: str) -> None:
    if (origin, surface) in leaks.NOT_COVERED:
        assert cells[origin, surface][1] == "leaks"
    else:
        assert cells[origin, surface][1] in {"clean", "–"}


def test_every_text_gets_somewhere_and_every_surface_is_reached(cells: Cells) -> None:
    reached = {place for place, (_, ours) in cells.items() if ours != "–"}
    assert {origin for origin, _ in reached} == set(leaks.ORIGINS)
    assert {surface for _, surface in reached} == set(leaks.SURFACES)


def test_what_the_model_says_is_clean_on_4_of_11_surfaces_with_pii_middleware_and_on_all_with_ours(
    cells: Cells,
) -> None:
    theirs, ours = zip(*(cells["model text", surface] for surface in leaks.AGENT_SURFACES), strict=True)
    assert (theirs.count("clean"), ours.count("clean"), len(ours)) == (4, 11, 11)


@pytest.mark.skipif(version("langchain") < "1.4.7", reason="what LangChain's own middleware leaks has changed since")
def test_the_page_of_the_reference_shows_it(cells: Cells) -> None:
    assert leaks.PAGE.read_text("utf-8") == leaks.page(cells)
