"""What the resources of a version say to its roles and to others: all of it, for inputs in which every part matters."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

import pytest

from remit.app import Grant, Reason, Resource
from remit.documents.read import read
from remit.errors import Origin, RemitError
from remit.holders import Holder, bounded, inline
from remit.iam.comparison import Piece, StatementLocation
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import OLD_VERSION, Condition, Globs, Policy, Principals, Statement, allow
from remit.iam.request import Request
from remit.review.accepted import accept
from remit.review.accepted_file import entries_of
from remit.review.access_change import AccessSetting, Given, Version
from remit.review.changes import review
from remit.review.joint_access import JoinedResources, arn_of
from remit.review.principal_policies import (
    compare_files,
    compare_resource_policies,
    compare_trust,
    lets_in_no_more,
    narrowed_trust,
)
from remit.review.resource_access import giving, giving_of_file, policies_beside
from remit.review.resource_losses import resource_losses
from remit.review.role_files import review_files
from remit.review.setting_changes import setting_changes
from remit.roles.reference_shapes import shapes_of
from remit.template.role_files import read_source

ROLE: Final = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/app"}
OTHER: Final = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/other"}
ROOT: Final = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}
HERE: Final = Origin("t.json", 7, 3)
ONE, LIMIT = (f"arn:aws:iam::111122223333:policy/{name}" for name in ("one", "limit"))


def said(principal: Any, action: Any, on: Any = "*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    named = {} if principal is None else {"Principal": principal}
    return {"Effect": effect, **named, "Action": action, "Resource": on, **more}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def declared(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def trusted(*statements: dict[str, Any], **properties: Any) -> dict[str, Any]:
    lambdas = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return declared("AWS::IAM::Role", AssumeRolePolicyDocument=document(lambdas, *statements), **properties)


def by(operator: str, key: str, value: Any) -> dict[str, Any]:
    return {operator: {key: value}}


TEMPLATE: Final = {
    "Parameters": {"Account": {"Type": "String"}},
    "Resources": {
        "Role": trusted(RoleName="app"),
        "Files": declared("AWS::S3::Bucket", BucketName="b"),
        "OfFiles": declared(
            "AWS::S3::BucketPolicy",
            Bucket={"Ref": "Files"},
            PolicyDocument=document(
                said({"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}, "s3:GetObject"),
                said("*", "s3:ListBucket", "arn:aws:s3:::b", Condition=by("ArnEquals", "aws:PrincipalArn", ROLE)),
                said({"AWS": ROLE}, ["*", "s3:Put*"], "arn:aws:s3:::b/in/*"),
                said(
                    {"AWS": ROOT},
                    "s3:PutObject",
                    ["arn:aws:s3:::b/*", "arn:aws:s3:::*"],
                    Condition=by("StringEquals", "aws:SourceVpc", "v"),
                ),
                said({"AWS": OTHER}, "s3:DeleteObject"),
                said("*", "*", effect="Deny", Condition=by("ArnNotEquals", "aws:PrincipalArn", ROLE)),
                {"Effect": "Deny", "NotPrincipal": {"AWS": ROLE}, "Action": "s3:*", "Resource": "*"},
                said("*", "s3:*", effect="Deny", Condition=by("Bool", "aws:SecureTransport", "false")),
                said({"AWS": {"Fn::Sub": "arn:aws:iam::${Account}:role/app"}}, "s3:GetObjectAcl"),
                {"Effect": "Deny", "NotPrincipal": {"AWS": OTHER}, "Action": "s3:PutObject", "Resource": "*"},
                said({"AWS": ROLE}, "s3:GetBucketAcl", {"Fn::GetAtt": ["Files", "Arn"]}),
            ),
        ),
        "Orders": declared("AWS::SQS::Queue", QueueName="q"),
        "OfOrders": declared(
            "AWS::SQS::QueuePolicy",
            Queues=[{"Ref": "Orders"}],
            PolicyDocument=document(said({"AWS": ROLE}, "sqs:*"), said("*", "sqs:SendMessage")),
        ),
        "Key": declared("AWS::KMS::Key", KeyPolicy=document(said({"AWS": ROLE}, "kms:Decrypt"))),
        "Other": declared("AWS::SQS::Queue", QueueName="n"),
        "OfOther": declared(
            "AWS::SQS::QueuePolicy",
            Queues=[{"Ref": "Other"}],
            PolicyDocument=document(
                {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "sqs:*", "NotResource": "x"}
            ),
        ),
    },
}


def test_a_role_is_told_what_each_statement_of_a_resource_says_to_it_about_that_resource() -> None:
    """Left out: what means others, what its conditions exclude the role from, and a policy with NotResource."""
    source = read_source(read(json.dumps(TEMPLATE).encode(), "t.json"))
    version = Version("v", source.roles, giving=giving_of_file(source), shapes=shapes_of(source.resources))
    joined = JoinedResources(version, version.shapes.beside(version.shapes))
    files, orders, key = ("${Files.Arn}", "${Files.Arn}/*"), ("${Orders.Arn}",), ("${Key.Arn}",)
    vpc, plain = ["StringEquals aws:SourceVpc = v"], ["Bool aws:SecureTransport = false"]
    assert [
        (
            (saying.location.policy, saying.location.index),
            saying.how.name,
            saying.is_named,
            f"{saying.statement.effect} {', '.join(saying.statement.actions.patterns)}",
            saying.statement.resources and saying.statement.resources.patterns,
            [condition.words for condition in saying.statement.conditions],
        )
        for saying in joined.sayings(source.roles[0])
    ] == [
        ((0, 0), "ROLE", True, "Allow s3:GetObject", files, []),
        ((0, 1), "DIRECT", False, "Allow s3:ListBucket", ("arn:aws:s3:::b",), []),
        ((0, 2), "ROLE", True, "Allow s3:*, s3:Put*", ("arn:aws:s3:::b/in/*",), []),
        ((0, 3), "ACCOUNT", False, "Allow s3:PutObject", ("arn:aws:s3:::b/*", "arn:aws:s3:::*"), vpc),
        ((0, 6), "DIRECT", False, "Deny s3:*", files, []),
        ((0, 7), "DIRECT", False, "Deny s3:*", files, plain),
        ((0, 9), "DIRECT", False, "Deny s3:PutObject", files, []),
        ((0, 10), "ROLE", True, "Allow s3:GetBucketAcl", files[:1], []),
        ((1, 0), "ROLE", True, "Allow sqs:*", orders, []),
        ((1, 1), "DIRECT", False, "Allow sqs:SendMessage", orders, []),
        ((2, 0), "ROLE", True, "Allow kms:Decrypt", key, []),
    ]
    assert joined.keys == key
    assert [saying.key for saying in joined.sayings(source.roles[0])] == [*[""] * 10, *key]


TEXT: Final = json.dumps(document(said("*", "sqs:*")))
RESOURCES: Final = tuple(
    Resource(name, kind, properties, origin=HERE)
    for name, kind, properties in (
        ("Tagged", "AWS::SQS::Queue", {"Tags": [{"Key": "p", "Value": TEXT}]}),
        ("Empty", "AWS::S3::BucketPolicy", {"Bucket": "b", "PolicyDocument": document()}),
        ("Late", "AWS::S3::BucketPolicy", {"Bucket": "b", "PolicyDocument": {"Fn::ImportValue": "p"}}),
        ("Sub", "AWS::SQS::QueuePolicy", {"Queues": ["q"], "PolicyDocument": {"Fn::Sub": TEXT}}),
        ("Bus", "AWS::Events::EventBusPolicy", {"Action": "events:PutEvents", "Principal": "111122223333"}),
        (
            "Two",
            "AWS::SQS::QueuePolicy",
            {
                "Queues": ["q", {"Ref": "Orders"}],
                "Action": "x",
                "PolicyDocument": document(said("*", "sqs:*"), said(None, "sqs:Send*")),
            },
        ),
        ("Key", "AWS::KMS::Key", {}),
        ("LateKey", "AWS::KMS::Key", {"KeyPolicy": {"Ref": "P"}}),
        ("OwnKey", "AWS::KMS::Key", {"KeyPolicy": document(said("*", "kms:*"))}),
        ("Endpoint", "AWS::EC2::VPCEndpoint", {"PolicyDocument": document(said("*", "s3:*"))}),
    )
)


def test_each_resource_gives_the_statements_of_its_policies_and_says_what_cannot_be_read() -> None:
    bucket, late = "arn:${AWS::Partition}:s3:::b", '${{"Fn::ImportValue":"p"}}'
    permission = 'a permission = {"Action": "events:PutEvents", "Principal": "111122223333"}'
    assert {
        name: (
            [[(grant.statement.actions.patterns[0], grant.because) for grant in grants] for grants in access.documents],
            access.on,
            access.arns,
            sorted(access.unread),
            (access.is_ceiling, access.is_gateway),
        )
        for name, access in giving(RESOURCES).items()
    } == {
        "Tagged": ([], ("Tagged",), ("${Tagged.Arn}",), [], (False, False)),
        "Empty": ([], ("b",), (bucket,), [], (False, False)),
        "Late": ([], ("b",), (bucket,), [f"PolicyDocument {late}"], (False, False)),
        "Sub": ([[("sqs:*", "queue policy Sub")]], ("q",), ("",), [], (False, False)),
        "Bus": ([], ("Bus",), ("",), [permission], (False, False)),
        "Two": (
            [[("sqs:*", "queue policy Two"), ("sqs:Send*", "queue policy Two")]],
            ("q", "${Orders}"),
            ("", ""),
            [],
            (False, False),
        ),
        "Key": ([], ("Key",), ("${Key.Arn}",), [], (False, False)),
        "LateKey": ([], ("LateKey",), ("${LateKey.Arn}",), ["KeyPolicy ${P}"], (False, False)),
        "OwnKey": ([[("kms:*", "policy of key OwnKey")]], ("OwnKey",), ("${OwnKey.Arn}",), [], (False, False)),
        "Endpoint": ([[("s3:*", "policy of vpcendpoint Endpoint")]], ("Endpoint",), ("",), [], (True, True)),
    }
    grants = [grant for access in giving(RESOURCES).values() for part in access.documents for grant in part]
    assert {grant.origin for grant in grants} == {HERE}


def test_beside_a_role_stand_policies_that_name_principals_and_the_default_of_a_key_that_is_given_none() -> None:
    root = ("AWS", "arn:${AWS::Partition}:iam::${AWS::AccountId}:root")
    assert [
        (policy.name, policy.how, [(grant.statement.principals, grant.statement.actions) for grant in policy.grants])
        for policy in policies_beside(RESOURCES)
    ] == [
        ("", "beside", [(Principals((("*", "*"),)), Globs(("sqs:*",)))]),
        ("${Key.Arn}", "beside", [(Principals((root,)), Globs(("kms:*",)))]),
        ("${OwnKey.Arn}", "beside", [(Principals((("*", "*"),)), Globs(("kms:*",)))]),
    ]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"door": "GET /orders: AWS_IAM->everybody"}, "`door` is what opens"),
        ({"door": 3}, "`door` is what opens"),
        (
            {"trust": {"Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}},
            "what is accepted is access: the Effect is Allow",
        ),
    ],
)
def test_an_entry_that_accepts_no_access_or_no_door_is_refused(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(RemitError) as refused:
        entries_of(json.dumps([{"functions": "*", "because": "x", **entry}]).encode(), "accepted.json")
    assert refused.value.message.startswith(message)


def test_an_entry_of_what_is_undecided_may_deny() -> None:
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    (entry,) = entries_of(
        json.dumps([{"functions": ["f"], "because": "x", "undecided": deny}]).encode(), "accepted.json"
    )
    assert (entry.functions, entry.kind, entry.statement) == (
        ("f",),
        "undecided",
        Statement("Deny", Globs(("s3:*",)), Globs(("*",))),
    )


def principals(*names: str) -> Principals:
    return Principals(tuple(("AWS", name) for name in names))


def test_the_statement_of_a_piece_of_trust_is_narrowed_to_whom_and_what_the_piece_is_about() -> None:
    statement = replace(
        allow("sts:AssumeRole", "sts:TagSession"), principals=principals("111122223333", "444455556666")
    )
    source = StatementLocation("trust", 0, 0, statement)
    piece = Piece(source, "sts:TagSession", "*", Request("sts:TagSession", "*"), "now", principal="444455556666")
    assert narrowed_trust(piece) == replace(
        statement, actions=Globs(("sts:TagSession",)), principals=principals("444455556666")
    )
    assert narrowed_trust(replace(piece, whole=True)) == statement
    assert narrowed_trust(replace(piece, principal="another")) == replace(statement, actions=Globs(("sts:TagSession",)))
    for negated in (
        replace(statement, actions=replace(statement.actions, negated=True)),
        replace(statement, principals=replace(principals("111122223333"), negated=True)),
    ):
        kept = narrowed_trust(replace(piece, source=replace(source, statement=negated)))
        assert (kept.actions == negated.actions, kept.principals == negated.principals) == (
            negated.actions.negated,
            not negated.actions.negated,
        )


def test_what_is_undecided_is_not_proven_to_let_in_no_more() -> None:
    reads = replace(allow("s3:GetObject", on="arn:aws:s3:::b/*"), principals=principals("111122223333"))
    odd = (Condition("StringLike", "s3:prefix", ("${aws:PrincipalTag/${x}}*",)),)
    assert lets_in_no_more(Policy((reads,)), Policy((reads,)), {})
    assert not lets_in_no_more(Policy((replace(reads, conditions=odd),)), Policy((reads,)), {})
    denied = replace(reads, effect="Deny", conditions=odd)
    other = (Condition("StringLike", "s3:prefix", ("${aws:PrincipalTag/${y}}*",)),)
    assert not lets_in_no_more(Policy((reads, denied)), Policy((reads, replace(denied, conditions=other))), {})


def test_what_a_resource_gives_is_within_a_statement_that_spells_what_it_refers_to() -> None:
    arn = "arn:aws:sqs:us-east-1:111122223333:orders"
    spelled, referring = (
        Policy((replace(allow("sqs:SendMessage", on=on), principals=principals("111122223333")),))
        for on in (arn, "${Orders.Arn}")
    )
    assert lets_in_no_more(spelled, referring, {"${Orders.Arn}": arn})
    assert not lets_in_no_more(spelled, referring, {"${Orders.Arn}": f"{arn}-old"})


def test_a_value_that_is_a_part_of_a_level_is_none_of_its_levels() -> None:
    def given(value: str) -> Given:
        return Given("T", settings=(AccessSetting("Acl", "door", "private<public-read=open<public!", (value,)),))

    for value, opens, public in (("open", True, False), ("public", True, True), ("read", None, None)):
        changes = setting_changes("B", given("private"), given(value))
        told = [(door.was, door.now, door.opens, door.public) for door in changes.doors]
        assert told == ([] if opens is None else [("private", value, opens, public)])
        assert [unread.reason for unread in changes.unread] == (
            ["B (T): Acl is read in place of private"] if opens is None else []
        )


def version(*statements: Statement, **more: Any) -> Version:
    grants = inline(Grant(statement, Reason("text", "")) for statement in statements)
    limits, notes = bounded(more.pop("boundary", None)), more.pop("notes", ())
    return Version("a version", (Holder("Role", (grants,), (), limits, notes=notes),), **more)


def test_a_review_names_what_stands_for_itself_and_knows_the_name_of_its_stack_exactly() -> None:
    send = Grant(replace(allow("sqs:SendMessage"), principals=principals("111122223333")), Reason("text", ""))
    resources = {"Queue": Given("AWS::SQS::Queue"), "Open": Given("AWS::SQS::QueuePolicy", ((send,),), ("q",), ("",))}
    new = version(giving=resources, namespace="shop-dev", names={"${AWS::StackName}": "shop-dev-1"})
    found = review(version(giving={"Gone": resources["Open"]}), new)
    assert found.roles == ("Role", "Open", "Gone")
    assert found.names == {"${AWS::StackName}": "shop-dev-1"}
    assert review(version(), replace(new, names={})).names == {"${AWS::StackName}": "shop-dev"}
    assert found.elsewhere is not None
    assert [(each.name, each.how) for each in found.elsewhere] == [("Open", "added"), ("Gone", "removed")]


def test_a_boundary_that_nobody_can_read_limits_neither_side_and_a_note_that_goes_is_no_change() -> None:
    limit = {LIMIT: Policy((allow("s3:Get*"),))}
    before = version(allow("s3:*"), boundary=LIMIT, documents=limit)
    (change,) = review(before, version(allow("s3:*"), boundary=ONE)).changes
    assert (change.access.gained, change.access.lost) == ((), ())
    assert review(version(allow("s3:*"), notes=("a", "b")), version(allow("s3:*"), notes=("b",))).changes == ()


def test_a_function_stays_under_a_role_of_another_account_however_its_arn_is_spelled() -> None:
    old = Version("old", (), others={"f": "arn:aws:iam::${Account}:role/x"}, names={"${Account}": "111122223333"})
    new = Version("new", (), others={"f": "arn:aws:iam::111122223333:role/x"})
    assert review(old, new).changes == ()
    moved = review(old, replace(new, others={"f": "arn:aws:iam::444455556666:role/x"}))
    assert [unread.arn for change in moved.changes for unread in change.unread] == ["arn:aws:iam::444455556666:role/x"]


def test_another_role_that_a_resource_hands_over_is_compared_by_what_it_may_do_and_not_by_who_takes_it() -> None:
    account = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}
    policies = [{"PolicyName": "p", "PolicyDocument": document(said(None, "sqs:SendMessage"))}]

    def template(name: str) -> tuple[bytes, str]:
        resources = {
            "Narrow": trusted(),
            "Wide": trusted(account, Policies=policies),
            "Rule": declared(
                "AWS::Events::Rule", Targets=[{"Id": "a", "Arn": "x", "RoleArn": {"Fn::GetAtt": [name, "Arn"]}}]
            ),
        }
        return json.dumps({"Resources": resources}).encode(), "t.json"

    (change,) = review_files(template("Narrow"), template("Wide")).changes
    assert (change.functions, change.use, change.trust.same) == (("Rule",), "acts as Wide, before acts as Narrow", True)
    assert [(piece.action, piece.resource) for piece in change.access.gained] == [("sqs:SendMessage", "*")]


@pytest.mark.parametrize(
    ("key_policy", "of_role", "of_account"),
    [
        (said({"AWS": ROOT}, "kms:*"), [], []),
        (said({"AWS": ROOT}, "kms:*", Condition=by("StringEquals", "aws:SourceVpc", "v")), [], ["kms:*"]),
        (said({"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}, "kms:Decrypt"), ["kms:*"], ["kms:*"]),
        (
            {"Effect": "Allow", "Principal": {"AWS": ROOT}, "NotAction": "kms:Decrypt", "Resource": "*"},
            [],
            ["kms:Decrypt"],
        ),
        (said({"AWS": OTHER}, "kms:*"), [], ["kms:*"]),
    ],
)
def test_what_a_key_no_longer_leaves_to_the_account_is_told_of_the_account_and_of_a_role_that_it_names(
    key_policy: dict[str, Any], of_role: list[str], of_account: list[str]
) -> None:
    """Source: "Key policies in AWS KMS" (AWS KMS Developer Guide). What the role does with other services is kept."""
    policies = [{"PolicyName": "p", "PolicyDocument": document(said(None, ["kms:*", "sqs:*"]))}]

    def template(statement: dict[str, Any]) -> tuple[bytes, str]:
        resources = {
            "Role": trusted(Policies=policies),
            "Key": declared("AWS::KMS::Key", KeyPolicy=document(statement)),
        }
        return json.dumps({"Resources": resources}).encode(), "t.json"

    found = review_files(template(said({"AWS": ROOT}, "kms:*")), template(key_policy))
    lost = {change.role: [piece.action for piece in change.access.lost] for change in found.changes}
    assert (lost.get("Role", []), lost.get("Key", [])) == (of_role, of_account)


MINE: Final = {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}
IN_VPC: Final = by("StringEquals", "aws:SourceVpc", "v")


@pytest.mark.parametrize(
    ("key_policy", "lost"),
    [
        ([said(MINE, ["kms:Encrypt", "kms:Decrypt"])], []),
        ([said(MINE, "kms:Encrypt"), said(MINE, "kms:Decrypt", Condition=IN_VPC)], ["kms:Decrypt"]),
        ([said(MINE, "kms:Encrypt", Condition=IN_VPC), said(MINE, "kms:Decrypt")], ["kms:Encrypt"]),
        ([{"Effect": "Allow", "Principal": MINE, "NotAction": "kms:Decrypt", "Resource": "*"}], ["kms:Decrypt"]),
        ([said(MINE, "kms:*"), said(MINE, "kms:Decrypt", effect="Deny")], ["kms:Decrypt"]),
    ],
)
def test_a_role_keeps_of_its_own_access_to_a_key_what_each_statement_of_the_key_leaves_it(
    key_policy: list[dict[str, Any]], lost: list[str]
) -> None:
    policies = [{"PolicyName": "p", "PolicyDocument": document(said(None, ["kms:Encrypt", "kms:Decrypt"]))}]

    def template(*statements: dict[str, Any]) -> tuple[bytes, str]:
        resources = {
            "Role": trusted(Policies=policies),
            "Key": declared("AWS::KMS::Key", KeyPolicy=document(*statements)),
        }
        return json.dumps({"Resources": resources}).encode(), "t.json"

    found = review_files(template(said({"AWS": ROOT}, "kms:*")), template(*key_policy))
    told = {change.role: [piece.request.action for piece in change.access.lost] for change in found.changes}
    assert told.get("Role", []) == lost


def test_a_denial_in_a_trust_policy_matters_only_where_somebody_was_let_in() -> None:
    allowed = replace(allow("sts:AssumeRole"), resources=None, principals=principals("111122223333"))
    denied = replace(allowed, effect="Deny", principals=principals("444455556666"))
    for old, new in (((allowed,), (allowed, denied)), ((allowed, denied), (allowed,))):
        comparison = compare_trust(Policy(old), Policy(new))
        assert comparison.same, comparison


@pytest.mark.parametrize(
    ("action", "on", "counts"),
    [
        ("sts:AssumeRole", None, False),
        ("STS:assumerole", None, False),
        ("sts:AssumeRole", Globs(("*",)), True),
        ("ecr:BatchGetImage", None, True),
    ],
)
def test_of_two_files_a_denial_alone_counts_unless_they_are_of_a_roles_trust(
    action: str, on: Globs | None, *, counts: bool
) -> None:
    """A trust policy has no resources and is about STS alone; a repository's policy has no resources either."""
    allowed = replace(allow(action), resources=on, principals=principals("111122223333"))
    denied = replace(allowed, effect="Deny", principals=principals("444455556666"))
    plain, denying = (Layers((Policy(statements),)) for statements in ((allowed,), (allowed, denied)))
    assert (bool(compare_files(plain, denying).forbidden), bool(compare_files(denying, plain).freed)) == (
        counts,
        counts,
    )


def test_the_app_s_own_account_in_an_example_is_one_that_no_policy_names() -> None:
    """And an account that a parameter gives is another one than that."""
    arn = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:q"

    def by(name: str) -> tuple[Policy, ...]:
        return (Policy((replace(allow("sqs:SendMessage", on=arn), principals=principals(name)),)),)

    own, other = (by(f"arn:aws:iam::${{{name}}}:root") for name in ("AWS::AccountId", "Other"))
    comparison = compare_resource_policies(own, other)
    (gained,), (lost,) = comparison.gained, comparison.lost
    assert gained.request.resource == lost.request.resource == "arn:aws:sqs:us-east-1:123456789012:q"
    assert (gained.principal, gained.request.principal) == (
        "arn:aws:iam::${Other}:root",
        "arn:aws:iam::${Other}:user/example",
    )
    (named,) = compare_resource_policies((), by("arn:aws:iam::123456789012:root")).gained
    assert "123456789012" not in named.request.resource


def test_a_trust_policy_of_another_version_is_compared_though_its_text_is_the_same() -> None:
    """The older language takes `${aws:username}` for a text. Source: "IAM policy elements: Variables and tags"."""
    own = (Condition("StringEquals", "aws:PrincipalTag/owner", ("${aws:username}",)),)
    trust = replace(allow("sts:AssumeRole"), resources=None, principals=principals("111122223333"), conditions=own)
    comparison = compare_trust(Policy((trust,), OLD_VERSION), Policy((trust,)))
    assert (len(comparison.gained), len(comparison.lost)) == (1, 1)


def test_what_a_role_that_comes_or_goes_has_by_a_resource_is_told_of_the_role_alone() -> None:
    """So is what a resource may do that comes or goes with the role which it hands over."""

    def read_version(**resources: dict[str, Any]) -> Version:
        source = read_source(read(json.dumps({"Resources": resources}).encode(), "t.json"))
        return Version("v", source.roles, giving=giving_of_file(source), shapes=shapes_of(source.resources))

    def queue(*statements: dict[str, Any]) -> dict[str, Any]:
        properties = {"Queues": [{"Ref": "Queue"}], "PolicyDocument": document(*statements)}
        return {"Queue": declared("AWS::SQS::Queue"), "Policy": declared("AWS::SQS::QueuePolicy", **properties)}

    other, own = (said(principal, "sqs:SendMessage") for principal in ({"AWS": "arn:aws:iam::444455556666:root"}, MINE))
    target = {"Id": "a", "Arn": "x", "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}
    without = read_version(**queue(other))
    having = read_version(Role=trusted(), Rule=declared("AWS::Events::Rule", Targets=[target]), **queue(other, own))
    for old, new, part in ((without, having, "gained"), (having, without, "lost")):
        (change,) = review(old, new).changes
        assert (change.role, [piece.action for piece in getattr(change.access, part)]) == ("Role", ["sqs:SendMessage"])


def test_a_role_is_known_by_its_exact_arn_before_its_shape_and_references_by_the_new_version() -> None:
    exact, shape = ({"${R.Arn}": f"arn:aws:iam::{account}:role/r"} for account in ("111122223333", "${Account}"))
    assert arn_of(Holder("R", ()), exact, shape) == exact["${R.Arn}"]
    assert arn_of(Holder("R", ()), {}, shape) == shape["${R.Arn}"]
    assert review(version(), version(), (shape, exact)).shapes == exact


def test_references_of_two_versions_that_stand_for_one_principal_are_the_same() -> None:
    old, new = (
        Policy((replace(allow("sts:AssumeRole"), resources=None, principals=principals(name)),))
        for name in ("${Old.Arn}", "${New.Arn}")
    )
    arn = "arn:aws:iam::111122223333:role/app"
    assert compare_trust(old, new, {"${Old.Arn}": arn}, {"${New.Arn}": arn}).same
    assert not compare_trust(old, new, {"${Old.Arn}": arn}, {"${New.Arn}": f"{arn}s"}).same


def test_functions_that_come_to_run_under_different_roles_of_others_are_told_apart() -> None:
    arns = {name: f"arn:aws:iam::444455556666:role/{name}" for name in ("f", "g")}
    found = review(Version("old", ()), Version("new", (), others=arns))
    assert [(change.functions, [unread.arn for unread in change.unread]) for change in found.changes] == [
        ((name,), [arn]) for name, arn in arns.items()
    ]


@pytest.mark.parametrize(
    ("attributes", "stays"),
    [({"DeletionPolicy": "Retain"}, True), ({"UpdateReplacePolicy": "Retain"}, False), ({}, False)],
)
def test_a_resource_that_is_removed_stays_by_its_deletion_policy(attributes: dict[str, Any], *, stays: bool) -> None:
    (loss,) = resource_losses((Resource("Files", "AWS::S3::Bucket", {}, attributes=attributes),), ())
    assert (loss.how, loss.is_certain, loss.stays, loss.loses_data) == ("removed", True, stays, not stays)


def test_an_entry_that_nothing_needs_is_given_back_as_it_is_written() -> None:
    found = review(version(), version(names={"${Account}": "111122223333"}))
    text = json.dumps([{"functions": "*", "because": "x", "policy": "arn:aws:iam::${Account}:policy/p"}])
    entries = entries_of(text.encode(), "accepted.json")
    assert accept(found, entries)[1] == entries
