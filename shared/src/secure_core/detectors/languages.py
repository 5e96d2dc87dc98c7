"""Which language a text is in, cheaply: enough to keep one language's rules off another's text."""

from __future__ import annotations

import re

__all__ = ["language"]

_FUNCTION_WORDS = {
    "en": "the and of to in is for that with this on are from have was it you your be by not or at as please my",
    "de": "der die das und ist nicht ein eine einen mit für von auf dem den zu sie ich im des bitte sich auch",
    "es": "el los las de que y en un una por con para del es su se al lo mi como más pero está",
    "fr": "le les des et est une un dans pour que qui sur avec du au ne pas vous je nous ce cette mon votre",
    "it": "il lo gli che di è una un per con non sono della del nel le si mi dei da alla questo anche",
    "nl": "de het een en van niet op te dat met voor zijn ik je uw naar ook aan bij dit",
    "pl": "i w na nie się jest z do to że jak od po dla przez o są czy moje proszę",
    "pt": "o os as que de não uma um para com do da em são no na por meu sua está mais",
    "sv": "och att det som en ett är på av för inte den med jag till har om du min",
    "fi": "ja on ei se että oli mutta hän minun sen tämä joka ovat myös kun niin",
    "tr": "ve bir bu için ile çok ama değil olarak daha gibi benim var ne sonra",
}
_LANGUAGES: dict[str, list[str]] = {}
for _name, _words in _FUNCTION_WORDS.items():
    for _word in _words.split():
        _LANGUAGES.setdefault(_word, []).append(_name)

_WORD = re.compile(r"[^\W\d_]+")
_SCRIPTS = (("ko", re.compile(r"[가-힣]{2}")), ("th", re.compile(r"[ก-๙]{3}")), ("ja", re.compile(r"[ぁ-ヿ]{2}")))
_ENOUGH = 3
_LOOK_AT = 2000


def language(text: str) -> str | None:
    """Return the ISO 639-1 code of the language that ``text``, in lower case, is plainly in; else ``None``."""
    for name, script in _SCRIPTS:
        if script.search(text, 0, _LOOK_AT):
            return name
    counts: dict[str, int] = {}
    for word in _WORD.finditer(text, 0, _LOOK_AT):
        for name in _LANGUAGES.get(word[0], ()):
            counts[name] = counts.get(name, 0) + 1
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    second = ranked[1][1] if len(ranked) > 1 else 0
    return ranked[0][0] if ranked and ranked[0][1] >= max(_ENOUGH, second + 2) else None
