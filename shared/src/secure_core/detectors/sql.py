"""Where a text put into an SQL statement would change the statement.

The text is cut into SQL tokens, and rules match the order of their kinds: the idea of libinjection
(Galbreath 2012). Kinds are letters, so that a rule is a regular expression over a short string.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence

__all__ = ["statement_breaks", "value_breaks"]

Rules = Sequence[tuple[re.Pattern[str], float]]

_TOKEN = re.compile(
    r"""(?P<escape>\\.)
      | (?P<hash>\#[^\n]*)
      | (?P<comment>--[^\n]*|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?)
      | (?P<string>'(?:[^'\\]++|\\.|'')*+'|"(?:[^"\\]++|\\.|"")*+"|`[^`]*+`)
      | (?P<quote>['"`‘’“”])
      | (?P<number>0x[0-9a-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?\b|@@?\w+|(?:null|true|false)\b|:\w+|__\w+__)
      | (?P<word>[^\W\d][\w$]*)
      | (?P<logic>\|\||&&)
      | (?P<compare><=>|<>|!=|>=|<=|=|<|>|~\*?)
      | (?P<arithmetic>[-+*/%^|&!]|:=)
      | (?P<mark>[(),;.])""",
    re.X | re.I | re.S,
)
_KIND = {
    "escape": "w",
    "comment": "C",
    "hash": "h",
    "string": "s",
    "quote": "q",
    "number": "n",
    "logic": "O",
    "compare": "c",
    "arithmetic": "a",
}
_WORDS = {
    "O": "or and xor not",
    "c": "like rlike regexp ilike is in between glob",
    "a": "div mod collate",
    "A": "all distinct top",
    "U": "union intersect except",
    "S": "select",
    "M": "from",
    "Y": "by",
    "H": "having where limit procedure",
    "D": "waitfor",
    "T": "insert update delete drop alter create truncate exec execute declare shutdown merge grant revoke backup "
    "restore load call replace copy attach use set begin if",
    "B": "table database schema user login view index trigger function procedure into data role column",
}
_KIND_OF_WORD = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_FUNCTIONS = frozenset(
    """sleep pg_sleep benchmark waitfor load_file extractvalue updatexml randomblob char chr ascii substring substr mid
    concat concat_ws group_concat hex unhex convert cast version user database current_user session_user system_user
    schema elt make_set floor rand exec eval openrowset opendatasource to_timestamp_tz lo_import
    """.split()  # noqa: SIM905  # reads as the list that it is
)
"""Functions that wait, read files, tell about the server or spell text: kind F, if a bracket follows."""
_CATALOGUE = re.compile(
    r"information_schema|sys(?:objects|columns|users|databases|tables|comments|logins)|pg_(?:catalog|user|shadow|tables"
    r"|database|class|sleep|read_file|ls_dir)|sqlite_(?:master|schema)|all_tab(?:les|_columns)|user_tables|dba_users"
    r"|[xs]p_\w+|outfile|dumpfile|infile|syscat|sysibm|utl_\w+|dbms_\w+|msysobjects|sys_(?:eval|exec)",
    re.I,
)
"""Names of what belongs to the server and not to the application: kind X."""

_VALUE = r"[(a!]{0,8}(?:[sn]|[wfF](?:\.\w)?(?:\([^()]{0,24}\))?)\){0,8}"


def _rules(*rules: tuple[str, float]) -> Rules:
    return [(re.compile(shape), score) for shape, score in rules]


_ANYWHERE = _rules(
    (r"U[A(]{0,8}S", 0.95),  # union select
    (r"F\(|Dw", 0.9),  # sleep(5), waitfor delay
    (r"O[(a!O]{0,8}[sn]\){0,8}c[O(a]{0,8}[snwfFq]", 0.95),  # or 1 = x
    (rf"O{_VALUE}c[O(a]{{0,8}}[snq]", 0.95),  # or x = 1
    (r"\(S|S[A(a]{0,8}[nsfa*]|O[(O]{0,8}S", 0.9),  # (select, select *
    (r"X", 0.8),
    (r";[T;]B|;[TD]|;S(?:[^w]|w[,M.;(Ch])|;[Ch]", 0.9),  # ; drop table
    (r"wYn(?:,|[Ch]|\Z)|wYF|Hncn", 0.8),  # order by 9, having 1=1
    (r"[n)][Ch]\Z|^C", 0.7),  # 1--
    (r"TB(?:w\.)?w(?:[(;ChM]|\Z)|Tw{0,3}XB?", 0.7),  # drop table x
)
_AFTER_QUOTE = _rules(
    (r"^\){0,8}(?:[Ch]|;(?:[Ch]|\Z))", 0.95),  # ' --
    (rf"^\){{0,8}}O{_VALUE}q?(?:[Ch]|c|O|\Z)", 0.95),  # ' or x
    (r"^\){0,8}O[(O]{0,8}(?:[snF]|q(?:[Chcqn]|\Z))", 0.95),  # ' or 1
    (r"^\){0,8};?[(a]{0,8}(?:U|S|T[BwXf(]|D|H[wnf(]|wYn)", 0.95),  # ') union
    (r"^\){0,8}(?:[ac][(a!]{0,8}(?:[snF]|f\(|q|\Z)|Oq|,[(a]{0,8}[nfF][,()Ch])", 0.7),  # '||'
)
_STATEMENT = _rules(
    (r";[^;Ch]", 0.9),  # a second statement
    (r"O[(a!]{0,8}([sn])\){0,8}c[(a]{0,8}\1", 0.8),  # or 1 = 1
    (r"Dw|X", 0.8),
)


def value_breaks(text: str) -> Iterator[tuple[int, int, float]]:
    """Yield start, end and score of what would break out of the value that ``text`` is meant to be.

    It is read as it stands, and from behind the first quotation mark of each kind: that mark may end the
    quotation that the statement puts around the value.
    """
    yield from _match(text, 0, _ANYWHERE)
    for quote in "'\"":
        if (at := text.find(quote)) >= 0:
            yield from _match(text, at + 1, [*_AFTER_QUOTE, *_ANYWHERE])


def statement_breaks(text: str) -> Iterator[tuple[int, int, float]]:
    """Yield start, end and score of what no single honest statement has."""
    yield from _match(text, 0, _STATEMENT)


def _match(text: str, at: int, rules: Rules) -> Iterator[tuple[int, int, float]]:
    starts, ends, kinds = array("L"), array("L"), []
    for token in _TOKEN.finditer(text, at):
        starts.append(token.start())
        ends.append(token.end())
        kinds.append(_kind(token, text))
    shape = "".join(kinds)
    for pattern, score in rules:
        if match := pattern.search(shape):
            last = max(match.start(), match.end() - 1)
            yield starts[match.start()], ends[last], score


def _kind(token: re.Match[str], text: str) -> str:
    kind = token.lastgroup or ""
    if kind == "mark":
        return token[0]
    if kind != "word":
        return _KIND[kind]
    word = token[0].lower()
    following = text[token.end() : token.end() + 1]
    if following == "(" and word in _FUNCTIONS:
        return "F"
    if _CATALOGUE.fullmatch(word) or (following == "." and word in ("master", "mysql", "sys")):
        return "X"
    return _KIND_OF_WORD.get(word) or ("f" if following == "(" else "w")
