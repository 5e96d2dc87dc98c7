"""The command line: ``secure-core scan | eval | policy | vault``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ._usage import refuse, usage_errors
from .guard import Guard
from .policy import Policy, shipped
from .types import Decision, Stage, Status
from .vault_commands import app as vaults

__all__ = ["app", "main"]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
policies = typer.Typer(no_args_is_help=True, help="Check and list policies.")
app.add_typer(policies, name="policy")
app.add_typer(vaults, name="vault")

StageOption = Annotated[Stage, typer.Option("--stage", help="Where the text stands in the pipeline.")]
PolicyOption = Annotated[str, typer.Option("--policy", help="A shipped policy's name, or a TOML file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.command()
def scan(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Text files; - is standard input.")],
    stage: StageOption = Stage.RETRIEVAL,
    policy: PolicyOption = "default",
    as_json: JsonOption = False,
    text: Annotated[bool, typer.Option("--text", help="Print the sanitised text instead.")] = False,
) -> None:
    """Judge files. Exit status: 0 nothing found, 1 something found, 2 wrong usage."""
    with usage_errors():
        guard = Guard.from_policy(policy)
        texts = [_read(file) for file in files]
        decisions = guard.check_many(texts, stage=stage)
    if as_json:
        print(json.dumps([_as_dict(*pair) for pair in zip(files, decisions, strict=True)], indent=2))
    elif text:
        for decision in decisions:
            sys.stdout.write(decision.text)
    else:
        _print_table(files, decisions)
    if any(decision.status is not Status.CLEAN for decision in decisions):
        raise typer.Exit(1)


@app.command("eval")
def evaluate(
    files: Annotated[list[Path], typer.Argument(metavar="DATA.jsonl...", help="Labelled rows, plain or gzipped.")],
    stage: StageOption,
    policy: PolicyOption = "default",
    categories: Annotated[str, typer.Option(help="Families or types that count: injection,pii")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For symmetry; the result is always JSON.")] = True,
) -> None:
    """Score labelled data and print one JSON object."""
    from .evaluate import evaluate as score

    with usage_errors():
        asked = [category.strip() for category in categories.split(",") if category.strip()]
        print(json.dumps(score(Guard.from_policy(policy), files, stage, asked), indent=2))


@policies.command("check")
def check(file: Annotated[str, typer.Argument(help="A TOML file, or a shipped policy's name.")]) -> None:
    """Build a policy as a guard would and say what is wrong with it."""
    with usage_errors():
        guard = Guard.from_policy(file)
    policy = guard.policy
    Console().print(
        f"{escape(policy.name)}: fine; {len(guard.detectors)} detectors, {len(policy.rules)} rules, {policy.digest}"
    )
    for spec in policy.detectors:
        detector = next(d for d in guard.detectors if d.name == spec.name)
        if not any(policy.looks_for(tuple(detector.categories), stage) for stage in Stage):
            Console().print(f"note: no rule acts on what {spec.name!r} finds; it will not run")


@policies.command("list")
def list_policies() -> None:
    """List the shipped policies."""
    table = Table("policy", "what it does", "digest")
    for name in shipped():
        policy = Policy.load(name)
        table.add_row(name, policy.description, policy.digest)
    Console().print(table)


def main() -> None:
    """Run the command line."""
    app()


def _read(file: str) -> str:
    data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        refuse(f"{file}: not UTF-8 text (byte {error.start}); convert it first")


def _as_dict(file: str, decision: Decision) -> dict[str, Any]:
    return {
        "file": file,
        "action": decision.action.name.lower(),
        "status": decision.status.value,
        "policy": decision.policy,
        "text": decision.text,
        "findings": [
            {"category": f.category, "start": f.start, "end": f.end, "score": f.score, "detector": f.detector}
            for f in decision.findings
        ],
    }


def _print_table(files: list[str], decisions: list[Decision]) -> None:
    table = Table("file", "status", "category", "where", "score", "detector")
    for file, decision in zip(files, decisions, strict=True):
        if not decision.findings:
            table.add_row(escape(file), decision.status.value, "", "", "", "")
        for f in decision.findings:
            row = (decision.status.value, f.category, f"{f.start}-{f.end}", f"{f.score:.2f}", f.detector)
            table.add_row(escape(file), *row)
    Console().print(table)
