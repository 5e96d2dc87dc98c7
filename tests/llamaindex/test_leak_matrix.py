"""The leak matrix of the reference is what the code does."""

from __future__ import annotations

import pytest

from . import leaks


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
    assert leaks.PAGE.read_text("utf-8") == leaks.page(cells)
