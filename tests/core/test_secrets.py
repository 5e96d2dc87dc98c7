"""Every kind is found, exactly, wherever it stands; what only looks like a secret is left alone.

The values are drawn from the rules' own alphabets at run time, so that none stands in this file.
"""

from __future__ import annotations

import base64
import json
import pickle
import random
import re
import string
import threading
from collections.abc import Callable
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_core.detectors import Detector, load, secret_assignments
from secure_core.detectors.secret_rules import FORMATS, NAMED, Format, Named
from secure_core.detectors.secret_values import CHECKS, entropy, is_placeholder
from secure_core.detectors.secrets import KINDS, Secrets, _gate
from secure_core.errors import PolicyError
from secure_core.types import Context, Finding, Stage
from tests import hostile
from tests.work import lines_run

CONTEXT = Context(Stage.INPUT)
DETECTOR = Secrets()
PRINTABLE = string.ascii_letters + string.digits + "_-+/"


def detect(text: str, detector: Secrets = DETECTOR) -> list[Finding]:
    return detector.detect([text], [CONTEXT])[0]


def found(text: str, detector: Secrets = DETECTOR) -> list[tuple[str, str]]:
    return [(finding.category, text[finding.start : finding.end]) for finding in detect(text, detector)]


class Sampler:
    """Draws texts that a regular expression matches; remembers what group 1 held."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.value: str | None = None

    def draw(self, pattern: str) -> str:
        self.value = None
        return "".join(self._item(*item) for item in parser.parse(pattern))

    def _item(self, kind: Any, what: Any) -> str:
        if kind is op.LITERAL:
            return chr(what)
        if kind is op.ANY:
            return self.rng.choice(PRINTABLE)
        if kind is op.NOT_LITERAL:
            return self.rng.choice([c for c in PRINTABLE if c != chr(what)])
        if kind is op.IN:
            return self.rng.choice(self._class(what))
        if kind is op.BRANCH:
            return self._sequence(self.rng.choice(what[1]))
        if kind is op.SUBPATTERN:
            text = self._sequence(what[3])
            self.value = text if what[0] == 1 else self.value
            return text
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            least, most, inner = what
            times = least if kind is op.MIN_REPEAT else self.rng.randint(least, min(most, least + 3))
            return "".join(self._sequence(inner) for _ in range(times))
        assert kind in (op.AT, op.ASSERT), kind
        return " " if what is op.AT_BOUNDARY else ""

    def _sequence(self, items: Any) -> str:
        return "".join(self._item(*item) for item in items)

    def _class(self, items: Any) -> list[str]:
        chosen: set[str] = set()
        for kind, what in items:
            if kind is op.LITERAL:
                chosen.add(chr(what))
            elif kind is op.RANGE:
                chosen.update(map(chr, range(what[0], what[1] + 1)))
            elif kind is op.CATEGORY:
                chosen.update({op.CATEGORY_SPACE: " ", op.CATEGORY_NOT_SPACE: PRINTABLE}.get(what, "-"))
        if items[0][0] is op.NEGATE:
            return [c for c in PRINTABLE if c not in chosen]
        return sorted(chosen)


def letters(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(string.ascii_letters + string.digits, k=count))


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def jwt(rng: random.Random) -> str:
    header = b64url(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    return f"{header}.{b64url(json.dumps({'sub': letters(rng, 8)}).encode())}.{letters(rng, 43)}"


def wrapped_jwt(rng: random.Random) -> str:
    return base64.b64encode(jwt(rng).encode()).decode()


def pem(rng: random.Random, label: str = "RSA PRIVATE KEY", newline: str = "\n") -> str:
    body = [letters(rng, 64) for _ in range(rng.randint(3, 9))]
    return newline.join(["-" * 5 + f"BEGIN {label}-----", *body, f"-----END {label}-----"])


def discord(rng: random.Random) -> str:
    return f"{b64url(str(rng.randrange(10**17, 10**18)).encode())}.{letters(rng, 6)}.{letters(rng, 27)}"


def basic(rng: random.Random) -> str:
    return base64.b64encode(f"service:{letters(rng, 12)}".encode()).decode()


BUILT: dict[str, Callable[[random.Random], str]] = {
    "jwt": jwt,
    "wrapped_jwt": wrapped_jwt,
    "discord": discord,
}


def sample(row: Format, rng: random.Random) -> tuple[str, str]:
    """A text that holds a secret of this format, and the secret."""
    if row.check in BUILT:
        value = BUILT[row.check](rng)
        return value, value
    if row.check == "basic":
        value = basic(rng)
        return f"Authorization: Basic {value}", value
    if row.check == "key_body" and "BEGIN" in row.pattern:
        value = pem(rng)
        return value, value
    sampler = Sampler(rng)
    for _ in range(500):
        text = sampler.draw(row.pattern)
        value = (sampler.value if "(?P<value>" in row.pattern else text) or ""
        if not is_placeholder(value, row.entropy) and CHECKS[row.check](value) and not value.endswith("."):
            return text, value
    raise AssertionError(f"no sample of {row.kind} passes its own checks")


def named_sample(row: Named, rng: random.Random) -> str:
    sampler = Sampler(rng)
    while True:
        value = sampler.draw(row.shape)
        if any(c.isdigit() for c in value) and not is_placeholder(value, 1.5 if value.isdigit() else 2.6):
            return value


SELF_DELIMITING = [i for i, row in enumerate(FORMATS) if "(?P<value>" not in row.pattern]
FORMAT_IDS = [f"{row.kind}-{i}" for i, row in enumerate(FORMATS)]


@pytest.mark.parametrize("rule", range(len(FORMATS)), ids=FORMAT_IDS)
def test_a_value_of_every_format_is_found_exactly(rule: int) -> None:
    text, value = sample(FORMATS[rule], random.Random(rule))
    assert rule in _gate().candidates(text)
    assert (f"secret.{FORMATS[rule].kind}", value) in found(text)


@pytest.mark.parametrize("row", NAMED, ids=lambda row: row.kind)
@pytest.mark.parametrize("assign", ["{}_API_KEY={}", "{}Token: '{}'", 'set("{}.secret", "{}")', "<{}Key>\n  {}\n</>"])
def test_a_value_of_every_provider_is_found_beside_its_name(row: Named, assign: str) -> None:
    value = named_sample(row, random.Random(row.kind))
    text = assign.format(row.provider.split("|")[0], value)
    assert value in [secret for _, secret in found(text)]


@pytest.mark.parametrize(
    ("prefix", "length", "alphabet"),
    [
        ("gh" + "p_", 36, string.ascii_letters + string.digits),
        ("AK" + "IA", 16, string.ascii_uppercase + "234567"),
        ("AI" + "za", 35, string.ascii_letters + string.digits),
        ("np" + "m_", 36, string.ascii_letters + string.digits),
        ("da" + "pi", 32, "0123456789abcdef"),
        ("SK", 32, "0123456789abcdef"),
    ],
)
def test_a_format_of_another_length_or_alphabet_is_another_word(prefix: str, length: int, alphabet: str) -> None:
    body = "".join(random.Random(length).choices(alphabet, k=length))
    assert [value for _, value in found(f"see {prefix}{body}.")] == [prefix + body]
    for other in (prefix + body[1:], prefix + body + body[0], prefix + "§" + body[1:], prefix.swapcase() + body):
        assert found(f"see {other}.") == []


def test_there_is_a_rule_for_two_hundred_services_and_every_kind_is_a_word() -> None:
    assert len({row.provider.split("|")[0] for row in NAMED} | {row.kind.split("_")[0] for row in FORMATS}) > 170
    assert all(re.fullmatch("[a-z][a-z0-9_]*", kind) for kind in KINDS)


@pytest.mark.parametrize("rule", SELF_DELIMITING, ids=lambda i: FORMAT_IDS[i])
def test_a_format_inside_a_longer_word_is_some_other_word(rule: int) -> None:
    value = sample(FORMATS[rule], random.Random(rule))[1]
    if value[0].isalnum() and FORMATS[rule].kind != "api_key":
        assert f"secret.{FORMATS[rule].kind}" not in [kind for kind, _ in found("x" + value)]


# -- Names and values ------------------------------------------------------------------------------

TOKEN = letters(random.Random(7), 24)
PASSWORD = "".join(["Winter", "Tale", "#", "2019"])


@pytest.mark.parametrize(
    "text",
    [
        "api_key = '{}'",
        'apiKey: "{}"',
        '{{"auth_token": "{}"}}',
        '{{\\"client_secret\\": \\"{}\\"}}',
        "SECRET_KEY={}",
        "export DEPLOY_TOKEN={}",
        "ACCESS_TOKEN ::= {}",
        "$accessToken .= '{}';",
        "'refresh_token' => '{}',",
        'System.setProperty("SERVICE_TOKEN", "{}")',
        "<clientSecret>{}</clientSecret>",
        "<clientSecret>\n    {}\n</clientSecret>",
        'var sharedSecret string = "{}"',
        "tool login --auth-token {} --verbose",
        "tool --api-key={}",
        "https://h.example.org/v1?access_token={}&page=2",
        "- name: SERVICE_API_KEY\n  value: {}",
        '<add key="ServiceApiKey" value="{}" />',
        "The api key is {}.",
        "X-Api-Key: {}",
        "| API key | {} |",
        "const token = process.env.TOKEN || '{}'",
        "//registry.example.org/:_authToken={}",
        "Authorization: Bearer {}",
        "authorization: token {}",
        '"value": "Bearer {}"',
        "curl -H 'Private-Token: {}' https://h.example.org",
    ],
)
def test_a_random_value_with_a_telling_name_is_a_secret(text: str) -> None:
    text = text.format(TOKEN)
    assert [secret for _, secret in found(text)] == [TOKEN]


@pytest.mark.parametrize(
    "text",
    [
        "password = '{}'",
        "DB_PASSWORD={}",
        'spring.datasource.password: "{}"',
        '{{"user": "anna", "password": "{}"}}',
        "Server=db;User Id=anna;Password={};",
        "my password is {}",
        "user anna with password {} logs in",
        "and its password '{}', which",
        "sshpass --password {} ssh host",
        '<add key="ClearTextPassword" value="{}" />',
        "curl -u anna:{} https://h.example.org",
        "curl --user 'anna:{}' https://h.example.org",
        "machine h.example.org login anna password {}",
        "credentials: anna@mail.example.org / {}",
        "Kennwort: {}",
        "密码：{}",
        "пароль: {}",
        "la contraseña: {}",
    ],
)
def test_a_password_is_found_where_people_and_programs_write_it(text: str) -> None:
    text = text.format(PASSWORD)
    assert [secret for _, secret in found(text)] == [PASSWORD]


@pytest.mark.parametrize("scheme", ["https", "postgresql+psycopg2", "redis", "mongodb+srv", "amqp", "ftp"])
@pytest.mark.parametrize("user", ["anna", "", "anna%40mail"])
def test_a_login_in_a_url_is_found(scheme: str, user: str) -> None:
    text = f"see {scheme}://{user}:S3cr3tive-{scheme}@db.internal:5432/x"
    assert found(text) == [("secret.url_credentials", f"S3cr3tive-{scheme}")]


def test_the_values_of_a_kubernetes_secret_are_found() -> None:
    value = base64.b64encode(PASSWORD.encode()).decode()
    manifest = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  first: {value}\n  second: {value}\n"
    assert found(manifest) == [("secret.kubernetes_secret", value)] * 2
    assert found(manifest.replace("kind: Secret", "kind: ConfigMap")) == []
    assert found(manifest.replace("metadata:", "---\nmetadata:")) == []


@pytest.mark.parametrize("label", ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\\n", " ", "\n    "])
def test_a_private_key_is_found_as_one_block(label: str, newline: str) -> None:
    key = pem(random.Random(1), label, newline)
    assert found(f"here it is: {key} thanks") == [("secret.private_key", key)]


@pytest.mark.parametrize("head", ["", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B2C3D\n\n"])
def test_a_private_key_that_never_ends_is_found_to_its_last_line(head: str) -> None:
    key = pem(random.Random(2)).replace("KEY-----\n", "KEY-----\n" + head, 1).rsplit("\n", 1)[0]
    assert found(key) == [("secret.private_key", key)]


def test_the_same_secret_is_reported_once_by_its_most_specific_rule() -> None:
    value = "gh" + "p_" + letters(random.Random(3), 36)
    assert found(f"api_token = '{value}'") == [("secret.github_token", value)]
    assert found(f"Authorization: Bearer {value}") == [("secret.github_token", value)]
    assert found(f"https://anna:{value}@h.example.org/x.git") == [("secret.github_token", value)]


# -- What is no secret -----------------------------------------------------------------------------

HEX40 = "".join(random.Random(4).choices("0123456789abcdef", k=40))
UUID = "7f9c24e8-3b12-4fef-91e0-56a2d5a4c1b7"


@pytest.mark.parametrize(
    "text",
    [
        f"commit {HEX40}",
        f"datadog_sha: {HEX40}",
        f"sha256: {HEX40}{HEX40[:24]}",
        f"checksum = '{HEX40}'",
        f"api_key_hash: {HEX40}",
        '"integrity": "sha512-' + b64url(random.Random(5).randbytes(64)) + '=="',
        f"request_id = {UUID}",
        f"token: {UUID}",
        f"credentialsId: '{UUID}'",
        "ssh-ed25519 AAAA" + "C3NzaC1lZDI1NTE5AAAAI" + letters(random.Random(6), 43) + " anna@host",
        "data:image/png;base64," + base64.b64encode(random.Random(7).randbytes(400)).decode(),
        "-----BEGIN PUBLIC KEY-----\n" + letters(random.Random(8), 64) + "\n-----END PUBLIC KEY-----",
        "look for -----BEGIN PRIVATE KEY----- in your logs",
        "grep -r 'BEGIN RSA PRIVATE KEY' .",
    ],
)
def test_digests_identifiers_and_public_material_are_left_alone(text: str) -> None:
    assert found(text) == []


PLACEHOLDERS = [
    "your-api-key-here",
    "YOUR_API_KEY_1",
    "xxxxxxxxxxxxxxxxxxxx",
    "XXXXXXXX1234XXXXXXXXXX",
    "<TOKEN>",
    "<your-token-42>",
    "${API_KEY_2}",
    "$API_KEY_2",
    "$(cat token2.txt)",
    "{{ secrets.TOKEN_2 }}",
    "{{.Values.token2}}",
    "%API_TOKEN2%",
    "process.env.API_TOKEN2",
    "os.environ['API_TOKEN2']",
    "settings.API_TOKEN_2",
    "getpass.getpass()",
    "changeme",
    "changeme123",
    "example-key-1234",
    "placeholder1",
    "0000000000000000000000000000000000000000",
    "1234567890123456789012345678901234567890",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "aaaaaaaaaaaaaaaaaaaaaaaa1",
    "********************",
    "[AWS_ACCESS_KEY]",
    "[SECRET_2]",
    "[REDACTED]",
    "REDACTED_1",
    "null",
    "None",
    "true",
    "string",
    "required",
    "",
]


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
@pytest.mark.parametrize(
    "text",
    [
        "api_key = '{}'",
        "api_key={}",
        '"password": "{}"',
        "password: {}",
        "DATADOG_API_KEY={}",
        "AWS_SECRET_ACCESS_KEY={}",
        "Authorization: Bearer {}",
        "postgres://anna:{}@db/x",
        "curl -u anna:{} https://h.example.org",
        "The token is {}",
    ],
)
def test_nothing_is_found_in_placeholders(placeholder: str, text: str) -> None:
    assert found(text.format(placeholder)) == []


def test_the_keys_in_aws_documentation_are_let_pass() -> None:
    key, secret = "AKIA" + "IOSFODNN7" + "EXAMPLE", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCY" + "EXAMPLEKEY"
    assert found(f"aws_access_key_id = {key}\naws_secret_access_key = {secret}") == []


@pytest.mark.parametrize(
    "text",
    [
        "The password must be at least 12 characters long and contain a digit.",
        "for index, token in enumerate(tokens1): key = token.lower2()",
        "next_page_token = 'CAUQAA8f3d9b2a71'",
        "csrf_token: 8f3d9b2a71c04e5d",
        "primary_key = 'user2018_id3_x9'",
        "author: J. R. Smith, 2nd edition",
        "keyboard = 'de-latin1-nodeadkeys'",
        "password policy SHA-256 / PBKDF2",
        "https://example.org:8080/a@b",
        "mailto:anna@example.org",
        "curl -u anna https://example.org:443/",
        "the token 'version2' is reserved",
        "basic authentication is not supported",
        "He bears a token of 3 coins.",
    ],
)
def test_prose_and_code_that_speak_of_secrets_hold_none(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("header", ["not json at all", '{"typ":"JWT"}', "[1]", "[" * 4000, "\xff\xfe"])
def test_three_dotted_parts_without_an_algorithm_are_no_jwt(header: str) -> None:
    text = f"eyJ{b64url(header.encode())}.{b64url(b'{}' * 20)}.{letters(random.Random(9), 43)}"
    assert found(text) == []


# -- Options ---------------------------------------------------------------------------------------


def test_excluded_kinds_are_not_reported_under_another_name_either() -> None:
    value = "gh" + "p_" + letters(random.Random(3), 36)
    assert found(f"see {value}", Secrets(exclude=["github_token"])) == []
    assert found(f"token = {value}", Secrets(exclude=["github_token"])) == []
    assert found(f"token = {TOKEN}", Secrets(exclude=["github_token"])) == [("secret.generic", TOKEN)]


def test_a_value_that_is_allowed_is_let_pass_only_as_a_whole() -> None:
    text = f"api_key = '{TOKEN}'"
    assert found(text, Secrets(allow=[re.escape(TOKEN)])) == []
    assert found(text, Secrets(allow=[re.escape(TOKEN[:9])])) == [("secret.generic", TOKEN)]


def test_the_entropy_floor_judges_what_only_its_name_gives_away() -> None:
    assert found(f"api_key = '{TOKEN}'", Secrets(entropy=entropy(TOKEN) + 0.1)) == []
    assert found(f"api_key = '{TOKEN}'", Secrets(entropy=entropy(TOKEN) - 0.1)) != []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exclude": ["github"]}, "github_token"),
        ({"exclude": "jwt"}, "list of kinds"),
        ({"allow": ["("]}, "RE2"),
        ({"allow": [3]}, "RE2"),
        ({"allow": "abc"}, "list"),
        ({"entropy": 9}, "0 to 8"),
        ({"entropy": "high"}, "0 to 8"),
        ({"entropy": True}, "0 to 8"),
    ],
)
def test_a_wrong_option_is_refused_and_says_what_is_allowed(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Secrets(**options)
    with pytest.raises(PolicyError, match="secrets"):
        load("secrets", options)


def test_it_is_a_detector_that_policies_can_name() -> None:
    detector = load("secrets", {"exclude": ["jwt"], "entropy": 3})
    assert isinstance(detector, Detector)
    assert (detector.name, tuple(detector.categories)) == ("secrets", ("secret.*",))


# -- Laws ------------------------------------------------------------------------------------------

PROSE = st.text(st.sampled_from("abcdefgh ABC.!?,;éß漢字🙂\n"), max_size=60)
SEPARATORS = st.sampled_from([" ", "\n", '"', "'", "`", "(", ")", ";", ",", "\t", " = ", ": "])
ENDS = st.sampled_from([" ", "\n", '"', "'", "`", ")", ";", ",", "\t", ". ", "\\n", "</a>"])
TEXTS = st.one_of(
    st.text(max_size=80),
    st.text(st.sampled_from("key=:tokn\"' secr-_#1aB\\\n"), max_size=120),
    st.builds(
        lambda rule, seed: sample(FORMATS[rule], random.Random(seed))[0],
        st.integers(0, len(FORMATS) - 1),
        st.integers(0, 99),
    ),
)


@given(PROSE, SEPARATORS, st.sampled_from(SELF_DELIMITING), st.integers(0, 2**16), ENDS, PROSE)
def test_a_secret_in_any_prose_is_found_exactly(
    before: str, left: str, rule: int, seed: int, right: str, after: str
) -> None:
    _, value = sample(FORMATS[rule], random.Random(seed))
    start = len(before + left)
    assert (start, start + len(value)) in [(f.start, f.end) for f in detect(before + left + value + right + after)]


@given(st.lists(TEXTS, max_size=6))
def test_a_batch_is_each_text_by_itself_and_findings_are_disjoint_and_inside(texts: list[str]) -> None:
    batch = DETECTOR.detect(texts, [CONTEXT] * len(texts))
    assert batch == [detect(text) for text in texts]
    for text, findings in zip(texts, batch, strict=True):
        places = [offset for finding in findings for offset in (finding.start, finding.end)]
        assert places == sorted(places)
        assert all(0 <= f.start < f.end <= len(text) and 0 < f.score <= 1 and f.detector == "secrets" for f in findings)


@given(TEXTS)
def test_an_open_gate_finds_the_same(text: str) -> None:
    """Where Hyperscan is missing every rule is tried: the gate has left none out."""
    every = frozenset(range(len(FORMATS) + 1 + len(secret_assignments.GATES)))
    assert DETECTOR._findings(text, every) == detect(text)


@given(st.sampled_from(sorted(KINDS)))
def test_nothing_is_found_in_what_redaction_leaves_behind(kind: str) -> None:
    for text in (f"[{kind.upper()}]", f"token = [{kind.upper()}]", f"password: '[{kind.upper()}]'"):
        assert found(text) == []


def test_it_can_be_pickled_with_its_options() -> None:
    detector = Secrets(exclude=["jwt"], allow=["a+"], entropy=3.5)
    again = pickle.loads(pickle.dumps(detector))
    text = f"{jwt(random.Random(1))} api_key = '{TOKEN}'"
    assert found(text, again) == found(text, detector) == [("secret.generic", TOKEN)]


def test_threads_may_share_it() -> None:
    texts = [sample(row, random.Random(i))[0] for i, row in enumerate(FORMATS)]
    expected = DETECTOR.detect(texts, [CONTEXT] * len(texts))
    results: list[Any] = []

    def work() -> None:
        results.append(Secrets().detect(texts, [CONTEXT] * len(texts)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4


@pytest.mark.parametrize("shape", hostile.SECRETS.values(), ids=hostile.SECRETS)
def test_the_work_is_linear_in_hostile_text(shape: str) -> None:
    detect(shape)
    few, many = (lines_run(lambda size=size: detect(hostile.repeated(shape, size))) for size in (8_000, 32_000))
    assert many <= 6 * few + 500


@settings(max_examples=20)
@given(st.binary(min_size=200, max_size=2000))
def test_base64_noise_holds_no_secret(noise: bytes) -> None:
    assert found(base64.b64encode(random.Random(noise).randbytes(2000)).decode()) == []
