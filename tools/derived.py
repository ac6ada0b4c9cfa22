"""Write the files that are made from other files, `make derived`: a test says when one of them is out of date."""

from __future__ import annotations

import importlib
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Final

from remit.catalogue.request_formats import clients_signed_for, signing_names
from remit.lint.rule_registry import Rule, rules

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from rule_examples import said

ROOT: Final = Path(__file__).parent.parent
RULE_GROUPS: Final = {
    "R0": "Files",
    "R1": "Shape and ARNs",
    "R2": "Actions",
    "R3": "Actions and resources",
    "R4": "References",
    "R5": "Conditions",
    "R6": "Size and redundancy",
    "R7": "Functions",
    "R8": "What remit does not know",
}
"""What the rules are about whose codes begin so."""
RULES_HEAD: Final = """\
# Lint rules

`remit lint` checks apps, policies and templates by these rules. `remit lint --explain R301` prints the page of one.
[Questions about access](questions.md#find-mistakes) says how to run it, and how to accept a finding.

This page is made from the rules themselves by `make derived`."""


def lint_rules() -> str:
    """docs/lint-rules.md: the page of every rule."""
    parts = [RULES_HEAD]
    for prefix, about in RULE_GROUPS.items():
        members = [rule for rule in rules() if rule.code.startswith(prefix)]
        rows = [f"| [{rule.code}](#{_anchor(rule)}) {rule.name} | {rule.severity} | {rule.title} |" for rule in members]
        parts.append("\n".join([f"## {about}", "", "| rule | severity | |", "| --- | --- | --- |", *rows]))
        parts += [f"### {rule.code} {rule.name}\n\n{_page(rule)}" for rule in members]
    return "\n\n".join(parts) + "\n"


def _page(rule: Rule) -> str:
    """The page of a rule, with what remit says about its first example."""
    before, better, after = rule.page.rstrip().partition("\nBetter:\n")
    with tempfile.TemporaryDirectory() as folder:
        findings = textwrap.indent(said(rule, Path(folder)), "    ")
    return f"{before}\nremit says:\n\n{findings}\n{better}{after}"


def local_services() -> str:
    """docs/local-services.md: what is simulated on this machine, by the names of boto3's clients."""
    emulator = importlib.import_module("ministack.app")
    served = {*emulator.SERVICE_HANDLERS, *emulator.SERVICE_NAME_ALIASES}
    here = {client for name in signing_names() & served for client in clients_signed_for(name)}
    others = {client for name in signing_names() for client in clients_signed_for(name)} - here
    simulated, not_simulated = (", ".join(f"`{name}`" for name in sorted(names)) for names in (here, others))
    return SERVICES_TEXT.format(simulated=simulated, not_simulated=not_simulated)


SERVICES_TEXT: Final = """\
# Services on this machine

Access is decided for all of AWS's services, and some of them are simulated on [this machine](local-aws.md). A call to
another one is denied or allowed as on AWS, is noted in `.remit/seen`, and is then `NotImplemented`, unless a
[test answers it](testing.md#services-that-are-not-simulated). Nothing is passed on to a real account: remit never sees
your credentials.

## Simulated

These clients of boto3 reach a service that is simulated. That says nothing of each operation: `remit.answer` answers
those that it lacks, too.

{simulated}

## Not simulated

{not_simulated}
"""


def _anchor(rule: Rule) -> str:
    return f"{rule.code} {rule.name}".lower().replace(" ", "-")


DERIVED: Final[dict[str, Callable[[], str]]] = {
    "docs/lint-rules.md": lint_rules,
    "docs/local-services.md": local_services,
}
"""Each file, from the project's folder, and what its text is."""


def main() -> None:
    """Write what is out of date, and name it."""
    for name, text in DERIVED.items():
        path = ROOT / name
        if not path.exists() or path.read_text("utf-8") != text():
            path.write_text(text(), "utf-8")
            print(f"wrote {name}")


if __name__ == "__main__":
    main()
