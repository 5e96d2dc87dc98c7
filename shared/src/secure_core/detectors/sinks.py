"""Tool arguments on their way into SQL or a shell, where they could become part of the command.

Both detectors read an argument the way its sink would, token by token, in every quotation that the tool
may have put around it. They are for policies that name the sink: in prose an apostrophe is an apostrophe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, get_args

from ..types import Context, Finding

__all__ = ["Shell", "Sql"]

Argument = Literal["value", "statement"]
Platform = Literal["posix", "windows", "any"]

# --- SQL -------------------------------------------------------------------------------------

_SQL_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*|\#[^\n]*|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?)
      | (?P<string>'(?:[^'\\]++|\\.|'')*+'|"(?:[^"\\]++|\\.|"")*+"|`[^`]*+`)
      | (?P<quote>['"`‘’“”])
      | (?P<number>0x[0-9a-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?\b|@@?\w+|null\b|true\b|false\b|:\w+|__\w+__)
      | (?P<word>[^\W\d][\w$]*)
      | (?P<logic>\|\||&&)
      | (?P<compare><=>|<>|!=|>=|<=|=|<|>|~\*?)
      | (?P<arithmetic>[-+*/%^|&!]|:=)
      | (?P<mark>[(),;.])""",
    re.X | re.I | re.S,
)
_SQL_KIND = {"comment": "C", "string": "s", "quote": "q", "number": "n", "logic": "O", "compare": "c", "arithmetic": "a"}
_SQL_WORDS: dict[str, str] = {
    **dict.fromkeys(("or", "and", "xor", "not"), "O"),
    **dict.fromkeys(("like", "rlike", "regexp", "ilike", "is", "in", "between", "glob"), "c"),
    **dict.fromkeys(("all", "distinct", "top"), "A"),
    **dict.fromkeys(("div", "mod", "collate"), "a"),
    "union": "U",
    "intersect": "U",
    "except": "U",
    "select": "S",
    "from": "M",
    "by": "Y",
    **dict.fromkeys(("having", "where", "limit", "procedure"), "H"),
    **dict.fromkeys(
        """insert update delete drop alter create truncate exec execute declare shutdown merge grant revoke
        backup restore load call replace copy attach use set begin if""".split(),
        "T",
    ),
    **dict.fromkeys(
        "table database schema user login view index trigger function procedure into set data role column".split(), "B"
    ),
    "waitfor": "D",
}
_SQL_FUNCTIONS = frozenset(
    """sleep pg_sleep benchmark waitfor dbms_pipe dbms_lock utl_http utl_inaddr load_file extractvalue updatexml
    randomblob char chr ascii substring substr mid concat concat_ws group_concat hex unhex convert cast version user
    database current_user session_user system_user schema elt make_set floor rand exec eval xp_cmdshell openrowset
    opendatasource to_timestamp_tz dbms_xmlgen ctxsys ordsys sys_eval sys_exec lo_import pg_read_file
    """.split()  # noqa: SIM905
)
_SQL_CATALOGUES = re.compile(
    r"information_schema|sys(?:objects|columns|users|databases|tables|comments|logins)|pg_(?:catalog|user|shadow|tables"
    r"|database|class|sleep|read_file|ls_dir)|sqlite_(?:master|schema)|all_tab(?:les|_columns)|user_tables|dba_users"
    r"|[xs]p_\w+|outfile|dumpfile|infile|syscat|sysibm|utl_\w+|dbms_\w+|msysobjects",
    re.I,
)

_VALUE = r"[(a!]{0,8}(?:[sn]|[wfF](?:\.\w)?(?:\([^()]{0,24}\))?)\){0,8}"
_SQL_ANYWHERE = (
    (r"U[A(]{0,8}S", 0.95, "a union"),
    (r"F\(|Dw", 0.9, "a function that waits, reads files or spells text"),
    (rf"O[(a!O]{{0,8}}[sn]\){{0,8}}c[O(a]{{0,8}}[snwfFq]|O{_VALUE}c[O(a]{{0,8}}[snq]", 0.95, "a condition of its own"),
    (r"\(S|S[A(a]{0,8}[nsfa*]|O[(O]{0,8}S", 0.9, "a query inside"),
    (r"X", 0.8, "the catalogue"),
    (r";[T;]B|;[TSD]|;C", 0.9, "another statement"),
    (r"wYn(?:,|C|\Z)|wYF|Hncn", 0.8, "a probe for columns"),
    (r"[n)]C\Z|^C", 0.7, "a comment that cuts the rest off"),
    (r"TB[w.]{1,6}(?:[(;C]|M|\Z)|Tw{0,3}XB?", 0.7, "another statement"),
)
_SQL_AFTER_QUOTE = (
    (r"^\){0,8}(?:C|;(?:C|\Z))", 0.95, "the quotation ends, a comment hides the rest"),
    (rf"^\){{0,8}}O{_VALUE}(?:C|c|q|O|\Z)|^\){{0,8}}O[(O]{{0,8}}[snqF]", 0.95, "the quotation ends, a condition follows"),
    (r"^\){0,8};?[(a]{0,8}(?:U|S|T[BwXf(]|D|H[wnf(]|wYn)", 0.95, "the quotation ends, a clause follows"),
    (r"^\){0,8}(?:[ac][(a!]{0,8}(?:[snF]|f\(|q|\Z)|Oq|,[(a]{0,8}[nfF])", 0.7, "the quotation ends, the expression goes on"),
)
_SQL_STATEMENT = (
    (r";[^;C]", 0.9, "more than one statement"),
    (r"O[(a!]{0,8}([sn])\){0,8}c[(a]{0,8}\1", 0.8, "a condition that is always true"),
    (r"Dw", 0.9, "a delay"),
    (r"X", 0.8, "the catalogue"),
)


def _compiled(rules: Sequence[tuple[str, float, str]]) -> tuple[tuple[re.Pattern[str], float], ...]:
    return tuple((re.compile(shape), score) for shape, score, _ in rules)


class Sql:
    """Finds arguments that would change the SQL statement that they are put into.

    The text is cut into SQL tokens, once as it stands and once for each quotation mark that may end the
    quotation around it; rules match the order of the kinds of tokens (the idea of libinjection).

    Args:
        argument: ``"value"``: the argument is put into a statement of the tool's; ``"statement"``: it is
            the statement, and only a second one, a condition that is always true, a delay or the
            catalogue count.

    Raises:
        ValueError: there is no such kind of argument.
    """

    name = "sql"
    categories = ("markup.sql",)
    scope = "text"

    def __init__(self, *, argument: Argument = "value") -> None:
        if argument not in get_args(Argument):
            raise ValueError(f"argument must be one of {', '.join(get_args(Argument))}")
        self._rules = _compiled(_SQL_STATEMENT if argument == "statement" else _SQL_ANYWHERE)
        self._after_quote = _compiled(_SQL_AFTER_QUOTE if argument == "value" else ())

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        """Return at most one finding for each text: the surest."""
        return [_surest(self._matches(text)) for text in texts]

    def _matches(self, text: str) -> Iterator[Finding]:
        yield from self._match(text, 0, self._rules)
        for quote in "'\"":
            if self._after_quote and (at := text.find(quote)) >= 0:
                yield from self._match(text, at + 1, self._after_quote + self._rules)

    def _match(self, text: str, at: int, rules: Sequence[tuple[re.Pattern[str], float]]) -> Iterator[Finding]:
        tokens = list(_SQL_TOKEN.finditer(text, at))
        shape = "".join(_sql_kind(token, text) for token in tokens)
        for pattern, score in rules:
            if match := pattern.search(shape):
                last = max(match.start(), match.end() - 1)
                yield Finding(tokens[match.start()].start(), tokens[last].end(), "markup.sql", score, self.name)


def _sql_kind(token: re.Match[str], text: str) -> str:
    kind = token.lastgroup or ""
    if kind == "mark":
        return token[0]
    if kind != "word":
        return _SQL_KIND[kind]
    word = token[0].lower()
    following = text[token.end() : token.end() + 1]
    if following == "(" and word in _SQL_FUNCTIONS:
        return "F"
    if _SQL_CATALOGUES.fullmatch(word) or (following == "." and word in ("master", "mysql", "sys")):
        return "X"
    return _SQL_WORDS.get(word) or ("f" if following == "(" else "w")


# --- shell -----------------------------------------------------------------------------------

_COMMAND = r"[ \t]*(?:[a-z_./~\\$({][\w./~\\:-]*|/)"
_POSIX = re.compile(
    r"""(?P<escaped>\\.)
      | (?P<single>'[^']*')
      | (?P<expansion>\$\(|\$\{|`|<\(|>\()
      | (?P<double>"(?:[^"\\$`]++|\\.)*+"?)
      | (?P<variable>\$(?:[A-Za-z_]\w*|[@*\#?$!0-9-]))
      | (?P<operator>\|\|?&?|&&?>?|;;?|\n|\r)
      | (?P<redirection>\d*(?:>>?\|?|<<?<?)&?)""",
    re.X | re.S,
)
_WINDOWS = re.compile(
    r"""(?P<escaped>\^.)
      | (?P<expansion>%\w+(?::[^%]*)?%|![A-Za-z_]\w*!)
      | (?P<operator>\|\|?|&&?|\n|\r)
      | (?P<redirection>\d?(?:>>?|<)&?)""",
    re.X | re.S,
)
_OPERAND = re.compile(_COMMAND)
_BREAKOUT = re.compile(r"[\"'][)\]}]*\s*(?:[;|\n]|&&|&\s*[a-z]|\$\(|`)")


class Shell:
    """Finds arguments that would change the command line that they are put into.

    Quotation follows the shell's own rules (POSIX 2.2): nothing counts inside of single quotation marks,
    only expansions in double ones. A quotation mark that is followed by an operator counts as well: it
    may end the quotation that the tool puts around the argument.

    Args:
        platform: whose rules: ``"posix"``, ``"windows"`` (cmd.exe) or ``"any"`` of them.

    Raises:
        ValueError: there is no such platform.
    """

    name = "shell"
    categories = ("markup.shell",)
    scope = "text"

    def __init__(self, *, platform: Platform = "posix") -> None:
        if platform not in get_args(Platform):
            raise ValueError(f"platform must be one of {', '.join(get_args(Platform))}")
        lexers = {"posix": (_POSIX,), "windows": (_WINDOWS,), "any": (_POSIX, _WINDOWS)}
        self._lexers = lexers[platform]

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        """Return at most one finding for each text: the surest."""
        return [_surest(self._matches(text)) for text in texts]

    def _matches(self, text: str) -> Iterator[Finding]:
        for lexer in self._lexers:
            for token in lexer.finditer(text):
                if score := _shell_score(token, text):
                    yield Finding(*token.span(), "markup.shell", score, self.name)
        if match := _BREAKOUT.search(text):
            yield Finding(*match.span(), "markup.shell", 0.9, self.name)

    def __reduce__(self) -> tuple[type[Shell], tuple[()], dict[str, object]]:
        return Shell, (), self.__dict__


def _shell_score(token: re.Match[str], text: str) -> float:
    """Score one token: an operator counts more with a command behind it than alone (``R&D``)."""
    match token.lastgroup:
        case "expansion":
            return 0.9
        case "variable":
            return 0.6
        case "operator" | "redirection":
            alone = not _OPERAND.match(text, token.end())
            return 0.4 if alone else 0.8
    return 0.0


def _surest(findings: Iterator[Finding]) -> list[Finding]:
    best = max(findings, key=lambda finding: (finding.score, -finding.start), default=None)
    return [] if best is None else [best]
