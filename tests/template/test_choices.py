"""What a parameter, a mapping or a condition puts into a statement: told both ways, and settled where it can be."""

from __future__ import annotations

import itertools
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit
from random_cases import cases
from remit.answers.template_roles import Conditions, explain_in
from remit.documents.read import read
from remit.errors import RemitError
from remit.lint import lint_bytes
from remit.review.role_files import review_files
from remit.roles.role_policies import ready_role
from remit.template.role_files import read_source
from remit.template.settled_values import settled_source
from role_readers import read_roles

if TYPE_CHECKING:
    from pathlib import Path

    from remit.answers.explanation import Explanation

TEMPLATE = """\
Parameters:
  Mode: {Type: String, Default: Allow, AllowedValues: [Allow, Deny]}
  Only: {Type: String, AllowedValues: [Allow]}
  Free: {Type: String}
  Verb: {Type: String, AllowedValues: ["s3:GetObject", "s3:PutObject"]}
  Stage: {Type: String, Default: dev}
Mappings:
  ByStage: {dev: {effect: Deny, verb: "s3:Put*"}, prod: {effect: Allow, verb: "s3:Get*"}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: p
          PolicyDocument:
            Version: VERSION
            Id: !Sub "${AWS::StackName}-p"
            Statement:
              - Effect: EFFECT
                Action: ACTION
                Resource: "arn:aws:s3:::b/${aws:username}*"
"""


def template(effect: str = "Allow", action: str = "s3:GetObject", version: str = '"2012-10-17"') -> bytes:
    """The template with some text in these places."""
    return TEMPLATE.replace("EFFECT", effect).replace("ACTION", action).replace("VERSION", version).encode()


def asked(tmp_path: Path, data: bytes, *more: str, resource: str = "arn:aws:s3:::b/k") -> dict[str, Any]:
    """The answer to `remit explain` of R's GetObject."""
    file = tmp_path / "t.yaml"
    file.write_bytes(data.replace(b"${aws:username}", b""))
    ran = remit("explain", str(file), "R", "s3:GetObject", resource, *more, "--json")
    assert ran.status in (0, 1), ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


ANSWERS = {
    "a parameter": (template("!Ref Mode"), {"Mode = Allow": "Allowed", "Mode is not Allow": "ExplicitlyDenied"}),
    "a parameter that may be any": (
        template("!Ref Free"),
        {"Free = Allow": "Allowed", "Free is not Allow": "ExplicitlyDenied"},
    ),
    "a parameter in a text": (
        template('!Sub "${Mode}"'),
        {"Mode = Allow": "Allowed", "Mode is not Allow": "ExplicitlyDenied"},
    ),
    "a condition": (
        template("!If [IsProd, Allow, Deny]"),
        {"Stage = prod": "Allowed", "Stage is not prod": "ExplicitlyDenied"},
    ),
    "a parameter in a condition": (
        template("!If [IsProd, Allow, !Ref Mode]"),
        {"Mode = Allow": "Allowed", "Mode is not Allow and Stage is not prod": "ExplicitlyDenied"},
    ),
}


@pytest.mark.parametrize(("data", "ways"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_depends_on_what_is_put_in_is_given_both_ways(
    data: bytes, ways: dict[str, str], tmp_path: Path
) -> None:
    found = asked(tmp_path, data)
    told = {one["if"]: one["verdict"] for one in found["ways"]}
    parts = {" and ".join(sorted(when.split(" and "))): verdict for when, verdict in told.items()}
    assert (found["verdict"], parts) == ("Unknown", ways)


SETTLED = {
    "the only allowed value": (template("!Ref Only"), (), "Allowed"),
    "a mapping by known keys": (template("!FindInMap [ByStage, dev, effect]"), (), "ExplicitlyDenied"),
    "a parameter that is given": (template("!Ref Mode"), ("--parameter", "Mode=Allow"), "Allowed"),
    "a condition's parameter": (
        template("!If [IsProd, Allow, Deny]"),
        ("--parameter", "Stage=test"),
        "ExplicitlyDenied",
    ),
    "an action that is given": (template(action="!Ref Free"), ("--parameter", "Free=S3:get*"), "Allowed"),
    "another action that is given": (template(action="!Ref Free"), ("--parameter", "Free=s3:Put*"), "ImplicitlyDenied"),
    "an action that may be any": (template(action="!Ref Free"), (), "Unknown"),
    "a part of an action that may be any": (template(action='!Sub "s3:${Free}Object"'), (), "Unknown"),
    "a part of another action": (template(action='!Sub "s3:${Free}Tagging"'), (), "ImplicitlyDenied"),
    "a version": (template(version="!Ref Free"), (), "Allowed"),
}


@pytest.mark.parametrize(("data", "more", "verdict"), SETTLED.values(), ids=SETTLED)
def test_what_can_be_settled_is_and_what_nobody_knows_is_unknown(
    data: bytes, more: tuple[str, ...], verdict: str, tmp_path: Path
) -> None:
    found = asked(tmp_path, data, *more)
    assert (found["verdict"], "ways" in found) == (verdict, False)


def test_an_action_that_a_mapping_or_a_parameter_gives_is_unknown(tmp_path: Path) -> None:
    by_map = template(action="!FindInMap [ByStage, !Ref Stage, verb]")
    listed = by_map.replace(b'verb: "s3:Put*"', b'verb: ["sqs:*", "s3:Put*"]')
    several = template(action="!Ref Verb").replace(b"Verb: {Type: String", b"Verb: {Type: CommaDelimitedList")
    for data in (by_map, listed, template(action="!Ref Verb"), several):
        assert asked(tmp_path, data)["verdict"] == "Unknown"
    assert asked(tmp_path, listed, "--parameter", "Stage=dev")["verdict"] == "ImplicitlyDenied"
    assert changed(by_map, by_map.replace(b's3:Put*"', b's3:*"')) == [("?",)]


def test_an_effect_that_a_mapping_gives_is_refused_at_its_line() -> None:
    with pytest.raises(RemitError, match="Effect must be a string") as caught:
        read_roles(template("!FindInMap [ByStage, !Ref Stage, effect]"), "t.yaml")
    assert (caught.value.origin and caught.value.origin.line) == 24


def test_a_parameter_of_the_parameter_store_is_what_stands_there_and_not_its_name(tmp_path: Path) -> None:
    stored = template("!Ref Only").replace(b"Only: {Type: String", b"Only: {Type: AWS::SSM::Parameter::Value<String>")
    assert {one["verdict"] for one in asked(tmp_path, stored)["ways"]} == {"Allowed", "ExplicitlyDenied"}


def test_all_but_an_unknown_action_is_unknown_where_it_may_be_that_one(tmp_path: Path) -> None:
    data = template().replace(b"Action: s3:GetObject", b'NotAction: ["iam:*", !Ref Free]')
    assert asked(tmp_path, data)["depends_on"] == ["${Free}"]
    assert asked(tmp_path, data.replace(b"iam:*", b"s3:*"))["verdict"] == "ImplicitlyDenied"


def test_a_variable_is_one_only_if_the_version_that_is_put_in_has_variables() -> None:
    grants = read_roles(template(version="!Ref Free"), "t.yaml").roles[0].grants
    assert [(one.version, one.because) for one in grants] == [
        ("2012-10-17", "if Free = 2012-10-17"),
        ("2008-10-17", "unless Free = 2012-10-17"),
    ]


def test_a_policy_that_is_there_on_a_condition_is_told_as_conditional(tmp_path: Path) -> None:
    extra = """\
  P:
    Type: AWS::IAM::Policy
    Condition: IsProd
    Properties:
      Roles: [!Ref R]
      PolicyDocument: {Statement: {Effect: Allow, Action: s3:GetObject, Resource: "*"}}
"""
    found = asked(tmp_path, template(action="sqs:SendMessage") + extra.encode())
    told = {one["if"]: one["verdict"] for one in found["ways"]}
    assert told == {"Stage = prod": "Allowed", "Stage is not prod": "ImplicitlyDenied"}


def test_a_role_that_is_there_on_a_condition_and_a_parameter_that_may_be_empty_are_told_so(tmp_path: Path) -> None:
    data = template("!If [HasFree, Allow, Deny]").replace(
        b"  IsProd:", b'  HasFree: !Not [!Equals [!Ref Free, ""]]\n  IsProd:'
    )
    data = data.replace(b"    Type: AWS::IAM::Role\n", b"    Type: AWS::IAM::Role\n    Condition: IsProd\n")
    found = asked(tmp_path, data)
    assert {one["if"]: one["verdict"] for one in found["ways"]} == {
        'Free is not ""': "Allowed",
        'Free = ""': "ExplicitlyDenied",
    }
    assert found["notes"] == ["it is there only if IsProd"]


def test_of_very_many_ways_those_are_looked_at_in_which_one_condition_alone_holds(tmp_path: Path) -> None:
    """Which of nine conditions it is, nobody would find among the first 256 of 1,024 ways."""
    more = "".join(f"  C{number}: !Equals [!Ref P{number}, x]\n" for number in range(9))
    effects = "".join(
        f"              - {{Effect: !If [C{number}, Allow, Deny], Action: sqs:A{number}, Resource: '*'}}\n"
        for number in range(9)
    )
    data = template("!If [C0, Allow, Deny]").replace(b"  IsProd:", f"{more}  IsProd:".encode()) + effects.encode()
    found = asked(tmp_path, data)
    assert {one["if"]: one["verdict"] for one in found["ways"]}["P0 = x"] == "Allowed"
    assert "more than 256 ways" in " ".join(found["notes"])


def test_conditions_of_other_roles_do_not_count_among_the_ways(tmp_path: Path) -> None:
    """However many there are, each way of this role is looked at."""
    more = "".join(f"  C{number}: !Equals [!Ref P{number}, x]\n" for number in range(9))
    role = template("Allow").decode().partition("  R:\n")[2]
    others = "".join(
        f"  R{number}:\n{role}".replace("Effect: Allow\n", f"Effect: !If [C{number}, Allow, Deny]\n")
        for number in range(9)
    )
    data = template("!If [IsProd, Allow, Deny]").replace(b"  IsProd:", f"{more}  IsProd:".encode()) + others.encode()

    found = asked(tmp_path, data)

    assert {one["if"]: one["verdict"] for one in found["ways"]} == {
        "Stage = prod": "Allowed",
        "Stage is not prod": "ExplicitlyDenied",
    }
    assert found["notes"] == []


PIECES = {
    "EFFECT": (
        "Allow", "Deny", "!Ref Mode", "!If [IsProd, Allow, !Ref Mode]", "!If [Both, Deny, Allow]",
    ),
    "ACTION": (
        "s3:*", "!Ref Verb", "[!FindInMap [ByStage, !Ref Stage, verb], sqs:*]", '!Sub "s3:${Free}Object"',
        "!If [Both, !Ref Verb, s3:PutObject]",
    ),
    "VERSION": ('"2012-10-17"', "!If [IsProd, 2012-10-17, 2008-10-17]"),
}  # fmt: skip
GIVEN = {"Mode": ("Allow", "Deny"), "Stage": ("dev", "prod"), "Free": ("Get", "Put"), "Verb": ("s3:GetObject", "s3:x")}


def answer_of(data: bytes, given: dict[str, str]) -> Explanation:
    """What is answered with some parameters given."""
    source = settled_source(read(data, "t.yaml"), given)
    found = read_source(source)
    names = {f"${{{name}}}": value for name, value in given.items()}
    role = ready_role(found.roles[0], names, found.documents)
    return explain_in(Conditions(source), role, "R", "s3:GetObject", "arn:aws:s3:::b/k")


def _may(verdict: str) -> bool | None:
    return None if verdict == "Unknown" else verdict == "Allowed"


def test_an_answer_holds_for_every_deploy_and_its_ways_are_those_that_deploys_have() -> None:
    choose = random.Random(5).choice  # noqa: S311 - reproducible, not secret
    told: set[str] = set()
    for _ in range(cases(12, deep=150)):
        others = [(choose(PIECES["EFFECT"]), choose(PIECES["ACTION"])) for _ in range(choose((0, 1, 2)))]
        more = "".join(f"              - {{Effect: {one}, Action: {other}, Resource: '*'}}\n" for one, other in others)
        data = template(*(choose(PIECES[name]) for name in ("EFFECT", "ACTION", "VERSION"))) + more.encode()
        data = data.replace(b"  IsProd:", b"  Both: !And [!Condition IsProd, !Equals [!Ref Mode, Allow]]\n  IsProd:")
        data = data.replace(b"${aws:username}", b"")
        late = answer_of(data, {})
        found = {way.verdict for _, way in late.ways} or {late.verdict}
        told |= found
        ways = {_may(verdict) for verdict in found}
        deploys = [dict(zip(GIVEN, values, strict=True)) for values in itertools.product(*GIVEN.values())]
        verdicts = {_may(answer_of(data, given).verdict) for given in deploys}
        if None not in ways:
            assert verdicts <= ways, data.decode()
        assert late.verdict == "Unknown" or verdicts == {_may(late.verdict)}, data.decode()
    assert told == {"Allowed", "ExplicitlyDenied", "ImplicitlyDenied", "Unknown"}


def test_why_a_role_was_denied_is_told_with_when_it_would_be(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_bytes(template("!If [IsProd, Allow, Deny]").replace(b"${aws:username}", b""))
    who = "User: arn:aws:sts::111122223333:assumed-role/shop-R-1A2B3C4D5E6F/s"
    text = f"{who} is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k"
    told = remit("why", "--template", str(file), text).out
    assert "the role R does not allow it if Stage is not prod" in told
    assert "a Deny of the role" not in told


def changed(old: bytes, new: bytes) -> list[tuple[str, ...]]:
    """What changes, by kind: with when."""
    found = review_files((old, "old.yaml"), (new, "new.yaml"))
    return [
        (kind, *one.when)
        for one in found.changes
        for kind, parts in (("+", one.access.gained), ("-", one.access.lost), ("?", one.access.undecided or one.unread))
        if parts
    ]


def test_a_comparison_tells_when_an_effect_that_is_put_in_gains_or_loses() -> None:
    late, allow, deny = template("!Ref Mode"), template("Allow"), template("Deny")
    assert changed(allow, late) == [("-", "Mode is not Allow")]
    assert changed(deny, late) == [("+", "Mode = Allow")]
    assert changed(late, late) == []
    assert changed(template("!Ref Only"), allow) == []
    assert changed(late, late.replace(b"Default: Allow", b"Default: Deny")) == [("?",)]


def test_a_statement_whose_effect_is_put_in_is_linted_by_itself() -> None:
    data = template("!Ref Mode", "s3:GetObjct")
    assert "R202" in {one.rule for one in lint_bytes(data, "t.yaml")}


def test_a_text_in_the_place_of_a_condition_is_refused_at_its_place() -> None:
    data = template().replace(b"Action: s3:GetObject", b"Action: s3:GetObject\n                Condition: !Ref Free")
    with pytest.raises(RemitError, match=r"Condition must be a dict of operators, got a text by Ref") as caught:
        read_roles(data, "t.yaml")
    assert str(caught.value.origin) == "t.yaml:26:28"


def test_a_text_in_the_place_of_a_principal_can_only_be_everyone() -> None:
    data = template().replace(b"{Service: lambda.amazonaws.com}", b"!Ref Free")
    trust = read_roles(data, "t.yaml").roles[0].trust
    assert trust is not None
    assert trust.statements[0].principals is not None
    assert trust.statements[0].principals.patterns == (("*", "*"),)
