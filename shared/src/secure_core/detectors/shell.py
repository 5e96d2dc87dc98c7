"""Where a text put into a command line would change the command (POSIX 2.2 quotation; cmd.exe)."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["posix_breaks", "windows_breaks"]

_POSIX = re.compile(
    r"""(?P<escaped>\\.)
      | (?P<single>'[^']*+')
      | (?P<expansion>\$\(|\$\{|`|<\(|>\()
      | (?P<double>"(?:[^"\\$`]++|\\.)*+"?)
      | (?P<variable>\$[A-Za-z_]\w*)
      | (?P<operator>[|&;\n\r]+)
      | (?P<redirection>\d*(?:>>?\|?|<<?<?)&?)""",
    re.X | re.S,
)
_WINDOWS = re.compile(
    r"""(?P<escaped>\^.)
      | (?P<expansion>%[A-Za-z_]\w*(?::[^%\n]{0,64})?%)
      | (?P<operator>[|&\n\r]+)
      | (?P<redirection>\d?(?:>>?|<)&?)""",
    re.X | re.S,
)
_COMMANDS = frozenset(
    """awk base64 bash busybox cat certutil chmod chown cmd copy cp crontab curl cut dd del dir docker echo env eval
    exec exit export find ftp gcc git grep head hostname id ifconfig ip ipconfig kill less ln ls mkdir more move mv nc
    ncat net netcat netsh netstat node nohup nslookup openssl perl php ping pip powershell printenv printf ps pwd python
    python3 rd reg ren rm rmdir route rsync ruby scp sed service sh shutdown sleep sort source ssh su sudo sysinfo
    systemctl systeminfo tail tar taskkill tasklist tee telnet test tftp timeout touch type uname useradd ver vi wget
    which who whoami wmic xargs zip zsh""".split()  # noqa: SIM905  # reads as the list that it is
)
_WORD_AFTER = re.compile(r"[\s(\"']*(?:@\s*)?([\w.~/\\$%{-]*)")
_PATH = re.compile(r"[~.]?/[\w.]|[A-Za-z]:\\|\\\\\w|\$|%\w|\.\\")
_BREAKOUT = re.compile(r"[\"'][)\]}]*\s*(?:[;|\n]|&&?)\s*[a-z/$`]|[\"'][)\]}]*\s*(?:\$\(|`)", re.I)


def posix_breaks(text: str) -> Iterator[tuple[int, int, float]]:
    """Yield start, end and score of what a POSIX shell would not take for a part of one word."""
    yield from _breaks(text, _POSIX)


def windows_breaks(text: str) -> Iterator[tuple[int, int, float]]:
    """Yield start, end and score of what cmd.exe would not take for a part of one argument."""
    yield from _breaks(text, _WINDOWS)


def _breaks(text: str, tokens: re.Pattern[str]) -> Iterator[tuple[int, int, float]]:
    for token in tokens.finditer(text):
        if score := _score(token, text):
            yield *token.span(), score
    if match := _BREAKOUT.search(text):
        yield *match.span(), 0.9


def _score(token: re.Match[str], text: str) -> float:
    """Score a token: an operator counts fully if a command or a file follows, less in ``R&D``."""
    kind = token.lastgroup
    if kind == "expansion":
        return 0.9
    if kind == "variable":
        return 0.6
    if kind not in ("operator", "redirection"):
        return 0.0
    match = _WORD_AFTER.match(text, token.end())
    word = match[1] if match else ""
    if _PATH.match(word) or (kind == "operator" and word.lower().removesuffix(".exe") in _COMMANDS):
        return 0.8
    return 0.5
