"""A deployer's policy holds every resource of a template in a statement, or says in a note why it does not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest

from random_cases import cases_of
from remit.deployer.deployer_policy import Deployer, bound, deployer
from remit.deployer.optional_actions import called_actions
from remit.deployer.planned_stack import stack_of
from remit.documents.read import read
from remit.errors import RemitError
from remit.iam.decide.evaluate import Request, evaluate
from remit.iam.policy import Globs

NUMBER: Final = "111122223333"
IAM: Final = f"arn:aws:iam::{NUMBER}:"
TESTS: Final = Path(__file__).parents[1]
KINDS: Final = {"AWS::IAM::Role": ("RoleName", "role"), "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "policy")}
_NONE: Final = Globs(())
CREATE: Final = {"role": "iam:CreateRole", "policy": "iam:CreatePolicy"}
OPEN_TEXTS: Final[dict[str, Any]] = {
    "a parameter": {"Ref": "Given"},
    "an import": {"Fn::ImportValue": "x"},
    "an attribute": {"Fn::GetAtt": ["Maker", "Text"]},
    "a condition": {"Fn::If": ["Prod", {"Ref": "Given"}, {"Ref": "AWS::NoValue"}]},
    "a mapping": {"Fn::FindInMap": ["Paths", {"Ref": "Given"}, "path"]},
    "a part": {"Fn::Sub": "/team/${Given}/"},
    "a beginning": {"Fn::Sub": "${Given}-x"},
    "a joined part": {"Fn::Join": ["", ["/", {"Ref": "Given"}, "/app/"]]},
}


KEY: Final = "arn:aws:kms:eu-central-1:${Account}:key/k"


def of(kind: str, **properties: Any) -> Deployer:
    resources = {"Runner": {"Type": kind, "Properties": {"AssumeRolePolicyDocument": {}, **properties}}}
    template = {"Parameters": {"Given": {"Type": "String"}}, "Resources": resources}
    return bound(deployer(stack_of("shop", [template])), region="eu-central-1", account=NUMBER)


def allows(found: Deployer, action: str, arn: str) -> bool:
    return evaluate(Request(action, arn, principal=f"{IAM}user/ci", context={}), found.policy).allowed


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", OPEN_TEXTS.values(), ids=OPEN_TEXTS)
def test_a_role_or_policy_whose_path_is_computed_is_in_a_statement(kind: str, path: Any) -> None:
    _, noun = KINDS[kind]
    found = of(kind, Path=path)
    granted = [pattern for grant in found.grants for pattern in (grant.statement.resources or _NONE).patterns]
    assert all("shop-Runner-" in pattern for pattern in granted if pattern.startswith(f"{IAM}{noun}"))
    assert CREATE[noun] in {name for grant in found.grants for name in grant.statement.actions.patterns}
    assert any(f"the path of Runner ({kind}) is known at the deploy only" in note for note in found.notes)
    assert not allows(found, CREATE[noun], f"{IAM}{noun}/admin")


@pytest.mark.parametrize("kind", KINDS)
def test_an_open_path_may_be_none_or_any(kind: str) -> None:
    _, noun = KINDS[kind]
    found = of(kind, Path={"Ref": "Given"})
    for path in ("", "team/", "team/app/"):
        assert allows(found, CREATE[noun], f"{IAM}{noun}/{path}shop-Runner-1")
        assert not allows(found, CREATE[noun], f"{IAM}{noun}/{path}other-shop-Runner-1")


@pytest.mark.parametrize("kind", KINDS)
def test_both_paths_of_a_condition_are_in_a_statement(kind: str) -> None:
    name, noun = KINDS[kind]
    found = of(kind, Path={"Fn::If": ["Prod", "/prod/", "/dev/"]}, **{name: "runner"})
    for path, expected in (("prod/", True), ("dev/", True), ("", False)):
        assert allows(found, CREATE[noun], f"{IAM}{noun}/{path}runner") is expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_begins_known_is_a_pattern_with_a_note(kind: str) -> None:
    property_, noun = KINDS[kind]
    found = of(kind, **{property_: {"Fn::Sub": "shop-${Given}-runner"}})
    assert allows(found, CREATE[noun], f"{IAM}{noun}/shop-prod-runner")
    assert not allows(found, CREATE[noun], f"{IAM}{noun}/admin")
    assert any("the name of Runner" in note and "that stretch is a wildcard" in note for note in found.notes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["a parameter", "an import", "an attribute", "a beginning"])
def test_a_name_of_which_no_beginning_is_known_is_told(kind: str, form: str) -> None:
    property_, noun = KINDS[kind]
    found = of(kind, **{property_: OPEN_TEXTS[form]})
    assert not allows(found, CREATE[noun], f"{IAM}{noun}/admin")
    assert any("the name of Runner" in note and "nothing is granted on it" in note for note in found.notes)


def test_an_arn_whose_account_the_deploy_alone_knows_becomes_no_pattern_of_all_accounts() -> None:
    def key_of(account: object) -> tuple[str, ...]:
        found = of("AWS::Lambda::Function", KmsKeyArn={"Fn::Sub": [KEY, {"Account": account}]})
        (statement,) = [one.statement for one in found.grants if "kms:Decrypt" in one.statement.actions.patterns]
        return statement.resources.patterns if statement.resources else ()

    assert key_of("444455556666") == ("arn:aws:kms:eu-central-1:444455556666:key/k",)
    assert key_of({"Ref": "Given"}) == (f"arn:aws:kms:eu-central-1:{NUMBER}:key/*",)


def templates() -> list[tuple[str, Any]]:
    """Every template among the tests' data, and one for each computed name and path of each kind of identity."""
    found: list[tuple[str, Any]] = []
    for path in sorted(TESTS.rglob("*")):
        if path.suffix in (".json", ".yaml", ".yml", ".template") and b"Resources" in path.read_bytes():
            try:
                found.append((str(path.relative_to(TESTS)), read(path.read_bytes(), path.name).value))
            except RemitError:
                continue  # a template that is wrong on purpose
    kinds = {**KINDS, "AWS::IAM::User": ("UserName", ""), "AWS::IAM::Group": ("GroupName", "")}
    for kind, (name, _) in kinds.items():
        for form, text in OPEN_TEXTS.items():
            for properties in ({name: text}, {"Path": text}, {name: text, "Path": text}):
                made = {"Odd": {"Type": kind, "Properties": properties}}
                found.append((f"{kind}, {form}", {"Resources": made}))
    custom: dict[str, Any] = {"Odd": {"Type": "Custom::Thing", "Properties": {}}}
    return [*found, ("a custom resource without a token", {"Resources": custom})]


def test_every_resource_of_every_template_is_in_a_statement_or_in_a_note() -> None:
    silent: list[str] = []
    looked_at = 0
    for name, template in cases_of(templates(), 150):
        try:
            stack = stack_of("shop", [template])
        except RemitError:
            continue
        found = deployer(stack)
        looked_at += 1
        # A role is named beside what it is passed to and in the note on boundaries, which says nothing about itself.
        notes = [note for note in found.notes if not note.startswith("who writes ")]
        told = " ".join((*(grant.because for grant in found.grants), *notes, *(id_ for id_, _ in found.unknown)))
        words = set(re.findall(r"[A-Za-z0-9]+'?", told))
        silent += [
            f"{name}: {declared.logical_id} ({declared.type})"
            for declared in stack.resources.values()
            if declared.logical_id not in words and called_actions(declared)
        ]
    assert silent == []
    assert looked_at > len(OPEN_TEXTS)
