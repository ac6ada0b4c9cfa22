"""What a decision tells beside its verdict, held against the second evaluator and each request of a small world.

Also what a request says by itself: who calls, whose the resource is, what its keys are.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import brute_force
from iam import reference
from random_cases import cases
from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.iam.pattern_list import actions_cover, resources_cover
from remit.iam.policy import Globs, Policy, parse, parse_statement
from remit.iam.prove.cover import covers
from remit.iam.request import arn_parts, principal_of
from remit.iam.statement_cover import covers_statement

A, B = "111122223333", "444455556666"
USER = f"arn:aws:iam::{A}:user/al"
LAWS = settings(max_examples=cases(20, deep=250), deadline=None)
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
OBJECTS = tuple(f"arn:aws:s3:::{name}" for name in ("a/x", "a/y", "b/x", "c/y"))
VALUES = (None, "dev", "prod", "tea")


def statements(*effects: str, conditions: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """Statements about a few actions, objects and keys."""
    actions = st.sampled_from(["s3:GetObject", "s3:Get*", "s3:*", "S3:PUTOBJECT", "*", "sqs:*"])
    resources = st.sampled_from(["*", "arn:aws:s3:::a/*", "arn:aws:s3:::a/x", "arn:aws:s3:::b/*", "arn:aws:s3:::*/x"])
    some = [
        {},
        {},
        {"StringEquals": {"x:Env": "dev"}},
        {"StringNotEquals": {"x:Env": ["dev", "prod"]}},
        {"StringLike": {"x:Team": "t*"}, "StringEquals": {"x:Env": ["prod", "dev"]}},
        {"Null": {"x:team": "true"}},
        {"StringEqualsIfExists": {"x:Env": "prod"}},
    ]
    return st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(effects),
            "Action": st.lists(actions, min_size=1, max_size=2, unique=True),
            "Resource": st.lists(resources, min_size=1, max_size=2, unique=True),
            "Condition": st.sampled_from(some if conditions else [{}]),
        }
    )


def documents(*effects: str, most: int = 2, conditions: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    listed = st.lists(statements(*effects, conditions=conditions), min_size=1, max_size=most)
    return listed.map(lambda found: {"Version": "2012-10-17", "Statement": found})


BOTH = ("Allow", "Allow", "Deny")
CONTEXTS = st.fixed_dictionaries({"x:env": st.sampled_from(VALUES), "x:team": st.sampled_from(VALUES)})


def read(given_documents: list[dict[str, Any]]) -> tuple[Policy, ...]:
    return tuple(map(parse, given_documents))


def alone(documents_of_layer: list[dict[str, Any]], request: dict[str, Any]) -> str:
    """The verdict where these are the caller's only policies, by the second evaluator."""
    return str(reference.decide({"policies": {"identity": documents_of_layer}, "request": request}))


@LAWS
@given(
    st.fixed_dictionaries(
        {
            "identity": st.lists(documents(*BOTH), min_size=1, max_size=2),
            "boundary": st.lists(documents(*BOTH), max_size=1),
            "session": st.lists(documents(*BOTH), max_size=1),
            "scp": st.lists(st.lists(documents(*BOTH), min_size=1, max_size=2), max_size=2),
            "rcp": st.lists(st.lists(documents(*BOTH), min_size=1, max_size=2), max_size=2),
        }
    ),
    st.sampled_from(OBJECTS),
    CONTEXTS,
    st.sets(st.sampled_from(["x:env", "x:team"])),
)
def test_each_layer_is_told_as_if_it_stood_alone_by_the_statements_that_apply(
    policies: dict[str, Any], resource: str, context: dict[str, Any], left_open: set[str]
) -> None:
    closed = {key: value for key, value in context.items() if key not in left_open}
    raw = {
        "action": "s3:GetObject", "resource": resource, "principal": USER, "context": closed, "open": sorted(left_open),
    }  # fmt: skip
    request = Request(**{**raw, "open": frozenset(left_open)})
    layers = Layers(
        read(policies["identity"]),
        read(policies["boundary"]),
        read(policies["session"]),
        scp=tuple(map(read, policies["scp"])),
        rcp=tuple(map(read, policies["rcp"])),
    )
    decision = evaluate(request, layers)
    given_layers = {name: policies[name] for name in ("identity", "boundary", "session") if policies[name]}
    for name in ("scp", "rcp"):
        given_layers |= {f"{name}[{number}]": level for number, level in enumerate(policies[name])}
    assert [told.layer for told in decision.layers] == list(given_layers)
    for told in decision.layers:
        level = given_layers[told.layer]
        only_denies = told.layer.startswith("rcp")
        denials = [[one for one in document["Statement"] if one["Effect"] == "Deny"] for document in level]
        counted = [{"Version": "2012-10-17", "Statement": [*found, EVERYTHING]} for found in denials]
        verdict = alone(counted if only_denies else level, raw)
        if told.verdict == "Unknown" and verdict == "ImplicitlyDenied":  # a Deny is open, and nothing allows
            assert all(ruling.statement.effect == "Deny" for ruling in told.rulings)
            verdict = "Unknown"
        assert told.verdict == verdict
        effect = "Deny" if told.verdict == "ExplicitlyDenied" else "Allow"
        if told.verdict not in ("ExplicitlyDenied", "Allowed") or (only_denies and effect == "Allow"):
            continue
        applying = [
            (number, index)
            for number, document in enumerate(level)
            for index, one in enumerate(document["Statement"])
            if one["Effect"] == effect
            and alone([{"Version": "2012-10-17", "Statement": {**one, "Effect": "Allow"}}], raw) == "Allowed"
        ]
        assert [(ruling.policy, ruling.index) for ruling in told.rulings] == applying
        assert [ruling.statement for ruling in told.rulings] == [
            parse(level[number]).statements[index] for number, index in applying
        ]


@LAWS
@given(st.lists(documents(*BOTH), min_size=1, max_size=2), st.lists(documents(*BOTH), max_size=1))
def test_a_refusal_blames_the_layers_without_an_allow_that_may_apply(
    identity: list[dict[str, Any]], boundary: list[dict[str, Any]]
) -> None:
    decision = evaluate(Request("s3:GetObject", OBJECTS[0], USER), Layers(read(identity), read(boundary)))
    if decision.verdict != "ImplicitlyDenied":
        return
    raw = {"action": "s3:GetObject", "resource": OBJECTS[0], "principal": USER, "open": True}
    given_layers = {"the identity's policies": identity, "the permissions boundary": boundary}
    silent = []
    for title, level in given_layers.items():
        allows = [[one for one in document["Statement"] if one["Effect"] == "Allow"] for document in level]
        allowing = [{"Version": "2012-10-17", "Statement": found} for found in allows]
        if level and alone(allowing, raw) == "ImplicitlyDenied":
            silent.append(title)
    blamed = decision.because.removeprefix("no statement of ").partition(" allows s3:GetObject on ")[0]
    assert blamed == " nor ".join(silent)


@LAWS
@given(st.lists(documents(*BOTH), min_size=1, max_size=2), st.lists(documents(*BOTH), max_size=1))
def test_whatever_leaves_a_verdict_open_is_named_and_settles_it(
    identity: list[dict[str, Any]], rcp: list[dict[str, Any]]
) -> None:
    layers = Layers(read(identity), rcp=(read(rcp),) if rcp else ())
    request = Request("s3:GetObject", OBJECTS[0], USER)
    decision = evaluate(request, layers)
    assert bool(decision.unknown) is (decision.verdict == "Unknown")
    assert len({name.lower() for name in decision.unknown}) == len(decision.unknown)
    verdicts = set()
    for values in product(VALUES, repeat=len(decision.unknown)):
        named = dict(zip(decision.unknown, values, strict=True))
        others = frozenset({"x:env", "x:team"} - {name.lower() for name in named})
        verdicts.add(evaluate(replace(request, context=named, open=others), layers).verdict)
    assert "Unknown" not in verdicts


@LAWS
@given(documents("Allow", most=4), st.sampled_from(OBJECTS), CONTEXTS)
def test_the_statements_that_nearly_allow_are_told_those_with_an_unmet_condition_first(
    document: dict[str, Any], resource: str, context: dict[str, Any]
) -> None:
    decision = evaluate(Request("s3:GetObject", resource, USER, context), parse(document))
    present = {key: value for key, value in context.items() if value is not None}
    near: list[tuple[int, int]] = []
    for index, one in enumerate(document["Statement"]):
        if brute_force.names(one, "s3:GetObject"):
            is_on_it = brute_force.applies({**one, "Condition": {}}, "s3:GetObject", resource, present)
            near.append((0 if is_on_it else 1, index))
    told = [] if decision.allowed else [index for _, index in sorted(near)][:3]
    assert [miss.ruling.index for miss in decision.misses] == told
    for miss in decision.misses:
        one = document["Statement"][miss.ruling.index]
        unmet = [
            f"{operator} {key}: {', '.join(values)}"
            for operator, key, values in brute_force.conditions(one)
            if not brute_force.is_met(operator, values, key, present)
        ]
        where = resource.removeprefix("arn:aws:s3:::")
        is_on_it = brute_force.applies({**one, "Condition": {}}, "s3:GetObject", resource, present)
        assert miss.lacked.endswith(f"the condition {unmet[0]}" if is_on_it else f"asked for {where}")


@LAWS
@given(
    documents("Allow", "Allow", "Allow", "Deny", most=3, conditions=False),
    st.lists(documents("Allow", most=2, conditions=False), max_size=1),
)
def test_of_a_request_on_everything_what_is_allowed_is_told_and_nothing_else(
    identity: dict[str, Any], boundary: list[dict[str, Any]]
) -> None:
    layers = Layers((parse(identity),), read(boundary))
    decision = evaluate(Request("s3:GetObject", "*", USER, {}), layers)
    allowed = {text for text in OBJECTS if evaluate(Request("s3:GetObject", text, USER, {}), layers).allowed}
    if decision.allowed:
        assert decision.allowed_on == ()
        return
    told = decision.allowed_on
    described = {text for text in OBJECTS if any(brute_force.is_like(pattern, text) for pattern in told)}
    assert described <= allowed
    assert "*" not in told
    assert len(set(told)) == len(told)
    if not any(one["Effect"] == "Deny" for one in identity["Statement"]):
        assert described == allowed


ACTION_LISTS = st.builds(
    Globs,
    st.lists(
        st.sampled_from(["s3:GetObject", "S3:getobject", "s3:Get*", "s3:*", "*", "sqs:*", "sqs:Send", "*:Get?bject"]),
        min_size=1,
        max_size=3,
        unique=True,
    ).map(tuple),
    st.booleans(),
)  # fmt: skip
ACTIONS = ("s3:getobject", "s3:getacl", "s3:putobject", "sqs:send", "sqs:getqueue", "x:getobject", "x:y")
RESOURCE_LISTS = st.builds(
    Globs,
    st.lists(st.sampled_from(["a", "a*", "*", "ab", "a?", "b*", "?"]), min_size=1, max_size=3, unique=True).map(tuple),
    st.booleans(),
)
TEXTS = tuple("".join(letters) for size in (1, 2, 3) for letters in product("abc", repeat=size))


def meant(globs: Globs, texts: tuple[str, ...]) -> set[str]:
    return {
        text
        for text in texts
        if any(brute_force.is_like(one.lower(), text) for one in globs.patterns) is not globs.negated
    }


@settings(max_examples=cases(40, deep=600), deadline=None)
@given(ACTION_LISTS, ACTION_LISTS)
def test_a_list_of_actions_that_plainly_takes_another_has_all_that_this_means(wide: Globs, narrow: Globs) -> None:
    told = actions_cover(wide, narrow)
    if told:
        assert meant(narrow, ACTIONS) <= meant(wide, ACTIONS)
    if not wide.negated and "*" in wide.patterns:
        assert told
    if wide == narrow or (not wide.negated and not narrow.negated and set(narrow.patterns) <= set(wide.patterns)):
        assert told
    if wide.negated and narrow.negated and set(wide.patterns) <= set(narrow.patterns):
        assert told  # it leaves out no more


@settings(max_examples=cases(40, deep=600), deadline=None)
@given(RESOURCE_LISTS, RESOURCE_LISTS)
def test_a_list_of_resources_is_told_to_take_another_only_where_it_does(wide: Globs, narrow: Globs) -> None:
    told = resources_cover(wide, narrow)
    if told is not None:
        assert (meant(narrow, TEXTS) <= meant(wide, TEXTS)) or not told
    if not wide.negated and not narrow.negated:
        assert told is not None
        if len(wide.patterns) == 1 and "*" not in "".join(narrow.patterns):
            assert told is (meant(narrow, TEXTS) <= meant(wide, TEXTS))


def conditioned() -> st.SearchStrategy[dict[str, Any]]:
    """Statements whose conditions can be met, and hang on the value of a key."""
    values = st.lists(st.sampled_from(["dev", "prod", "test"]), min_size=1, max_size=2, unique=True)
    of_key = st.dictionaries(st.sampled_from(["x:a", "x:b"]), values, max_size=2)
    conditions = of_key.map(lambda found: {"StringEquals": found} if found else {})
    return st.tuples(statements("Allow", conditions=False), conditions).map(
        lambda pair: {**pair[0], **({"Condition": pair[1]} if pair[1] else {})}
    )


@settings(max_examples=cases(20, deep=400), deadline=None)
@given(conditioned(), conditioned())
def test_a_cheap_look_at_two_statements_says_what_the_proof_says(one: dict[str, Any], other: dict[str, Any]) -> None:
    wide, narrow = (parse_statement({**raw, "Action": "s3:*"}) for raw in (one, other))
    assert covers_statement(wide, narrow) is covers([wide], narrow)


# Who calls


@pytest.mark.parametrize(
    ("text", "kind", "account", "role"),
    [
        (None, "unknown", None, None),
        ("", "anonymous", None, None),
        ("*", "anonymous", None, None),
        ("anonymous", "anonymous", None, None),
        (A, "root", A, None),
        (f"arn:aws:iam::{A}:root", "root", A, None),
        (f"arn:aws:iam::{A}:user/team/al", "user", A, None),
        (f"arn:aws:iam::{A}:role/team/app", "role", A, "app"),
        (f"arn:aws:sts::{A}:assumed-role/app/s1", "session", A, "app"),
        (f"arn:aws:sts::{A}:assumed-role/app/s/1", "session", A, "app"),
        (f"arn:aws:sts::{A}:federated-user/al", "federated-user", A, None),
        (f"arn:aws:iam::{A}:saml-provider/corp", "federated", None, None),
        (f"arn:aws:iot:eu-west-1:{A}:cert/0a1b", "certificate", A, None),
        (f"arn:aws:iot:eu-west-1:{A}:thing/lamp", "federated", None, None),
        ("lambda.amazonaws.com", "service", None, None),
        ("lambda.amazonaws.com.cn", "service", None, None),
        ("alexa-connectedhome.amazon.com", "service", None, None),
        ("www.amazon.com", "service", None, None),
        ("accounts.google.com", "federated", None, None),
    ],
)
def test_a_principal_is_taken_apart(text: str | None, kind: str, account: str | None, role: str | None) -> None:
    caller = principal_of(text)
    assert (caller.kind, caller.account, caller.role) == (kind, account, role)


@pytest.mark.parametrize(
    ("principal", "is_linked"),
    [
        (f"arn:aws:iam::{A}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX", True),
        (f"arn:aws:sts::{A}:assumed-role/AWSServiceRoleForX/s", True),
        (f"arn:aws:iam::{A}:role/app", False),
        (f"arn:aws:iam::{A}:user/aws-service-role/al", False),
        (f"arn:aws:sts::{A}:assumed-role/app/AWSServiceRoleForX", False),
    ],
)
def test_a_role_alone_is_linked_to_a_service(principal: str, is_linked: bool) -> None:
    denied = Layers((parse({"Version": "2012-10-17", "Statement": EVERYTHING}),), scp=((),))
    verdict = evaluate(Request("s3:GetObject", OBJECTS[0], principal, {}), denied).verdict
    assert verdict == ("Allowed" if is_linked else "ImplicitlyDenied")


@pytest.mark.parametrize(
    ("fields", "key", "value"),
    [
        ({"principal": f"arn:aws:iam::{A}:user/team/al", "context": {}}, "aws:username", "al"),
        ({"principal": f"arn:aws:iam::{A}:role/app", "context": {}}, "aws:username", None),
        (
            {"principal": f"arn:aws-cn:sts::{A}:assumed-role/app/s", "context": {}},
            "aws:principalarn",
            f"arn:aws-cn:iam::{A}:role/app",
        ),
        ({"principal": "lambda.amazonaws.com"}, "aws:principalservicename", "lambda.amazonaws.com"),
        ({"principal": "lambda.amazonaws.com"}, "aws:principalorgid", None),
        ({"principal": f"arn:aws:iot:eu-west-1:{A}:cert/0a"}, "aws:principalorgid", None),
        ({"principal": "*"}, "aws:principalaccount", "anonymous"),
        ({"resource": f"arn:aws:sqs:eu-west-1:{B}:q", "principal": USER, "context": {}}, "aws:resourceaccount", B),
        (
            {"resource": f"arn:aws:sqs:eu-west-1:{B}:q", "principal": USER, "context": {}, "resource_account": A},
            "aws:resourceaccount",
            A,
        ),
        ({"resource": "arn:aws:s3:::b", "principal": USER, "context": {}}, "aws:resourceaccount", None),
        ({"context": {"aws:TagKeys": ""}}, "aws:tagkeys", None),
        ({"context": {"x:k": [""]}}, "x:k", None),
        ({"context": {"x:k": []}}, "x:k", None),
        ({"context": {"x:k": ["", "a"]}}, "x:k", ("", "a")),
        ({"context": {"x:k": ""}}, "x:k", ""),
        ({"context": {"X:K": 1.5}}, "x:k", "1.5"),
        ({"context": {"x:k": [True, 2]}}, "x:k", ("true", "2")),
    ],
)
def test_a_key_has_what_the_request_says_or_its_caller_and_resource_settle(
    fields: dict[str, Any], key: str, value: object
) -> None:
    assert Request("x:Y", **fields).value(key) == value


STACK = {"${AWS::Region}": "eu-north-1", "${AWS::AccountId}": B, "${AWS::Partition}": "aws-cn"}
QUEUE = f"arn:aws:sqs:eu-west-1:{B}:q"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"resource": QUEUE, "principal": USER}, f"arn:aws:x:eu-west-1:{A}:y"),
        ({"resource": QUEUE, "principal": USER, "stack": STACK}, f"arn:aws-cn:x:eu-north-1:{B}:y"),
        ({"resource": QUEUE}, f"arn:aws:x:eu-west-1:{B}:y"),
        ({"resource": QUEUE, "principal": "arn:aws:iam::${AWS::AccountId}:role/app"}, f"arn:aws:x:eu-west-1:{B}:y"),
        ({"resource": "arn:aws:sqs:eu-*:1:q", "principal": USER}, f"arn:aws:x:${{AWS::Region}}:{A}:y"),
        ({"resource": "arn:aws:s3:::b", "principal": USER}, f"arn:aws:x:${{AWS::Region}}:{A}:y"),
        ({"resource": "*"}, "arn:${AWS::Partition}:x:${AWS::Region}:${AWS::AccountId}:y"),
    ],
)
def test_where_a_stack_is_is_read_off_the_request(fields: dict[str, Any], expected: str) -> None:
    assert Request("x:Y", **fields).bind("arn:${AWS::Partition}:x:${AWS::Region}:${AWS::AccountId}:y") == expected


@pytest.mark.parametrize(
    ("arn", "parts"),
    [
        ("arn:aws:sqs:eu-west-1:1:q:x", ["arn", "aws", "sqs", "eu-west-1", "1", "q:x"]),
        (
            "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:q:${A:b}",
            ["arn", "${AWS::Partition}", "sqs", "${AWS::Region}", "${AWS::AccountId}", "q:${A:b}"],
        ),
        ("${Queue.Arn}", ["${Queue.Arn}"]),
        ("${A::B}:c:${D", ["${A::B}", "c", "${D"]),
    ],
)
def test_colons_of_a_reference_do_not_part_an_arn(arn: str, parts: list[str]) -> None:
    assert arn_parts(arn) == parts


KEY = f"arn:aws:kms:eu-west-1:{A}:key/1"


@pytest.mark.parametrize(
    ("action", "resource", "aliases", "is_refused"),
    [
        ("kms:ScheduleKeyDeletion", KEY, "alias/aws/s3", True),
        ("kms:ScheduleKeyDeletion", KEY, ["alias/mine", "alias/aws/s3"], True),
        ("kms:ScheduleKeyDeletion", KEY, ["alias/mine"], False),
        ("kms:ScheduleKeyDeletion", KEY, "alias/mine", False),
        ("kms:ScheduleKeyDeletion", KEY, None, False),
        ("kms:Decrypt", KEY, "alias/aws/s3", False),
        ("kms:PutKeyPolicy", f"arn:aws:kms:eu-west-1:{A}:alias/aws/s3", None, True),
        ("kms:PutKeyPolicy", f"arn:aws:kms:eu-west-1:{A}:alias/mine", None, False),
        ("s3:PutObject", "arn:aws:s3:::alias/aws/x:alias/aws/y", "alias/aws/s3", False),
    ],
)
def test_nobody_changes_a_key_that_aws_manages_which_an_alias_shows(
    action: str,
    resource: str,
    aliases: Any,
    is_refused: bool,
) -> None:
    context = {"kms:ResourceAliases": aliases}
    everyone = parse({"Version": "2012-10-17", "Statement": {**EVERYTHING, "Principal": {"AWS": A}}})
    everything = parse({"Version": "2012-10-17", "Statement": EVERYTHING})
    decision = evaluate(Request(action, resource, USER, context), everything, resource=everyone)
    assert ("AWS alone changes the keys that it manages" in decision.because) is is_refused
    assert decision.allowed is not is_refused
    raw = {"action": action, "resource": resource, "principal": USER, "context": context}
    policies = {
        "identity": [{"Version": "2012-10-17", "Statement": EVERYTHING}],
        "resource": [{"Version": "2012-10-17", "Statement": {**EVERYTHING, "Principal": {"AWS": A}}}],
    }
    assert reference.decide({"policies": policies, "request": raw}) == decision.verdict
