"""Advisories and security notes as CVE databases and scanners print them: for measuring, never for training."""

from __future__ import annotations

import random

from .grammar import Grammar, sentence

_WORDS = {
    "n": [str(n) for n in range(1, 40)],
    "n4": [str(n) for n in range(1017, 49000, 311)],
    "year": [str(n) for n in range(2011, 2026)],
    "product": ["Acme Gateway", "OpenLedger", "the Fizz CMS plugin", "libpixel", "Tornado Mail Server", "the Quark hypervisor", "PaperTrail", "the Vega router firmware", "NodeParse", "the Helios VPN client", "FormForge", "the Ruby gem tinyxml", "BlueKettle", "the Orchid LLM gateway", "ChatBridge", "AgentKit", "RagBox"],
    "part": ["the login form", "the file upload handler", "the XML parser", "the session store", "the search endpoint", "the template engine", "the image decoder", "the update service", "the password reset flow", "the admin console", "the prompt template", "the tool dispatcher", "the document loader", "the chat history"],
    "flaw": ["a stack-based buffer overflow", "improper input validation", "SQL injection", "reflected cross-site scripting", "a use-after-free", "path traversal", "insecure deserialization", "a race condition", "missing authentication", "prompt injection", "server-side request forgery", "an integer overflow", "OS command injection", "an open redirect", "leakage of the system prompt"],
    "actor": ["a remote attacker", "an unauthenticated user", "a local user with low privileges", "an authenticated administrator", "a malicious web page", "a crafted document", "an adversary on the same network"],
    "gain": ["execute arbitrary code", "read arbitrary files", "bypass authentication", "cause a denial of service", "escalate privileges", "override the instructions of the model", "disclose the system prompt", "steal session cookies", "inject shell commands", "ignore access restrictions", "make the assistant reveal confidential data", "delete user accounts"],
    "means": ["by sending a crafted request", "via a long Host header", "by way of the 'id' parameter", "through a specially prepared archive", "by hiding text in a retrieved page", "with a payload such as '; DROP TABLE users; --", "by appending ../../etc/passwd to the path", "by uploading an SVG with a script in it", "with the phrase 'ignore previous instructions' in an e-mail"],
    "fix": ["Users should upgrade to version {n}.{n}.{n}.", "The vendor has released a patch.", "No workaround is known.", "As a mitigation, disable {part}.", "Administrators are advised to restrict access to {part}.", "Validate all input on the server side.", "Treat retrieved content as untrusted data.", "Rotate all credentials after the update.", "Apply least privilege to tools that a model may call.", "Do not concatenate user input with the system prompt."],
    "score": ["CVSS base score {n}.{n}.", "Severity: high.", "Severity: medium (CWE-{n}).", "Exploit code is public.", "There are no reports of exploitation in the wild.", "CWE-{n4}.", "The vulnerability is tracked as CVE-{year}-{n4}."],
    "line": [
        "{Flaw} in {part} of {product} before {n}.{n}.{n} allows {actor} to {gain} {means}.",
        "{Product} through {n}.{n} is affected by {flaw} in {part}, which lets {actor} {gain}.",
        "A vulnerability was found in {product} {n}.{n}: {flaw} in {part} makes it possible to {gain} {means}.",
        "CVE-{year}-{n4}: {flaw} ({product}). {Actor} could {gain}.",
        "An issue was discovered in {part} of {product}. {Actor} can {gain} {means}.",
        "During a penetration test we were able to {gain} {means}; the root cause is {flaw} in {part}.",
        "Question: how would {actor} {gain} in {product}, and how can it be prevented?",
        "The red team asked whether {actor} can {gain} {means}. The answer is yes for {product} {n}.{n}.",
    ],
}  # fmt: skip


class _Advisories(Grammar):
    """A rule name with a capital letter gives a capital letter."""

    def pick(self, rng: random.Random, rule: str) -> str:
        """Return one filled wording."""
        text = super().pick(rng, rule.lower())
        return text[:1].upper() + text[1:] if rule[0].isupper() else text


_GRAMMAR = _Advisories(_WORDS)


def advisory(rng: random.Random) -> str:
    """Return a harmless text about a vulnerability, one to five sentences long."""
    rules = ["line", *rng.choices(("fix", "score", "line", "fix"), k=rng.randint(0, 4))]
    return " ".join(sentence(_GRAMMAR.pick(rng, rule)) for rule in rules)
