"""All that differs of resources which were changed by hand in many ways at once: each change with its calls, wholly."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

import pytest

from remit.app import Resource
from remit.deploy.deployed_references import UNKNOWN
from remit.deploy.live_resources.policies import attached_policies
from remit.deploy.live_resources.reading import ROWS
from remit.deploy.live_resources.resource_row import LiveResource, LiveStack, Subject, differences

ACCOUNT: Final = "111122223333"
FUNCTION: Final = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:report"
ALIAS: Final = f"{FUNCTION}:live"
BUS_RULE: Final = "arn:aws:events:eu-west-1:1:rule/x"
UPDATED: Final = "function_updated_v2"
ALL_BLOCKED: Final = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
Told = tuple[str, str, bool, list[tuple[str, str, dict[str, Any]]]]
"""A change: its kind, what it is, whether it is public, and the calls that undo it."""


def told(
    type_name: str, name: str, properties: dict[str, Any], answers: dict[str, Any], parts: tuple[Resource, ...] = ()
) -> list[Told]:
    """What is told of a resource of a stack with these properties and neighbours, as AWS answers about it."""
    resources = (Resource("Own", type_name, properties), *parts)
    names = {"${Own}": name, "${Own.Arn}": FUNCTION if type_name == "AWS::Lambda::Function" else name}
    physical = {part.logical_id: f"{name}|{part.logical_id.lower()}" for part in parts} | {"Own": name}
    policies = attached_policies(resources, names, physical)
    stack = LiveStack(ACCOUNT, names, physical, resources, policies, is_local=False)
    subject = Subject(name, names["${Own.Arn}"], (name,))
    found = differences(LiveResource(ROWS[type_name], "Own", subject, properties, answers, stack))
    changes: list[Told] = []
    for each in found:
        calls = [(call.operation, call.until, dict(call.parameters)) for call in each.repairs]
        changes.append((each.kind, each.what, each.is_public, calls))
    return changes


def permission(sid: str, **changes: Any) -> dict[str, Any]:
    """A statement of a function's policy as Lambda writes it."""
    sender = {"Principal": {"Service": "events.amazonaws.com"}, "Action": "lambda:InvokeFunction"}
    return {"Sid": sid, "Effect": "Allow", **sender, "Resource": FUNCTION, **changes}


def test_permissions_that_were_added_and_removed_are_told_with_all_that_they_say() -> None:
    declared = {"FunctionName": "${Own.Arn}", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    options = {
        "SourceArn": "arn:aws:s3:::orders", "SourceAccount": ACCOUNT, "PrincipalOrgID": "o-1", "EventSourceToken": "t",
        "FunctionUrlAuthType": "NONE", "InvokedViaFunctionUrl": True,
    }  # fmt: skip
    rule = {"Principal": "events.amazonaws.com", "SourceArn": BUS_RULE}
    parts = (
        Resource("Gone", "AWS::Lambda::Permission", {**declared, **options}),
        Resource("Kept", "AWS::Lambda::Permission", {**declared, **rule}),
    )
    actions = ["lambda:GetFunction", "lambda:GetAlias", "lambda:InvokeFunction", "lambda:GetPolicy"]
    statements = [
        permission("kept", Action="LAMBDA:invokefunction", Condition={"ArnLike": {"AWS:SourceArn": BUS_RULE}}),
        permission("open", Principal="*"),
        permission("far", Principal={"AWS": "arn:aws:iam::999999999999:root"}, Action=actions),
        permission("ours", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        permission("both", Resource=[FUNCTION, ALIAS]),
        permission("alias", Resource=ALIAS),
    ]
    answer = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": statements})}
    added = {
        "open": ": anybody may lambda:InvokeFunction",
        "far": f": account 999999999999 may {', '.join(actions[:3])} and 1 more",
        "ours": "",
    }
    expected: list[Told] = [
        (
            "access", f"permission {sid} of function report (Own) was added by hand{effects}", sid == "open",
            [("lambda.RemovePermission", "", {"FunctionName": "report", "StatementId": sid})],
        )
        for sid, effects in added.items()
    ]  # fmt: skip
    back = {"FunctionName": "report", "StatementId": "gone", "Action": declared["Action"]}
    back |= {"Principal": "s3.amazonaws.com", **options}
    gone = "permission Gone of function report (Own) was removed by hand"
    expected.append(("runs", gone, False, [("lambda.AddPermission", "", back)]))
    assert expected == told("AWS::Lambda::Function", "report", {}, {"lambda.GetPolicy": answer}, parts)


def test_all_settings_of_a_function_are_told_and_put_back() -> None:
    properties = {
        "Layers": ["arn:l:1"], "Timeout": "7", "MemorySize": "256", "ReservedConcurrentExecutions": "0",
        "Handler": "a.b", "Runtime": "python3.12",
        "Environment": {"Variables": {"A": "1", "B": UNKNOWN, "C": "", "D": 5, "F": ""}},
        "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": UNKNOWN}, {"Key": "c", "Value": "3"}],
    }  # fmt: skip
    configuration = {
        "Layers": [{"Arn": "arn:l:2"}], "Timeout": 8, "MemorySize": 128, "Handler": "a.c", "Runtime": "python3.11",
        "Environment": {"Variables": {"A": "2", "B": "x", "E": "n", "F": ""}},
    }  # fmt: skip
    answer = {"Configuration": configuration, "Tags": {"a": "2", "z": "1"}}
    answer["Concurrency"] = {"ReservedConcurrentExecutions": 2}
    changes: dict[str, tuple[str, dict[str, Any]]] = {
        "layers": ("arn:l:2, not arn:l:1", {"Layers": ["arn:l:1"]}),
        "handler": ("a.c, not a.b", {"Handler": "a.b"}),
        "runtime": ("python3.11, not python3.12", {"Runtime": "python3.12"}),
        "timeout": ("8, not 7", {"Timeout": 7}),
        "memory": ("128, not 256", {"MemorySize": 256}),
        "reserved concurrency": ("2, not 0", {"ReservedConcurrentExecutions": 0}),
        "environment": (
            "E was added, C was removed, D was removed, A has another value",
            {"Environment": {"Variables": {"A": "1", "B": "x", "C": "", "D": "5", "F": ""}}},
        ),
    }
    expected: list[Told] = []
    for label, (change, setting) in changes.items():
        call = ("lambda.UpdateFunctionConfiguration", UPDATED, {"FunctionName": "report", **setting})
        if label == "reserved concurrency":
            call = ("lambda.PutFunctionConcurrency", "", {"FunctionName": "report", **setting})
        what = f"the {label} of function report (Own) was changed by hand: {change}"
        expected.append(("runs", what, False, [call]))
    tags = ("lambda.TagResource", "", {"Resource": FUNCTION, "Tags": {"a": "1", "c": "3"}})
    expected.append(("rest", "tags of function report (Own) were changed by hand: a, c", False, [tags]))
    assert expected == told("AWS::Lambda::Function", "report", properties, {"lambda.GetFunction": answer})


@pytest.mark.parametrize(
    ("properties", "environment"),
    [
        ({"Variables": {"A": "1"}}, {"Error": {"ErrorCode": "AccessDenied", "Message": "no"}}),
        ({"Variables": UNKNOWN}, {"Variables": {"A": "2"}}),
        (UNKNOWN, {"Variables": {"A": "2"}}),
    ],
)
def test_variables_that_cannot_be_read_or_that_the_deploy_alone_knew_are_not_compared(
    properties: Any, environment: Any
) -> None:
    answer = {"Configuration": {"Environment": environment, "Timeout": 3, "MemorySize": 128}}
    found = told("AWS::Lambda::Function", "report", {"Environment": properties}, {"lambda.GetFunction": answer})
    assert [] == found


def test_what_the_template_leaves_out_is_taken_away() -> None:
    answer = {"Configuration": {"Timeout": 3, "MemorySize": 128, "Layers": [{"Arn": "x"}]}}
    answer["Concurrency"] = {"ReservedConcurrentExecutions": 0}
    of = "of function report (Own) was changed by hand"
    layers = ("lambda.UpdateFunctionConfiguration", UPDATED, {"FunctionName": "report", "Layers": []})
    expected: list[Told] = [
        ("runs", f"the layers {of}: x, not none", False, [layers]),
        (
            "runs", f"the reserved concurrency {of}: 0, not none", False,
            [("lambda.DeleteFunctionConcurrency", "", {"FunctionName": "report"})],
        ),
    ]  # fmt: skip
    assert expected == told("AWS::Lambda::Function", "report", {}, {"lambda.GetFunction": answer})


MAPPING: Final = "event source mapping u1 (Own)"


def turned(to: str, function: str = "report") -> Told:
    call = ("lambda.UpdateEventSourceMapping", "", {"UUID": "u1", "Enabled": to == "off"})
    return "runs", f"{MAPPING} of function {function} was turned {to} by hand", False, [call]


@pytest.mark.parametrize(
    ("properties", "state", "expected"),
    [
        ({"Enabled": "False"}, {}, [turned("on")]),
        ({"Enabled": False}, {"State": "Enabling"}, [turned("on")]),
        ({"Enabled": False}, {"State": "Disabled"}, []),
        ({}, {"State": "Disabled"}, [turned("off")]),
        ({"Enabled": "true"}, {"State": "Disabling"}, [turned("off")]),
        ({"Enabled": UNKNOWN}, {"State": "Disabled"}, []),
        ({"Enabled": UNKNOWN}, {"State": "Enabled"}, []),
        ({}, {"State": "Updating", "FunctionArn": f"{FUNCTION}:$LATEST"}, []),
        ({"FunctionName": UNKNOWN}, {"FunctionArn": f"{FUNCTION}2"}, []),
        ({"FunctionName": "report"}, {}, []),
        (
            {"BatchSize": "5", "MaximumBatchingWindowInSeconds": 3}, {"BatchSize": 7},
            [
                (
                    "runs", f"the {label} of {MAPPING} of function report was changed by hand: {change}", False,
                    [("lambda.UpdateEventSourceMapping", "", {"UUID": "u1", **setting})],
                )
                for label, change, setting in (
                    ("batch size", "7, not 5", {"BatchSize": 5}),
                    ("batching window", "None, not 3", {"MaximumBatchingWindowInSeconds": 3}),
                )
            ],
        ),
        (
            {}, {"FunctionArn": f"{FUNCTION}2", "State": "Disabled"},
            [
                (
                    "access", f"{MAPPING} was turned by hand to function report2, not report", False,
                    [("lambda.UpdateEventSourceMapping", "", {"UUID": "u1", "FunctionName": FUNCTION})],
                ),
                turned("off", "report2"),
            ],
        ),
    ],
)  # fmt: skip
def test_what_differs_of_a_mapping_is_told(
    properties: dict[str, Any], state: dict[str, Any], expected: list[Told]
) -> None:
    own = {"UUID": "u1", "FunctionArn": FUNCTION, "State": "Enabled", **state}
    other = {"UUID": "u0", "FunctionArn": "x", "State": "Disabled", "BatchSize": 99}
    answers = {"lambda.ListEventSourceMappings": {"EventSourceMappings": [other, own]}}
    assert expected == told("AWS::Lambda::EventSourceMapping", "u1", {"FunctionName": FUNCTION, **properties}, answers)


@pytest.mark.parametrize(
    ("properties", "answer", "changes"),
    [
        (
            {}, {"FunctionVersion": "2", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}},
            ["version of alias live (Own) was changed by hand: 2, not 3",
             'routing of alias live (Own) was changed by hand: {"1": 0.5}, not {}'],
        ),
        (
            {"RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1}}}, {"FunctionVersion": "3"},
            ['routing of alias live (Own) was changed by hand: none, not {"2": 0.1}'],
        ),
        (
            {"RoutingConfig": {"AdditionalVersionWeights": {"7": 0.2, "2": 0.1}}}, {"FunctionVersion": "3"},
            ['routing of alias live (Own) was changed by hand: none, not {"2": 0.1, "7": 0.2}'],
        ),
    ],
)  # fmt: skip
def test_an_alias_is_put_back_as_a_whole(
    properties: dict[str, Any], answer: dict[str, Any], changes: list[str]
) -> None:
    routing = properties.get("RoutingConfig", {"AdditionalVersionWeights": {}})
    call = ("lambda.UpdateAlias", "", {
        "FunctionName": "report", "Name": "live", "FunctionVersion": "3", "RoutingConfig": routing,
    })  # fmt: skip
    found = told("AWS::Lambda::Alias", ALIAS, {"FunctionVersion": "3", **properties}, {"lambda.GetAlias": answer})
    assert [("runs", f"the {change}", False, [call]) for change in changes] == found


@pytest.mark.parametrize(
    ("declared", "actual", "off", "expected"),
    [
        (None, None, list(ALL_BLOCKED), ALL_BLOCKED),
        (None, ALL_BLOCKED, [], {}),
        ({}, {"BlockPublicAcls": True}, [], {}),
        (UNKNOWN, None, [], {}),
        ({"BlockPublicAcls": "true"}, {"BlockPublicAcls": True}, [], {}),
        (
            {"BlockPublicAcls": "true", "IgnorePublicAcls": UNKNOWN, "BlockPublicPolicy": True},
            {"IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True},
            ["BlockPublicAcls"], {**ALL_BLOCKED, "RestrictPublicBuckets": False},
        ),
    ],
)  # fmt: skip
def test_a_public_access_block_that_is_weaker_is_put_back(
    declared: Any, actual: Any, off: list[str], expected: dict[str, bool]
) -> None:
    key = "PublicAccessBlockConfiguration"
    properties, answer = {} if declared is None else {key: declared}, {} if actual is None else {key: actual}
    what = f"the public access block of bucket b1 (Own) was weakened by hand: {', '.join(off)} is off"
    call = ("s3.PutPublicAccessBlock", "", {"Bucket": "b1", key: expected})
    found = told("AWS::S3::Bucket", "b1", properties, {"s3.GetPublicAccessBlock": answer})
    assert ([("access", what, False, [call])] if off else []) == found


def test_grants_of_a_key_are_told_but_those_that_services_made_for_callers_here() -> None:
    far = "arn:aws:sts::999999999999:assumed-role/a/b"
    grantees = ("dynamodb.eu-west-1.amazonaws.com", "evil.com", f"arn:aws:sts::{ACCOUNT}:assumed-role/a/b", far)
    grants = [
        {"GrantId": f"g{number}", "Operations": ["Decrypt", "Encrypt"], "GranteePrincipal": grantee}
        for number, grantee in enumerate(grantees)
    ]
    expected: list[Told] = []
    for number in (1, 3):
        what = f"a grant of key k1 (Own) was made by hand: {grantees[number]} may kms:Decrypt, kms:Encrypt"
        expected.append(("access", what, False, [("kms.RevokeGrant", "", {"KeyId": "k1", "GrantId": f"g{number}"})]))
    assert expected == told("AWS::KMS::Key", "k1", {}, {"kms.ListGrants": {"Grants": grants}})


def test_notifications_that_were_added_and_removed_are_one_change_and_put_back_as_a_whole() -> None:
    rules, in_capitals = [{"Name": "prefix", "Value": "in/"}], [{"Name": "Prefix", "Value": "in/"}]
    created = {
        "LambdaFunctionArn": FUNCTION,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": rules}},
    }
    added = {"LambdaFunctionArn": FUNCTION, "Events": ["s3:b", "s3:a"]}
    added["Filter"] = {"Key": {"FilterRules": [{"Name": "Suffix", "Value": ".csv"}]}}
    declared = {
        "LambdaConfigurations": [
            {"Function": FUNCTION, "Event": "s3:ObjectCreated:*", "Filter": {"S3Key": {"Rules": rules}}}
        ],
        "QueueConfigurations": [
            {"Queue": f"arn:aws:sqs:eu-west-1:9:{name}", "Event": "s3:ObjectRemoved:*"} for name in "zyxqab"
        ],
        "EventBridgeConfiguration": {},
    }
    held = {
        "LambdaFunctionConfigurations": [{**created, "Filter": {"Key": {"FilterRules": in_capitals}}}, added],
        "TopicConfigurations": [{"TopicArn": "arn:aws:sns:eu-west-1:9:t", "Events": ["s3:x"]}],
    }  # fmt: skip
    whole = {
        "LambdaFunctionConfigurations": [created],
        "QueueConfigurations": [
            {"QueueArn": f"arn:aws:sqs:eu-west-1:9:{name}", "Events": ["s3:ObjectRemoved:*"]} for name in "zyxqab"
        ],
        "EventBridgeConfiguration": {},
    }
    changes = [
        "s3:a, s3:b of *.csv to report was added",
        "s3:x of * to arn:aws:sns:eu-west-1:9:t was added",
        *(f"s3:ObjectRemoved:* of * to arn:aws:sqs:eu-west-1:9:{name} was removed" for name in "abqxyz"),
    ]
    what = f"the notifications of bucket b1 (Own) were changed by hand: {', '.join(changes)}"
    call = ("s3.PutBucketNotificationConfiguration", "", {"Bucket": "b1", "NotificationConfiguration": whole})
    answers = {"s3.GetBucketNotificationConfiguration": held}
    found = told("AWS::S3::Bucket", "b1", {"NotificationConfiguration": declared}, answers)
    assert [("runs", what, False, [call])] == found


@pytest.mark.parametrize(
    ("declared", "held", "is_told"),
    [
        ({"EventBridgeConfiguration": {}}, {}, True),
        ({"EventBridgeConfiguration": {}}, {"EventBridgeConfiguration": {}}, False),
        ({}, {"EventBridgeConfiguration": {}}, False),
        ({"LambdaConfigurations": [{"Function": UNKNOWN, "Event": "x"}], "EventBridgeConfiguration": {}}, {}, False),
    ],
)
def test_a_bucket_that_no_longer_tells_event_bridge_is_told(
    declared: dict[str, Any], held: dict[str, Any], *, is_told: bool
) -> None:
    whole = {"Bucket": "b1", "NotificationConfiguration": {"EventBridgeConfiguration": {}}}
    what = "the notifications of bucket b1 (Own) were changed by hand: not to EventBridge"
    call = ("s3.PutBucketNotificationConfiguration", "", whole)
    answers = {"s3.GetBucketNotificationConfiguration": held}
    found = told("AWS::S3::Bucket", "b1", {"NotificationConfiguration": declared}, answers)
    assert ([("runs", what, False, [call])] if is_told else []) == found


ROOT: Final = f"arn:aws:iam::{ACCOUNT}:root"
READ: Final[dict[str, Any]] = {
    "Sid": "x", "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": ["s3:GetObject", "s3:PutObject"],
    "Resource": "arn:aws:s3:::b1/*", "Condition": {"StringEquals": {"aws:SourceVpc": ["v1", "v2"]}},
}  # fmt: skip
OPEN: Final = {"Sid": "z", "Effect": "Allow", "Principal": "*", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b1/*"}
SPELLED: Final = {
    **READ, "Sid": "y", "Principal": {"AWS": ACCOUNT}, "Action": ["S3:putobject", "s3:getObject"],
    "Condition": {"StringEquals": {"AWS:SourceVpc": ["v2", "v1"]}},
}  # fmt: skip
BUT: Final = {**{key: value for key, value in READ.items() if key != "Action"}, "NotAction": READ["Action"]}


def document(*statements: dict[str, Any], version: str = "2008-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": [*statements]}


def compared(operator: str, key: str) -> dict[str, Any]:
    return {**READ, "Condition": {operator: {key: "a"}}}


@pytest.mark.parametrize(
    ("declared", "held", "change", "is_public"),
    [
        ([READ], None, "was deleted", False),
        ([READ], [SPELLED], None, False),
        ([READ, OPEN], [OPEN, SPELLED], None, False),
        ([READ], [READ, OPEN], "was changed by hand: anybody may s3:Get*", True),
        ([READ, OPEN], [READ], "was changed", False),
        ([READ, OPEN], [OPEN], "was changed", False),
        ([READ], [BUT], "was changed", False),
        ([READ], [{**READ, "Effect": "Deny"}], "was changed", False),
        ([READ], [{**READ, "Condition": {"StringLike": READ["Condition"]["StringEquals"]}}], "was changed", False),
        (
            [{**READ, "Condition": {"StringEquals": {"aws:a": "1", "aws:b": "2"}}}],
            [{**READ, "Condition": {"StringEquals": {"aws:a": "1", "AWS:b": "2"}}}],
            None,
            False,
        ),
        ([compared("ArnEquals", "aws:SourceArn")], [compared("ArnLike", "AWS:SourceArn")], None, False),
        ([compared("ArnEquals", "aws:PrincipalArn")], [compared("ArnLike", "aws:PrincipalArn")], "was changed", False),
        ([], [READ], "was made", False),
        ([], [OPEN], "was made by hand: anybody may s3:Get*", True),
        ([], None, None, False),
    ],
)
def test_a_policy_that_differs_is_one_change_whatever_its_spelling(
    declared: list[Any], held: list[Any] | None, change: str | None, *, is_public: bool
) -> None:
    whole = document(*declared)
    part = Resource("Policy", "AWS::S3::BucketPolicy", {"Bucket": "${Own}", "PolicyDocument": whole})
    answer = {} if held is None else {"Policy": json.dumps(document(*held, version="2012-10-17"))}
    found = told("AWS::S3::Bucket", "b1", {}, {"s3.GetBucketPolicy": answer}, (part,) if declared else ())
    if change is None:
        assert [] == found
        return
    ((kind, what, opens, ((operation, _, given),)),) = found
    words = change if "by hand" in change else f"{change} by hand"
    assert ("access", f"the policy of bucket b1 (Own) {words}", is_public) == (kind, what, opens)
    assert "b1" == given.pop("Bucket")
    if declared:
        written = json.loads(given["Policy"])
        assert ("s3.PutBucketPolicy", ["Policy"], whole["Version"]) == (operation, [*given], written["Version"])
        again = told("AWS::S3::Bucket", "b1", {}, {"s3.GetBucketPolicy": given}, (part,))
        assert ([], [each["Sid"] for each in declared]) == (again, [each["Sid"] for each in written["Statement"]])
    else:
        assert ("s3.DeleteBucketPolicy", {}) == (operation, given)


@pytest.mark.parametrize("text", ["[", '{"Version": "x"}', "{}", "null"])
def test_a_policy_that_is_none_is_told_without_a_call(text: str) -> None:
    what = "the policy of bucket b1 (Own) was changed by hand, and cannot be read"
    assert [("access", what, False, [])] == told("AWS::S3::Bucket", "b1", {}, {"s3.GetBucketPolicy": {"Policy": text}})


def test_a_policy_of_which_several_parts_are_on_a_resource_is_put_back_with_all_of_them() -> None:
    parts = tuple(
        Resource(f"Policy{number}", "AWS::S3::BucketPolicy", {"Bucket": "${Own}", "PolicyDocument": document(each)})
        for number, each in enumerate((READ, OPEN))
    )
    ((_, what, _, ((_, _, given),)),) = told("AWS::S3::Bucket", "b1", {}, {"s3.GetBucketPolicy": {}}, parts)
    assert "the policy of bucket b1 (Own) was deleted by hand" == what
    assert ["x", "z"] == [each["Sid"] for each in json.loads(given["Policy"])["Statement"]]
    key = {**READ, "Resource": "*"}
    answer = {"Policy": json.dumps(document({**key, "Effect": "Deny"}))}
    ((_, _, _, ((operation, _, given),)),) = told(
        "AWS::KMS::Key", "k1", {"KeyPolicy": document(key)}, {"kms.GetKeyPolicy": answer}
    )
    assert ("kms.PutKeyPolicy", "k1", "default") == (operation, given["KeyId"], given["PolicyName"])
    assert [] == told("AWS::KMS::Key", "k1", {"KeyPolicy": document(key)}, {"kms.GetKeyPolicy": given})


TOPIC: Final = f"arn:aws:sns:eu-west-1:{ACCOUNT}:news"
OWN_TOPIC: Final[dict[str, Any]] = {
    "Sid": "__default_statement_ID", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "SNS:GetTopicAttributes",
    "Resource": TOPIC, "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
}  # fmt: skip
OTHERS_TOPIC: Final = {**OWN_TOPIC, "Condition": {"StringEquals": {"AWS:SourceOwner": "999999999999"}}}
BY_HAND: Final = {"Sid": "by", "Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": TOPIC}
BOTH: Final = ["SNS:Publish", "SNS:Subscribe"]


@pytest.mark.parametrize(
    ("held", "change", "actions"),
    [
        ([OWN_TOPIC], None, None),
        ([OWN_TOPIC, BY_HAND], "changed by hand: anybody may sns:Publish", "SNS:GetTopicAttributes"),
        ([BY_HAND], "made by hand: anybody may sns:Publish", BOTH),
        ([OTHERS_TOPIC], "made by hand: anybody may SNS:GetTopicAttributes", BOTH),
        ([{**OWN_TOPIC, "Sid": "other"}], "made by hand: anybody may SNS:GetTopicAttributes", BOTH),
    ],
)
def test_a_topic_without_a_policy_gets_back_the_one_that_sns_wrote(
    held: list[dict[str, Any]], change: str | None, actions: Any
) -> None:
    answer = {"Attributes": {"Policy": json.dumps(document(*held))}}
    found = told("AWS::SNS::Topic", TOPIC, {}, {"sns.GetTopicAttributes": answer})
    if change is None:
        assert [] == found
        return
    ((kind, what, is_public, ((operation, _, given),)),) = found
    assert ("access", "anybody" in change, "sns.SetTopicAttributes") == (kind, is_public, operation)
    assert f"the policy of topic news (Own) was {change}" == what
    assert document({**OWN_TOPIC, "Action": actions}) == json.loads(given.pop("AttributeValue"))
    assert {"TopicArn": TOPIC, "AttributeName": "Policy"} == given


def test_all_settings_of_a_queue_are_told_and_put_back_as_text() -> None:
    url = f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/jobs"
    properties = {"VisibilityTimeout": 30, "RedrivePolicy": {"a": 1}, "KmsMasterKeyId": "k"}
    held = {"VisibilityTimeout": "31", "MessageRetentionPeriod": "9", "KmsMasterKeyId": "k2"}
    changes = {
        "visibility timeout": ("31, not 30", "VisibilityTimeout", "30"),
        "retention": ("9, not 345600", "MessageRetentionPeriod", "345600"),
        "dead-letter queue": ('none, not {"a": 1}', "RedrivePolicy", '{"a": 1}'),
        "key": ("k2, not k", "KmsMasterKeyId", "k"),
    }
    expected = []
    for label, (change, name, text) in changes.items():
        call = ("sqs.SetQueueAttributes", "", {"QueueUrl": url, "Attributes": {name: text}})
        expected.append(("runs", f"the {label} of queue jobs (Own) was changed by hand: {change}", False, [call]))
    assert expected == told("AWS::SQS::Queue", url, properties, {"sqs.GetQueueAttributes": {"Attributes": held}})
    held = {"VisibilityTimeout": "30", "MessageRetentionPeriod": "345600", "KmsMasterKeyId": "k2"}
    assert [] == told("AWS::SQS::Queue", url, {}, {"sqs.GetQueueAttributes": {"Attributes": held}})
    held["RedrivePolicy"] = '{"a":1}'
    call = ("sqs.SetQueueAttributes", "", {"QueueUrl": url, "Attributes": {"RedrivePolicy": ""}})
    what = 'the dead-letter queue of queue jobs (Own) was changed by hand: {"a":1}, not none'
    found = told("AWS::SQS::Queue", url, {}, {"sqs.GetQueueAttributes": {"Attributes": held}})
    assert [("runs", what, False, [call])] == found


@pytest.mark.parametrize("held", [[OPEN], [READ], None])
def test_a_policy_of_which_the_deploy_alone_knew_a_part_is_not_compared(held: list[Any] | None) -> None:
    whole = {"Fn::ImportValue": "policy"}
    part = Resource("Policy", "AWS::S3::BucketPolicy", {"Bucket": "${Own}", "PolicyDocument": whole})
    answer = {} if held is None else {"Policy": json.dumps(document(*held))}
    assert [] == told("AWS::S3::Bucket", "b1", {}, {"s3.GetBucketPolicy": answer}, (part,))


def test_routes_and_authorizers_of_an_api_are_told_and_put_back_with_all_that_the_template_says_of_them() -> None:
    jwt = {"AuthorizationType": "JWT", "AuthorizerId": "z", "AuthorizationScopes": ["a"]}
    declared: dict[str, dict[str, Any]] = {
        "GET /open": {}, "GET /shut": jwt, "GET /wide": jwt, "GET /gone": jwt,
        "GET /same": {**jwt, "OperationName": "x"},
    }  # fmt: skip
    held = {
        "GET /open": {"AuthorizationType": "AWS_IAM"},
        "GET /shut": {"AuthorizationType": "NONE"},
        "GET /wide": {**jwt, "AuthorizationScopes": ["a", "b"]},
        "GET /same": jwt,
        "POST /b": {"AuthorizationType": "AWS_IAM"},
        "POST /a": {},
    }
    target = {"Target": "integrations/1"}
    checks = {
        "AuthorizerUri": "arn:f", "IdentitySource": ["$request.header.A"], "JwtConfiguration": {"Audience": ["a"]},
        "AuthorizerCredentialsArn": "arn:role",
    }  # fmt: skip
    authorizers = {
        "Same": {**checks, "JwtConfiguration": {"audience": ["a"]}},
        **{f"Other{name}": {**checks, name: "other"} for name in checks},
    }
    of_api = {"ApiId": "api1"}
    parts = [
        Resource(f"R{number}", "AWS::ApiGatewayV2::Route", {**of_api, "RouteKey": key, **target, **more})
        for number, (key, more) in enumerate(declared.items())
    ]
    parts += [
        Resource(name, "AWS::ApiGatewayV2::Authorizer", {**of_api, **checks, "Name": name})
        for name in (*authorizers, "Gone")
    ]
    routes = [{"RouteKey": key, "RouteId": key[-4:], **target, **more} for key, more in held.items()]
    items = [{"AuthorizerId": f"api1|{name.lower()}", **more} for name, more in authorizers.items()]
    answers = {"apigatewayv2.GetRoutes": {"Items": routes}, "apigatewayv2.GetAuthorizers": {"Items": items}}

    def changed(key: str, now: str) -> Told:
        settings = {"AuthorizationType": "NONE", **declared[key], **target}
        call = ("apigatewayv2.UpdateRoute", "", {**of_api, "RouteId": key[-4:], **settings})
        what = f"route {key} of API api1 (Own) was changed by hand: its authorisation is {now}"
        return "access", what, now == "NONE", [call]

    def added(key: str, *, is_public: bool) -> Told:
        call = ("apigatewayv2.DeleteRoute", "", {**of_api, "RouteId": key[-4:]})
        return "access", f"route {key} of API api1 (Own) was added by hand", is_public, [call]

    back = ("apigatewayv2.CreateRoute", "", {**of_api, "RouteKey": "GET /gone", **jwt, **target})
    expected: list[Told] = [
        added("POST /a", is_public=True),
        added("POST /b", is_public=False),
        changed("GET /open", "AWS_IAM"),
        changed("GET /shut", "NONE"),
        changed("GET /wide", "JWT"),
        ("runs", "route GET /gone of API api1 (Own) was deleted by hand", False, [back]),
    ]
    for name in authorizers:
        if name != "Same":
            call = ("apigatewayv2.UpdateAuthorizer", "", {**of_api, "AuthorizerId": f"api1|{name.lower()}", **checks})
            what = f"authorizer {name} of API api1 (Own) was changed by hand"
            expected.append(("access", what, False, [call]))
    gone = "authorizer Gone of API api1 (Own) is gone: it was deleted by hand"
    expected.append(("runs", gone, False, []))
    assert expected == told("AWS::ApiGatewayV2::Api", "api1", {}, answers, tuple(parts))


def test_addresses_of_apis_are_not_known_on_this_machine() -> None:
    stack = LiveStack(ACCOUNT, {"${Api}": "a1"}, {}, (), {}, is_local=False)
    url = {"Fn::Sub": "https://${Api}.execute-api.eu-west-1.amazonaws.com"}
    assert [replace(stack, is_local=is_local).filled(url) for is_local in (True, False)] == [
        UNKNOWN, "https://a1.execute-api.eu-west-1.amazonaws.com",
    ]  # fmt: skip
