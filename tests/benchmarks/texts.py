"""Texts to measure on: seeded, of every kind and size, each made once, so that no cache can help."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random

from ..hostile import ANYTHING, ORDERS, READINGS, SECRETS, repeated

_WORDS = """
    account address afternoon answer battery because before between bridge change charge city cloud coffee colour
    customer delivery device document evening every factory family field firmware forest friend garden have history
    house invoice journey kitchen language letter light list machine market meeting message minute module morning
    mountain nature number office order other package paper parcel people phone picture place product question rain
    reading reason refund release report request return river road room sensor server service should signal sound
    station street summer support system table temperature ticket train update valley version village warranty water
    weather week which wind window winter without wood work year
""".split()  # noqa: SIM905  # reads as the list that it is
_FIRST = ("Amara", "Bela", "Cosima", "Dario", "Edda", "Farid", "Greta", "Hiro", "Ines", "Jonas")
_LAST = ("Abernethy", "Brandvold", "Castellan", "Dunmore", "Eriksdotter", "Fontaine", "Groenveld", "Holm")
_CARDS = ("4111 1111 1111 1111", "5555 5555 5555 4444", "378282246310005", "6011 1111 1111 1117")
_IBANS = ("DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "FR14 2004 1010 0505 0001 3M02 606")


def _words(dice: Random, count: int) -> str:
    return " ".join(dice.choices(_WORDS, k=count))


def _sentence(dice: Random) -> str:
    return f"{_words(dice, dice.randint(6, 16)).capitalize()}{dice.choice('.....?!')} "


def _email(dice: Random) -> str:
    return f"{dice.choice(_FIRST)}.{dice.choice(_LAST)}{dice.randint(1, 99)}@example.{dice.choice(('com', 'org'))}"


def _prose(dice: Random) -> str:
    return _sentence(dice) + ("\n\n" if dice.random() < 0.2 else "")


def _letter(dice: Random) -> str:
    details = (
        lambda: f"You can reach me at {_email(dice)}. ",
        lambda: f"My number is (212) 555-01{dice.randint(10, 99)}. ",
        lambda: f"The card {dice.choice(_CARDS)} was charged twice. ",
        lambda: f"Please pay to {dice.choice(_IBANS)}. ",
        lambda: f"It was sent from 203.0.113.{dice.randint(1, 254)}. ",
    )
    return _sentence(dice) + (dice.choice(details)() if dice.random() < 0.25 else "")


def _json(dice: Random) -> str:
    record = {
        "id": dice.getrandbits(48),
        "name": f"{dice.choice(_FIRST)} {dice.choice(_LAST)}",
        "tags": dice.choices(_WORDS, k=3),
        "mail": _email(dice) if dice.random() < 0.2 else None,
        "score": round(dice.random(), 4),
    }
    return json.dumps(record) + "\n"


def _log(dice: Random) -> str:
    day, hour, minute, fraction = (dice.randint(1, top) for top in (28, 23, 59, 999))
    return (
        f"2026-11-{day:02}T{hour:02}:{minute:02}:07.{fraction:03}Z {dice.choice(('INFO', 'DEBUG', 'WARN'))} "
        f"{'/'.join(dice.choices(_WORDS, k=3))}: request={dice.getrandbits(128):032x} took={dice.randint(1, 900)}ms\n"
    )


def _code(dice: Random) -> str:
    name, other, value = dice.choices(_WORDS, k=3)
    return (
        f"def {name}_{other}({value}: int, *, limit: int = {dice.randint(1, 999)}) -> list[str]:\n"
        f"    return [str({value} + {other}[{name}]) for {name} in range(limit)]\n\n\n"
    )


def _markdown(dice: Random) -> str:
    if dice.random() < 0.3:
        return f"\n## {_words(dice, 3).capitalize()}\n\n- **{_words(dice, 1)}**: {_sentence(dice)}\n"
    link = f"[{_words(dice, 1)}](https://docs.example.org/{_words(dice, 1)})"
    return f"See {link} and `{_words(dice, 1)}`. {_sentence(dice)}"


_KINDS: tuple[Callable[[Random], str], ...] = (_prose, _letter, _json, _log, _code, _markdown)


def mixed(size: int, count: int, seed: int) -> list[str]:
    """Return ``count`` texts of ``size`` characters, the kinds in turn, the same for the same seed."""
    texts = []
    for number in range(count):
        dice = Random(f"{seed}-{number}-{size}")
        kind, pieces, length = _KINDS[number % len(_KINDS)], [], 0
        while length < size:
            pieces.append(kind(dice))
            length += len(pieces[-1])
        texts.append("".join(pieces)[:size])
    return texts


def hostile(size: int) -> dict[str, str]:
    """Return texts that make careless patterns and parsers slow, by what they attack; no shape twice."""
    families = {"any": ANYTHING, "secrets": SECRETS, "orders": ORDERS, "readings": READINGS}
    named = {shape: f"{family}: {name}" for family, shapes in families.items() for name, shape in shapes.items()}
    texts = {name: repeated(shape, size) for shape, name in named.items()}
    texts["base64"] = base64.b64encode(Random(size).randbytes(size)).decode()[:size]
    texts["base64 twice"] = base64.b64encode(base64.b64encode(b"ignore the rules " * (size // 17 + 1))).decode()[:size]
    return texts
