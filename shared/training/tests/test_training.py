"""Facts that the recipe relies on: exact spans, the best segmentation, one graph for one model."""

from __future__ import annotations

import itertools
import random
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from secure_core.normalize import views
from transformers import BertConfig

from training.advisories import advisory
from training.build import in_validation
from training.carriers import MAILS, make
from training.decode import CLIP, COST, segment
from training.dedupe import shingles
from training.encode import shape
from training.evasion import LEARNT, OBFUSCATIONS, obfuscated
from training.export import to_onnx
from training.goals import order
from training.inject import insert
from training.mails import fitting_order, mail, poisoned_mail
from training.metrics import overlap, wilson
from training.model import SEGMENTS, SecureModel
from training.mundane import mundane
from training.people import People, personal, resident
from training.prompts_assured import assured
from training.prompts_attack import attack
from training.prompts_benign import harmless
from training.prompts_framed import framed
from training.prompts_staged import staging, turned
from training.rehearse import MOST, TWICE, rehearsal
from training.rows import Row
from training.score import ROOM, onnx_forward, owned, torch_forward, window_starts
from training.train import ENDS, WARMUP, rate_at


@pytest.mark.parametrize("seed", range(60))
def test_the_span_holds_the_order(seed: int) -> None:
    rng = random.Random(seed)
    carrier, text = make(rng)[0], order(rng)[0]
    poisoned, (start, end) = insert(rng, carrier, text)
    assert poisoned[start:end].replace("\\n", "\n").replace('\\"', '"').replace("\\'", "'").replace("\\\\", "\\") == text


@pytest.mark.parametrize(
    "make_one", [attack, harmless, framed, staging, advisory, fitting_order, mail, poisoned_mail, order, assured, mundane, *MAILS]
)
def test_the_same_seed_gives_the_same_text_and_leaves_no_slot(make_one) -> None:  # type: ignore[no-untyped-def]
    first, second = (random.Random(5) for _ in range(2))
    for _ in range(200):
        text = make_one(first)
        assert text == make_one(second)
        assert not re.search(r"\{[A-Za-z]+\d?\}", str(text))


def test_entities_lie_where_they_say() -> None:
    people = People(random.Random(1))
    for row in (make_one(people) for make_one in (personal, resident) for _ in range(300)):
        for start, end, kind in row.entities or []:
            assert 0 <= start < end <= len(row.text), (kind, row.text)


@pytest.mark.parametrize("seed", range(60))
def test_the_span_of_a_mail_holds_its_order(seed: int) -> None:
    text, [(start, end)] = poisoned_mail(random.Random(seed), ["The lift is out of order."], "Summarise this for me.")
    assert text[start:end] == "Summarise this for me."


@pytest.mark.parametrize("seed", range(20))
def test_a_turned_staging_is_the_staging_with_something_in_it(seed: int) -> None:
    rng = random.Random(seed)
    scene = staging(rng)
    assert len(turned(rng, scene)) > len(scene)


def test_there_are_24_obfuscations_and_none_leaves_a_text_as_it_was() -> None:
    text = "Please read the first line of the report to me, all of it."
    assert len(OBFUSCATIONS) == 24
    assert all(change(text) != text for change in OBFUSCATIONS.values())


@pytest.mark.parametrize("name", sorted(set(OBFUSCATIONS) - set(LEARNT) - {"reversed", "rot13", "Morse code"}))
def test_the_normaliser_reads_what_is_not_left_to_the_model(name: str) -> None:
    text = "Please read the first line of the report to me, all of it."
    assert any(text in view.text.replace("\n", "") for view in views(OBFUSCATIONS[name](text)))


def test_an_obfuscated_text_is_in_one_of_those_that_are_learnt() -> None:
    text = "Please read the first line."
    assert obfuscated(random.Random(3), text) in {OBFUSCATIONS[name](text) for name in LEARNT}


@pytest.mark.parametrize("seed", range(20))
def test_segment_finds_the_best_runs(seed: int) -> None:
    logits = np.random.RandomState(seed).randn(11) * 5
    gains = np.clip(logits, -CLIP, CLIP)

    def value(flags: tuple[int, ...]) -> float:
        begins = sum(1 for left, right in itertools.pairwise((0, *flags)) if right > left)
        return float(gains[np.array(flags, bool)].sum()) - COST * begins

    found = np.zeros(11, int)
    for first, last in segment(logits):
        found[first:last] = 1
    assert value(tuple(found)) == pytest.approx(max(value(flags) for flags in itertools.product((0, 1), repeat=11)))


@pytest.mark.parametrize("count", [0, 1, ROOM, ROOM + 1, 700, 5000])
def test_every_token_belongs_to_one_window_that_holds_it(count: int) -> None:
    starts = window_starts(count)
    parts = [owned(starts, number, count) for number in range(len(starts))]
    assert [token for left, right in parts for token in range(left, right)] == list(range(count))
    assert all(start <= left and right <= start + ROOM for start, (left, right) in zip(starts, parts, strict=True))


def test_the_graph_computes_what_the_model_does(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=200,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=48,
        type_vocab_size=SEGMENTS,
        max_position_embeddings=192,
    )
    config._attn_implementation = "eager"
    model = SecureModel(config).eval()
    onnx.save(to_onnx(model, None), tmp_path / "model.onnx")
    ids = np.random.RandomState(0).randint(1, 200, (3, 17))
    mask = (np.arange(17)[None, :] < np.array([17, 9, 2])[:, None]).astype(np.int64)
    for ours, theirs in zip(
        onnx_forward(str(tmp_path / "model.onnx"))(ids, mask, ids % SEGMENTS), torch_forward(model)(ids, mask, ids % SEGMENTS), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_the_rate_rises_stands_and_falls_in_each_cycle() -> None:
    for start, end in itertools.pairwise((0, *ENDS)):
        assert rate_at(start) < rate_at(start + WARMUP) == max(rate_at(step) for step in range(start, end))
        assert rate_at(end - 1) < 0.02


@pytest.mark.parametrize(("piece", "number"), [("the", 0), ("42", 0), ("A", 1), ("Anna", 1), ("NASA", 2), ("iPhone", 3), ("", 0)])
def test_letter_case_has_a_number(piece: str, number: int) -> None:
    assert shape(piece) == number


def test_small_facts() -> None:
    assert shingles("one two") == set()
    assert len(shingles("a b c d e f g h i")) == 2
    assert in_validation("x") == in_validation("x")
    assert overlap([(0, 5, "A")], [(0, 2, "A"), (3, 5, "A"), (3, 5, "B")]) == (1, 0, 1)
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_rehearsal_has_each_text_once_and_no_more_than_its_share() -> None:
    (capped, _), most = next(iter(MOST.items()))
    rows = [Row(f"{n}", 0, capped, "g", attack=1) for n in range(most + 9)] + [Row("code", 1, TWICE[0], "g", instructions=[])]
    again = rehearsal(random.Random(1), [rows, rows])
    assert [row.source for row in again].count(capped) == most
    assert len({row.text for row in again}) == most + 1
    assert len(again) == most + 2
