"""What was changed by hand on topics, rules, APIs, log groups, keys and buckets: told once, and undone by its calls.

The account is kept as AWS answers; each call that puts something back is carried out on it, and nothing differs then.
"""

from __future__ import annotations

import json
from typing import Any, Final

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.app import Resource
from remit.deploy.deployed_references import UNKNOWN
from remit.deploy.live_resources.policies import attached_policies
from remit.deploy.live_resources.reading import ROWS
from remit.deploy.live_resources.resource_row import LiveResource, LiveStack, Subject, differences

ACCOUNT: Final = "111122223333"
TOPIC: Final = f"arn:aws:sns:eu-west-1:{ACCOUNT}:news"
SERVICES: Final = botocore.session.get_session()
NAMES: Final = st.sampled_from(("a", "b", "c"))


def mistakes_of(found: Any) -> str:
    """What botocore's models find wrong with the calls of changes."""
    texts = []
    for repair in (repair for drift in found for repair in drift.repairs):
        model = SERVICES.get_service_model(repair.service).operation_model(repair.operation.partition(".")[2])
        texts.append(ParamValidator().validate(dict(repair.parameters), model.input_shape).generate_report())
    return "".join(texts)


def live(
    type_name: str,
    name: str,
    properties: dict[str, Any],
    answers: dict[str, Any],
    parts: tuple[Resource, ...] = (),
    within: str = "",
) -> LiveResource:
    """A resource of a stack with these properties and neighbours, as AWS answers about it."""
    resources = (Resource("Own", type_name, properties), *parts)
    names = {"${Own}": name, "${Own.Arn}": name}
    physical = {part.logical_id: f"api|{part.logical_id.lower()}" for part in parts} | {"Own": name}
    policies = attached_policies(resources, names, physical)
    stack = LiveStack(ACCOUNT, names, physical, resources, policies, is_local=False)
    return LiveResource(ROWS[type_name], "Own", Subject(name, name, (name,), within), properties, answers, stack)


def told(resource: LiveResource) -> list[Any]:
    found = list(differences(resource))
    assert mistakes_of(found) == ""
    assert all(repair.operation in resource.row.writes for drift in found for repair in drift.repairs)
    return found


SUBSCRIBED: Final = st.dictionaries(st.tuples(st.sampled_from(("sqs", "email")), NAMES), st.booleans(), max_size=4)


@settings(max_examples=cases(12, deep=250))
@given(SUBSCRIBED, st.sets(st.tuples(st.sampled_from(("sqs", "email")), NAMES)))
def test_a_subscription_is_told_that_was_added_or_removed(
    declared: dict[tuple[str, str], bool], held: set[tuple[str, str]]
) -> None:
    """Those of a template are of the topic, or resources of their own."""
    items = {pair: {"Protocol": pair[0], "Endpoint": pair[1]} for pair in declared}
    inside = [items[pair] for pair, is_inside in declared.items() if is_inside]
    outside = [items[pair] for pair, is_inside in declared.items() if not is_inside]
    parts = tuple(
        Resource(f"Part{number}", "AWS::SNS::Subscription", {"TopicArn": {"Ref": "Own"}, **item})
        for number, item in enumerate(outside)
    )
    other = Resource("Other", "AWS::SNS::Subscription", {"TopicArn": "x", "Protocol": "sqs", "Endpoint": "d"})
    answer = {
        "Subscriptions": [
            {"Protocol": p, "Endpoint": e, "SubscriptionArn": f"arn:aws:sns:{p}:{e}"} for p, e in sorted(held)
        ]
    }

    found = told(
        live(
            "AWS::SNS::Topic",
            TOPIC,
            {"Subscription": inside},
            {"sns.ListSubscriptionsByTopic": answer},
            (*parts, other),
        )
    )

    expected = {("access", pair) for pair in held - declared.keys()} | {
        ("runs", pair) for pair in declared.keys() - held
    }
    assert len(found) == len(expected)
    for drift in found:
        given_ = dict(drift.repairs[0].parameters)
        pair = (
            (given_["Protocol"], given_["Endpoint"])
            if "Protocol" in given_
            else tuple(given_["SubscriptionArn"].split(":")[3:])
        )
        assert (drift.kind, pair) in expected
        assert f"{pair[0]} {pair[1]}" in drift.what


def test_of_subscriptions_that_the_deploy_alone_knew_or_that_wait_for_their_owner_nothing_is_undone() -> None:
    answer = {
        "Subscriptions": [{"Protocol": "email", "Endpoint": "a@b.example", "SubscriptionArn": "PendingConfirmation"}]
    }
    answers = {"sns.ListSubscriptionsByTopic": answer}
    unknown = {"Subscription": [{"Protocol": "sqs", "Endpoint": UNKNOWN}]}

    assert told(live("AWS::SNS::Topic", TOPIC, unknown, answers)) == []
    (found,) = told(live("AWS::SNS::Topic", TOPIC, {}, answers))
    assert (found.kind, found.repairs) == ("access", ())


def own_statement(**more: Any) -> dict[str, Any]:
    return {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "SNS:Publish",
        "Resource": TOPIC,
        "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
        **more,
    }


@pytest.mark.parametrize(
    ("statements", "is_own"),
    [
        ([own_statement()], True),
        ([own_statement(Sid="open")], False),
        ([own_statement(Condition={"StringEquals": {"AWS:SourceOwner": "444455556666"}})], False),
        ([own_statement(), own_statement(Sid="open", Condition={})], False),
    ],
)
def test_the_policy_that_sns_writes_for_the_own_account_is_nobodys_change(
    statements: list[dict[str, Any]],
    is_own: bool,
) -> None:
    answer = {"Attributes": {"Policy": json.dumps({"Version": "2012-10-17", "Statement": statements})}}

    found = told(live("AWS::SNS::Topic", TOPIC, {}, {"sns.GetTopicAttributes": answer}))

    assert (found == []) == is_own
    for drift in found:
        (repair,) = drift.repairs
        document = json.loads(dict(repair.parameters)["AttributeValue"])
        (kept,) = document["Statement"]
        assert (kept["Sid"], kept["Condition"]) == (own_statement()["Sid"], own_statement()["Condition"])


def test_the_policy_that_the_template_gives_a_topic_is_put_back() -> None:
    statement = own_statement(Sid="own", Condition={}, Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/reader"})
    given = {"Version": "2012-10-17", "Statement": [statement]}
    part = Resource("Policy", "AWS::SNS::TopicPolicy", {"Topics": [{"Ref": "Own"}], "PolicyDocument": given})
    answer = {"Attributes": {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [own_statement()]})}}

    (drift,) = told(live("AWS::SNS::Topic", TOPIC, {}, {"sns.GetTopicAttributes": answer}, (part,)))

    back = json.loads(dict(drift.repairs[0].parameters)["AttributeValue"])
    assert [row["Sid"] for row in back["Statement"]] == ["own"]


TARGETS: Final = st.dictionaries(NAMES, st.sampled_from(("x", "y")))


@settings(max_examples=cases(12, deep=250))
@given(TARGETS, TARGETS, st.sampled_from(("", "orders-bus")))
def test_a_target_of_a_rule_is_told_that_was_added_removed_or_changed(
    declared: dict[str, str], held: dict[str, str], within: str
) -> None:
    properties = {"Targets": [{"Id": name, "Arn": f"arn:aws:sqs:{arn}"} for name, arn in declared.items()]}
    targets = {name: {"Id": name, "Arn": f"arn:aws:sqs:{arn}"} for name, arn in held.items()}

    def found() -> list[Any]:
        answers = {"events.ListTargetsByRule": {"Targets": list(targets.values())}}
        return told(live("AWS::Events::Rule", "orders-bus|daily", properties, answers, within=within))

    drifts = found()
    added = [f"arn:aws:sqs:{held[name]} was made a target" for name in sorted(held) if name not in declared]
    lost = [f"target {name} of" for name in declared if held.get(name) != declared[name]]
    assert [drift.kind for drift in drifts] == ["access"] * len(added) + ["runs"] * len(lost)
    assert all(start in drift.what for start, drift in zip([*added, *lost], drifts, strict=True))
    for drift in drifts:
        given_ = dict(drift.repairs[0].parameters)
        assert (given_["Rule"], given_.get("EventBusName", "")) == ("daily", within)
        for name in given_.get("Ids", ()):
            del targets[name]
        targets.update({target["Id"]: target for target in given_.get("Targets", ())})
    assert found() == []


ROUTE: Final = st.fixed_dictionaries(
    {"AuthorizationType": st.sampled_from(("NONE", "JWT"))},
    optional={"Target": st.sampled_from(("integrations/1", "integrations/2"))},
)
HELD: Final = st.fixed_dictionaries(
    {},
    optional={
        "AuthorizationType": st.sampled_from(("NONE", "JWT")),
        "Target": st.sampled_from(("integrations/1", "integrations/2")),
    },
)
"""A route as AWS has it, which may say nothing of its authorisation."""
ROUTE_KEYS: Final = st.dictionaries(st.sampled_from(("GET /a", "GET /b", "POST /a")), ROUTE)


@settings(max_examples=cases(15, deep=300))
@given(ROUTE_KEYS, st.dictionaries(st.sampled_from(("GET /a", "GET /b", "POST /a")), HELD))
def test_a_route_is_told_that_was_added_deleted_or_changed_and_is_public_where_anybody_gets_in(
    declared: dict[str, dict[str, str]], held: dict[str, dict[str, str]]
) -> None:
    parts = tuple(
        Resource(f"Route{number}", "AWS::ApiGatewayV2::Route", {"ApiId": {"Ref": "Own"}, "RouteKey": key, **route})
        for number, (key, route) in enumerate(declared.items())
    )
    routes = {key: {"RouteKey": key, "RouteId": f"id-{key}", **route} for key, route in held.items()}

    def found() -> list[Any]:
        return told(
            live(
                "AWS::ApiGatewayV2::Api",
                "api1",
                {},
                {"apigatewayv2.GetRoutes": {"Items": list(routes.values())}},
                parts,
            )
        )

    drifts = found()
    expected = {}
    for key in declared.keys() | held.keys() if declared else ():
        type_before = declared.get(key, {}).get("AuthorizationType")
        type_now = held.get(key, {}).get("AuthorizationType", "NONE")
        if key not in held:
            expected[key] = ("runs", False)
        elif key not in declared:
            expected[key] = ("access", type_now == "NONE")
        elif any(
            {"AuthorizationType": "NONE", **held[key]}.get(name) != value for name, value in declared[key].items()
        ):
            expected[key] = ("access", type_now == "NONE" and type_before != "NONE")
    assert {drift.what.split(" of ")[0]: (drift.kind, drift.is_public) for drift in drifts} == {
        f"route {key}": value for key, value in expected.items()
    }
    assert [drift.what for drift in drifts if " was added " in drift.what] == sorted(
        drift.what for drift in drifts if " was added " in drift.what
    )
    for drift in drifts:
        given_ = dict(drift.repairs[0].parameters)
        key = given_.get("RouteKey") or given_["RouteId"].removeprefix("id-")
        assert given_["ApiId"] == "api1"
        if drift.repairs[0].method == "delete_route":
            del routes[key]
        else:
            routes[key] = routes.get(key, {"RouteKey": key, "RouteId": f"id-{key}"}) | given_
    assert found() == []


@pytest.mark.parametrize(
    ("held", "kinds"),
    [
        ({"issuer": "https://a", "audience": ["x"]}, []),
        ({"issuer": "https://a", "audience": ["x", "y"]}, ["access"]),
        ({"issuer": "https://b", "audience": ["x"]}, ["access"]),
        (None, ["runs"]),
    ],
)
def test_an_authorizer_is_told_that_is_gone_or_checks_something_else(
    held: dict[str, Any] | None, kinds: list[str]
) -> None:
    jwt = {"Issuer": "https://a", "Audience": ["x"]}
    properties = {"ApiId": {"Ref": "Own"}, "Name": "users", "AuthorizerType": "JWT", "JwtConfiguration": jwt}
    part = Resource("Users", "AWS::ApiGatewayV2::Authorizer", properties)
    items = [] if held is None else [{"AuthorizerId": "api|users", "Name": "renamed", "JwtConfiguration": held}]

    found = told(live("AWS::ApiGatewayV2::Api", "api1", {}, {"apigatewayv2.GetAuthorizers": {"Items": items}}, (part,)))

    assert [drift.kind for drift in found] == kinds
    for drift in found if held else ():
        assert dict(drift.repairs[0].parameters) == {
            "ApiId": "api1",
            "AuthorizerId": "api|users",
            "JwtConfiguration": jwt,
        }


@pytest.mark.parametrize("days", [None, 7, "14"])
@pytest.mark.parametrize("actual", [None, 7, 14])
def test_another_retention_is_told_and_put_back(days: int | str | None, actual: int | None) -> None:
    group = {"logGroupName": "/aws/lambda/x"} | ({} if actual is None else {"retentionInDays": actual})
    others = [{"logGroupName": "/aws/lambda/xy", "retentionInDays": 1}, group]
    properties = {} if days is None else {"RetentionInDays": days}

    found = told(
        live("AWS::Logs::LogGroup", "/aws/lambda/x", properties, {"logs.DescribeLogGroups": {"logGroups": others}})
    )

    assert bool(found) == (str(days) != str(actual))
    for drift in found:
        assert f"{actual or 'no'} days, not {days or 'for ever'}" in drift.what
        given_ = dict(drift.repairs[0].parameters)
        assert given_ == {"logGroupName": "/aws/lambda/x"} | ({} if days is None else {"retentionInDays": int(days)})
    (gone,) = told(
        live("AWS::Logs::LogGroup", "/aws/lambda/z", properties, {"logs.DescribeLogGroups": {"logGroups": others}})
    )
    assert gone.what == "log group z (Own) is gone: it was deleted by hand" or "/aws/lambda/z" in gone.what


@pytest.mark.parametrize(
    ("name", "target", "removed"),
    [("own", "ours", None), ("own", "theirs", []), ("another", "ours", ["another"])],
)
def test_a_subscription_filter_of_a_log_group_is_told_that_leads_elsewhere_and_one_of_another_name_is_removed(
    name: str, target: str, removed: list[str] | None
) -> None:
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:"
    properties = {"LogGroupName": {"Ref": "Own"}, "DestinationArn": f"{arn}ours"}
    part = Resource("Own", "AWS::Logs::SubscriptionFilter", properties)
    held = {"subscriptionFilters": [{"filterName": name, "destinationArn": f"{arn}{target}"}]}
    row = ROWS["AWS::Logs::LogGroup"]
    stack = LiveStack(ACCOUNT, {"${Own}": "group"}, {"Own": "group|own"}, (part,), {}, is_local=False)
    group = LiveResource(
        row, "Own", Subject("group", "group", ("group",)), {}, {"logs.DescribeSubscriptionFilters": held}, stack
    )

    found = told(group)

    assert len(found) == (removed is not None)
    for drift in found:
        assert drift.what.endswith(f" to {arn}{target}")
        assert [dict(repair.parameters)["filterName"] for repair in drift.repairs] == removed


@pytest.mark.parametrize(
    ("grantee", "is_told"),
    [
        ("dynamodb.eu-west-1.amazonaws.com", False),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/orders/x", False),
        ("arn:aws:sts::444455556666:assumed-role/orders/x", True),
        (f"arn:aws:iam::{ACCOUNT}:role/orders", True),
    ],
)
def test_a_grant_of_a_key_is_told_but_those_of_services(grantee: str, is_told: bool) -> None:
    grants = [{"GrantId": "g1", "GranteePrincipal": grantee, "Operations": ["Decrypt", "Encrypt"]}]

    found = told(live("AWS::KMS::Key", "k1", {}, {"kms.ListGrants": {"Grants": grants}}))

    assert bool(found) == is_told
    for drift in found:
        assert f"{grantee} may kms:Decrypt, kms:Encrypt" in drift.what
        assert dict(drift.repairs[0].parameters) == {"KeyId": "k1", "GrantId": "g1"}


BLOCKS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
BLOCK: Final = st.dictionaries(st.sampled_from(BLOCKS), st.sampled_from((True, False, "true", "false", UNKNOWN)))


@settings(max_examples=cases(15, deep=300))
@given(st.none() | BLOCK, st.dictionaries(st.sampled_from(BLOCKS), st.booleans()))
def test_the_settings_of_the_public_access_block_that_are_off_are_told(
    declared: dict[str, Any] | None, held: dict[str, bool]
) -> None:
    properties = {} if declared is None else {"PublicAccessBlockConfiguration": declared}
    wanted = {}
    for name in BLOCKS:
        setting = True if declared is None else declared.get(name)
        wanted[name] = held.get(name, False) if setting is UNKNOWN else setting in (True, "true")
    off = [name for name in BLOCKS if wanted[name] and not held.get(name)]

    found = told(
        live("AWS::S3::Bucket", "b1", properties, {"s3.GetPublicAccessBlock": {"PublicAccessBlockConfiguration": held}})
    )

    assert [drift.what.partition("by hand: ")[2] for drift in found] == ([f"{', '.join(off)} is off"] if off else [])
    for drift in found:
        assert dict(drift.repairs[0].parameters)["PublicAccessBlockConfiguration"] == wanted


def document(*principals: str, action: str = "s3:GetObject") -> dict[str, Any]:
    rows = [
        {"Effect": "Allow", "Principal": {"AWS": who}, "Action": action, "Resource": "arn:aws:s3:::b1/*"}
        for who in principals
    ]
    return {"Version": "2012-10-17", "Statement": rows}


ROOT: Final = "arn:aws:iam::444455556666:root"
ROLE: Final = "arn:aws:iam::444455556666:role/reader"


@pytest.mark.parametrize(
    ("declared", "held", "words", "is_public"),
    [
        ([], [], None, False),
        ([ROOT], ["444455556666"], None, False),
        ([ROOT], [ROOT, ROLE], "was changed by hand", False),
        ([], [ROOT], "was made by hand: account 444455556666 may s3:GetObject", False),
        ([ROOT], [], "was deleted by hand", False),
        ([ROOT], ["*"], "was changed by hand: anybody may s3:GetObject", True),
        (["*"], ["*"], None, False),
        (["*"], ["*", ROLE], "was changed by hand", False),
    ],
)
def test_the_policy_of_a_bucket_is_told_that_differs_with_who_gets_in_by_it(
    declared: list[str],
    held: list[str],
    words: str | None,
    is_public: bool,
) -> None:
    parts = ()
    if declared:
        parts = (
            Resource(
                "Policy", "AWS::S3::BucketPolicy", {"Bucket": {"Ref": "Own"}, "PolicyDocument": document(*declared)}
            ),
        )
    answer = {"Policy": json.dumps(document(*held))} if held else {}

    found = told(live("AWS::S3::Bucket", "b1", {}, {"s3.GetBucketPolicy": answer}, parts))

    assert [drift.is_public for drift in found] == ([] if words is None else [is_public])
    for drift in found:
        assert f"the policy of bucket b1 (Own) {words}" in drift.what
        (repair,) = drift.repairs
        assert repair.method == ("put_bucket_policy" if declared else "delete_bucket_policy")
        if declared:
            back = json.loads(dict(repair.parameters)["Policy"])
            assert [statement["Principal"]["AWS"] for statement in back["Statement"]] == declared


@pytest.mark.parametrize(
    ("declared", "held", "kinds"),
    [
        ({"Action": "s3:GetObject"}, {"NotAction": "s3:GetObject"}, ["access"]),
        ({"NotAction": "s3:GetObject"}, {"NotAction": "s3:GetObject"}, []),
        ({"Action": "s3:GetObject", "Principal": {"AWS": "${Late.Arn}"}}, {"Action": "s3:GetObject"}, []),
    ],
)
def test_all_actions_but_one_are_not_that_one_and_a_policy_with_an_open_reference_is_not_compared(
    declared: dict[str, Any], held: dict[str, Any], kinds: list[str]
) -> None:
    shared = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Resource": "arn:aws:s3:::b1/*"}
    given, actual = ({"Version": "2012-10-17", "Statement": [shared | part]} for part in (declared, held))
    part = Resource("Policy", "AWS::S3::BucketPolicy", {"Bucket": {"Ref": "Own"}, "PolicyDocument": given})

    found = told(live("AWS::S3::Bucket", "b1", {}, {"s3.GetBucketPolicy": {"Policy": json.dumps(actual)}}, (part,)))

    assert [drift.kind for drift in found] == kinds


@pytest.mark.parametrize("sources", [UNKNOWN, ["shop", UNKNOWN], ["shop"]])
def test_a_rule_that_was_turned_off_is_told_and_undone_where_its_pattern_is_known(sources: Any) -> None:
    answer = {
        "State": "DISABLED",
        "EventPattern": json.dumps({"source": ["shop", "x"] if sources != ["shop"] else sources}),
    }
    pattern = {"source": sources}

    (found,) = told(live("AWS::Events::Rule", "daily", {"EventPattern": pattern}, {"events.DescribeRule": answer}))

    assert found.what == "the state of rule daily (Own) was changed by hand: DISABLED, not ENABLED"
    expected = (
        {"Name": "daily", "State": "ENABLED", "EventPattern": json.dumps(pattern)} if sources == ["shop"] else None
    )
    assert [dict(repair.parameters) for repair in found.repairs] == ([expected] if expected else [])


def test_a_part_that_the_deploy_alone_knew_is_shown_as_such_and_no_notification_with_one_is_compared() -> None:
    running = {"Configuration": {"Layers": [{"Arn": "arn:a"}], "Timeout": 3, "MemorySize": 128}}

    (found,) = told(
        live("AWS::Lambda::Function", "report", {"Layers": [UNKNOWN, "arn:b"]}, {"lambda.GetFunction": running})
    )

    assert found.what.endswith(": arn:a, not ?, arn:b")
    rules = {"S3Key": {"Rules": [{"Name": "prefix", "Value": UNKNOWN}]}}
    sent = {"QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": "arn:aws:sqs:x", "Filter": rules}]}
    answers = {"s3.GetBucketNotificationConfiguration": {}}
    assert told(live("AWS::S3::Bucket", "b1", {"NotificationConfiguration": sent}, answers)) == []


def test_of_many_actions_three_are_named_and_a_policy_that_is_no_policy_is_told() -> None:
    actions = ["s3:GetObject", "s3:GetObjectTagging", "s3:ListBucket", "s3:PutObject"]
    rows = [statement for action in actions for statement in document(ROOT, action=action)["Statement"]]
    three = json.dumps({"Version": "2012-10-17", "Statement": rows[:3]})
    policies = [
        json.dumps({"Version": "2012-10-17", "Statement": rows}),
        "{",
        json.dumps({"Statement": [{"Effect": "x"}]}),
    ]

    found = [told(live("AWS::S3::Bucket", "b1", {}, {"s3.GetBucketPolicy": {"Policy": text}})) for text in policies]

    assert [len(drifts) for drifts in found] == [1, 1, 1]
    assert found[0][0].what.count("s3:") == 3
    assert found[0][0].what.endswith(" and 1 more")
    (drift,) = told(live("AWS::S3::Bucket", "b1", {}, {"s3.GetBucketPolicy": {"Policy": three}}))
    assert drift.what.endswith(f" may {', '.join(actions[:3])}")
    assert [drifts[0].what.endswith(", and cannot be read") for drifts in found[1:]] == [True, True]
