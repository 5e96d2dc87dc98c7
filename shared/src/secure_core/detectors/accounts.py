"""Numbers of accounts as people write them: payment cards of every length (ISO/IEC 7812), IBANs in small letters."""

from __future__ import annotations

from typing import Any

__all__ = ["is_card", "luhn", "recognizers"]

_APART = r"(?<![\w.])(?<!\d[ -])", r"(?![ -]?\d)(?!\w)"
_CARDS = (
    ("digits", r"[1-9]\d{11,18}"),
    ("fours", r"[1-9]\d{3}([ -])\d{4}\1\d{4}(?:\1\d{1,4}){0,2}"),
    ("four, six and more", r"[1-9]\d{3}([ -])\d{6}\1\d{4,5}"),
)
_IBAN = r"\b[a-z]{2}\d{2}[a-z0-9]{11,30}\b"
_CARD_WORDS = ("credit", "card", "visa", "mastercard", "amex", "discover", "jcb", "diners", "maestro", "debit")

_ISSUERS = (
    ("1", "1", (15,)),  # UATP; JCB's 1800
    ("2131", "2131", (15,)),  # JCB
    ("2200", "2204", (16, 17, 18, 19)),  # Mir
    ("2221", "2720", (16,)),  # Mastercard
    ("300", "305", (14, 15, 16, 17, 18, 19)),  # Diners Club
    ("3095", "3095", (14, 15, 16, 17, 18, 19)),
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),
    ("3528", "3589", (16, 17, 18, 19)),  # JCB
    ("36", "36", (14, 15, 16, 17, 18, 19)),  # Diners Club
    ("38", "39", (14, 15, 16, 17, 18, 19)),
    ("4", "4", (13, 16, 18, 19)),  # Visa
    ("50", "50", (12, 13, 14, 15, 16, 17, 18, 19)),  # Maestro
    ("51", "55", (16,)),  # Mastercard
    ("56", "69", (12, 13, 14, 15, 16, 17, 18, 19)),  # Maestro, Discover, UnionPay, RuPay
    ("81", "82", (16,)),  # RuPay
    ("9792", "9792", (16,)),  # Troy
)
"""The first and the last prefix of each range of issuers, and the lengths that it gives out."""

_DOUBLED = tuple(sum(divmod(2 * digit, 10)) for digit in range(10))


def luhn(number: str) -> bool:
    """Say whether the digits in ``number`` end in their check digit (ISO/IEC 7812-1, annex B)."""
    digits = [int(char) for char in reversed(number) if char.isdecimal()]
    return (sum(digits[::2]) + sum(_DOUBLED[digit] for digit in digits[1::2])) % 10 == 0


def is_card(number: str) -> bool:
    """Say whether ``number``, separators aside, is one that an issuer may have given out."""
    digits = "".join(char if char.isascii() else str(int(char)) for char in number if char.isdecimal())
    return luhn(digits) and any(
        first <= digits[: len(first)] <= last and len(digits) in lengths for first, last, lengths in _ISSUERS
    )


def recognizers(presidio: Any, iban: Any) -> list[Any]:
    """Return Presidio recognisers for what Presidio's own leave out; ``presidio`` is the package they belong to.

    Its card recogniser knows some issuers and 12 to 17 digits in four groups; its IBAN recogniser,
    ``iban``, knows capitals. Both stay beside these, so that nothing they find is lost.
    """
    cards = presidio.PatternRecognizer(
        supported_entity="CREDIT_CARD",
        name="PaymentCards",
        patterns=[presidio.Pattern(name, expression.join(_APART), 0.3) for name, expression in _CARDS],
        context=list(_CARD_WORDS),
    )
    cards.validate_result = is_card
    small = presidio.PatternRecognizer(
        supported_entity="IBAN_CODE",
        name="SmallIbans",
        patterns=[presidio.Pattern("small letters", _IBAN, 0.3)],
        context=list(iban.context),
    )
    small.validate_result = lambda number: bool(iban.validate_result(number.upper()))
    return [cards, small]
