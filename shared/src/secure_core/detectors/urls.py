"""What a URL would do if somebody followed it: run code here, or carry data away.

URLs are read the way browsers read them (WHATWG URL Standard): outer spaces and control
characters, and every tab and newline, are ignored; a backslash is a slash; the scheme may be left out.
"""

from __future__ import annotations

import re
from base64 import b32decode, b64decode
from binascii import Error as Undecodable
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address, ip_network
from urllib.parse import unquote

__all__ = ["Url", "data_score", "is_plain", "read", "runs_code"]

_CODE_SCHEMES = frozenset(
    ("javascript", "vbscript", "livescript", "mocha", "file", "filesystem", "blob", "jar", "view-source", "feed")
)
_SCHEME = re.compile(r"[\x00-\x20]*([A-Za-z][A-Za-z0-9+.-]*):")
_INERT_DATA = re.compile(
    r"data:(?:image/(?!svg)|audio/|video/|font/|text/plain|text/csv|application/(?:json|pdf|octet-stream)|[;,])", re.I
)
_IGNORED = str.maketrans("", "", "\t\n\r")

_REMOTE = re.compile(
    r"(?:(?:https?|ftp|wss?):[/\\]*|[/\\]{2,})([^/\\?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.I | re.S
)


@dataclass(frozen=True, slots=True)
class Url:
    """The parts of a URL that names a host of its own."""

    host: str
    """Lower case, without port and user."""
    user: str
    path: str
    query: str
    fragment: str


def runs_code(url: str) -> bool:
    """Say whether following ``url`` runs code or opens a local file (``javascript:``, ``data:text/html`` …)."""
    url = url.translate(_IGNORED)
    scheme = _SCHEME.match(url)
    if scheme is None:
        return False
    name = scheme[1].lower()
    return name in _CODE_SCHEMES or (name == "data" and not _INERT_DATA.match(url, scheme.start(1)))


def read(url: str) -> Url | None:
    """Return the parts of ``url``, or None if it stays with the page's own host."""
    match = _REMOTE.match(url.translate(_IGNORED).strip("".join(map(chr, range(33)))))
    if match is None or not match[1]:
        return None
    user, _, host = match[1].rpartition("@")
    host = re.sub(r":\d*$", "", unquote(host)).lower().replace("\u3002", ".").rstrip(".")
    return Url(host, user, match[2], match[3] or "", match[4] or "")


# --- data in a URL ---------------------------------------------------------------------------

_ECHOES = (
    "img.shields.io/badge/",
    "badgen.net/badge/",
    "google.com/search",
    "google.com/maps",
    "bing.com/search",
    "duckduckgo.com/",
    "youtube.com/results",
    "wikipedia.org/w/index.php",
    "github.com/",
    "gitlab.com/",
    "stackoverflow.com/search",
)
"""Services that show words from the URL to whoever opens it, and whose logs no stranger reads."""

_NUMERIC = re.compile(r":|(?:^|\.)(?:0x[0-9a-f]*|\d+)\Z")
_PUNYCODE = re.compile(r"(?:^|\.)xn--")
_OWN_NETWORKS = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
_PLAIN = re.compile(r"https?://(?:[a-z0-9][a-z0-9-]*\.)+[a-z]+(?::\d+)?(?:/[\w.~@/-]*)?(?:#[\w.-]*)?", re.ASCII)
_LONG_WORD = re.compile(r"[A-Za-z0-9]{9,}")
_DOUBLE_ESCAPE = re.compile(r"%25[0-9A-Fa-f]{2}")
_NEEDLESS_ESCAPE = re.compile(r"%(?:3[0-9]|4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A])", re.I)
_TEMPLATE = re.compile(r"\{\{|\$\{")
_PERSONAL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,}|(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)"
    r"|(?<![A-Za-z])(?:sk[-_]|gh[opsu]_|github_pat_|xox[abprs]-|AKIA|ASIA|AIza|eyJ[\w-]{8,}\.)"
)
_SENSITIVE_KEY = re.compile(r"pass(?:word|wd)?|pwd|secret|ssn|cookies?|credentials?", re.I)
_PROSE = re.compile(r"[\d,;:!?=@]")
_RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_DIGEST = re.compile(r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})\Z", re.I)
_HEX = re.compile(r"(?:[0-9a-f]{2}){6,}\Z", re.I)
_BASE32 = re.compile(r"[A-Z2-7]{16,}\Z", re.I)
_URL_INSIDE = re.compile(r"https?://.*", re.I | re.S)
_PAIR = re.compile(r"[&;]")

_OPAQUE_IMAGE = 32
_OPAQUE_LINK = 160
"""Characters without a reading, from which on a token can hide something worth stealing."""


def is_plain(url: str) -> bool:
    """Say quickly of most links that they carry nothing: a name, and a path made of words."""
    return (
        _PLAIN.fullmatch(url) is not None
        and "xn--" not in url
        and all(len(word) <= 20 and word[1:].isalpha() and word[1:].islower() for word in _LONG_WORD.findall(url))
    )


def data_score(url: Url, *, loads: bool, nested: bool = False) -> float:
    """Return how surely ``url`` carries data to its host, 0 to 1.

    Args:
        url: where it goes.
        loads: whether it is fetched without a click (an image), so that less is needed.
        nested: whether it stands in another URL already judged (no deeper is looked).

    Plain words, numbers, slugs, digests and UUIDs are no data; what is encoded, escaped without
    need, templated, personal, or prose in a query is.
    """
    echo = f"{url.host.removeprefix('www.')}{url.path}".startswith(_ECHOES)
    judge = partial(_value_score, loads=loads, nested=nested)
    scores = [_host_score(url, loads=loads)]
    scores += (0.9 for label in url.host.split(".") if _says_something(label) or _is_opaque(label, 28))
    scores += (judge(segment, words=3 if loads and not echo else 0) for segment in url.path.split("/"))
    scores.append(judge(url.fragment, words=0))
    for pair in _PAIR.split(url.query):
        key, equals, value = pair.partition("=")
        if equals and value and _SENSITIVE_KEY.fullmatch(key):
            scores.append(0.8)
        scores.append(judge(value if equals else key, words=0 if echo else 2))
    return max(scores)


def _host_score(url: Url, *, loads: bool) -> float:
    """Judge the host: a user name in front (a disguise), an address instead of a name, punycode."""
    if url.user:
        return 0.7
    used = url.query or (loads and len(url.path) > 1)
    if not _NUMERIC.search(url.host):
        return 0.6 if used and _PUNYCODE.search(url.host) else 0.0
    try:
        address = ip_address(url.host.strip("[]"))
    except ValueError:
        return 0.7  # 0x7f.1, 2130706433: nobody writes addresses so without a reason
    inside = address.is_loopback or address.is_link_local or address.is_unspecified
    return 0.6 if used and not inside and not any(address in network for network in _OWN_NETWORKS) else 0.0


def _value_score(raw: str, *, words: int, loads: bool, nested: bool) -> float:
    """Judge one path segment or query value; ``words`` is how many of them make prose (0: never)."""
    if len(raw) < 5:
        return 0.0
    if _DOUBLE_ESCAPE.search(raw) or len(_NEEDLESS_ESCAPE.findall(raw)) >= 3:
        return 0.9
    value = unquote(raw.replace("+", " "))
    if not nested and (target := _URL_INSIDE.search(value)) and (url := read(target[0])):
        return data_score(url, loads=loads, nested=True)
    if _PERSONAL.search(value) or _says_something(value):
        return 0.95
    if _TEMPLATE.search(value):
        return 0.8
    if words and (count := len(value.split())) >= words:
        return 0.7 if loads or count > 4 or _PROSE.search(value) else 0.4  # few plain words: a search
    opaque = _OPAQUE_IMAGE if loads else _OPAQUE_LINK
    return 0.6 if any(_is_opaque(run, opaque) for run in value.split()) else 0.0


def _says_something(value: str) -> bool:
    """Say whether part of ``value`` is readable text in base64, base32 or hexadecimal."""
    return any(_is_text(decoded) for run in _RUN.findall(value) for decoded in _decodings(run))


def _decodings(run: str) -> list[bytes]:
    found = []
    if _HEX.match(run) and (len(run) >= 16 or not run.isdigit()):
        found.append(bytes.fromhex(run))
    if _BASE32.match(run) and not run.isdigit():
        found.append(b32decode(run[: len(run) // 8 * 8], casefold=True))
    if len(run) >= 12 or run.endswith("="):
        found.append(_base64(run))
    return found


def _base64(run: str) -> bytes:
    run = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return b64decode(run[: len(run) - (len(run) % 4 == 1)] + "=" * (-len(run) % 4))
    except Undecodable:
        return b""


def _is_text(decoded: bytes) -> bool:
    if len(decoded) < 5:
        return False
    try:
        text = decoded.decode()
    except UnicodeDecodeError:
        return False
    words = sum(character.isalnum() or character == " " for character in text)
    return text.isprintable() and words >= 0.7 * len(text)


def _is_opaque(token: str, length: int) -> bool:
    """Say whether ``token`` is long, has upper and lower case and digits, and is no digest, UUID or slug."""
    if len(token) < length or _DIGEST.match(token):
        return False
    return any(
        len(run) >= length and any(map(str.isdigit, run)) and any(map(str.islower, run)) and any(map(str.isupper, run))
        for run in re.split(r"[^A-Za-z0-9+/=]", token)
    )
