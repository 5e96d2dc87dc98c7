"""Use or mention: whether words are said to the reader, or quoted and talked about."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

__all__ = ["Mention"]

_REACH = 240
"""How far before a place talk about it counts; after it, a third of that."""

_LONGEST = 60
"""No word or phrase that is looked for is longer."""

_NEAR = 60
"""How far before a place the grammar is looked at."""

_TOPIC = re.compile(
    r"\b(?:prompt[- ]?injections?|injection (?:attacks?|attempts?)|jailbreak(?:s|ing)?|attackers?|adversar(?:y|ies|ial)"
    r"|OWASP|LLM01|red[- ]team\w*|mitigat\w+|threat (?:model|actor)s?|vulnerabilit(?:y|ies)|exploit(?:s|ed|ation)"
    r"|malicious|guardrails?|countermeasures?|defen[cs]es?|security researchers?|social engineering|payloads?)\b",
    re.I,
)
_ATTACK = re.compile(
    r"\b(?:(?:prompt[- ]?)?injections?|injected|jailbreak(?:s|ing)?|attack(?:s|er|ers|ing)?"
    r"|adversar\w+"
    r"|malicious(?:ly)?|payloads?|exploit(?:s|ed)?|phish\w*|scam\w*|red[- ]team\w*|hackers?"
    r"|atacantes?|attaquants?|angreifer\w*|attaccant[ei]|aanvallers?|angripare\w*|napastnik\w*|saldırgan\w*"
    r"|inyecci[oó]n|inje[cç][aã]o|iniezione)\b"
    r"|атакующ|злоумышленник|зловмисник|инъекци|攻击者|攻擊者|攻撃者|注入|インジェクション|공격자|인젝션|हमलावर|इंजेक्शन|مهاجم|תוקף",
    re.I,
)
_TALK = re.compile(
    r"\b(?:for (?:example|instance)|e\. ?g\.|such as|examples? of|like this|known as|so-called|the likes of|including"
    r"|por ejemplo|par exemple|zum beispiel|z\. ?b\.|ad esempio|por exemplo|bijvoorbeeld|na przykład|örneğin)"
    r"|например|例如|比如|例えば|예를 들어|उदाहरण"
    r"|\b(?:phrases?|strings?|wordings?|patterns?|keywords?|sentences?|the words?|expressions?|instructions?|prompts?"
    r"|texts?|messages?|inputs?|commands?|comments?)\b\W{0,3}(?:\w+\W+){0,3}?(?:like|such as|that (?:say|read"
    r"|contain)s?"
    r"|saying|reading|containing|of the form|called)\b"
    r"|\b(?:the|this|these|a) (?:phrases?|sentences?|words?|strings?|expressions?|wording|line|quote)\b"
    r"|\b(?:says|said|wrote|writes|written|reads|types|contain(?:s|ed|ing)|quot(?:e|es|ed|ing)|mention(?:s|ed)"
    r"|called|titled|labell?ed|begins? with|starts? with)\b"
    r"|\b(?:detect\w*|block(?:s|ed|ing)|filter(?:s|ed|ing)|flag(?:s|ged|ging)|classif\w+|prevent\w*|defend\w*"
    r"|protect(?:s|ion|ing)?|recogni[sz]e\w*|reject\w*|refus(?:al|ed|es|ing)|sanitiz\w+|resist\w*)\b"
    r"|\b(?:trick(?:s|ed|ing)?|manipulat\w+|convinc\w+|fool(?:s|ed|ing)|coax\w*|persuad\w+|induc\w+|attempt(?:s|ed|ing)"
    r"|try to|tries|tried|trying to|caus(?:es|ed|ing)|instruct(?:s|ing)|tells|telling|asks|asked|asking|got|getting"
    r"|makes)\b"
    r"|\b(?:meaning of|what (?:does|is meant)|definition|explain\w*|demonstrat\w+|illustrat\w+|tutorial|lesson|course"
    r"|research\w*|paper|study|studies|dataset|corpus|classifier|sample|test case|unit test|training data|survey)\b",
    re.I,
)
_DESCRIBED = re.compile(
    r"\b(?:to|may|might|can|could|would|that|which|who|it|they|he|she|users?|attackers?|people|someone|anyone|models?"
    r"|injections?|attempts?|and then|or|by|of|from|for|into|if|when|whether|unless|once"
    r"|que|qu'|di|à|zu|de|att|at|å|om|aby|чтобы|щоб)[\s\"'“«]+(?:\w+ly\s+|simply\s+|just\s+|also\s+)?\Z"
    r"|\b(?:makes?|made|gets?|got|lets?|have|has|had|causes?|caused|helps?)\s+(?:\w+\s+){1,3}\Z"
    r"|(?:要求|指示|让|讓|使|叫)\S{0,8}\Z",
    re.I,
)
_ADDRESSED = re.compile(
    r"\b(?:you|u)\b[^.!?\n]{0,40}\b(?:to|must|should|will|can|may|shall)\s+(?:\w+ly\s+|now\s+|please\s+)?\Z"
    r"|\b(?:task|job|goal|first step|order|instruction|time|important|free|going|sure|able|now|have|need|please|try)"
    r"(?:\s+is)?\s+to\s+(?:\w+\s+)?\Z",
    re.I,
)
_NEGATED = re.compile(
    r"\b(?:do not|don'?t|never|not|cannot|can'?t|shouldn'?t|must not|without|didn'?t|won'?t)\s+(?:\w+\s+)?\Z", re.I
)
_ASKED = re.compile(r"\W*(?:what|why|how|when|which|who|where|should|does|did|has|have|is|are|was)\b", re.I)
_WORD = re.compile(r"[^\W\d_]{2,}")
_SINGLE = re.compile("'")
_CLOSING = re.compile(r"'(?!\w)")
_FENCE = re.compile(r"^[ \t]*(```+|~~~+)", re.M)
_STRUCTURE = re.compile(r"""(?:["'\d\]}]\s*[:,]|[={\[(])\s*\\?\Z""")
_PAIRS = (("“", "”"), ("«", "»"), ("„", "“"), ("「", "」"), ("『", "』"), ("‘", "’"), ("《", "》"))


def _around(words: re.Pattern[str], text: str, start: int, end: int) -> int:
    """Count the different words of a kind shortly before and after a place."""
    first, last = max(0, start - _REACH), end + _REACH // 3
    found = words.finditer(text, first, last + _LONGEST)  # a word must be seen whole
    return len(
        {match[0].lower() for match in found if match.end() <= start or end <= match.start() <= match.end() <= last}
    )


class Mention:
    """The evidence in a text that what stands in it is talked about, not said.

    It only ever speaks for a mention: quotation marks, code, words about attacks or about wording, and grammar that
    describes. An attack that dresses up as a lesson escapes the rules; that is the price for lessons passing.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        topics = {match[0].lower() for match in _TOPIC.finditer(text)}
        self.topic = 1.0 if len(topics) < 2 else 0.75 if len(topics) == 2 else 0.5
        self._fences = [match.start() for match in _FENCE.finditer(text)]

    def use(self, start: int, end: int, sentence: tuple[int, int]) -> float:
        """Return the factor, 0 to 1, by which what was found in ``start:end`` of a sentence counts as used."""
        text = self._text
        factor = self.topic * 0.5 ** min(_around(_ATTACK, text, start, end), 2)
        factor *= 0.75 ** min(_around(_TALK, text, start, end), 3)
        if self._quoted(start, end):
            factor *= 0.5
        if bisect_left(self._fences, start) % 2:
            factor *= 0.6
        near = text[max(start - _NEAR, 0) : start]
        if _NEGATED.search(near):
            factor *= 0.2
        elif _DESCRIBED.search(near) and not _ADDRESSED.search(near):
            factor *= 0.5
        first, last = sentence
        if text[last - 1 : last] == "?" and start > first + 3 and _ASKED.match(text, first):
            factor *= 0.6
        return factor

    def _quoted(self, start: int, end: int) -> bool:
        """Say whether the place stands in quotation marks or code, with words around them."""
        text = self._text
        line = text.rfind("\n", max(start - _REACH, 0), start) + 1 or max(start - _REACH, 0)
        stop = text.find("\n", end, end + _REACH)
        before, after = text[line:start], text[end : stop if stop >= 0 else end + _REACH]
        for opened, closed in _quotes(before, after):
            outside = before[:opened] + " " + after[closed + 1 :]
            if not _STRUCTURE.search(before[:opened]) and len(_WORD.findall(outside)) > 1:
                return True
        return False


def _quotes(before: str, after: str) -> Iterable[tuple[int, int]]:
    """Yield where quotation marks open in ``before`` and close in ``after``."""
    for mark in ('"', "`"):
        opened = before.rfind(mark)
        if opened >= 0 and mark in after and _opens(before, opened):
            yield opened, after.index(mark)
    for left, right in _PAIRS:
        if before.rfind(left) > before.rfind(right) and right in after:
            yield before.rindex(left), after.index(right)
    if "'" in before and "'" in after:
        opened = max((mark.start() for mark in _SINGLE.finditer(before) if _opens(before, mark.start())), default=-1)
        closing = _CLOSING.search(after)
        if opened >= 0 and closing and not _CLOSING.search(before, opened + 1):
            yield opened, closing.start()


def _opens(text: str, at: int) -> bool:
    """Say whether the mark at a place can open a quotation: no letter before it, no space after it."""
    before = text[:at].rstrip(text[at])[-1:]
    return not (before.isalnum() or before in (".", ",", "!", "?")) and not text[at + 1 : at + 2].isspace()
