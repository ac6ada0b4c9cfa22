"""The sentence that a decision gives as its reason: which statement decided, which layer is silent, what was near."""

from __future__ import annotations

from typing import Any

import pytest

from remit.iam.decide.evaluate import Request, evaluate
from remit.iam.policy import Policy, parse

A, B = "111122223333", "444455556666"
USER, ROLE = f"arn:aws:iam::{A}:user/al", f"arn:aws:iam::{A}:role/app"
KEY = f"arn:aws:kms:eu-west-1:{A}:key/1"
RESERVED = f"arn:aws:iam::{A}:role/aws-reserved/x"
QUEUE = f"arn:aws:sqs:eu-west-1:{A}:"
OPEN = {"StringEquals": {"x:y": "z"}}


def policy(*statements: dict[str, Any]) -> Policy:
    """A policy; Effect, Action and Resource have defaults."""
    full = []
    for one in statements:
        resource = {} if one.keys() & {"NotResource", "Resource"} else {"Resource": "*"}
        full.append({"Effect": "Allow", "Action": "s3:GetObject", **resource, **one})
    return parse({"Version": "2012-10-17", "Statement": full})


def named(who: Any, **more: Any) -> Policy:
    return policy({"Principal": who, **more})


OBJECT = "s3:GetObject on arn:aws:s3:::b/k"
IDENTITY, RESOURCE, TYPE = "the identity's policies", "the resource's policy", "the type of the VPC endpoint"
SENTENCES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "of two denials the first": (
        {},
        {"policies": policy({}, {"Effect": "Deny", "Sid": "One"}, {"Effect": "Deny", "Sid": "Two"})},
        f"identity[0].Statement[1] (One) denies {OBJECT}",
    ),
    "what is open beside what allows": (
        {"context": None},
        {"policies": policy({"Condition": OPEN}), "resource": named({"AWS": USER})},
        f"resource[0].Statement[0] allows {OBJECT}",
    ),
    "a denial that is open": (
        {"context": None},
        {"policies": policy({"Effect": "Deny", "Condition": OPEN}), "resource": named({"AWS": USER})},
        f"{OBJECT} depends on x:y, which the request does not say, by identity[0].Statement[0]",
    ),
    "an RCP's Allow decides nothing": (
        {"context": None},
        {"policies": policy({"Condition": OPEN}), "rcp": [[policy({"Condition": {"StringEquals": {"x:w": "z"}}})]]},
        f"{OBJECT} depends on x:y, which the request does not say, by identity[0].Statement[0]",
    ),
    "a boundary without statements": (
        {},
        {"policies": policy({}), "boundary": parse({"Version": "2012-10-17", "Statement": []})},
        f"no statement of the permissions boundary allows {OBJECT}",
    ),
    "a level of SCPs": (
        {},
        {"policies": policy({}), "scp": [[policy({})], [policy({"Action": "sqs:*"})]]},
        f"no statement of SCP level 1 allows {OBJECT}",
    ),
    "the account's name delegates": (
        {},
        {"policies": policy({"Action": "sqs:*"}), "resource": named({"AWS": A})},
        (
            f"no statement of {IDENTITY} allows {OBJECT}; resource[0].Statement[0] names the account, "
            f"which leaves it to {IDENTITY}"
        ),
    ),
    "the role's name is limited": (
        {"principal": ROLE},
        {
            "policies": policy({"Action": "sqs:*"}),
            "boundary": policy({"Action": "sqs:*"}),
            "resource": named({"AWS": ROLE}),
        },
        f"no statement of the permissions boundary allows {OBJECT}",
    ),
    "across accounts the role's name is not enough": (
        {"principal": ROLE, "resource_account": B},
        {"policies": policy({"Action": "sqs:*"}), "resource": named({"AWS": ROLE})},
        f"no statement of {IDENTITY} allows {OBJECT}",
    ),
    "another account's policy is silent": (
        {"resource_account": B},
        {"policies": policy({}), "resource": named({"AWS": A}, Action="s3:PutObject")},
        f"no statement of {RESOURCE} allows {OBJECT}",
    ),
    "another account has no policy": (
        {"resource_account": B},
        {"policies": policy({}), "resource": ()},
        (
            f"no statement of {RESOURCE} allows {OBJECT}; the resource belongs to another account, whose policy must "
            "allow it, and there is none"
        ),
    ),
    "a key without a policy": (
        {"action": "kms:Decrypt", "resource": KEY},
        {"policies": policy({"Action": "kms:*"}), "resource": ()},
        (
            f"no statement of {RESOURCE} allows kms:Decrypt on {KEY}; the resource's own policy must allow it, and there "  # noqa: E501 - a sentence on its line
            "is none"
        ),
    ),
    "a key whose policy is silent": (
        {"action": "kms:Decrypt", "resource": KEY},
        {"policies": policy({"Action": "kms:*"}), "resource": named({"AWS": A}, Action="kms:GenerateDataKey")},
        f"no statement of {RESOURCE} allows kms:Decrypt on {KEY}",
    ),
    "a key whose policy is not known": (
        {"action": "kms:Decrypt", "resource": KEY},
        {"policies": policy({"Action": "kms:*"})},
        f"kms:Decrypt on {KEY} depends on {RESOURCE}, which the request does not say",
    ),
    "a service that nobody lets in": (
        {"principal": "lambda.amazonaws.com"},
        {"resource": ()},
        (
            f"no statement of {RESOURCE} allows {OBJECT}; only the resource's policy can allow it to "
            "lambda.amazonaws.com, and there is none"
        ),
    ),
    "another service": (
        {"principal": "lambda.amazonaws.com"},
        {"resource": named({"Service": "sns.amazonaws.com"})},
        (
            f"no statement of {RESOURCE} allows {OBJECT}; nearest: resource[0].Statement[0]: allows it, "
            "but not lambda.amazonaws.com"
        ),
    ),
    "no principal": (
        {"principal": "lambda.amazonaws.com"},
        {"resource": policy({})},
        f"no statement of {RESOURCE} allows {OBJECT}; nearest: resource[0].Statement[0]: has no Principal",
    ),
    "a key that the deploy makes": (
        {"action": "kms:Decrypt", "resource": "${Key.Arn}"},
        {"policies": policy({"Action": "kms:*"})},
        f"kms:Decrypt on ${{Key.Arn}} depends on {RESOURCE}, which the request does not say",
    ),
    "a role that is read": (
        {"action": "iam:GetRole", "resource": ROLE},
        {"policies": policy({"Action": "iam:*"})},
        f"identity[0].Statement[0] allows iam:GetRole on {ROLE}",
    ),
    "the session of another account's root user": (
        {"action": "sts:AssumeRoot", "resource": f"arn:aws:iam::{B}:root"},
        {"policies": policy({"Action": "sts:*"})},
        f"identity[0].Statement[0] allows sts:AssumeRoot on arn:aws:iam::{B}:root",
    ),
    "what nobody may do": (
        {"action": "iam:DeleteRole", "resource": RESERVED},
        {"policies": policy({"Action": "iam:DeleteRole", "Resource": "arn:aws:iam::1:role/x"})},
        (
            f"iam:DeleteRole on {RESERVED} cannot be done by anybody, since IAM Identity Center alone changes the roles "  # noqa: E501 - a sentence on its line
            "under aws-reserved: see Manage AWS accounts with permission sets (IAM Identity Center User Guide)"
        ),
    ),
    "what nobody may do and a Deny forbids": (
        {"action": "iam:DeleteRole", "resource": RESERVED},
        {"policies": policy({"Action": "*"}, {"Effect": "Deny", "Action": "iam:*"})},
        f"identity[0].Statement[1] denies iam:DeleteRole on {RESERVED}",
    ),
    "an alias of a key says nothing of an object": (
        {"context": {"kms:ResourceAliases": "alias/aws/s3"}},
        {"policies": policy({}), "rcp": [[policy({"Effect": "Deny"})]]},
        f"rcp[0][0].Statement[0] denies {OBJECT}",
    ),
    "all but a few": (
        {},
        {"policies": policy({"NotResource": ["arn:aws:s3:::b/*", "arn:aws:s3:::c/*", "d", "e"]})},
        (
            f"no statement of {IDENTITY} allows {OBJECT}; nearest: identity[0].Statement[0]: allows it on all but "
            "arn:aws:s3:::b/*, arn:aws:s3:::c/*, d, asked for arn:aws:s3:::b/k"
        ),
    ),
    "many values": (
        {},
        {"policies": policy({"Condition": {"StringEquals": {"x:y": ["a", "b", "c", "d"]}}})},
        (
            f"no statement of {IDENTITY} allows {OBJECT}; nearest: identity[0].Statement[0]: allows it but for the "
            "condition StringEquals x:y: a, b, c"
        ),
    ),
    "a listing": (
        {"action": "s3:ListAllMyBuckets"},
        {"policies": policy({"Action": "s3:*", "Resource": "arn:aws:s3:::b"})},
        (
            f"no statement of {IDENTITY} allows s3:ListAllMyBuckets on arn:aws:s3:::*; nearest: identity[0].Statement[0]: "  # noqa: E501 - a sentence on its line
            "s3:ListAllMyBuckets has no resource-level permissions: only a statement on * or arn:*:s3:::* allows it"
        ),
    ),
    "the likest resource": (
        {"action": "sqs:SendMessage", "resource": f"{QUEUE}orders"},
        {"policies": policy({"Action": "sqs:*", "Resource": [f"{QUEUE}mail", f"{QUEUE}ordrs"]})},
        (
            f"no statement of {IDENTITY} allows sqs:SendMessage on {QUEUE}orders; nearest: identity[0].Statement[0]: "
            "allowed on ordrs, asked for orders"
        ),
    ),
    "another region": (
        {"action": "sqs:SendMessage", "resource": f"{QUEUE}orders"},
        {"policies": policy({"Action": "sqs:*", "Resource": f"{QUEUE}orders".replace("west-1", "west-2")})},
        (
            f"no statement of {IDENTITY} allows sqs:SendMessage on {QUEUE}orders; nearest: identity[0].Statement[0]: "
            f"allowed on arn:aws:sqs:eu-west-2:{A}:orders, asked for {QUEUE}orders"
        ),
    ),
    "nothing alike": (
        {},
        {"policies": policy({"Resource": ["z", "y"]})},
        (
            f"no statement of {IDENTITY} allows {OBJECT}; nearest: identity[0].Statement[0]: allowed on z, "
            "asked for arn:aws:s3:::b/k"
        ),
    ),
    "a slip in an action on what may be its resource": (
        {"context": None},
        {"policies": policy({"Action": "s3:GetObjct", "Resource": "${Bucket.Arn}/*"})},
        (
            f"no statement of {IDENTITY} allows {OBJECT}; nearest: identity[0].Statement[0]: allows s3:GetObjct, "
            "asked for s3:GetObject"
        ),
    ),
    "a pattern is no slip": (
        {},
        {"policies": policy({"Action": "s3:GetObjct*"})},
        f"no statement of {IDENTITY} allows {OBJECT}",
    ),
    "an endpoint whose type is not known": (
        {},
        {"policies": policy({}), "endpoint": named({"AWS": USER})},
        f"{OBJECT} depends on {TYPE}, which the request does not say, by endpoint[0].Statement[0]",
    ),
    "an endpoint's condition that is open": (
        {"context": None},
        {"policies": policy({}), "endpoint": named({"AWS": USER}, Condition=OPEN)},
        f"{OBJECT} depends on x:y, which the request does not say, by endpoint[0].Statement[0]",
    ),
    "a federated user without a session policy": (
        {"principal": f"arn:aws:sts::{A}:federated-user/al"},
        {"policies": policy({})},
        (
            f"no statement of the session policy allows {OBJECT}; a federated user can do no more than a session policy "  # noqa: E501 - a sentence on its line
            "allows, and there is none"
        ),
    ),
    "a root user within an organization": (
        {"principal": f"arn:aws:iam::{A}:root"},
        {"policies": (), "scp": [[policy({})]]},
        f"scp[0][0].Statement[0] allows {OBJECT}",
    ),
    "a slip in an action on what cannot be its resource": (
        {},
        {"policies": policy({"Action": "s3:GetObjct", "Resource": "arn:aws:s3:::other/*"})},
        f"no statement of {IDENTITY} allows {OBJECT}",
    ),
    "an action that is left out is none that is allowed": (
        {},
        {
            "policies": parse(
                {"Statement": {"Effect": "Allow", "NotAction": ["s3:GetObject", "s3:GetObjct"], "Resource": "*"}}
            )
        },
        f"no statement of {IDENTITY} allows {OBJECT}",
    ),
    "an action without resources, as the request says": (
        {"wildcard_only": True},
        {"policies": policy({"Resource": "arn:aws:s3:::b/*"})},
        (
            f"no statement of {IDENTITY} allows s3:GetObject on *; nearest: identity[0].Statement[0]: s3:GetObject has "
            "no resource-level permissions: only a statement on * allows it"
        ),
    ),
    "a key whose policy is silent, and a boundary": (
        {"action": "kms:Decrypt", "resource": KEY},
        {
            "policies": policy({"Action": "kms:*"}),
            "boundary": policy({"Action": "sqs:*"}),
            "resource": named({"AWS": A}, Action="kms:GenerateDataKey"),
        },
        f"no statement of the permissions boundary nor {RESOURCE} allows kms:Decrypt on {KEY}",
    ),
    "a service whose resource's policy is not known": (
        {"principal": "lambda.amazonaws.com"},
        {"policies": policy({})},
        f"{OBJECT} depends on {RESOURCE}, which the request does not say",
    ),
    "RCPs do not reach EC2": (
        {"action": "ec2:DescribeInstances", "resource": "*"},
        {"policies": policy({"Action": "ec2:*"}), "rcp": [[policy({"Effect": "Deny", "Action": "*"})]]},
        "identity[0].Statement[0] allows ec2:DescribeInstances on *",
    ),
    "nobody is named to a gateway that names somebody": (
        {"principal": None},
        {"policies": policy({}), "endpoint": named({"AWS": USER}), "endpoint_type": "Gateway"},
        f"{OBJECT} depends on the principal, which the request does not say, by endpoint[0].Statement[0]",
    ),
    "an empty text is no value of a set": (
        {"context": {"x:y": ""}},
        {"policies": policy({"Condition": {"ForAnyValue:StringLike": {"x:y": "*"}}})},
        (
            f"no statement of {IDENTITY} allows {OBJECT}; nearest: identity[0].Statement[0]: allows it but for the "
            "condition ForAnyValue:StringLike x:y: *"
        ),
    ),
    "an ARN that differs whatever is open": (
        {"context": {"aws:SourceArn": "arn:aws:sns:eu-west-1:1:t"}, "open": frozenset({"x:y"})},
        {"policies": policy({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sqs:eu-west-1:1:${x:y}"}}})},
        (
            f"no statement of {IDENTITY} allows {OBJECT}; nearest: identity[0].Statement[0]: allows it but for the "
            "condition ArnLike aws:SourceArn: arn:aws:sqs:eu-west-1:1:${x:y}"
        ),
    ),
    "a number that may be either of two references": (
        {"context": {"x:n": "5"}, "open": frozenset({"${A}"})},
        {"policies": policy({"Condition": {"NumericLessThan": {"x:n": [{"Ref": "A"}, {"Ref": "B"}]}}})},
        f"{OBJECT} depends on ${{A}}, which the request does not say, by identity[0].Statement[0]",
    ),
    "a number of 64 digits, the most that are read": (
        {"context": {"x:n": "1" * 64}},
        {"policies": policy({"Condition": {"NumericEquals": {"x:n": "1" * 64}}})},
        f"identity[0].Statement[0] allows {OBJECT}",
    ),
    "a root user": (
        {"principal": f"arn:aws:iam::{A}:root"},
        {"policies": ()},
        f"the account's root user may do {OBJECT}",
    ),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_a_decision_says_why_in_one_sentence(case: str) -> None:
    fields, layers, sentence = SENTENCES[case]
    asked = {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", "principal": USER, "context": {}, **fields}
    assert evaluate(Request(**asked), **layers).because == sentence


@pytest.mark.parametrize(
    ("action", "context", "resources", "told"),
    [
        (
            "s3:GetObject",
            {},
            ["arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::a/*"],
            ("arn:aws:s3:::al/*", "arn:aws:s3:::a/*"),
        ),
        ("s3:GetObject", {}, ["arn:aws:s3:::${x:y}/*"], ()),
        ("s3:GetObject", {"x:y": "a*"}, ["arn:aws:s3:::${x:y}/*"], ()),
        ("s3:GetObject", {"x:y": "a?"}, ["arn:aws:s3:::${x:y}/*"], ()),
        ("s3:GetObject", {"x:y": "a"}, ["arn:aws:s3:::${x:y}/*"], ("arn:aws:s3:::a/*",)),
        ("s3:GetObject", {}, ["arn:aws:sqs:r:1:q", "arn:aws:s3:::a/*"], ("arn:aws:s3:::a/*",)),
        ("s3:GetObject", {}, ["arn:aws:s3", "*"], ()),
        ("sqs:SendMessage", {}, ["arn:aws:sns:r:1:t", f"{QUEUE}q", "arn:aws:sqs"], (f"{QUEUE}q", "arn:aws:sqs")),
        ("zz:Do", {}, ["arn:aws:zz:r:1:t"], ("arn:aws:zz:r:1:t",)),
    ],
)
def test_where_a_request_on_everything_is_not_allowed_the_resources_are_told_on_which_it_would_be(
    action: str, context: dict[str, Any], resources: list[str], told: tuple[str, ...]
) -> None:
    one = policy({"Action": "*", "Resource": resources})
    assert evaluate(Request(action, "*", USER, context), one).allowed_on == told


def test_a_boundary_and_the_levels_of_scps_leave_what_all_of_them_name() -> None:
    identity, level = policy({"Resource": "arn:aws:s3:::a/*"}), policy({"Resource": "arn:aws:s3:::*/x"})
    request = Request("s3:GetObject", "*", USER, {})
    expected = ("arn:aws:s3:::a/*/x", "arn:aws:s3:::a/x")
    assert evaluate(request, identity, boundary=policy({}), scp=[[level]]).allowed_on == expected
    assert evaluate(request, identity, boundary=level, scp=[[policy({})]]).allowed_on == expected


def test_the_nearest_statements_are_told_by_what_they_lack_and_the_layers_by_what_they_have() -> None:
    one = policy(
        {"Action": "s3:GetObjct"},
        {"Resource": "arn:aws:s3:::a/*"},
        {"Action": "sqs:*"},
        {"Condition": OPEN},
        {"Resource": "arn:aws:s3:::c/*"},
    )
    nothing = parse({"Version": "2012-10-17", "Statement": []})
    decision = evaluate(Request("s3:GetObject", "arn:aws:s3:::b/k", USER, {}), one, boundary=nothing, resource=())
    assert [(miss.ruling.index, miss.lacked) for miss in decision.misses] == [
        (3, "allows it but for the condition StringEquals x:y: z"),
        (1, "allowed on a/*, asked for b/k"),
        (4, "allowed on c/*, asked for b/k"),
    ]
    assert [(layer.layer, layer.verdict) for layer in decision.layers] == [
        ("identity", "ImplicitlyDenied"),
        ("boundary", "ImplicitlyDenied"),
    ]
