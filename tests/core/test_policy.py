import pytest

from secure_core import Action, Context, Finding, Guard, Policy, PolicyError, Stage
from secure_core.policy import overlaps, shipped


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_policy_builds_a_guard(name: str) -> None:
    guard = Guard.from_policy(name)
    assert guard.policy.name == name
    assert guard.check("Nothing to see.", stage="retrieval").status == "clean"


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('nam = "x"', "p.toml:1: nam: unknown key; did you mean 'name'?"),
        (
            '[[rules]]\ncategory = "pii.*"\naction = "flag"\n\n[[rules]]\nstage = "x"',
            "p.toml:6: rules.1.stage: unknown key",
        ),
        ('[[rules]]\ncategory = "pii.*"\naction = "redact"', "p.toml:3: rules.0.action: must be one of allow, flag"),
        ('[[rules]]\ncategory = "pii.*"', "rules.0.action: Field required"),
        ('[[rules]]\ncategory = "pii.*"\naction = "flag"\nstages = ["retreival"]', "p.toml:4: rules.0.stages.0"),
        ('[[rules]]\ncategory = "pii.*"\naction = "flag"\nmin_score = 2', "p.toml:4: rules.0.min_score"),
        ('[[rules]]\ncategory = "pii.*"\naction = "sanitize"\noperator = "redcat"', "no operator 'redcat'; there are"),
        (
            '[[rules]]\ncategory = "pii.*"\naction = "sanitize"\noperator = "mask"\noptions = { keep = 4 }',
            "operator 'mask' has no option 'keep'; it has: char, keep_first, keep_last",
        ),
        (
            '[[detectors]]\nname = "pii"\noption = 1',
            "p.toml:3: detectors.0.option: unknown key; did you mean 'options'?",
        ),
        ('[[detectors]]\nname = "pii"\n[[detectors]]\nname = "pii"', "pii stands here more than once"),
        ("[limits]\nmax_chars = 0", "p.toml:2: limits.max_chars"),
        ('name = "x', "p.toml: not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_key_and_place(toml: str, message: str) -> None:
    with pytest.raises(PolicyError) as error:
        Policy.loads(toml, "p.toml")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"detectors": [{"name": "secretz"}], "rules": []}, "no detector 'secretz' is installed; there are: "),
        (
            {"detectors": [{"name": "secrets"}], "rules": [{"category": "pii.*", "action": "flag"}]},
            "no detector of this",
        ),
        ({"detectors": [{"name": "secrets", "options": {"nope": 1}}], "rules": []}, "cannot be built with options"),
    ],
)
def test_a_policy_without_its_detectors_builds_no_guard(policy: dict[str, object], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        Guard(Policy.model_validate(policy))


def test_an_unknown_policy_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(PolicyError, match="neither a text file nor one of observe, default, strict"):
        Guard.from_policy("defualt")


def test_the_first_matching_rule_decides() -> None:
    policy = Policy.model_validate(
        {
            "rules": [
                {"category": "pii.url", "action": "allow"},
                {"category": "pii.*", "stages": ["output"], "min_score": 0.5, "action": "block"},
                {"category": ["pii.*", "secret.*"], "sources": ["crm_*"], "action": "flag"},
            ]
        }
    )

    def action(
        category: str, score: float = 1.0, stage: Stage = Stage.OUTPUT, source: str | None = None
    ) -> Action | None:
        rule = policy.rule_for(Finding(0, 1, category, score), Context(stage, source=source))
        return rule and rule.action

    assert action("pii.url") is Action.ALLOW
    assert action("pii.person") is Action.BLOCK
    assert action("pii.person", 0.4) is None
    assert action("pii.person", 0.4, source="crm_lookup") is Action.FLAG
    assert action("pii.person", stage=Stage.INPUT, source="web") is None
    assert action("piix.person") is None


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Write to desk@ours.example.com.", "Write to desk@ours.example.com."),
        ("Write to Desk@OURS.example.com.", "Write to Desk@OURS.example.com."),
        ("Write to ann@example.com.", "Write to [EMAIL_ADDRESS]."),
        ("Write to desk@ours.example.com.example.org.", "Write to [EMAIL_ADDRESS]."),
    ],
)
def test_a_rule_may_be_for_some_values_only(text: str, clean: str) -> None:
    policy = Policy.model_validate(
        {
            "rules": [
                {"category": "pii.email_address", "values": "*@ours.example.com", "action": "allow"},
                {"category": "pii.*", "action": "sanitize"},
            ]
        }
    )
    assert Guard(policy).check(text, stage="output").text == clean


def test_detectors_follow_from_the_rules_when_none_are_named() -> None:
    policy = Policy.model_validate({"rules": [{"category": ["pii.*", "markup.sql"], "action": "flag"}]})
    assert [spec.name for spec in policy.detectors] == ["pii", "sql"]


@pytest.mark.parametrize(
    ("one", "other", "related"),
    [
        ("pii.*", "pii.url", True),
        ("pii.url", "pii.*", True),
        ("*", "pii.url", True),
        ("pii.*", "pii.*", True),
        ("pii.url", "pii.urls", False),
        ("pii.*", "secret.*", False),
        ("pii.*", "piix.a", False),
    ],
)
def test_families_overlap_with_their_members(one: str, other: str, related: bool) -> None:
    assert overlaps(one, other) is related


def test_the_digest_names_the_content() -> None:
    one = Policy.model_validate({"rules": [{"category": "pii.*", "action": "flag"}]})
    same = Policy.model_validate({"rules": [{"category": ["pii.*"], "action": "flag"}]})
    other = Policy.model_validate({"rules": [{"category": "pii.*", "action": "block"}]})
    assert one.digest == same.digest != other.digest
