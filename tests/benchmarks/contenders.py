"""Who is measured: each is a function of one text, built once; what cannot be built says why."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from secure_core import Guard

__all__ = ["Contender", "contenders", "streams"]

OURS = "secure-core, retrieval"


@dataclass(frozen=True, slots=True)
class Contender:
    """A name, and the function of a text that is timed (None: not measured, for that reason)."""

    name: str
    run: Callable[[str], object] | None
    reason: str = ""


def contenders() -> list[Contender]:
    """Build everybody who can be built; ours stands first."""
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    builders: dict[str, Callable[[], Callable[[str], object]]] = {
        OURS: partial(_ours, "retrieval"),
        "secure-core, output": partial(_ours, "output"),
        "Presidio recognisers, ungated": _presidio_recognizers,
        "Presidio with a spaCy model": _presidio_spacy,
        "detect-secrets, file scan": _detect_secrets,
        "LangChain PIIMiddleware, 5 types": _langchain_pii,
    }
    return [_build(name, builder) for name, builder in builders.items()]


def _build(name: str, builder: Callable[[], Callable[[str], object]]) -> Contender:
    try:
        return Contender(name, builder())
    except ImportError:
        return Contender(name, None, "not installed")


def _ours(stage: str) -> Callable[[str], object]:
    guard = _deterministic()
    return lambda text: guard.check(text, stage=stage)


def _deterministic() -> Guard:
    from secure_core import Guard

    from ..shipped import without_models

    return Guard(without_models("default"))


def _offline_suffix_list() -> None:
    """Keep Presidio's e-mail recogniser from fetching the public suffix list."""
    import tldextract.tldextract as tld

    tld.TLD_EXTRACTOR = tld.TLDExtract(suffix_list_urls=(), cache_dir=None)


def _presidio_recognizers() -> Callable[[str], object]:
    from presidio_analyzer import RecognizerRegistry

    _offline_suffix_list()
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    recognizers = [each for each in registry.recognizers if each.name != "SpacyRecognizer"]

    def run(text: str) -> object:
        return [each.analyze(text, each.supported_entities, None) for each in recognizers]

    return run


def _presidio_spacy() -> Callable[[str], object]:
    import spacy
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    _offline_suffix_list()
    model = next((name for name in spacy.util.get_installed_models() if name.startswith("en")), None)
    if model is None:
        raise ImportError("no English spaCy model is installed")
    configuration = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}
    analyzer = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=configuration).create_engine())
    return lambda text: analyzer.analyze(text, language="en")


def _detect_secrets() -> Callable[[str], object]:
    from detect_secrets import SecretsCollection
    from detect_secrets.settings import default_settings

    def run(text: str) -> object:
        # A file, because `scan_line` is its interactive mode: it takes nearly everything for a secret.
        with tempfile.TemporaryDirectory() as folder, default_settings():
            file = Path(folder, "text")
            file.write_text(text, encoding="utf-8")
            secrets = SecretsCollection()
            secrets.scan_file(str(file))
            return secrets

    return run


_LANGCHAIN_TYPES = ("email", "credit_card", "ip", "mac_address", "url")


def _langchain_pii() -> Callable[[str], object]:
    from langchain.agents.middleware import PIIMiddleware
    from langchain_core.messages import HumanMessage

    middleware = [PIIMiddleware(each) for each in _LANGCHAIN_TYPES]

    def run(text: str) -> object:
        state: Any = {"messages": [HumanMessage(text)]}
        for each in middleware:
            state |= each.before_model(state, None) or {}  # type: ignore[arg-type]
        return state

    return run


def streams() -> list[Contender]:
    """Build what sanitises a stream of deltas; ``run`` takes the whole text and cuts it into fours."""
    builders = {"secure-core, output": _our_stream, "LangChain transformer, 5 types": _langchain_stream}
    return [_build(name, builder) for name, builder in builders.items()]


def deltas(text: str) -> Sequence[str]:
    """Cut a text into pieces of four characters, about a token each."""
    return [text[at : at + 4] for at in range(0, len(text), 4)]


def _our_stream() -> Callable[[str], object]:
    guard = _deterministic()

    def run(text: str) -> object:
        stream = guard.stream(stage="output")
        return [stream.push(delta) for delta in deltas(text)] + [stream.flush()]

    return run


def _langchain_stream() -> Callable[[str], object]:
    from langchain.agents.middleware import PIIMiddleware

    factories = [PIIMiddleware(each, apply_to_output=True).transformers[0] for each in _LANGCHAIN_TYPES]

    def run(text: str) -> object:
        transformers = [factory(()) for factory in factories]
        return [[each.process(event) for each in transformers] for event in _events(text)]

    return run


def _events(text: str) -> Iterator[Any]:
    for delta in deltas(text):
        payload = {"event": "content-block-delta", "index": 0, "delta": {"type": "text-delta", "text": delta}}
        yield {"method": "messages", "params": {"data": (payload, {"run_id": "run"})}}
