"""References have a shape: an ARN of their type, whose name alone is not known before the deploy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from remit.iam.policy import Globs, parse_statement
from remit.review.accepted import accept
from remit.review.accepted_file import ACCESS, AcceptedGain
from remit.review.role_files import review_files

if TYPE_CHECKING:
    from remit.iam.comparison import Comparison
    from remit.review.access_change import Review

RESOURCES: dict[str, dict[str, Any]] = {
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Topic": {"Type": "AWS::SNS::Topic"},
    "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "orders"}},
    "Bucket": {"Type": "AWS::S3::Bucket"},
    "Group": {"Type": "AWS::Logs::LogGroup"},
    "Key": {"Type": "AWS::KMS::Key"},
    "Secret": {"Type": "AWS::SecretsManager::Secret"},
    "Machine": {"Type": "AWS::StepFunctions::StateMachine"},
    "Own": {"Type": "Custom::Thing"},
}
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
TABLE = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Table}"
HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"


def template(*statements: dict[str, Any], resources: dict[str, Any] | None = None) -> tuple[bytes, str]:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    policies = [{"PolicyName": "own", "PolicyDocument": document}]
    trust = {"Version": "2012-10-17", "Statement": [TRUST]}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, "Policies": policies}}
    value = {"Resources": {**(RESOURCES if resources is None else resources), "Role": role}}
    return json.dumps(value).encode(), "template.json"


def allow(resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "x:Do", "Resource": resource, **more}


def deny(resource: Any, **more: Any) -> dict[str, Any]:
    return {**allow(resource, **more), "Effect": "Deny"}


def sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


def get(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": name.split(".")}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def reviewed(old: tuple[bytes, str], new: tuple[bytes, str]) -> Review:
    return review_files(old, new)


def access(old: tuple[bytes, str], new: tuple[bytes, str]) -> Comparison:
    (change,) = reviewed(old, new).changes
    return change.access


def told(found: Comparison) -> tuple[list[str], list[str], int]:
    return [one.resource for one in found.gained], [one.resource for one in found.lost], len(found.undecided)


@pytest.mark.parametrize(
    ("wide", "narrow", "written"),
    [
        ("arn:*:sqs:*:*:*", get("Queue.Arn"), "${Queue.Arn}"),
        ("arn:*:sns:*:*:*", ref("Topic"), "${Topic}"),
        ("arn:*:sns:*:*:*", get("Topic.TopicArn"), "${Topic.TopicArn}"),
        ("arn:*:dynamodb:*:*:table/*", get("Table.Arn"), "${Table.Arn}"),
        ("arn:*:dynamodb:*:*:table/ord*", get("Table.Arn"), "${Table.Arn}"),
        ("arn:*:dynamodb:*:*:table/ord*", sub(TABLE), TABLE),
        ("arn:*:s3:::*", sub("${Bucket.Arn}/*"), "${Bucket.Arn}/*"),
        ("arn:*:s3:::*/*", sub("${Bucket.Arn}/*"), "${Bucket.Arn}/*"),
        (sub("arn:${AWS::Partition}:s3:::${Bucket}*"), sub("${Bucket.Arn}/*"), "${Bucket.Arn}/*"),
        ("arn:*:logs:*:*:log-group:*:*", get("Group.Arn"), "${Group.Arn}"),
        ("arn:*:kms:*:*:key/*", get("Key.Arn"), "${Key.Arn}"),
        ("arn:*:secretsmanager:*:*:secret:*", ref("Secret"), "${Secret}"),
        ("arn:*:dynamodb:*:*:table/*/stream/*", get("Table.StreamArn"), "${Table.StreamArn}"),
        (sub("${Table.Arn}/stream/*"), get("Table.StreamArn"), "${Table.StreamArn}"),
    ],
)  # fmt: skip
def test_narrowing_a_pattern_to_a_resource_of_its_kind_is_a_loss_alone(wide: Any, narrow: Any, written: str) -> None:
    spelled = wide["Fn::Sub"] if isinstance(wide, dict) else wide
    assert told(access(template(allow(wide)), template(allow(narrow)))) == ([], [spelled], 0)
    assert told(access(template(allow(narrow)), template(allow(wide)))) == ([spelled], [], 0)
    gains = access(template(allow("arn:*:sqs:*:*:x")), template(allow("arn:*:sqs:*:*:x"), allow(narrow))).gained
    assert [one.resource for one in gains] == [written]
    assert [one.request.resource for one in gains if written in ("${Queue.Arn}", "${Topic}")] in ([], [written])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (get("Queue.Arn"), sub(HERE % ("sqs", "${Queue.QueueName}"))),
        (ref("Topic"), get("Topic.TopicArn")),
        (get("Table.Arn"), sub(HERE % ("dynamodb", "table/${Table}"))),
        (get("Table.Arn"), sub(HERE % ("dynamodb", "table/orders"))),
        (get("Bucket.Arn"), sub("arn:${AWS::Partition}:s3:::${Bucket}")),
        (get("Key.Arn"), sub(HERE % ("kms", "key/${Key}"))),
        (get("Key.Arn"), sub(HERE % ("kms", "key/${Key.KeyId}"))),
        (ref("Machine"), sub(HERE % ("states", "stateMachine:${Machine.Name}"))),
    ],
)
def test_two_spellings_of_one_resource_are_the_same(one: Any, other: Any) -> None:
    assert reviewed(template(allow(one)), template(allow(other))).changes == ()


@pytest.mark.parametrize(
    "spelled",
    [
        "arn:aws:dynamodb:eu-west-1:111122223333:table/orders",
        sub("arn:aws:dynamodb:eu-west-1:${AWS::AccountId}:table/*"),
    ],
)
def test_a_name_spelled_with_its_place_may_be_the_resource_itself(spelled: Any) -> None:
    text = spelled["Fn::Sub"] if isinstance(spelled, dict) else spelled
    found = access(template(allow(spelled)), template(allow(get("Table.Arn"))))
    assert found.gained == ()
    reasons = [one.reason for one in found.undecided if one.source.statement.resources == Globs(("${Table.Arn}",))]
    assert reasons == [f"whether it means `{text}` depends on where the stack is deployed"]


def test_a_partition_that_is_referred_to_now_is_one_doubt_of_a_role() -> None:
    spelled = "arn:aws:%s:${AWS::Region}:${AWS::AccountId}:%s"
    names = (("logs", "log-group:a"), ("sqs", "a"))
    old = template(*(allow(sub(spelled % name)) for name in names))
    new = template(*(allow(sub(HERE % name)) for name in names))
    found = access(old, new)
    assert (found.gained, found.lost) == ((), ())
    (doubt,) = found.undecided
    assert doubt.reason.startswith("nothing else changes in the partition aws; in another one")
    assert doubt.source.statement.resources == Globs((HERE % names[0],))  # the new side's
    wider = access(old, template(*(allow(sub(HERE % name)) for name in (*names, ("sns", "a")))))
    assert ([piece.resource for piece in wider.gained], len(wider.undecided)) == ([HERE % ("sns", "a")], 1)


def gains_beside_a_denial(*actions: str) -> list[tuple[str, str, str] | str]:
    """What a role gains on a bucket whose policy denies to delete its objects; what is open, up to a semicolon."""
    denial = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": sub("${Data.Arn}/*")}
    held = {"Bucket": ref("Data"), "PolicyDocument": {"Statement": [denial]}}
    resources: dict[str, dict[str, Any]] = {
        "Data": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "data"}},
        "OfData": {"Type": "AWS::S3::BucketPolicy", "Properties": held},
    }
    granted = template(allow("arn:aws:s3:::data/*", Action=list(actions)), resources=resources)
    without = template(resources=resources)
    gained, lost = access(without, granted), access(granted, without)
    there, back = (
        [(piece.action, piece.tier, piece.request.action) for piece in pieces] for pieces in (gained.gained, lost.lost)
    )
    doubts, back_doubts = ([doubt.reason.partition(";")[0] for doubt in one.undecided] for one in (gained, lost))
    assert (there, doubts) == (back, back_doubts)
    return [*there, *doubts]


def test_what_is_gained_in_the_partition_aws_is_not_said_to_change_nothing() -> None:
    """A bucket's Deny of one action leaves the other ones of a pattern: those that exist, and any that come later."""
    nothing_else = "nothing else changes in the partition aws"
    assert gains_beside_a_denial("s3:*Object") == [("s3:*Object", "now", "s3:GetObject"), nothing_else]
    # Of several patterns the first alone is told, so that what the others gain is open.
    is_open = "it depends on what its late-bound parts stand for"
    assert gains_beside_a_denial("s3:*Object", "s3:*ject")[-1] == is_open


def test_a_resource_that_is_spelled_and_referred_to_is_gained_in_both_forms() -> None:
    spelled = "arn:aws:%s:${AWS::Region}:${AWS::AccountId}:%s"
    old = template(allow(sub(HERE % ("sns", "a"))))
    new = template(allow(sub(spelled % ("sns", "a"))), allow([sub(HERE % ("sqs", "a")), sub(spelled % ("sqs", "a"))]))
    gained, lost = access(old, new).gained, access(new, old).lost
    both = [HERE % ("sqs", "a"), spelled % ("sqs", "a")]
    assert ([piece.resource for piece in gained], [piece.resource for piece in lost]) == (both, both)


def test_nothing_is_said_of_one_partition_where_another_doubt_stands_in_it_too() -> None:
    spelled = sub("arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:a")
    old = template(allow(spelled), allow("arn:aws:sqs:*:*:*"))
    doubts = access(old, template(allow(sub(HERE % ("logs", "log-group:a"))), allow(ref("Own")))).undecided
    assert [] == [doubt.reason for doubt in doubts if "partition" in doubt.reason]
    assert "which resource a reference means is known at the deploy only" in [doubt.reason for doubt in doubts]


def test_what_is_in_no_place_covered_by_a_spelled_name_is_gained() -> None:
    spelled = "arn:aws:dynamodb:eu-west-1:111122223333:table/%s"
    for old, new in ((spelled % "bills", get("Table.Arn")), (spelled % "orders", sub("${Table.Arn}*"))):
        assert len(access(template(allow(old)), template(allow(new))).gained) == 1


def test_a_resource_of_another_kind_and_another_name_are_gained() -> None:
    assert told(access(template(allow("arn:*:sqs:*:*:*")), template(allow(ref("Topic"))))) == (
        ["${Topic}"], ["arn:*:sqs:*:*:*"], 0,
    )  # fmt: skip
    old, new = template(allow("arn:*:dynamodb:*:*:table/bills*")), template(allow(get("Table.Arn")))
    assert told(access(old, new)) == (["${Table.Arn}"], ["arn:*:dynamodb:*:*:table/bills*"], 0)


def test_a_deny_that_is_widened_takes_away_and_one_that_is_narrowed_gives() -> None:
    everything = allow("*")
    wide, narrow = template(everything, deny("arn:*:sqs:*:*:*")), template(everything, deny(get("Queue.Arn")))
    found = access(narrow, wide)
    assert (len(found.gained), len(found.lost), found.undecided) == (0, 1, ())
    found = access(wide, narrow)
    assert (len(found.gained), len(found.lost), found.undecided) == (1, 0, ())


@pytest.mark.parametrize(
    ("wide", "shown"),
    [
        ("arn:*:dynamodb:*:*:table/orders", "arn:aws:dynamodb:af-south-1:111122223333:table/orders"),
        ("arn:*:dynamodb:${AWS::Region}:*:table/orders", "arn:aws:dynamodb:us-east-1:444455556666:table/orders"),
        (
            "arn:*:dynamodb:*:${AWS::AccountId}:table/orders",
            "arn:aws:dynamodb:af-south-1:111122223333:table/orders",
        ),
    ],
)
def test_what_is_gained_outside_of_the_stacks_place_is_shown_there(wide: str, shown: str) -> None:
    """A stack is in one region of one account, whichever they are: in any other the same name is another table."""
    read = {"Action": "dynamodb:GetItem"}
    found = access(template(allow(get("Table.Arn"), **read)), template(allow(sub(wide), **read)))
    (piece,) = found.gained
    assert (piece.tier, piece.request.resource, len(found.lost), len(found.undecided)) == ("now", shown, 0, 0)


def test_a_not_resource_that_spares_more_is_a_loss_alone() -> None:
    def but(resource: Any) -> tuple[bytes, str]:
        return template({"Effect": "Allow", "Action": "x:Do", "NotResource": resource})

    found = access(but(get("Queue.Arn")), but("arn:*:sqs:*:*:*"))
    assert (len(found.gained), len(found.lost), found.undecided) == (0, 1, ())


def test_a_condition_on_an_arn_is_narrowed_as_well() -> None:
    def on(value: Any) -> tuple[bytes, str]:
        return template(allow("*", Condition={"ArnLike": {"aws:SourceArn": value}}))

    found = access(on("arn:*:sns:*:*:*"), on(ref("Topic")))
    assert (len(found.gained), len(found.lost), found.undecided) == (0, 1, ())


@pytest.mark.parametrize("unknown", [get("Own.Arn"), ref("Parameter"), {"Fn::ImportValue": "queue"}])
def test_what_has_no_shape_is_undecided_where_it_may_be_meant(unknown: Any) -> None:
    found = access(template(allow("arn:*:sqs:*:*:*")), template(allow(unknown)))
    assert (found.gained, len(found.undecided)) == ((), 1)


def test_what_has_no_shape_is_gained_where_nothing_may_mean_it() -> None:
    found = access(template(allow(get("Queue.Arn"))), template(allow(get("Queue.Arn")), allow(get("Own.Arn"))))
    assert told(found) == (["${Own.Arn}"], [], 0)


def test_another_name_of_a_resource_is_the_same_reference() -> None:
    renamed = {**RESOURCES, "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "bills"}}}
    old, new = template(allow(get("Table.Arn"))), template(allow(get("Table.Arn")), resources=renamed)
    assert reviewed(old, new).changes == ()


def test_an_accepted_pattern_takes_in_a_reference_of_its_kind() -> None:
    entry = AcceptedGain(None, ACCESS, "queues are ours", parse_statement(allow("arn:*:sqs:*:*:*")))
    found = reviewed(template(allow("arn:*:s3:::x")), template(allow("arn:*:s3:::x"), allow(get("Queue.Arn"))))
    assert found.broadens
    accepted, stale = accept(found, [entry])
    assert (accepted.broadens, stale) == (False, ())


def trusting(principal: Any, **properties: Any) -> tuple[bytes, str]:
    """A template with a role that a principal may take on, beside another role with some properties."""
    trust = {"Version": "2012-10-17", "Statement": [{**TRUST, "Principal": principal}]}
    caller = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [TRUST]}, **properties}
    resources = {"Caller": caller, "Role": {"AssumeRolePolicyDocument": trust}}
    roles = {name: {"Type": "AWS::IAM::Role", "Properties": value} for name, value in resources.items()}
    return json.dumps({"Resources": roles}).encode(), "template.json"


CALLER = {"AWS": get("Caller.Arn")}
ROLES = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/"


@pytest.mark.parametrize(
    ("wide", "written", "properties"),
    [
        ({"AWS": ref("AWS::AccountId")}, "${AWS::AccountId}", {}),
        ({"AWS": sub("arn:aws:iam::${AWS::AccountId}:root")}, "arn:aws:iam::${AWS::AccountId}:root", {}),
        ({"AWS": "*"}, "*", {"RoleName": "caller"}),
    ],
)
def test_narrowing_who_may_take_on_a_role_to_one_of_the_stack_is_a_loss_alone(
    wide: Any, written: str, properties: dict[str, Any]
) -> None:
    (narrowed,) = reviewed(trusting(wide, **properties), trusting(CALLER, **properties)).changes
    (widened,) = reviewed(trusting(CALLER, **properties), trusting(wide, **properties)).changes
    assert (told(narrowed.trust), told(widened.trust)) == (([], [written], 0), ([written], [], 0))


@pytest.mark.parametrize(
    ("principal", "properties"),
    [
        (sub(f"{ROLES}${{Caller}}"), {}),
        (sub(f"{ROLES}caller"), {"RoleName": "caller"}),
        (sub(f"{ROLES}teams/caller"), {"RoleName": "caller", "Path": "/teams/"}),
    ],
)
def test_a_role_of_the_stack_is_who_its_name_says(principal: Any, properties: dict[str, Any]) -> None:
    assert reviewed(trusting(CALLER, **properties), trusting({"AWS": principal}, **properties)).changes == ()


def test_another_role_may_take_on_a_role_now() -> None:
    other = {"AWS": sub(f"{ROLES}other")}
    (named,) = reviewed(trusting(other, RoleName="caller"), trusting(CALLER, RoleName="caller")).changes
    (unnamed,) = reviewed(trusting(other), trusting(CALLER)).changes
    assert told(named.trust) == (["${Caller.Arn}"], [f"{ROLES}other"], 0)
    assert told(unnamed.trust) == ([], [f"{ROLES}other"], 1)


@pytest.mark.parametrize("unknown", [ref("Parameter"), {"Fn::ImportValue": "role"}, get("Own.Arn")])
def test_whom_an_unknown_reference_means_is_undecided_where_identities_were_let_in(unknown: Any) -> None:
    (change,) = reviewed(trusting({"AWS": ref("AWS::AccountId")}), trusting({"AWS": unknown})).changes
    assert told(change.trust) == ([], ["${AWS::AccountId}"], 1)
    (change,) = reviewed(trusting({"Service": "lambda.amazonaws.com"}), trusting({"AWS": unknown})).changes
    assert (len(change.trust.gained), len(change.trust.undecided)) == (1, 0)
