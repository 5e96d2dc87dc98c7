"""Stand-ins for numbers: the digits drawn anew with the scope's key, format and check digits as they have to be."""

from __future__ import annotations

from .scope import Scope

__all__ = ["card", "iban", "redrawn"]


def redrawn(scope: Scope, value: str, keep: int, attempt: int) -> str:
    """Return the value with its digits and letters, but for the first few characters, drawn anew."""
    tried = str(attempt)
    number = int.from_bytes(scope.anchor("drawn", value, tried) + scope.anchor("drawn", value, tried, "more"))
    characters = list(value)
    for at in range(keep, len(value)):
        alphabet = _alphabet(value[at])
        if alphabet:
            number, choice = divmod(number, len(alphabet))
            characters[at] = alphabet[choice]
    return "".join(characters)


def card(scope: Scope, value: str, attempt: int) -> str:
    """Keep the issuer's first digit and the format; the last digit is the check digit (ISO/IEC 7812-1, Luhn)."""
    drawn = redrawn(scope, value, 1, attempt)
    digits = [int(c) for c in drawn if c.isdigit()]
    doubled = (d * 2 - 9 * (d > 4) if i % 2 == 0 else d for i, d in enumerate(reversed(digits[:-1])))
    last = max(at for at, c in enumerate(drawn) if c.isdigit())
    return drawn[:last] + str(-sum(doubled) % 10) + drawn[last + 1 :]


def iban(scope: Scope, value: str, attempt: int) -> str:
    """Keep the country and the format; the check digits are those of ISO 13616 (ISO 7064, MOD 97-10)."""
    drawn = redrawn(scope, value, 2, attempt)
    plain = "".join(c for c in drawn.upper() if c.isalnum())
    number = int("".join(str(int(c, 36)) for c in plain[4:] + plain[:2] + "00"))
    check = iter(f"{98 - number % 97:02}")
    places = [at for at, c in enumerate(drawn) if c.isalnum()][2:4]
    return "".join(next(check) if at in places else c for at, c in enumerate(drawn))


def _alphabet(character: str) -> str:
    if character.isdigit():
        return "0123456789"
    letters = "abcdefghijklmnopqrstuvwxyz" if character.isalpha() else ""
    return letters.upper() if character.isupper() else letters
