"""What may be judged, and where it stands; whatever else comes in is refused with advice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from .errors import InputError
from .types import Context, Stage

__all__ = ["check_stage", "check_text", "one_context", "one_each"]


def check_text(text: object, limit: int) -> str:
    """Return the text if it is one that can be judged.

    Raises:
        InputError: says what to do instead.
    """
    if not isinstance(text, str):
        hint = "decode them first" if isinstance(text, bytes | bytearray) else "pass '' where there is no text"
        raise InputError(f"a text must be str, not {type(text).__name__}: {hint}")
    if len(text) > limit:
        raise InputError(
            f"the text has {len(text):,} characters, the policy's limits.max_chars is {limit:,}: "
            "split it or raise the limit"
        )
    if not text.isascii() and _SURROGATE.search(text):
        raise InputError(
            "the text holds lone surrogates, which no encoding can carry: repair it with "
            "text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')"
        )
    return text


_SURROGATE = re.compile("[\ud800-\udfff]")


def check_stage(stage: Stage | str) -> Stage:
    """Return the stage.

    Raises:
        InputError: there is no such stage; names those there are.
    """
    try:
        return Stage(stage)
    except ValueError:
        raise InputError(f"there is no stage {stage!r}; there are: {', '.join(Stage)}") from None


def one_context(stage: Stage | str | None, context: Context | None) -> Context:
    """Return where a text stands, of the two ways to say it; the stage wins.

    Raises:
        InputError: nobody says it, or there is no such stage.
    """
    if context is None:
        if stage is None:
            raise InputError(f"say where the text stands: stage=..., one of {', '.join(Stage)}")
        return Context(check_stage(stage))
    if not isinstance(context, Context):
        raise InputError(f"a context must be a Context, not {type(context).__name__}: Context(Stage.OUTPUT)")
    return replace(context, stage=check_stage(context.stage if stage is None else stage))


def one_each(texts: Sequence[str], stage: Stage | str | None, contexts: Sequence[Context] | None) -> Sequence[Context]:
    """Return a context for each of the texts.

    Raises:
        InputError: this is no list of texts, or the contexts do not go with it.
    """
    if isinstance(texts, str) or not isinstance(texts, Sequence):
        raise InputError("pass a list of texts; for a single text there is check()")
    if contexts is None:
        return [one_context(stage, None)] * len(texts)
    if not isinstance(contexts, Sequence):
        raise InputError("pass a list of contexts, one for each text")
    if len(contexts) != len(texts):
        raise InputError(f"{len(texts)} texts came with {len(contexts)} contexts; pass one for each")
    return [one_context(stage, context) for context in contexts]
