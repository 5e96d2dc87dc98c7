"""The collected training sets, cleaned and cut to windows; sizes are capped so that none dominates."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

from .config import DATA, MATERIAL, PROMPT
from .dedupe import shingles
from .inject import crop, crop_around
from .rows import Row, read_json

#: Characters of a text that about fill one window.
FULL = 720
#: Words without which a "jailbreak" of a crawled set is merely a role-play or a harmful request.
_EVIDENCE = re.compile(
    r"ignore|disregard|forget|restrict|uncensor|unfilter|polic|\brules|\bDAN\b|jailb|no limit|anything now|filter|"
    r"moral|ethic|guideline|limitation|refus|system prompt|instruction|developer mode|comply|warnings?|disclaim|openai|<rule>",
    re.IGNORECASE,
)
#: Their rows are known to mix attacks with plain role-play.
_CRAWLED = {"garak", "jackhhao_jailbreak_classification", "jailbreakbench_artifacts", "jailbreak_templates_filled_mit"}
_ATTACK_KINDS = {
    "neuralchemy": {"DIRECT_INJECTION", "INSTRUCTION_OVERRIDE", "PROMPT_EXTRACTION", "PERSONA_REPLACEMENT", "SYSTEM_EXTRACTION"}
}

#: Rows per source and how often each is taken.
_ATTACKS = {
    "ahsanayub_malicious_prompts_1k": (350, 1), "bastioncorpus": (180, 4), "deepset_prompt_injections": (180, 3), "garak": (500, 1), "giskard_prompt_injections": (32, 2),
    "hinglish": (60, 8), "jackhhao_jailbreak_classification": (450, 1), "jailbreak_templates_filled_mit": (700, 1), "jailbreakbench_artifacts": (500, 1), "neuralchemy": (2000, 1), "spikee": (900, 1),
}  # fmt: skip
_HARMLESS = {
    "bastioncorpus": (180, 5), "banking77": (700, 1), "clinc150": (900, 1), "cyberseceval_instruct_coding": (1100, 1), "deepset_prompt_injections": (325, 1), "gpteacher": (3000, 1), "gsm8k": (500, 1),
    "hinglish": (355, 3), "jackhhao_jailbreak_classification": (603, 2), "self_instruct": (427, 2), "spikee_investment_benign": (161, 1), "t0_p3_sample": (2000, 1), "tau_bench": (500, 1), "xquad": (1500, 1),
}  # fmt: skip
_MATERIAL = {
    "spamassassin_email": (1500, 1), "debian_docs": (740, 1), "owasp_cheatsheets": (900, 1), "owasp_llm_top10_docs": (800, 1), "python_stdlib_code": (800, 1), "tau_bench": (1800, 1), "bipia_train": (170, 2),
    "bastioncorpus": (20, 4), "xquad": (500, 1), "t0_p3_sample": (700, 1),
}  # fmt: skip
_MARKUP = re.compile(r"<[^>]{0,300}>|&nbsp;?|[ \t]{3,}")


def _load(name: str) -> list[dict[str, Any]]:
    return list(read_json(DATA / "injection" / "train" / f"{name}.jsonl.gz"))


def _sample(rng: random.Random, items: list[dict[str, Any]], most: int, times: int) -> list[dict[str, Any]]:
    return rng.sample(items, min(most, len(items))) * times


def _group(name: str, item: dict[str, Any]) -> str:
    return f"{name}:{item.get('group') or item['id']}"


def attacks(rng: random.Random) -> list[Row]:
    """Return direct attacks, each cut to a window that still shows what makes it one."""
    rows = []
    for name, (most, times) in _ATTACKS.items():
        items = [i for i in _load(name) if i["label"] in ("injection", "jailbreak") and i["surface"] == "prompt" and i["kind"] == "direct"]
        kinds = _ATTACK_KINDS.get(name)
        items = [i for i in items if (kinds is None or i["category"] in kinds) and (name not in _CRAWLED or _EVIDENCE.search(i["text"]))]
        for item in _sample(rng, items, most, times):
            rows.append(Row(_attack_window(rng, item["text"]), PROMPT, name, _group(name, item), attack=1, lang=item["lang"]))
    return rows


def _attack_window(rng: random.Random, text: str) -> str:
    if len(text) <= FULL:
        return text
    piece = rng.choice((text[:FULL], text[:FULL], text[-FULL:], crop(rng, text, FULL)))
    return piece if _EVIDENCE.search(piece) else text[:FULL]


def harmless_prompts(rng: random.Random) -> list[Row]:
    """Return benign user prompts."""
    rows = []
    for name, (most, times) in _HARMLESS.items():
        items = [i for i in _load(name) if i["label"] == "benign" and i["surface"] in ("prompt", "document_task")]
        items = [i for i in items if name != "xquad" or i["category"] == "question"]
        if name == "gpteacher":  # every role-play, the look-alike of jailbreaks
            play = [i for i in items if i["category"] == "roleplay"]
            items = play + rng.sample([i for i in items if i["category"] != "roleplay"], most - len(play))
        for item in _sample(rng, items, most, times):
            rows.append(Row(crop(rng, item["text"], FULL), PROMPT, name, _group(name, item), attack=0, lang=item["lang"]))
    return rows


def _passage(name: str, item: dict[str, Any]) -> str:
    """Return the part of a text that is material, free of questions and tags."""
    text: str = item["text"]
    if name == "t0_p3_sample":
        text = max(text.split("\n"), key=len)
        return text if len(text) > 200 and "?" not in text[-200:] else ""
    if name == "spamassassin_email":
        return _MARKUP.sub(" ", text)
    if name == "xquad":
        return text if item["category"] == "paragraph" else ""
    return text


def _length(rng: random.Random) -> int:
    """Return a size in characters: mostly short, because tokens cost time, sometimes a full window."""
    return FULL if rng.random() < 0.2 else rng.randint(120, 420)


def carriers(rng: random.Random) -> list[Row]:
    """Return benign material in windows of very different lengths."""
    rows = []
    for name, (most, times) in _MATERIAL.items():
        items = [i for i in _load(name) if i["label"] == "benign" and (i["surface"] != "prompt" or name == "xquad")]
        for item in _sample(rng, [i for i in items if _passage(name, i)], most, times):
            text = crop(rng, _passage(name, item), _length(rng))
            rows.append(Row(text, MATERIAL, name, _group(name, item), instructions=[], lang=item["lang"]))
    return rows


def poisoned(rng: random.Random) -> list[Row]:
    """Return material with labelled orders, and the same material without them."""
    rows = []
    for name in ("bipia_train", "spikee", "bastioncorpus"):
        items = [i for i in _load(name) if i["label"] != "benign" and i["surface"] != "prompt"]
        for item in items:
            spans = [span[:2] for span in item.get("spans") or []]
            if not spans:  # nobody marked where the order stands
                continue
            text, moved = crop_around(rng, item["text"], spans, _length(rng))
            rows.append(Row(text, MATERIAL, name, _group(name, item), instructions=moved, lang=item["lang"]))
            if name == "bipia_train" and rng.random() < 0.4:
                start, end = spans[0]
                clean = crop(rng, (item["text"][:start].rstrip() + "\n" + item["text"][end:].lstrip()).strip(), _length(rng))
                rows.append(Row(clean, MATERIAL, "bipia_train_clean", _group(name, item), instructions=[], lang=item["lang"]))
    return rows


def poisoned_mails(rng: random.Random, dev: set[int]) -> list[Row]:
    """Return BIPIA's poisoned mails, cut to stretches that share no eight words with a dev set.

    Whole, nearly all of them are dropped: senders' boilerplate stands in mails of both parts.
    """
    rows = []
    for item in _load("bipia_train"):
        if item["surface"] != "email" or not item.get("spans"):
            continue
        for _ in range(8):
            text, spans = crop_around(rng, item["text"], [span[:2] for span in item["spans"]], rng.randint(130, 420))
            if not shingles(text) & dev:
                rows.append(Row(text, MATERIAL, "bipia_train", _group("bipia_train", item), instructions=spans, lang=item["lang"]))
                break
    return rows


#: Words without which the window of a crawled "jailbreak" is not taken for one in the third phase.
_STRONG = re.compile(
    r"(ignor|disregard|forget|overrid|bypass|break|violat|without|no |not bound|free (from|of)|any)\W+(\w+\W+){0,5}(instruction|rule|guideline|restrict|polic|filter|limit|censor|ethic|moral)|"
    r"\bDAN\b|jailb|anything now|developer mode|unfilter|uncensor|unrestrict|amoral|unethical|(never|not|cannot|can't) refus|system prompt|openai|<rule>|do not (say|include|use).{0,30}(sorry|cannot|unfortunately)",
    re.IGNORECASE,
)


def is_clear(row: Row) -> bool:
    """Say whether the label of a row can be seen in its text."""
    return row.attack != 1 or row.source not in _CRAWLED or bool(_STRONG.search(row.text))


#: Types that each entity set labels.
_NAMES = ["PERSON", "LOCATION", "ORGANIZATION"]
_PEOPLE: dict[str, list[str]] = {
    "btc_en": _NAMES, "wnut17": _NAMES, "wikigold_en": _NAMES, "germeval14_de": _NAMES,
    "meddocan_es": [*_NAMES, "DATE_TIME", "PHONE_NUMBER", "AGE", "ID"],
}  # fmt: skip
_NEWS = {"wikigold_en", "germeval14_de", "meddocan_es"}


def people(rng: random.Random) -> list[Row]:
    """Return texts with labelled entities."""
    rows = []
    for name, types in _PEOPLE.items():
        for item in read_json(DATA / "pii" / "train" / f"{name}.jsonl.gz"):
            if len(item["text"]) > 20_000:  # one broken row of wnut17 is a whole file
                continue
            windows = _windows(item["text"], item["spans"])
            for text, spans in rng.sample(windows, min(len(windows), 2)):
                surface = MATERIAL if name in _NEWS else rng.randint(0, 1)
                rows.append(
                    Row(
                        text,
                        surface,
                        name,
                        f"{name}:{item['id']}",
                        instructions=[] if name in _NEWS else None,
                        entities=[s for s in spans if s[2] in types or s[2] == "SKIP"],
                        types=types,
                        lang=item["lang"],
                    )
                )
    return rows


def _windows(text: str, spans: list[list[Any]], most: int = 360) -> list[tuple[str, list[list[Any]]]]:
    """Cut a long text at line ends; handles (``@name``) are marked as neither name nor not."""
    spans = [[s, e, "SKIP" if text[s] == "@" else kind] for s, e, kind in spans]
    out, start = [], 0
    while start < len(text):
        end = (
            len(text)
            if len(text) - start <= most
            else max(text.rfind("\n", start, start + most), text.rfind(". ", start, start + most)) + 1
        )
        end = end if end > start else min(len(text), start + most)
        out.append((text[start:end], [[s - start, e - start, kind] for s, e, kind in spans if s >= start and e <= end]))
        start = end
    return out


COLLECTED: tuple[Callable[[random.Random], list[Row]], ...] = (attacks, harmless_prompts, carriers, poisoned, people)
