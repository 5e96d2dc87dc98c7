"""Cuts a text into segments that are judged one by one, the same for every chunking of it.

This is what makes a stream exact: a seam is decided by what stands before it and a bounded
look-ahead, never by where a chunk happened to end. `Guard.check` judges the segments of the whole
text, `StreamSanitizer` judges the same segments as they close.

Seams stand at sentence ends and line ends, but never inside something that belongs together: an
HTML tag, comment or script, a PEM block, a Markdown link, a wrapped line of prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ._confusables import INVISIBLE

__all__ = ["NO_CODE", "NO_CODE_YET", "Segment", "Segmenter", "segments"]

NO_CODE_YET = "<p>\n"
"""Stands at the beginning of what is seen before a segment in which nothing is Markdown code until a blank line."""
NO_CODE = "<pre>\n"
"""The same, up to the segment's end."""

_LEFT = 100  # characters of what stood before that a detector may look at, for context words
_SHORT = 100  # sentences and lines are put together up to this length
_SOFT = 1_500  # beyond it any line end will do, wrapped or not
_HARD = 4_000  # beyond it any white space will do
_TAG = 4_096  # the longest HTML tag that is waited for
_BLOCK = 16_384  # the longest comment, script or PEM block that is waited for
_LINK_TEXT, _LINK_TARGET = 512, 4_096  # the longest Markdown link that is waited for
_WRAPPED = 40  # a line at least this long that goes on with a letter is taken for wrapped prose
_INLINE_CODE = 4_096  # the longest inline code that is waited for
_NAME = 32  # the longest tag name that matters
_INFO = 64  # the longest info string of a code fence that is waited for

_UNSEEN = 4  # invisible characters that may stand between two letters of a key's opening


def _disguised(letters: str) -> list[str]:
    """Return an expression for each character but the first, invisible ones before it; any may be full-width."""
    forms = [f"[{re.escape(c)}{chr(ord(c) + 0xFEE0) if c != ' ' else chr(0x3000)}]" for c in letters]
    return [forms[0], *(f"[{INVISIBLE}]{{0,{_UNSEEN}}}{form}" for form in forms[1:])]


def _begun(letters: Sequence[str]) -> str:
    """Return an expression for what may become these letters if the text goes on."""
    return "(?:".join(letters[:-1]) + ")?" * (len(letters) - 2) + f"[{INVISIBLE}]{{0,{_UNSEEN}}}\\Z"


_OPENINGS = {"pem": "-----BEGIN ", "putty": "PuTTY-User-Key-File-"}
_CLOSINGS = {
    "pem": (re.compile("".join(_disguised("-----END "))), re.compile("".join(_disguised("-----")))),
    "putty": (re.compile("".join(_disguised("Private-MAC"))), re.compile("\n")),
}
"""Of a block, how its last line begins, and how that line ends."""
_COMMENT_END, _TAG_END = (re.compile("-->"), re.compile("")), re.compile(">")
_KEY = "|".join(f"(?P<{name}>{''.join(_disguised(opening))})" for name, opening in _OPENINGS.items())
_KEY_BEGUN = re.compile("|".join(_begun(_disguised(opening)) for opening in _OPENINGS.values()))
_LONGEST = max(len(opening) * (1 + _UNSEEN) for opening in _OPENINGS.values())
_IDLE = 64  # characters without a mark that are let lie before they are read
_WAIT = 16  # characters that are waited for, at least, while something that belongs together is open
_TOKEN = re.compile(
    r"\n|(?<![.!?…])[.!?…]++[\"'”’»)\]*_]*+(?:[ \t]+|\Z)|[。！？।؟۔]+[\"'”’»」』）)\]]*(?:[ \t]+|\Z)?|[<\[`~]|" + _KEY
)
_OPENER = re.compile(r"[<\[`~]|" + _KEY)
_MARK = re.compile(r"[\n.!?…。！？।؟۔]")
"""What must stand in a text for a segment to end."""
_WORD_BEFORE = re.compile(r"[^\W\d_]+(?:\.[^\W\d_]+)*\Z")
_SPACE = re.compile(r"\s")
_BLANK = re.compile(r"\n[ \t]*\r?\n")
_INDENTS = ("", " ", "  ", "   ")
_BLOCK_BEFORE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t>]+)*")
_RUN = re.compile(r"`+|~+")
_BREAK = re.compile(r"(?<!\s)(?<=\D)\s++(?=[^\s\d])")
_TAG_OPEN = re.compile(r"<(?:!--|[/!?]?[A-Za-z][A-Za-z0-9-]*|[!?])")
_TAG_STOP = re.compile(r"""[>"']""")
_ELEMENT_ENDS = {
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in (
        *("applet", "iframe", "math", "noembed", "noscript", "object", "script", "style", "svg", "template"),
        *("textarea", "title", "xmp"),
    )
}
"""The elements that are kept in one piece, and what their end tags begin with."""
_ABBREVIATIONS = frozenset(
    """mr mrs ms mx dr prof rev hon st sr jr gen col capt lt sgt messrs mme mlle hr fr frau herr sra dra srta
    vs etc e.g i.e cf al no nr vol fig p pp ed eds inc ltd co corp dept est approx ca ext tel ave blvd rd
    apt u.s u.k a.m p.m str z.b d.h bzw usw""".split()  # noqa: SIM905  # reads as the list that it is
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the text, and what a detector may see of the text before it."""

    start: int
    """Offset of the segment in the text."""
    text: str = field(repr=False)
    left: str = field(repr=False, default="")
    """What stood before, at most about a hundred characters. It begins with the fence inside of a
    Markdown code fence, and with `NO_CODE_YET` or `NO_CODE` where code marks do not make code."""


class Segmenter:
    """Finds the seams of a text that arrives in pieces.

    >>> segmenter = Segmenter()
    >>> [s.start for s in segmenter.push("A sentence that is long enough to stand for itself, as any reader would "
    ...                                  "say, is a segment of its own. And the next o")]
    [0]
    >>> [s.start for s in segmenter.flush()]
    [102]
    """

    def __init__(self) -> None:
        self._chunks: list[str] = []
        self._unread = 0  # characters in the chunks
        self._due = _SHORT  # unread characters that make it worth looking again
        self._at_mark = False  # and so does a mark
        self._text = ""  # the open segment, behind the tail of what is closed
        self._base = 0  # offset of that text in the source
        self._start = 0  # where the open segment begins in it
        self._at = 0  # up to where it has been read
        self._plain = 0  # where the last token ended
        self._fence = ""  # the code fence that is open, e.g. "```"
        self._fence_at = 0  # and where it begins
        self._doubt: int | None = None  # where something begins that may keep code from being code
        self._lost = False  # it cannot be told any more what is code
        self._without: dict[re.Pattern[str], tuple[int, int]] = {}  # stretches of the source in which a closer is not
        self._left = ""  # what a detector may see before the open segment
        self._final = False

    @property
    def held(self) -> int:
        """Characters that belong to a segment which has not closed yet."""
        return len(self._text) - self._start + self._unread

    def push(self, chunk: str) -> list[Segment]:
        """Take a piece of the text; return the segments that it closed."""
        self._chunks.append(chunk)
        self._unread += len(chunk)
        if self._unread < self._due and not (self._at_mark and _MARK.search(chunk)):
            return []
        return self.read()

    def flush(self) -> list[Segment]:
        """Take the end of the text; return what is left of it, cut into segments."""
        self._final = True
        found = self.read()
        if self._start < len(self._text):
            found.append(self._close(len(self._text)))
        return found

    def read(self) -> list[Segment]:
        """Look again at what is open; return the segments that have closed."""
        self._text += "".join(self._chunks)
        self._chunks.clear()
        self._unread = 0
        found = [self._close(seam) for seam in self._seams()]
        self._forget()
        self._due = self._until_worth_it()
        return found

    def _until_worth_it(self) -> int:
        """Return how many more characters make it worth looking again: as many as make up for reading them twice."""
        open_, unread = len(self._text) - self._start, len(self._text) - self._at
        self._at_mark = open_ >= _SHORT and not unread
        if open_ < _SHORT:
            return _SHORT - open_
        if not unread:
            return _IDLE
        return max(1 if _MARK.match(self._text, self._at) else _WAIT, unread // 8, open_ // 256)

    def _close(self, end: int) -> Segment:
        segment = Segment(self._base + self._start, self._text[self._start : end], self._left)
        self._left = self._before(end)
        self._start = end
        return segment

    def _before(self, seam: int) -> str:
        """Return what may be seen before a segment that begins at ``seam``, and how code is to be read there."""
        begin = max(0, seam - _LEFT)
        if self._fence:
            if self._fence_at >= begin:
                return self._text[self._fence_at : seam]
            return f"{self._fence}\n{self._whole_words(begin, seam)}"
        # A back-tick that closes something would be read as one that opens something.
        begin = max(begin, self._text.rfind("`", begin, seam) + 1, self._text.rfind("~", begin, seam) + 1)
        left = self._whole_words(begin, seam)
        if self._in_doubt(seam):
            return (NO_CODE if self._lost else NO_CODE_YET) + left
        return left

    def _whole_words(self, begin: int, end: int) -> str:
        space = _SPACE.search(self._text, begin, end)
        return self._text[space.end() if space else end : end]

    def _forget(self) -> None:
        """Drop what no segment to come can see."""
        drop = max(0, self._start - _LEFT)
        if drop:
            self._text = self._text[drop:]
            self._base += drop
            self._start -= drop
            self._at -= drop
            self._plain -= drop
            self._fence_at -= drop
            self._doubt = None if self._doubt is None else max(0, self._doubt - drop)

    # -- the seams -----------------------------------------------------------------------------

    def _seams(self) -> Iterator[int]:
        """Yield the seams from where reading stopped; stop where what follows is not known yet."""
        while token := self._token():
            at = token.start()
            if at - self._start > _HARD:
                begun = self._start
                yield from self._breaks(at)
                if self._start > begun:
                    continue  # what may be a seam now is another question
            step = self._step(token)
            if step is None:
                self._at = at
                return
            end, seam = step
            self._at = self._plain = end
            if seam and end - self._start >= _SHORT:
                yield end
        end = self._sure()
        yield from self._breaks(end)
        self._at = end

    def _token(self) -> re.Match[str] | None:
        """Return the next place at which a seam may stand, or something begins that belongs together."""
        first_seam = self._start + _SHORT - 1
        if self._at < first_seam:
            opener = _OPENER.search(self._text, self._at, first_seam + _LONGEST)
            if opener and opener.start() < first_seam:
                return opener
            self._at = min(first_seam, self._sure())
            if self._at < first_seam:
                return None
        return _TOKEN.search(self._text, self._at)

    def _sure(self) -> int:
        """Return up to where nothing begins of which more must be known: the text may end in half a key's opening."""
        begun = None if self._final else _KEY_BEGUN.search(self._text, max(self._at, len(self._text) - _LONGEST))
        return begun.start() if begun else len(self._text)

    def _breaks(self, end: int) -> Iterator[int]:
        """Yield seams at white space where the open segment, read up to ``end``, has grown too long."""
        while end - self._start > _HARD:
            found = _BREAK.search(self._text, max(self._start + _HARD, self._plain), end + 1)
            if found is None:
                return
            yield found.end()

    def _step(self, token: re.Match[str]) -> tuple[int, bool] | None:
        """Return where to go on after the token, and whether a seam stands there.

        ``None``: that cannot be told before more of the text is known. Whatever is returned must
        not depend on how much more than what was needed is known.
        """
        at, mark = token.start(), token[0]
        if mark == "\n":
            return self._line_end(at)
        if token.lastgroup:
            return self._block(at, *_CLOSINGS[token.lastgroup])
        if mark in "`~":
            return self._code(at)
        if self._fence:
            return (at + len(mark), False) if self._known(at + len(mark)) else None
        if mark == "<":
            return self._markup(at)
        if mark == "[":
            return self._link(at)
        return self._sentence_end(at, mark)

    def _known(self, offset: int) -> bool:
        """Whether the character at ``offset`` is known, or known not to be."""
        return self._final or offset < len(self._text)

    def _line_end(self, at: int) -> tuple[int, bool] | None:
        end = at + 1
        while self._text[end : end + 1] in ("\n", "\r"):
            end += 1
        if not self._known(end):
            return None
        line = self._text[self._line_start(at) : at]
        if "\n" in self._text[at + 1 : end] or self._fence or end - self._start > _SOFT:
            return end, True
        return end, not (line.endswith("\\") or _wraps(line.rstrip(), self._text[end : end + 1]))

    def _sentence_end(self, at: int, mark: str) -> tuple[int, bool] | None:
        end = at + len(mark)
        if not self._known(end):
            return None
        following = self._text[end : end + 1]
        if following in "\r\n" or (mark[0] == "." and self._goes_on(at, following)):
            return end, False
        return end, True

    def _goes_on(self, stop: int, following: str) -> bool:
        """Whether the full stop at ``stop`` ends an abbreviation or stands inside a number."""
        if following.islower() or following.isdigit():
            return True
        word = _WORD_BEFORE.search(self._text, max(self._start, stop - 16), stop)
        return word is not None and (word[0].lower() in _ABBREVIATIONS or (len(word[0]) == 1 and word[0].isupper()))

    # -- what belongs together -----------------------------------------------------------------

    def _block(self, at: int, closer: re.Pattern[str], end: re.Pattern[str]) -> tuple[int, bool] | None:
        """Go from ``at`` to behind ``closer ... end``, or as far as a block may reach."""
        limit = at + _BLOCK
        stop = self._closed(closer, end, at + 1, limit)
        if stop is not None:
            return stop, False
        return (min(limit, len(self._text)), False) if self._known(limit) else None

    def _closed(self, closer: re.Pattern[str], end: re.Pattern[str], at: int, limit: int) -> int | None:
        """Return the place behind ``closer ... end``, from ``at`` on; no stretch is searched twice."""
        first, last = self._without.get(closer, (0, 0))
        at += self._base
        if not first <= at <= last:
            first, last = at, at
        found = closer.search(self._text, max(at, last) - self._base, limit)
        if found is None:
            self._without[closer] = first, max(at, self._base + min(limit, len(self._text)) - _LONGEST)
            return None
        self._without[closer] = first, self._base + found.start()
        stop = end.search(self._text, found.end(), limit)
        return stop.end() if stop else None

    def _code(self, at: int) -> tuple[int, bool] | None:
        """Go over a code fence, or a span of inline code."""
        limit = at + _INFO
        line_end = self._text.find("\n", at, limit)
        if line_end < 0 and not self._known(limit):
            return None
        run = _RUN.match(self._text, at, limit)
        assert run is not None  # noqa: S101  # a back-tick or tilde stands there
        rest = self._text[run.end() : line_end if line_end >= 0 else limit]
        before = self._line_before(at)
        if self._fence:
            if run[0].startswith(self._fence) and not rest.strip() and before in _INDENTS:
                self._lost |= len(rest) + len(run[0]) >= _INFO  # the line goes on: it may close nothing
                self._fence = ""
            return run.end(), False
        opens = len(run[0]) >= 3 and before is not None and _BLOCK_BEFORE.fullmatch(before)
        if not opens or (run[0][0] == "`" and "`" in rest):
            return self._inline_code(run[0], run.end()) if run[0][0] == "`" else (run.end(), False)
        if before:
            return self._indented_fence(before, run[0], run.end())
        if self._in_doubt(at) or len(rest) + len(run[0]) >= _INFO:
            self._lost = True
        else:
            self._fence, self._fence_at = run[0], at
        return run.end(), False

    def _indented_fence(self, indent: str, fence: str, at: int) -> tuple[int, bool] | None:
        """Go over a fence that may stand in a list: it is code if that makes no difference to where it ends."""
        limit = at + _BLOCK
        if indent.strip(" ") or self._in_doubt(at):
            self._lost = True
            return at, False
        closer = re.compile(rf"\n {{0,3}}{indent}{fence[0]}{{{len(fence)},}}[ \t]*\r?(?:\n|\Z)")
        closing = closer.search(self._text, at, limit)
        if not self._known(limit) and (closing is None or closing.end() == len(self._text)):
            return None
        inside = self._text[at : closing.start()].split("\n")[1:] if closing else []
        if closing is None or any(line.strip() and not line.startswith(indent) for line in inside):
            self._lost = True
            return at, False
        return closing.end() - closing[0].endswith("\n"), False

    def _inline_code(self, ticks: str, at: int) -> tuple[int, bool] | None:
        limit = at + _INLINE_CODE
        if self._text[max(0, at - len(ticks) - 1)] == "\\":
            self._doubt = at
            return at, False
        closing = next((run for run in _RUN.finditer(self._text, at, limit) if run[0] == ticks), None)
        if closing and closing.end() == len(self._text) and not self._known(limit):
            return None  # there may be more ticks to it
        if _BLANK.search(self._text, at, closing.start() if closing else limit):
            return at, False
        if closing:
            return closing.end(), False
        if not self._known(limit):
            return None
        self._doubt = at
        return at, False

    def _in_doubt(self, at: int) -> bool:
        """Whether something before ``at`` keeps a code mark from meaning code; a blank line ends most doubts."""
        if self._doubt is not None and _BLANK.search(self._text, self._doubt, at):
            self._doubt = None
        return self._lost or self._doubt is not None

    def _line_before(self, at: int) -> str | None:
        """Return the line's beginning up to ``at``; ``None`` if it is long."""
        begin = max(0, at - _LEFT)
        line = self._text.rfind("\n", begin, at) + 1
        return self._text[line:at] if line or self._base + begin == 0 else None

    def _line_start(self, at: int) -> int:
        return max(self._text.rfind("\n", max(0, at - _LEFT), at) + 1, self._start, at - _LEFT)

    def _markup(self, at: int) -> tuple[int, bool] | None:
        if not self._known(at + _NAME):
            return None
        opening = _TAG_OPEN.match(self._text, at, at + _NAME)
        if opening is None:
            return at + 1, False
        if opening[0] == "<!--":
            return self._block(at, *_COMMENT_END)
        before = self._line_before(at)
        if before is not None and _BLOCK_BEFORE.fullmatch(before):  # an HTML block: no Markdown in it
            self._doubt = at
            self._lost |= opening[0].lower() == "<pre"
        limit = at + _TAG
        if self._text.find(">", at, limit) < 0:  # a mere less-than sign
            return (at + 1, False) if self._known(limit) else None
        end = self._tag_end(opening.end(), limit)
        if end is None:
            return (min(limit, len(self._text)), False) if self._known(limit) else None
        if "`" in self._text[at:end]:
            self._doubt = at
        name = opening[0][1:].lower()
        if name in _ELEMENT_ENDS and self._text[end - 2] != "/":
            return self._element(at, end, name)
        return end, False

    def _tag_end(self, at: int, limit: int) -> int | None:
        """Return where the tag ends; `>` in a quoted attribute value does not end it."""
        while stop := _TAG_STOP.search(self._text, at, limit):
            if stop[0] == ">":
                return stop.end()
            at = stop.end()
            if self._text[max(0, stop.start() - 8) : stop.start()].rstrip().endswith("="):
                at = self._text.find(stop[0], at, limit) + 1
                if not at:
                    return None
        return None

    def _element(self, at: int, inside: int, name: str) -> tuple[int, bool] | None:
        limit = at + _BLOCK
        stop = self._closed(_ELEMENT_ENDS[name], _TAG_END, inside, limit)
        if stop is not None:
            return stop, False
        return (inside, False) if self._known(limit) else None

    def _link(self, at: int) -> tuple[int, bool] | None:
        """Go over ``[text](target)``; any other bracket is just a bracket."""
        middle = self._text.find("]", at, at + _LINK_TEXT)
        if self._text.find("\n\n", at, middle if middle >= 0 else at + _LINK_TEXT) >= 0:
            return at + 1, False
        if middle < 0:
            return (at + 1, False) if self._known(at + _LINK_TEXT) else None
        if not self._known(middle + 1):
            return None
        if self._text[middle + 1 : middle + 2] != "(" or "`" in self._text[at:middle]:
            return at + 1, False
        end = self._text.find(")", middle, middle + _LINK_TARGET)
        if end >= 0:
            return end + 1, False
        return (middle + 1, False) if self._known(middle + _LINK_TARGET) else None


def _wraps(line: str, following: str) -> bool:
    """Whether a line end is only where prose, or an encoded block, was broken to fit."""
    if len(line) < _WRAPPED or not following:
        return False
    if " " not in line:
        return following.isalnum() or following in "+/="
    return (line[-1].isalnum() or line[-1] in ",-–") and following.isalpha()


def segments(text: str) -> list[Segment]:
    """Cut a whole text into its segments; joined, they are the text."""
    segmenter = Segmenter()
    return segmenter.push(text) + segmenter.flush()
