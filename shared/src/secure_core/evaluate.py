"""Scoring a guard on labelled rows: who was found, what was cut, what it cost.

A row counts as found when a rule of the policy acted on a finding. Spans are scored exactly and by
overlap; what became of the text is read off the decision's edits.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from .errors import InputError
from .scores import Span, f_score, pair, proportion
from .types import Action, Context, Decision, Edit, Finding, Stage

if TYPE_CHECKING:
    from .guard import Guard

__all__ = ["Row", "evaluate", "read"]


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text."""

    text: str = field(repr=False)
    positive: bool
    """What the row's label says; its spans, where there are any, say it better."""
    spans: tuple[Span, ...] | None = None
    """None if the row does not speak of spans; an empty tuple if it says that there are none."""
    source: str = ""
    """What the row's ``source`` says, where several are in one file."""
    target: str | None = None
    """The only kind that the row labels; what else is in the text is not said. None if all are labelled."""


@dataclass(frozen=True, slots=True)
class _Judged:
    row: Row
    decision: Decision
    ms_per_kb: float


def evaluate(
    guard: Guard, paths: Iterable[str | Path], stage: Stage | str, categories: Collection[str] = ()
) -> dict[str, Any]:
    """Judge every row of the files and score the decisions.

    Args:
        guard: what is scored.
        paths: JSON lines, plain or gzipped (``.gz``). A row has a ``text`` and a ``label``
            (``benign`` and 0 are negative, ``harmful_request`` is left out, all else is positive),
            ``spans``, or both: ``[start, end]`` is an injection, ``[start, end, ENTITY]`` personal
            data under Presidio's upper-case name, any other name is a secret. A row with a ``target``
            (an ENTITY, as in a test of one recogniser) labels that type only, and is only asked for it.
        stage: where the texts stand.
        categories: the families (``injection``, ``secret``, ``pii``…) or types
            (``pii.email_address``) that count; none means all.

    Only what the file labels and the guard knows is counted: a file that labels no dates makes no
    date a false positive, and a guard without a model for names is not blamed for names. It knows
    what one of its detectors lists and a rule acts on at that stage, and what it reported in this
    run. Secrets and injections are one kind each: a secret found is right, whatever it was taken for.

    Returns:
        ``{"stage", "categories", "files": {path: scores}, "overall": scores}``. A proportion is in
        0..1, with its Wilson 95 % interval beside it (``recall``, ``recall_ci95``); None where
        there was nothing to measure.

        By row: ``n``, ``positives``, ``recall``, ``fpr``, ``precision``, ``f1``, ``f2`` and
        ``ms_per_kb`` (the median). If rows have spans also ``exact`` and ``overlap`` (precision,
        recall, F1, F2: the same offsets, or any common character), ``chars_removed`` (labelled
        characters that the sanitised text no longer holds), ``chars_kept`` (unlabelled ones that
        it still holds; if categories are asked for, edits of others do not count),
        ``fully_masked`` (labelled spans of which nothing is left) and ``overmask`` (unlabelled
        characters lost to findings that count).

        Under ``sources`` the same by row for each ``source`` that the rows name, if they name more
        than one, and under ``types`` the overlap for each type of personal data.

    Raises:
        InputError: a file holds something else; names file and line, never the text.
    """
    stage, asked = Stage(stage), tuple(categories)
    files = {str(path): [_judge(guard, row, stage) for row in read(path, asked)] for path in paths}
    known = _known(guard, stage, (each.decision for rows in files.values() for each in rows))
    kinds = {path: _kinds(rows, asked, known) for path, rows in files.items()}
    counts = {path: _sum(_count_row(each, kinds[path], asked) for each in rows) for path, rows in files.items()}
    return {
        "stage": stage.value,
        "categories": list(asked),
        "files": {path: _report(counts[path], rows) | _parts(rows, kinds[path]) for path, rows in files.items()},
        "overall": _report(_sum(counts.values()), [each for rows in files.values() for each in rows]),
    }


def read(path: str | Path, asked: Collection[str] = ()) -> Iterator[Row]:
    """Yield the rows of a file that have a right answer; the arguments are those of `evaluate`.

    Raises:
        InputError: see `evaluate`.
    """
    path = Path(path)
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                data = json.loads(line)
                if data.get("label") != "harmful_request":  # neither an attack on the application nor benign
                    yield _row(data, asked)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise InputError(
                    f'{path}, line {number}: a row is {{"text": str, "label": str, 0 or 1, '
                    f'"spans": [[start, end, ENTITY]]}} with a label, spans or both ({type(error).__name__})'
                ) from None


def _row(data: dict[str, Any], asked: Collection[str]) -> Row:
    text, label, spans = data["text"], data.get("label"), data.get("spans")
    if not isinstance(text, str) or (label is None and spans is None):
        raise TypeError
    positive = label not in (None, 0, "0", "benign")
    found = None if spans is None else tuple(_span(each, label, asked) for each in spans)
    target = data.get("target")
    kind = None if target is None else f"pii.{str(target).lower()}"
    return Row(text, positive, found, str(data.get("source", "")), kind)


def _span(span: Sequence[Any], label: object, asked: Collection[str]) -> Span:
    start, end, *entity = span
    if not entity:
        return Span(int(start), int(end), "injection")
    name = str(entity[0])
    secret = name != name.upper() or label == "secret" or set(asked) == {"secret"}
    return Span(int(start), int(end), "secret" if secret else f"pii.{name.lower()}")


def _judge(guard: Guard, row: Row, stage: Stage) -> _Judged:
    begin = perf_counter()
    decision = guard.check(row.text, stage=stage)
    milliseconds = (perf_counter() - begin) * 1000
    return _Judged(row, decision, milliseconds * 1024 / max(1, len(row.text.encode())))


def _kind(category: str) -> str:
    """Return what a category is scored as: personal data by type, all else by family."""
    if category == "pii.street_address":  # Presidio has one word for both
        return "pii.location"
    return category if category.startswith("pii.") else category.split(".", 1)[0]


def _known(guard: Guard, stage: Stage, decisions: Iterable[Decision]) -> set[str]:
    looking = [detector for detector in guard.detectors if stage in getattr(detector, "stages", (stage,))]
    listed = {category for detector in looking for category in detector.categories}
    acted_on = {category for category in listed if _acts_on(guard, category, stage)}
    reported = {finding.category for decision in decisions for finding in decision.findings}
    # Who knows addresses only is not asked for other places.
    return {_kind(each) if each != "pii.street_address" else each for each in acted_on | reported}


def _acts_on(guard: Guard, category: str, stage: Stage) -> bool:
    rule = guard.policy.rule_for(Finding(0, 0, category), Context(stage))
    return rule is not None and rule.action is not Action.ALLOW


def _kinds(rows: Sequence[_Judged], asked: Collection[str], known: Collection[str]) -> set[str]:
    """Return what is counted in a file: what it labels, if it labels spans, and the guard knows."""
    labelled = {span.kind for each in rows for span in each.row.spans or ()}
    return {
        kind
        for kind in (labelled or known)
        if kind in known and (not asked or any(f"{kind}.".startswith(f"{each}.") for each in asked))
    }


def _parts(rows: Sequence[_Judged], kinds: Collection[str]) -> dict[str, Any]:
    """Return the scores of each source of a file, and of each type of personal data in it."""
    sources = dict.fromkeys(each.row.source for each in rows)
    types = sorted(kind for kind in kinds if kind.startswith("pii."))
    parts: dict[str, Any] = {}
    if len(sources) > 1:
        parts["sources"] = {
            source: _by_row(_sum(_count_row(each, kinds) for each in rows if each.row.source == source))
            for source in sources
        }
    if types and any(each.row.spans for each in rows):
        parts["types"] = {
            kind.removeprefix("pii."): _match(_sum(_count_row(each, {kind}) for each in rows), "overlap")
            for kind in types
        }
    return parts


def _sum(counts: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return total


def _count_row(judged: _Judged, kinds: Collection[str], asked: Collection[str] = ()) -> Counter[str]:
    row = judged.row
    kinds = kinds if row.target is None else {row.target}.intersection(kinds)
    found = [finding for finding in judged.decision.findings if _kind(finding.category) in kinds]
    labelled = [span for span in row.spans or () if span.kind in kinds]
    positive = bool(labelled) if row.spans else row.positive
    counts = Counter(rows=1, positives=positive, found=bool(found), right=positive and bool(found))
    if row.spans is not None:
        counts += Counter(spans=1) + _count_spans(labelled, _disjoint(found))
        counts += _count_characters(judged, labelled, found, asked)
    return counts


def _count_spans(labelled: Sequence[Span], predicted: Sequence[Span]) -> Counter[str]:
    same = len(set(labelled) & set(predicted))
    pairs, wrong = pair(labelled, predicted)
    return Counter(
        labelled=len(labelled),
        exact=same,
        exact_predicted=len(predicted),
        overlap=pairs,
        overlap_predicted=pairs + wrong,
    )


def _disjoint(findings: Iterable[Finding]) -> list[Span]:
    """Return the findings as disjoint spans: of those that overlap the surest stays, then the longest."""
    kept: list[Span] = []
    for finding in sorted(findings, key=lambda each: (-each.score, each.start - each.end)):
        if finding.start < finding.end and not any(_touch(finding, span) for span in kept):
            kept.append(Span(finding.start, finding.end, _kind(finding.category)))
    return kept


def _touch(one: Finding | Edit, other: Finding | Span) -> bool:
    return one.start < other.end and other.start < one.end


def _count_characters(
    judged: _Judged, labelled: Sequence[Span], found: Sequence[Finding], asked: Collection[str]
) -> Counter[str]:
    text, decision = judged.row.text, judged.decision
    gone = _gone(text, decision, decision.edits)
    masked = _gone(text, decision, [edit for edit in decision.edits if any(_touch(edit, each) for each in found)])
    wanted, anything = _cover(len(text), labelled), _cover(len(text), judged.row.spans or ())
    return Counter(
        masked=sum(all(gone[span.start : span.end]) for span in labelled),
        wanted=sum(wanted),
        removed=sum(want and lost for want, lost in zip(wanted, gone, strict=True)),
        other=len(text) - sum(anything),
        kept=sum(not (some or lost) for some, lost in zip(anything, masked if asked else gone, strict=True)),
        overmasked=sum(lost and not some for some, lost in zip(anything, masked, strict=True)),
    )


def _cover(length: int, spans: Iterable[Span]) -> list[bool]:
    covered = [False] * length
    for span in spans:
        covered[span.start : span.end] = [True] * (span.end - span.start)
    return covered


def _gone(text: str, decision: Decision, edits: Iterable[Edit]) -> list[bool]:
    """Say of each character of ``text`` whether the sanitised text no longer holds it."""
    if decision.action is Action.BLOCK:
        return [True] * len(text)
    gone = [False] * len(text)
    for edit in edits:
        gone[edit.start : edit.end] = _lost(text[edit.start : edit.end], edit.replacement)
    return gone


def _lost(piece: str, replacement: str) -> list[bool]:
    """Say which characters of an edited piece its replacement drops: a mask may keep some, a frame keeps all."""
    if piece and piece in replacement:
        return [False] * len(piece)
    if len(piece) == len(replacement):
        return [old != new for old, new in zip(piece, replacement, strict=True)]
    return [True] * len(piece)


def _report(counts: Counter[str], rows: Sequence[_Judged]) -> dict[str, Any]:
    scores = _by_row(counts)
    if counts["spans"]:
        scores |= {
            "exact": _match(counts, "exact"),
            "overlap": _match(counts, "overlap"),
            **proportion("chars_removed", counts["removed"], counts["wanted"]),
            **proportion("chars_kept", counts["kept"], counts["other"]),
            **proportion("fully_masked", counts["masked"], counts["labelled"]),
            **proportion("overmask", counts["overmasked"], counts["other"]),
        }
    return scores | {"ms_per_kb": median(each.ms_per_kb for each in rows) if rows else None}


def _by_row(counts: Counter[str]) -> dict[str, Any]:
    return {
        "n": counts["rows"],
        "positives": counts["positives"],
        **proportion("recall", counts["right"], counts["positives"]),
        **proportion("fpr", counts["found"] - counts["right"], counts["rows"] - counts["positives"]),
        **_precision_and_f(counts["right"], counts["found"], counts["positives"]),
    }


def _match(counts: Counter[str], how: str) -> dict[str, Any]:
    hits, labelled = counts[how], counts["labelled"]
    return proportion("recall", hits, labelled) | _precision_and_f(hits, counts[f"{how}_predicted"], labelled)


def _precision_and_f(hits: int, predicted: int, labelled: int) -> dict[str, Any]:
    f_scores = {f"f{beta}": f_score(beta, hits, predicted, labelled) for beta in (1, 2)}
    return proportion("precision", hits, predicted) | f_scores
