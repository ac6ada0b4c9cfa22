"""What two roles differ by: gains, losses, and what stays undecided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import effort
from remit.catalogue.partitions import partitions
from remit.catalogue.rcp_services import RCP_SERVICES
from remit.errors import RemitError
from remit.iam.comparison import Piece
from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.iam.pattern import matches
from remit.iam.policy import OLD_VERSION, Policy, parse
from remit.iam.prove.compare import (
    Comparison,
    compare,
    compare_documents,
    equivalent,
    gains,
    includes,
    within,
)
from remit.iam.prove.glob_sets import FRESH
from remit.iam.prove.realistic_values import regions_within

if TYPE_CHECKING:
    from collections.abc import Sequence

ACTIONS = ("s3:GetObject", "s3:GetObjectAcl", "s3:PutObject", "sqs:SendMessage", "dynamodb:PutItem")


def known(pattern: str) -> Sequence[str]:
    """A catalogue of five actions."""
    return tuple(name for name in ACTIONS if matches(pattern.lower(), name.lower()))


def allow(action: object, resource: object = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: object, resource: object = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def when(operator: str, key: str, *values: Any) -> dict[str, Any]:
    return {operator: {key: list(values)}}


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> Policy:
    return parse({"Version": version, "Statement": list(statements)})


def compared(old: Policy | Layers, new: Policy | Layers) -> Comparison:
    """The comparison, after every finding was put to the evaluator."""
    found = compare(old, new, actions_of=known)
    for pieces, more, less in ((found.gained, new, old), (found.lost, old, new)):
        for piece in pieces:
            assert evaluate(piece.request, more).verdict == "Allowed"
            assert evaluate(piece.request, less).verdict in ("ImplicitlyDenied", "ExplicitlyDenied")
    return found


def kinds(old: Policy | Layers, new: Policy | Layers) -> str:
    """`+` when something is gained, `-` when something is lost, `?` when something is undecided."""
    found = compared(old, new)
    return "+" * bool(found.gained) + "-" * bool(found.lost) + "?" * bool(found.undecided)


BUCKET, KEYS = "arn:aws:s3:::data", "arn:aws:s3:::data/*"
SECURE = when("Bool", "aws:SecureTransport", "true")
VPC = when("StringEquals", "aws:SourceVpc", "vpc-1")

CHANGES = {
    # The thirteen kinds of change on which differs by text raise false alarms or stay silent.
    "narrowed resource": (allow("s3:GetObject", "*"), allow("s3:GetObject", KEYS), "-"),
    "fewer actions": (allow(["s3:GetObject", "s3:PutObject"], KEYS), allow("s3:GetObject", KEYS), "-"),
    "split statement": (
        allow(["s3:GetObject", "s3:PutObject"], KEYS),
        [allow("s3:PutObject", KEYS), allow("s3:GetObject", KEYS)],
        "",
    ),
    "redundant statement": (allow("s3:*", "*"), [allow("s3:*", "*"), allow("s3:GetObject", KEYS)], ""),
    "added condition": (allow("s3:GetObject", KEYS), allow("s3:GetObject", KEYS, Condition=VPC), "-"),
    "removed condition": (allow("s3:GetObject", KEYS, Condition=VPC), allow("s3:GetObject", KEYS), "+"),
    "added action": (allow("s3:GetObject", KEYS), allow(["s3:GetObject", "s3:PutObject"], KEYS), "+"),
    "widened resource": (allow("s3:GetObject", KEYS), allow("s3:GetObject", "*"), "+"),
    "removed deny": ([allow("s3:*"), deny("s3:PutObject")], allow("s3:*"), "+"),
    "added deny": (allow("s3:*"), [allow("s3:*"), deny("s3:PutObject")], "-"),
    "narrowed deny": ([allow("s3:*"), deny("s3:*", KEYS)], [allow("s3:*"), deny("s3:PutObject", KEYS)], "+"),
    "wildcard for the list": (
        allow(["s3:GetObject", "s3:GetObjectAcl"], KEYS),
        allow("s3:GetObject*", KEYS),
        "+",
    ),
    "case of an action": (allow("s3:GetObject", KEYS), allow("S3:getobject", KEYS), ""),
    # And what makes comparing hard.
    "case of a resource": (allow("s3:GetObject", KEYS), allow("s3:GetObject", KEYS.upper()), "+-"),
    "order": ([allow("s3:Get*"), allow("sqs:*")], [allow("sqs:*"), allow("s3:Get*")], ""),
    "covered by two": (allow(["s3:GetObject", "sqs:*"]), [allow("s3:GetObject"), allow("sqs:*")], ""),
    "not covered by a union of globs": ([allow("s3:G*"), allow("s3:P*")], allow("s3:*"), "+"),
    "values for a wildcard": (
        allow("sqs:*", Condition=when("StringLike", "aws:SourceVpc", "vpc-*")),
        allow("sqs:*", Condition=VPC),
        "-",
    ),
    "IfExists": (
        allow("sqs:*", Condition=VPC),
        allow("sqs:*", Condition=when("StringEqualsIfExists", "aws:SourceVpc", "vpc-1")),
        "+",
    ),
    "absent keys satisfy a negated operator": (
        allow("sqs:*", Condition=when("StringNotEquals", "aws:SourceVpc", "vpc-1")),
        [allow("sqs:*", Condition=when("Null", "aws:SourceVpc", "true"))],
        "-",
    ),
    "true or false or absent is everything": (
        allow("sqs:*"),
        [
            allow("sqs:*", Condition=SECURE),
            allow("sqs:*", Condition=when("BoolIfExists", "aws:SecureTransport", "false")),
        ],
        "",
    ),
    "numbers are no text": (
        allow("sqs:*", Condition=when("NumericLessThan", "aws:MultiFactorAuthAge", "10")),
        allow("sqs:*", Condition=when("NumericLessThanEquals", "aws:MultiFactorAuthAge", "9")),
        "-",
    ),
    "number ranges that meet": (
        allow("sqs:*", Condition=when("Null", "aws:MultiFactorAuthAge", "false")),
        [
            allow("sqs:*", Condition=when("NumericLessThan", "aws:MultiFactorAuthAge", "10")),
            allow("sqs:*", Condition=when("NumericGreaterThanEquals", "aws:MultiFactorAuthAge", "10.0")),
        ],
        "",
    ),
    "dates": (
        allow("sqs:*", Condition=when("DateLessThan", "aws:CurrentTime", "2024-01-01T00:00:00Z")),
        allow("sqs:*", Condition=when("DateLessThan", "aws:CurrentTime", "1704067200")),
        "",
    ),
    "two halves of a block": (
        allow("sqs:*", Condition=when("IpAddress", "aws:SourceIp", "10.0.0.0/8")),
        allow("sqs:*", Condition=when("IpAddress", "aws:SourceIp", "10.0.0.0/9", "10.128.0.0/9")),
        "",
    ),
    "one address more": (
        allow("sqs:*", Condition=when("IpAddress", "aws:SourceIp", "10.0.0.0/31")),
        allow("sqs:*", Condition=when("IpAddress", "aws:SourceIp", "10.0.0.0/31", "10.0.0.2")),
        "+",
    ),
    "components of ARNs": (
        allow("sqs:*", Condition=when("StringLike", "aws:SourceArn", "arn:aws:s3:*")),
        allow("sqs:*", Condition=when("ArnLike", "aws:SourceArn", "arn:aws:s3:*:*:*")),
        "-",
    ),
    "any value of several": (
        allow("sqs:*", Condition=when("ForAllValues:StringEquals", "aws:TagKeys", "a", "b")),
        allow("sqs:*", Condition=when("ForAnyValue:StringEquals", "aws:TagKeys", "a", "b")),
        "+-",
    ),
    "a set that has a value, in two ways": (
        allow(
            "sqs:*",
            Condition={
                **when("ForAllValues:StringEquals", "aws:TagKeys", "a"),
                **when("ForAnyValue:StringEquals", "aws:TagKeys", "a"),
            },
        ),
        allow(
            "sqs:*",
            Condition={**when("ForAllValues:StringEquals", "aws:TagKeys", "a"), **when("Null", "aws:TagKeys", "false")},
        ),
        "",
    ),
    "all values of several": (
        allow("sqs:*", Condition=when("ForAllValues:StringEquals", "aws:TagKeys", "a", "b")),
        allow("sqs:*", Condition=when("ForAllValues:StringEquals", "aws:TagKeys", "a")),
        "-",
    ),
    "NotAction for the rest of a service": (
        {"Effect": "Allow", "NotAction": ["s3:*", "sqs:*"], "Resource": "*"},
        {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"},
        "+",
    ),
    "NotResource is escaped into": (
        allow("s3:*"),
        [allow("s3:*"), {"Effect": "Deny", "Action": "s3:*", "NotResource": [BUCKET, KEYS]}],
        "-",
    ),
    "NotResource that spares all that is allowed": (
        allow("s3:*", KEYS),
        [allow("s3:*", KEYS), {"Effect": "Deny", "Action": "s3:*", "NotResource": [BUCKET, KEYS]}],
        "",
    ),
    "the same variable": (
        allow(["s3:GetObject", "s3:PutObject"], f"{BUCKET}/${{aws:username}}/*"),
        allow("s3:GetObject", f"{BUCKET}/${{aws:username}}/*"),
        "-",
    ),
    "a variable within everything": (
        allow("s3:GetObject", KEYS),
        allow("s3:GetObject", f"{BUCKET}/${{aws:username}}/*"),
        "-",
    ),
    "a literal for a variable": (
        allow("s3:GetObject", f"{BUCKET}/${{aws:username}}/*"),
        allow("s3:GetObject", f"{BUCKET}/bob/*"),
        "+-",
    ),
    "a literal for a variable that is held to it": (
        allow("s3:GetObject", f"{BUCKET}/${{aws:username}}/*"),
        allow("s3:GetObject", f"{BUCKET}/bob/*", Condition=when("StringEquals", "aws:username", "bob")),
        "-",
    ),
    "a tag that must be the caller's": (
        allow("sqs:*", Condition=when("StringEquals", "aws:ResourceTag/team", "${aws:PrincipalTag/team}")),
        allow("sqs:*", Condition=when("StringLike", "aws:ResourceTag/team", "*")),
        "+",
    ),
    "a late-bound text is itself": (
        allow("sqs:SendMessage", {"Fn::GetAtt": ["Queue", "Arn"]}),
        allow(["sqs:SendMessage", "sqs:ReceiveMessage"], {"Fn::GetAtt": ["Queue", "Arn"]}),
        "+",
    ),
    "everything for a late-bound text": (allow("sqs:SendMessage", {"Ref": "Queue"}), allow("sqs:SendMessage"), "+"),
    "a question mark is one character": (allow("s3:GetObject", f"{BUCKET}/?*"), allow("s3:GetObject", KEYS), "+"),
    "question marks with and without": (
        [allow("s3:GetObject", f"{BUCKET}/"), allow("s3:GetObject", f"{BUCKET}/?*")],
        allow("s3:GetObject", KEYS),
        "",
    ),
    # A variable whose own key has a condition: it must equal another, a default, or what the same condition spells.
    "a variable that must equal another": (
        allow("sqs:*", "arn:aws:sqs:::q"),
        [
            allow("sqs:*", "arn:aws:sqs:::q"),
            allow("s3:*", f"{BUCKET}/${{aws:username}}", Condition=when("StringEquals", "aws:username", "${t:x}")),
        ],
        "+",
    ),
    "a variable that must equal another's default": (
        allow("sqs:*", "arn:aws:sqs:::q"),
        [
            allow("sqs:*", "arn:aws:sqs:::q"),
            allow("s3:*", f"{BUCKET}/${{t:y}}", Condition=when("StringEquals", "t:y", "${t:x, 'b'}")),
            deny("s3:*", Condition=when("Null", "t:x", "false")),
        ],
        "+",
    ),
    "variables that must be alike and like a pattern": (
        allow("s3:*", f"{BUCKET}/b*"),
        allow(
            "s3:*",
            f"{BUCKET}/${{t:x}}/${{t:y}}",
            Condition={"StringEquals": {"t:x": "${t:y}"}, "StringLike": {"t:y": "a*"}},
        ),
        "+-",
    ),
    "a variable beside its own pattern": (
        allow("sqs:*"),
        allow(["sqs:*", "s3:*"], Condition=when("StringLike", "t:x", "${t:x}b", "*a")),
        "+-",
    ),
    "a variable that its own condition names": (
        allow("s3:*", f"{BUCKET}/${{t:x}}", Condition=when("StringEquals", "t:x", "${t:y}")),
        allow("s3:*", f"{BUCKET}/${{t:x}}", Condition=when("StringEquals", "t:x", "${t:y}", "${t:z}")),
        "+",
    ),
    # Actions have a service and a name, and a resource is never empty.
    "everything of every service": (allow("*"), allow("*:*"), ""),
    "everything of a service with a name": (allow("s3:?*"), allow("s3:*"), ""),
    "any resource with a name": (allow("sqs:*", "?*"), allow("sqs:*"), ""),
    # A `*` of StringLike crosses the colons that ArnLike counts.
    "text for an ARN": (
        allow("sqs:*", Condition=when("ArnLike", "aws:SourceArn", "arn:aws:s3:*:*:b*")),
        allow("sqs:*", Condition=when("StringLike", "aws:SourceArn", "arn:aws:s3:*:*:b*")),
        "+",
    ),
    "a single character for a colon": (
        allow("sqs:*", Condition=when("ArnLike", "aws:SourceArn", "a:b:c:d:*:*")),
        allow("sqs:*", Condition=when("StringLike", "aws:SourceArn", "a:b:c:d?e:f")),
        "+-",
    ),
    "an ARN for text": (
        allow("sqs:*", Condition=when("StringLike", "aws:SourceArn", "arn:aws:s3:*:*:b*")),
        allow("sqs:*", Condition=when("ArnLike", "aws:SourceArn", "arn:aws:s3:*:*:b*")),
        "-",
    ),
    # Numbers of any size, with what is between and beyond them.
    "numbers too long to write out": (
        allow("sqs:*", Condition=when("NumericLessThan", "s3:max-keys", "1e400")),
        allow("sqs:*", Condition=when("NumericLessThan", "s3:max-keys", "1e401")),
        "+",
    ),
    "a number beyond the greatest": (
        allow("sqs:*", Condition=when("NumericLessThanEquals", "s3:max-keys", "1e40")),
        allow("sqs:*", Condition=when("NumericGreaterThan", "s3:max-keys", "0")),
        "+-",
    ),
    "a number between two long ones": (
        allow("sqs:SendMessage"),
        [
            allow("sqs:SendMessage"),
            allow("sqs:*", Condition={
                "NumericGreaterThan": {"s3:max-keys": f"1{'0' * 39}"},
                "NumericLessThan": {"s3:max-keys": f"1{'0' * 38}1"},
            }),
        ],
        "+",
    ),
    "a sign that lower case makes a letter": (
        allow("sqs:*", Condition=when("StringEquals", "aws:SourceVpc", "k", "K")),
        allow("sqs:*", Condition=when("StringEqualsIgnoreCase", "aws:SourceVpc", "k")),
        "+",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_gains_and_loses_what_it_should(change: str) -> None:
    """Every finding's request is put to the evaluator again by `compared`."""
    old, new, expected = CHANGES[change]
    sides = [policy(*(side if isinstance(side, list) else [side])) for side in (old, new)]
    assert kinds(*sides) == expected


def test_a_removed_boundary_is_a_gain_and_an_added_one_a_loss() -> None:
    identity = (policy(allow("s3:*"), allow("sqs:*")),)
    bounded = Layers(identity, boundary=(policy(allow("s3:*")),))
    assert kinds(bounded, Layers(identity)) == "+"
    assert kinds(Layers(identity), bounded) == "-"


def test_a_boundary_alone_allows_nothing() -> None:
    boundary = (policy(allow("*")),)
    assert kinds(Layers(boundary=boundary), Layers((policy(),), boundary=boundary)) == ""


def test_a_swapped_boundary_gains_what_the_other_let_through() -> None:
    identity = (policy(allow("*")),)
    first, second = (Layers(identity, boundary=(policy(allow(service)),)) for service in ("s3:*", "sqs:*"))
    found = compared(first, second)
    assert {piece.request.action for piece in found.gained} == {"sqs:SendMessage"}
    assert {piece.request.action.split(":")[0] for piece in found.lost} == {"s3"}
    assert "boundary" in found.gained[0].because


def test_every_scp_level_must_allow() -> None:
    identity = (policy(allow("s3:*")),)
    everything = (policy(allow("*")),)
    one = Layers(identity, scp=(everything, (policy(allow("*"), deny("s3:PutObject")),)))
    assert kinds(Layers(identity, scp=(everything, everything)), one) == "-"
    assert kinds(one, Layers(identity)) == "+"
    assert kinds(Layers(identity, scp=((),)), Layers(identity)) == "+"
    less = Layers(identity, scp=(everything, (policy(allow("s3:Get*")),)))
    told = [compared(less, Layers(identity)).gained[0].because, compared(Layers(identity), one).lost[0].because]
    assert told == ["no statement of the old scp[1] allows it", "the new scp[1][0].Statement[1] denies it"]


def test_an_rcp_that_denies_nothing_of_the_role_changes_nothing() -> None:
    identity = (policy(allow("s3:*")),)
    for silent in (policy(allow("sqs:*")), policy(deny("sqs:*")), policy()):
        assert compared(Layers(identity), Layers(identity, rcp=((silent,),))).same
        assert compared(Layers(identity, rcp=((silent,),)), Layers(identity)).same


def test_a_deny_of_an_rcp_is_lost_access_and_its_removal_a_gain() -> None:
    identity = (policy(allow("s3:*")),)
    denied = Layers(identity, rcp=((policy(allow("*")),), (policy(deny("s3:PutObject")),)))
    assert kinds(Layers(identity), denied) == "-"
    found = compared(denied, Layers(identity))
    assert [piece.because for piece in found.gained] == ["the old rcp[1][0].Statement[0] denies it"]


def test_an_allow_of_an_rcp_that_cannot_be_compared_leaves_nothing_undecided() -> None:
    identity = (policy(allow("s3:*")),)
    late = policy(allow("s3:${Operation}"))
    assert compared(Layers(identity), Layers(identity, rcp=((late,),))).same
    assert kinds(Layers(identity), Layers(identity, rcp=((policy(deny("s3:${Operation}")),),))) == "?"


def test_documents_of_a_role_are_compared_together() -> None:
    whole = (policy(allow("s3:Get*")), policy(allow("sqs:*"), deny("sqs:SendMessage")))
    parts = (policy(allow("sqs:*")), policy(deny("sqs:SendMessage"), allow("s3:Get*")))
    assert compare(whole, parts).same
    assert compare(whole, whole[:1]).lost


def test_tier_now_has_an_action_that_exists_and_tier_future_one_that_does_not_yet() -> None:
    listed = policy(allow(["s3:GetObject", "s3:GetObjectAcl"]))
    (piece,) = compared(listed, policy(allow("s3:Get*"))).gained
    assert (piece.tier, piece.request.action in ACTIONS) == ("future", False)
    (piece,) = compared(listed, policy(allow("s3:*"))).gained
    assert (piece.tier, piece.request.action) == ("now", "s3:PutObject")


def test_a_piece_names_its_statement_and_shows_a_request() -> None:
    old = policy(allow("s3:GetObject", KEYS))
    new = policy(allow("s3:GetObject", KEYS), allow("s3:PutObject", [KEYS, BUCKET], Sid="Write", Condition=VPC))
    first, second = compared(old, new).gained
    assert (first.source.name, first.action, first.resource) == (
        "identity[0].Statement[1] (Write)",
        "s3:PutObject",
        KEYS,
    )
    assert (first.request.resource, first.context) == ("arn:aws:s3:::data/example", {"aws:SourceVpc": "vpc-1"})
    assert second.request.resource == BUCKET


def test_variables_are_text_in_the_old_language() -> None:
    resource = f"{BUCKET}/${{aws:username}}/*"
    old, new = (policy(allow("s3:GetObject", resource), version=version) for version in (OLD_VERSION, "2012-10-17"))
    assert kinds(old, new) == "+-"
    assert kinds(old, policy(allow("s3:GetObject", resource), version=OLD_VERSION)) == ""


def test_an_arn_that_leaves_parts_out_is_every_one_that_begins_so() -> None:
    short = policy(allow("sqs:*", "arn:aws:sqs:eu-west-1"))
    assert equivalent(short, policy(allow("sqs:*", "arn:aws:sqs:eu-west-1:*:*")))
    wider = compared(short, policy(allow("sqs:*", "arn:aws:sqs")))
    assert (bool(wider.gained), wider.lost, wider.undecided) == (True, (), ())
    assert compared(short, policy(allow("sqs:*", "arn:aws:sqs:${Place}"))).undecided


def test_what_a_reference_would_have_to_equal_is_undecided() -> None:
    queue = {"Fn::GetAtt": ["Queue", "Arn"]}
    old = policy(allow("sqs:*", "arn:aws:sqs:*:*:q"), {"Effect": "Deny", "Action": "sqs:*", "NotResource": "arn:other"})
    new = policy(allow("sqs:*", "arn:aws:sqs:*:*:q"), {"Effect": "Deny", "Action": "sqs:*", "NotResource": queue})
    (undecided,) = compare(old, new, actions_of=known).undecided
    assert "late-bound" in undecided.reason
    assert undecided.source.index == 0


def test_a_single_document_is_compared_by_what_it_denies_as_well() -> None:
    old, new = policy(deny("s3:*")), policy(deny("s3:PutObject"))
    assert compare(old, new).same
    found = compare_documents(old, new, actions_of=known)
    assert [piece.request.action for piece in found.freed] == ["s3:GetObject"]
    assert not equivalent(old, new)
    assert found.broadens


def test_what_is_no_longer_denied_stands_where_its_deny_stood() -> None:
    old, new = policy(allow("s3:GetObject"), deny("s3:PutObject")), policy(allow("s3:GetObject"))
    for pieces in (compare_documents(old, new).freed, compare_documents(new, old).forbidden):
        (piece,) = pieces
        assert (piece.source.index, piece.source.statement) == (1, old.statements[1])


def test_what_a_deny_that_goes_leaves_allowed_is_a_gain_alone() -> None:
    old, new = policy(allow("s3:*"), deny("s3:PutObject")), policy(allow("s3:*"))
    appeared, gone = compare_documents(old, new), compare_documents(new, old)
    assert [len(appeared.gained), appeared.freed, appeared.undecided] == [1, (), ()]
    assert [len(gone.lost), gone.forbidden, gone.undecided] == [1, (), ()]


def test_includes_and_within_are_proofs() -> None:
    assert includes(policy(allow("s3:*")), policy(allow("s3:GetObject", KEYS)))
    assert not includes(policy(allow("s3:GetObject", KEYS)), policy(allow("s3:*")))
    guardrail = policy(allow("*"), deny("sqs:*"))
    assert within(policy(allow("s3:*")), guardrail).gained == ()
    (piece,) = within(policy(allow(["s3:*", "sqs:Send*"])), guardrail, actions_of=known).gained
    assert piece.request.action == "sqs:SendMessage"


def test_no_rcp_takes_the_right_to_retire_grants() -> None:
    """KMS: the kms:RetireGrant permission is not effective in an RCP, even if Action is `*`."""
    rcp = ((parse({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]}),),)
    nothing, retires, everything = (
        parse({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
        for action in ("s3:GetObject", "kms:RetireGrant", "kms:*")
    )
    assert compare(Layers((retires,), rcp=rcp), Layers((retires,))).same
    for policy in (retires, everything):
        (piece,) = compare(Layers((nothing,), rcp=rcp), Layers((nothing, policy), rcp=rcp)).gained
        assert (piece.request.action, piece.tier) == ("kms:RetireGrant", "now")


LOGS, EC2 = "arn:aws:logs:us-east-1:111122223333", "arn:aws:ec2:us-east-1:111122223333"


@pytest.mark.parametrize(
    ("action", "resource", "asked"),
    [
        ("logs:DescribeLogGroups", f"{LOGS}:log-group:/aws/x", None),
        ("logs:DescribeLogGroups", f"{LOGS}:log-group:*", f"{LOGS}:log-group::log-stream:"),
        ("ec2:DescribeInstances", f"{EC2}:instance/i-1", None),
        ("ec2:DescribeInstances", "*", "*"),
        ("s3:ListAllMyBuckets", "arn:aws:s3:::*", "arn:aws:s3:::*"),
        ("s3:ListAllMyBuckets", "arn:aws:s3:::data", None),
        ("s3:GetObject", "arn:aws:s3:::data", None),
        ("s3:Get*", "arn:aws:s3:::data", "arn:aws:s3:::data"),
        ("iam:DeleteRole", "arn:aws:iam::111122223333:role/aws-reserved/*", None),
        ("ec2:TerminateInstances", "arn:aws:ec2:*", f"{EC2}:instance/example"),
        ("logs:PutLogEvents", f"{LOGS}:log-group:a:*", f"{LOGS}:log-group:a:log-stream:example"),
    ],
)
def test_a_gain_is_shown_on_what_its_action_takes_and_has_no_effect_today_where_that_is_nothing(
    action: str, resource: str, asked: str | None
) -> None:
    policy = parse({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": resource}})
    (piece,) = compare(Policy(()), policy).gained
    assert (piece.tier, piece.request.resource if asked else None) == ("now" if asked else "future", asked)
    if asked is not None:
        assert evaluate(piece.request, policy).allowed


def of_key(operator: str, key: str, *values: str) -> Policy:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {operator: {key: values}}}
    return parse({"Version": "2012-10-17", "Statement": statement})


@pytest.mark.parametrize("key", ["aws:PrincipalTag/team", "aws:SourceVpce", "s3:prefix"])
def test_a_set_operator_on_a_key_with_one_value_gains_nothing(key: str) -> None:
    assert compare(of_key("StringEquals", key, "a"), of_key("ForAnyValue:StringEquals", key, "a")).same


def test_an_empty_text_is_an_empty_set_also_of_a_key_with_one_value() -> None:
    old = of_key("StringEqualsIfExists", "s3:prefix", "a")
    (piece,) = compare(old, of_key("ForAllValues:StringEquals", "s3:prefix", "a")).gained
    assert piece.context == {"s3:prefix": ""}


def test_a_witness_gives_a_key_of_several_values_a_set() -> None:
    (piece,) = compare(Policy(()), of_key("ForAnyValue:StringEquals", "aws:TagKeys", "team")).gained
    assert piece.context == {"aws:TagKeys": ["team"]}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aws:SecureTransport", "true"),
        ("aws:SourceIp", "192.0.2.1"),
        ("aws:SourceArn", "arn:aws:sns:us-east-1:111122223333:example"),
        ("aws:CurrentTime", "2026-01-01T00:00:00Z"),
        ("s3:max-keys", "1"),
        ("aws:SourceVpc", "vpc-1a2b3c4d"),
        ("s3:prefix", "example"),
    ],
)
def test_a_witness_gives_a_key_a_value_of_its_form_where_any_will_do(key: str, value: str) -> None:
    (piece,) = compare(Policy(()), of_key("Null", key, "false")).gained
    assert piece.context == {key: value}


@pytest.mark.parametrize(("vendor", "tier"), [("*", "now"), ("dynamodb", "now"), ("orders", "future")])
def test_the_arn_of_a_recovery_point_is_of_a_service_that_there_is(vendor: str, tier: str) -> None:
    new = policy(allow("backup:StartCopyJob", f"arn:aws:{vendor}:us-east-1:111122223333:x:y"))
    (piece,) = compare(policy(), new).gained
    service = piece.request.resource.split(":")[2]
    assert (tier, "backup" if vendor == "*" else vendor) == (piece.tier, service)


def test_what_is_gained_in_another_partition_alone_is_shown_there() -> None:
    old, new = (
        parse(
            {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": text}}
        )
        for text in ("arn:aws:sqs:*:*:*", "arn:*:sqs:*:*:*")
    )
    (piece,) = compare(old, new).gained
    assert (piece.tier, piece.request.resource) == ("now", "arn:aws-cn:sqs:cn-north-1:111122223333:example")


@pytest.mark.parametrize(
    ("resource", "tier", "shown"),
    [
        ("arn:aws:sqs:eu-west-?:111122223333:q", "now", "arn:aws:sqs:eu-west-1:111122223333:q"),
        ("arn:aws:sqs:eu-*:111122223333:q", "now", "arn:aws:sqs:eu-central-1:111122223333:q"),
        ("arn:aws*:sqs:cn-*:111122223333:q", "now", "arn:aws-cn:sqs:cn-north-1:111122223333:q"),
        ("arn:aws-cn:sqs:*:111122223333:q", "now", "arn:aws-cn:sqs:cn-north-1:111122223333:q"),
        ("arn:aws:sqs:us-east-1:11112*:q", "now", "arn:aws:sqs:us-east-1:111121234567:q"),
        ("arn:aws:sqs:us-east-1:11112222333?:q", "now", "arn:aws:sqs:us-east-1:111122223331:q"),
        ("arn:aws:sqs:mars-*:111122223333:q", "future", "arn:aws:sqs:mars-example:111122223333:q"),
        ("arn:awz*:sqs:us-east-1:111122223333:q", "future", "arn:awzexample:sqs:us-east-1:111122223333:q"),
    ],
)
def test_a_place_with_a_wildcard_is_one_that_there_is_or_has_no_effect_today(
    resource: str, tier: str, shown: str
) -> None:
    (piece,) = compare(policy(), policy(allow("sqs:SendMessage", resource))).gained
    assert (tier, shown) == (piece.tier, piece.request.resource)


def test_where_partition_and_region_are_open_one_region_stands_for_each_other_partition() -> None:
    """A request is tried at each place, and there are many."""
    first, *others = partitions()
    places = list(regions_within(FRESH, FRESH))
    assert len(first.regions) + len(others) == len(places)
    assert [partition.name for partition in others] == [name for name, _ in places[len(first.regions) :]]


def test_a_gain_of_today_is_looked_for_among_all_actions_of_a_pattern() -> None:
    """Whoever may do all of STS on any role gains what is not about roles."""
    old, new = policy(allow("sts:*", "arn:*:iam::*:role/*")), policy(allow("sts:*", "*"))
    (piece,) = compare(old, new).gained
    assert ("now", "sts:AssumeRoot") == (piece.tier, piece.request.action)


@pytest.mark.parametrize(
    ("denied", "shown"),
    [
        ("arn:*:sqs:*:111122223333:jobs", "arn:aws:sqs:us-east-1:444455556666:jobs"),
        ("arn:*:sqs:us-east-1:*:jobs", "arn:aws:sqs:af-south-1:111122223333:jobs"),
    ],
)
def test_what_is_gained_in_another_region_or_account_alone_is_shown_there(denied: str, shown: str) -> None:
    before, after = (
        policy(allow("sqs:SendMessage", "*"), deny("sqs:SendMessage", text)) for text in ("arn:*:sqs:*:*:jobs", denied)
    )
    (piece,) = compare(before, after).gained
    assert (piece.tier, piece.request.resource) == ("now", shown)


def test_every_action_on_an_object_is_shown_by_one_that_takes_objects() -> None:
    """Of the actions of some services the reference says that they take ARNs of any service, as recovery points do."""
    resource = "arn:aws:s3:::data/report"
    (piece,) = compare(policy(allow("s3:GetObject", resource)), policy(allow("*", resource))).gained
    assert ("now", "s3", resource) == (piece.tier, piece.request.action[:2], piece.request.resource)


@pytest.mark.parametrize(
    ("action", "before", "after", "asked"),
    [
        (
            "ec2:DeleteNetworkInterface",
            "arn:aws:ec2:*:*:network-interface/*",
            "*",
            "arn:aws-cn:ec2:cn-north-1:111122223333:network-interface/example",
        ),
        (
            "thinclient:GetDevice",
            "arn:aws:thinclient:*:*:*",
            "*",
            "arn:aws-cn:thinclient:cn-north-1:111122223333:device/",
        ),
        (
            "apigateway:GET",
            "arn:aws:apigateway:us-east-1::/restapis/*",
            "arn:aws:apigateway:*::/restapis*",
            "arn:aws:apigateway:af-south-1::/restapis/",
        ),
        ("backup:DescribeRecoveryPoint", None, "*", "arn:aws:backup:us-east-1:111122223333:"),
        ("ec2:DeleteNetworkInterface", "arn:*:ec2:*:*:network-interface/*", "*", None),
        ("logs:PutLogEvents", "arn:*:logs:*-?:*:*", "arn:aws:logs:*:*:*", None),
    ],
)
def test_a_gain_is_shown_on_an_arn_of_the_action_at_a_real_place_or_has_no_effect_today(
    action: str, before: str | None, after: str, asked: str | None
) -> None:
    old = policy() if before is None else policy(allow(action, before))
    (piece,) = compare(old, policy(allow(action, after))).gained
    resource = piece.request.resource
    assert ("future" if asked is None else "now", True) == (piece.tier, asked is None or resource.startswith(asked))


def test_get_caller_identity_is_no_gain_since_it_is_always_allowed() -> None:
    assert compare(policy(allow("s3:*")), policy(allow(["s3:*", "sts:GetCallerIdentity"]))).same


def test_keys_of_kms_are_compared_although_their_own_policy_has_its_say() -> None:
    key = "arn:aws:kms:us-east-1:111122223333:key/1"
    (piece,) = compare(policy(allow("s3:*")), policy(allow(["s3:*", "kms:Decrypt"], key))).gained[:1]
    assert piece.request.resource == key


def test_a_resource_policy_is_refused_with_the_way_to_ask() -> None:
    with pytest.raises(RemitError, match="not by a resource's policy"):
        compare(Layers(resource=()), Layers())


def test_an_operator_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RemitError, match="StringEqual"):
        compare(policy(), policy(allow("s3:*", Condition=when("StringEqual", "a:b", "c"))))


def compared_in_time(old: Policy, new: Policy) -> Comparison:
    with effort.at_most(10):
        return compare(old, new, actions_of=known)


def test_a_pigeonhole_of_conditions_ends_and_is_never_called_nothing_when_it_is_not() -> None:
    """Eight pigeons into seven holes: each cover forbids two pigeons in one hole."""
    holes = [f"h{number}" for number in range(7)]
    pigeons = [f"t:p{number}" for number in range(8)]
    covers = [
        allow("sqs:*", Condition={"StringEquals": {one: hole, other: hole}})
        for hole in holes
        for place, one in enumerate(pigeons)
        for other in pigeons[place + 1 :]
    ]
    asked = allow("sqs:*", Condition={"StringEquals": dict.fromkeys(pigeons, holes)})
    found = compared_in_time(policy(*covers), policy(asked))
    assert found.gained == ()
    assert [one.source.statement.conditions != () for one in found.undecided[:1]] == [True]


def test_question_marks_in_many_combinations_end_undecided() -> None:
    covers = [allow("s3:GetObject", f"{BUCKET}/" + "*".join("?" * 6 for _ in range(number))) for number in range(2, 12)]
    found = compared_in_time(policy(*covers), policy(allow("s3:GetObject", f"{BUCKET}/*a*b*c*d*e*")))
    assert found.gained or found.undecided


def test_a_thousand_statements_with_not_resource_end() -> None:
    covers = [{"Effect": "Deny", "Action": "s3:*", "NotResource": f"{BUCKET}/{number}/*"} for number in range(1000)]
    old = policy(allow("sqs:*"))
    found = compared_in_time(old, policy(allow("sqs:*"), allow("s3:*"), *covers))
    assert found.gained == ()
    nested = [{"Effect": "Deny", "Action": "s3:*", "NotResource": f"{BUCKET}/{'a' * number}*"} for number in range(300)]
    found = compared_in_time(old, policy(allow("sqs:*"), allow("s3:*"), *nested))
    assert found.gained or found.undecided


def test_private_characters_are_undecided_and_never_nothing() -> None:
    old = policy(allow("s3:GetObject", KEYS))
    found = compare(old, policy(allow("s3:GetObject", [KEYS, f"{BUCKET}-\ue000/*"])))
    assert "private use" in found.undecided[0].reason


def test_escapes_from_many_conditioned_not_resources_end_undecided() -> None:
    keys = [f"t:k{number}" for number in range(200)]
    covers = [
        {
            "Effect": "Allow",
            "Action": "*",
            "NotResource": [f"arn:*{number}*x*", f"arn:*y*{number}"],
            "Condition": when("StringEquals", key, "v"),
        }
        for number, key in enumerate(keys)
    ]
    asked = policy(allow("*", Condition={"StringEquals": dict.fromkeys(keys, "v")}))
    found = compared_in_time(policy(*covers), asked)
    assert [one.source.index for one in found.undecided if one.source.statement in asked.statements] == [0]


def test_a_statement_of_many_actions_on_many_resources_is_told_in_part_and_never_as_nothing() -> None:
    wide = [
        allow([f"s3:Do{number}*" for number in range(50)], [f"arn:{place}:{number}" for number in range(50)])
        for place in range(40)
    ]
    found = compared_in_time(policy(), policy(*wide))
    assert {piece.source.index for piece in found.gained} == set(range(40))
    assert len(found.gained) < 5_000


def test_lists_of_addresses_that_fit_a_policy_are_decided() -> None:
    blocks = [f"10.{number // 200}.{number % 200}.0/24" for number in range(0, 1200, 2)]
    old = policy(allow("s3:GetObject", Condition=when("IpAddress", "aws:SourceIp", *blocks)))
    new = policy(allow("s3:GetObject", Condition=when("IpAddress", "aws:SourceIp", *blocks[1:], "10.0.1.0/24")))
    found = compared(old, new)
    assert [piece.context["aws:SourceIp"].rpartition(".")[0] for piece in (*found.gained, *found.lost)] == [
        "10.0.1",
        "10.0.0",
    ]
    assert found.undecided == ()


def test_a_variable_that_must_meet_a_pattern_gets_a_value_that_does() -> None:
    """The Deny spares what is of glue; only a tag that spells such an ARN's end lets the bucket's ARN be one."""
    spare = {"Effect": "Deny", "Action": "*", "NotResource": ["arn:*:sqs:*:*:*"]}
    wider = {"Effect": "Deny", "Action": "*", "NotResource": ["arn:*:sqs:*:*:*", "arn:*:glue:*:*:catalog/*"]}
    bucket = allow("s3:GetObject", "arn:aws:s3:::${aws:PrincipalTag/Bucket}")
    found = compared(policy(bucket, spare), policy(bucket, wider))
    assert [piece.resource for piece in found.gained] == ["arn:aws:s3:::${aws:PrincipalTag/Bucket}"]
    assert ":glue:" in found.gained[0].request.resource
    assert found.undecided == ()


def test_a_request_looks_like_a_real_one() -> None:
    statement = allow(
        "dynamodb:PutItem",
        Condition={"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}},
    )
    (piece,) = compare(policy(), policy(statement)).gained
    assert piece.request.resource == "arn:aws:dynamodb:us-east-1:111122223333:table/example"
    assert piece.context == {"aws:PrincipalAccount": "111122223333", "aws:ResourceAccount": "111122223333"}
    (piece,) = compare(policy(), policy(allow("ec2:DescribeVpcs"))).gained
    assert piece.request.resource == "*"
    (piece,) = compare(policy(), policy(allow("ds:NoSuchAction"))).gained
    assert (piece.tier, piece.request.action) == ("future", "ds:NoSuchAction")


@pytest.mark.parametrize("old", ["a??????*", "a?*", "a?", "a???????????????"])
def test_whether_a_single_letter_takes_a_reference_of_unknown_length_is_undecided(old: str) -> None:
    queue = "arn:aws:sqs:eu-west-1:111122223333:"
    wide, narrow = allow("sqs:SendMessage", queue + old), allow("sqs:SendMessage", queue + "a${Name}")
    found = compare(policy(wide), policy(narrow))
    assert found.gained or found.undecided
    tags = [{"StringLike": {"aws:PrincipalTag/Team": text}} for text in (old, "a${Name}")]
    wide, narrow = (allow("sqs:SendMessage", Condition=tag) for tag in tags)
    found = compare(policy(wide), policy(narrow))
    assert found.gained or found.undecided


@pytest.mark.parametrize("old", ["a*", "*", "a${Name}", "*${Name}"])
def test_a_pattern_that_takes_a_reference_at_any_length_covers_it(old: str) -> None:
    queue = "arn:aws:sqs:eu-west-1:111122223333:"
    found = compare(policy(allow("sqs:SendMessage", queue + old)), policy(allow("sqs:SendMessage", queue + "a${Name}")))
    assert (found.gained, found.undecided) == ((), ())


def test_a_key_of_two_types_is_undecided_and_never_nothing() -> None:
    """The number 4 is an instant as well, between the other two."""
    four = {
        "NumericLessThan": {"t:k": "10"},
        "DateGreaterThan": {"t:k": "1970-01-01T00:00:03Z"},
        "DateLessThan": {"t:k": "1970-01-01T00:00:05Z"},
    }
    found = compare(policy(allow("sqs:*")), policy(allow("sqs:*"), allow("s3:GetObject", Condition=four)))
    assert found.gained or found.undecided


def test_what_a_deny_without_resource_denies_is_compared_too() -> None:
    old, new = (parse({"Statement": [{"Effect": "Deny", "Action": action}]}) for action in ("s3:*", "s3:GetObject"))
    found = compare_documents(old, new, actions_of=known)
    assert [bool(found.freed), bool(found.forbidden)] == [True, False]
    assert not equivalent(old, new)


def test_where_the_usual_form_of_an_arn_is_allowed_already_the_bare_text_is_the_witness() -> None:
    found = compared(policy(allow("s3:*", ["??", "arn:*"])), policy(allow("s3:*")))
    assert [piece.request.resource[:4] == "arn:" for piece in found.gained] == [False]
    assert found.undecided == ()


def told(old: Policy | Layers, new: Policy | Layers) -> list[tuple[str, str]]:
    """Action and resource of what is gained, as they are told."""
    return [(piece.action, piece.resource) for piece in compared(old, new).gained]


def test_of_a_wide_statement_that_a_limit_holds_only_what_the_limit_gives_is_told() -> None:
    def bounded(*statements: dict[str, Any]) -> Layers:
        return Layers((policy(allow("*")),), boundary=(policy(*statements),))

    first = bounded(allow(["s3:Get*", "sqs:*"]))
    assert told(first, bounded(allow(["s3:*", "sqs:*"]))) == [("s3:*", "*")]
    assert told(first, bounded(allow(["s3:Get*", "sqs:*"]), allow("s3:P*", KEYS))) == [("s3:P*", KEYS)]
    assert told(first, Layers((policy(allow("*")),))) == [("*", "*")]
    levels = Layers((policy(allow("*")),), scp=((policy(allow("s3:*")),), (policy(allow("*:Get*")),)))
    assert told(Layers((policy(allow("s3:P*")),)), levels) == [("s3:get*", "*")]


def test_of_a_wide_statement_only_what_a_deny_or_a_not_action_took_is_told() -> None:
    everything = policy(allow("*"))
    assert told(policy(allow("*"), deny("s3:Put*", KEYS)), everything) == [("s3:Put*", KEYS)]
    but_some = {"Effect": "Allow", "NotAction": ["sqs:*", "dynamodb:*"], "Resource": "*"}
    assert told(policy(but_some), everything) == [("sqs:*", "*"), ("dynamodb:*", "*")]


def test_the_piece_after_which_no_more_are_told_stands_for_the_whole_statement() -> None:
    many = compare(policy(), policy(allow("s3:*", [f"arn:aws:s3:::b{number}" for number in range(300)]))).gained
    assert [piece.whole for piece in many] == [*[False] * (len(many) - 1), True]
    few = compare(policy(), policy(allow("s3:*", [f"arn:aws:s3:::b{number}" for number in range(100)]))).gained
    assert not any(piece.whole for piece in few)


def test_the_first_gain_has_the_action_as_it_is_spelled_and_asks_no_catalogue() -> None:
    gain = gains(policy(allow("sqs:SendMessage")), policy(allow(["sqs:SendMessage", "SQS:receivemessage"])))

    assert isinstance(gain, Piece)
    assert ("SQS:receivemessage", "future") == (gain.request.action, gain.tier)


@pytest.mark.parametrize(
    ("denied", "gained"),
    [
        ("ec2:*", []),
        (["ec2:*", "s3:PutObject"], ["s3:PutObject"]),
        ("S3:Put*", ["S3:Put*"]),
        ("iam:*", []),
    ],
)
def test_an_rcp_reaches_the_services_that_rcps_reach_and_no_other(denied: Any, gained: list[str]) -> None:
    everything = policy(allow("*"))
    rcp = ((parse({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": denied, "Resource": "*"}]}),),)
    found = compare(Layers((everything,), rcp=rcp), Layers((everything,)))
    assert (gained, ()) == ([piece.action for piece in found.gained], found.undecided)
    assert found.same is not bool(gained)


def test_an_rcp_that_denies_everything_or_all_but_something_stays_decided() -> None:
    everything = policy(allow("*"))
    for element in ({"Action": "*"}, {"NotAction": "sts:*"}):
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", **element, "Resource": "*"}]}
        found = compare(Layers((everything,), rcp=((parse(document),),)), Layers((everything,)))
        assert ((), True) == (found.undecided, bool(found.gained))
        services = {piece.request.action.partition(":")[0] for piece in found.gained}
        assert services <= RCP_SERVICES


@pytest.mark.parametrize("element", [{"NotAction": "s3:*"}, {"NotAction": "newsvc:Get*"}, {"Action": "*"}])
@pytest.mark.parametrize("action", ["newsvc:*", "NewSvc:Get*", "new*:*", "?ewsvc:Get?"])
def test_a_service_that_the_catalogue_does_not_know_is_bound_by_no_rcp(element: dict[str, str], action: str) -> None:
    rcp = ((parse({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", **element, "Resource": "*"}]}),),)
    added = policy(allow(action))
    (piece,) = compare(Layers((policy(),), rcp=rcp), Layers((added,), rcp=rcp)).gained
    assert action == piece.action
    assert evaluate(Request("newsvc:GetX", "*"), Layers((added,), rcp=rcp)).verdict == "Allowed"


def test_an_rcp_by_not_action_takes_from_each_service_that_it_reaches_what_it_does_not_name() -> None:
    statement = {"Effect": "Deny", "NotAction": ["S3:Get*", "sts:*", "?qs:Send*"], "Resource": "*"}
    rcp = ((parse({"Version": "2012-10-17", "Statement": [statement]}),),)
    actions = ("s3:GetObject", "s3:Put*", "sts:*", "SQS:SendMessage", "sqs:Receive*", "ec2:*", "kms:RetireGrant")
    added = policy(allow([*actions, "?ms:Encrypt"]))
    found = compare(Layers((policy(),), rcp=rcp), Layers((added,), rcp=rcp))
    named = ["s3:GetObject", "sts:*", "SQS:SendMessage", "ec2:*", "kms:RetireGrant", "?ms:Encrypt"]
    assert (named, ()) == ([piece.action for piece in found.gained], found.undecided)
    freed = compare(Layers((added,), rcp=rcp), Layers((added,)))
    assert ["s3:Put*", "sqs:Receive*", "fms:encrypt", "kms:encrypt"] == [piece.action for piece in freed.gained]


@pytest.mark.parametrize(
    ("action", "shown"),
    [
        ("s3:DeleteObject", ("s3:DeleteObject", "future")),
        ("s3:*", ("s3:ListBucket", "now")),
        ("s3:List*", ("s3:ListBucket", "now")),
        ("dynamodb:PutItem", ("dynamodb:PutItem", "future")),
    ],
)
def test_a_request_of_today_has_no_key_that_its_action_never_carries(action: str, shown: tuple[str, str]) -> None:
    condition = {"NumericEquals": {"s3:max-keys": "10"}}
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition}
    (piece,) = compare(Policy(()), parse({"Version": "2012-10-17", "Statement": [statement]})).gained
    assert shown == (piece.request.action, piece.tier)


def test_what_a_condition_spares_by_a_reference_is_gained_for_all_others() -> None:
    """Whichever resource the reference is: that it is not known which leaves nothing more undecided."""
    old = policy(allow("sqs:SendMessage", Condition=when("ArnLike", "aws:SourceArn", "arn:aws:sns:*:1:*")))
    new = policy(allow("sqs:SendMessage", Condition=when("ArnNotLike", "aws:SourceArn", "${Topic}")))
    found = compare(old, new)
    assert [piece.because for piece in found.gained] == ["no statement of the old side allows it"]
    assert [item.reason for item in found.undecided] == [
        "it depends on what its variables or late-bound parts stand for"
    ]


def test_an_action_that_stands_twice_is_told_as_it_is_spelled_first() -> None:
    found = compare(policy(), policy(allow(["sqs:SendMessage", "SQS:sendmessage"])))
    assert [piece.action for piece in found.gained] == ["sqs:SendMessage"]


ALL_BUT_KEYS = {"Effect": "Allow", "Action": "*", "NotResource": KEYS}


@pytest.mark.parametrize("boundary", [allow("*", [KEYS, "*"]), ALL_BUT_KEYS])
def test_a_gain_is_looked_for_in_every_service_where_not_all_that_a_boundary_names_is_of_one(boundary: Any) -> None:
    s3 = Layers((policy(allow("s3:*")),))
    (piece,) = compare(s3, Layers((policy(allow("*")),), boundary=(policy(boundary),))).gained
    assert piece.tier == "now"
    assert piece.request.action.partition(":")[0] != "s3"


@pytest.mark.parametrize(
    ("statements", "gained"),
    [
        # No action of S3 takes a queue: that is for the future, and never shown by an action of SQS.
        ([allow("s3:*", "arn:aws:sqs:us-east-1:111122223333:q")], [("s3", "future")]),
        # No action of SQS carries the key.
        ([allow("sqs:*", Condition=when("StringEquals", "lambda:FunctionArn", "x"))], [("sqs", "future")]),
        # GetCallerIdentity needs no permission, another action of this name may.
        ([allow("sts:GetCaller*")], [("sts", "future")]),
        (
            [allow("s3:*"), {"Effect": "Deny", "NotAction": ["s3:GetObject", "s3:x"], "Resource": "*"}],
            [("s3", "now"), ("s3", "future")],
        ),
    ],
)
def test_a_gain_of_no_action_of_today_is_one_of_the_future(
    statements: list[dict[str, Any]], gained: list[tuple[str, str]]
) -> None:
    found = compare(policy(), policy(*statements))
    assert gained == [(piece.request.action.partition(":")[0], piece.tier) for piece in found.gained]
    assert found.undecided == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Layers((policy(allow("?*:*")),)), Layers((policy(allow("*")),))),
        (Layers((policy(allow("*:?*")),)), Layers((policy(allow("*")),))),
        (Layers((policy(allow("s3:Get*")),)), Layers((policy(allow("s3:*")),), boundary=(policy(allow("*:Get*")),))),
        (
            Layers((policy(allow("s3:Get*")),)),
            Layers((policy(allow("s3:*"), {"Effect": "Deny", "NotAction": "*:Get*", "Resource": "*"}),)),
        ),
    ],
)
def test_an_action_is_one_colon_with_text_on_either_side(old: Layers, new: Layers) -> None:
    """`:x` and `s3:x:GetObject` are no actions, so that nobody gains them."""
    found = compare(old, new)
    assert (found.gained, found.undecided) == ((), ())


def test_what_lies_beyond_a_guardrail_is_told_of_the_guardrail_with_what_is_undecided() -> None:
    rail = policy(allow("s3:*"))
    (piece,) = within(policy(allow("s3:*"), allow("sqs:*")), rail, actions_of=known).gained
    assert piece.because == "no statement of the guardrail's side allows it"
    found = within(policy(allow("s3:*"), allow("s3:${Operation}")), rail)
    assert ((), ["identity[0].Statement[1]"]) == (found.gained, [item.source.name for item in found.undecided])


def test_what_a_document_denies_no_longer_says_so() -> None:
    found = compare_documents(policy(deny("s3:*")), policy(deny("s3:Put*")))
    (piece,) = found.freed
    assert piece.because == "the new side does not deny it"
    (piece,) = compare_documents(policy(deny("s3:Put*")), policy(deny("s3:*"))).forbidden
    assert piece.because == "the old side does not deny it"


def test_a_denial_that_cannot_be_compared_is_undecided_where_the_document_has_it() -> None:
    late = deny("s3:${Operation}")
    found = compare_documents(policy(allow("sqs:*"), late), policy(allow("sqs:*")))
    assert [(item.source.name, item.source.statement.effect) for item in found.undecided] == [
        ("identity[0].Statement[1]", "Deny")
    ]


def test_a_document_is_the_same_as_itself_attached_alone() -> None:
    one = policy(allow("s3:*"), deny("s3:PutObject"))
    assert equivalent(one, (one,))
    assert equivalent((one,), one)
    assert not equivalent(one, (policy(allow("s3:*")),))


@pytest.mark.parametrize(
    ("operators", "expected"),
    [
        (("StringEquals", "StringLike"), "+"),
        (("StringLike", "StringEquals"), "-"),
        (("StringEquals", "StringEqualsIgnoreCase"), "+"),
        (("StringNotEquals", "StringNotLike"), "-"),
    ],
)
def test_a_star_is_a_star_alone_where_an_operator_knows_no_wildcards(operators: tuple[str, str], expected: str) -> None:
    sides = [policy(allow("sqs:*", Condition=when(operator, "aws:SourceVpc", "vpc-*"))) for operator in operators]
    assert kinds(*sides) == expected


ONLY_X = "arn:aws:s3:::b/x"
READ = allow("s3:GetObject", ONLY_X)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # A Deny that spares by NotResource or NotAction denies all else, whatever it spells.
        ([READ, {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::b/al"}], [READ], "+"),
        ([READ, {"Effect": "Deny", "Action": "s3:*", "NotResource": ONLY_X}], [READ], ""),
        ([READ, {"Effect": "Deny", "NotAction": "sqs:*", "Resource": "*"}], [READ], "+"),
        ([READ, {"Effect": "Deny", "NotAction": "s3:Get*", "Resource": "*"}], [READ], ""),
        # A variable may be what the other statement spells, and other names are not.
        ([READ, deny("s3:GetObject", "arn:aws:s3:::b/${aws:username}")], [READ], "+"),
        ([READ, deny("s3:GetObject", "arn:aws:s3:::c/${aws:username}")], [READ], ""),
        # The same words with the opposite element deny the opposite.
        ([allow("*"), {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}], [allow("*"), deny("s3:*")], "+-"),
    ],
)
def test_a_deny_that_goes_gains_what_it_denied_and_nothing_else(
    old: list[dict[str, Any]], new: list[dict[str, Any]], expected: str
) -> None:
    assert kinds(policy(*old), policy(*new)) == expected


def test_a_deny_of_an_rcp_is_not_the_same_as_one_of_an_scp() -> None:
    """An RCP denies nothing of EC2."""
    everything, denying = policy(allow("*")), policy(allow("*"), deny("ec2:*"))
    by_scp = Layers((everything,), scp=((denying,),))
    by_rcp = Layers((everything,), scp=((everything,),), rcp=((policy(deny("ec2:*")),),))
    (piece,) = compare(by_scp, by_rcp).gained
    assert ("ec2:*", "the old scp[0][0].Statement[1] denies it") == (piece.action, piece.because)
    assert compare(by_scp, by_rcp).lost == ()


def test_each_action_is_told_on_each_resource_as_the_statement_spells_both() -> None:
    new = allow(["S3:getobject", "s3:PUT*", "sqs:*"], ["arn:aws:sqs", KEYS])
    place = "us-east-1:111122223333"
    assert [
        (piece.action, piece.resource, piece.tier, piece.request.action, piece.request.resource)
        for piece in compared(policy(allow("s3:Get*")), policy(new)).gained
    ] == [
        ("s3:PUT*", "arn:aws:sqs", "future", "s3:PutObject", f"arn:aws:sqs:{place}:example"),
        ("s3:PUT*", KEYS, "now", "s3:PutObject", "arn:aws:s3:::data/example"),
        ("sqs:*", "arn:aws:sqs", "now", "sqs:SendMessage", f"arn:aws:sqs:{place}:example"),
        ("sqs:*", KEYS, "future", "sqs:SendMessage", "arn:aws:s3:::data/example"),
    ]
    but = {"Effect": "Allow", "NotAction": ["s3:*", "sqs:Send*"], "NotResource": KEYS}
    (piece,) = compared(policy(), policy(but)).gained
    assert ("*", "*", "dynamodb:PutItem", "now") == (
        piece.action, piece.resource, piece.request.action, piece.tier,
    )  # fmt: skip
