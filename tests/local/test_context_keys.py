"""What each condition key is worth in a request, as the reference of its service says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remit.access.needed_access import UNRESOLVED, NeededAccess, RequestedOperation
from remit.access.setting import RequestSetting, StoredNames
from remit.catalogue.partitions import UNSPECIFIED
from remit.local.authorization.caller import Caller, Question
from remit.local.authorization.context_keys import context_of
from remit.local.request import ReceivedRequest

PLACE = "eu-central-1:111122223333"
ROLE = "arn:aws:iam::111122223333:role/worker"
SESSION = Caller("arn:aws:sts::111122223333:assumed-role/worker/s", "111122223333", keys={"aws:userid": "AROA:s"})
TAGGED = replace(SESSION, keys={"aws:principaltag/team": "shop"})
ELSEWHERE = "arn:aws:lambda:eu-west-1:444455556666:function:f"
IS_OPEN = "any value"


class Stored(StoredNames):
    """A table with tags and a partition key, and a key that has two aliases."""

    def resource_tags(self, arn: str) -> dict[str, str] | None:
        return {"Team": "shop"} if arn.endswith("table/orders") else None

    def key_aliases(self, arn: str) -> tuple[str, ...] | None:
        return {"k1": ("alias/a", "alias/b"), "k2": ()}.get(arn.rpartition("/")[2])

    def permissions_boundary(self, role: str, user: str) -> str | None:
        return f"arn:aws:iam::111122223333:policy/of-{f'role-{role}' if role else f'user-{user}'}"

    def partition_key(self, table: str) -> str | None:
        return {"orders": "id"}.get(table)

    def object_tags(self, bucket: str, key: str) -> dict[str, str] | None:
        return {"Of": f"{key} in {bucket}"}


def question(
    action: str, parameters: dict[str, Any], resource: str = "*", caller: Caller = SESSION, **further: Any
) -> Question:
    client = further.pop("client", action.partition(":")[0])
    operation = RequestedOperation(client, action.partition(":")[2], "json")
    headers = {name.replace("_", "-"): (value,) for name, value in further.pop("headers", {}).items()}
    request = ReceivedRequest("POST", "/", "", headers)
    setting = RequestSetting("eu-central-1", caller.account, caller.arn, Stored())
    return Question(NeededAccess(action, resource, parameters, **further), operation, request, setting, caller)


def value_of(key: str, asked: Question) -> object:
    values, open_keys = context_of(frozenset({key}), asked)
    assert not (key in values and key in open_keys)
    return IS_OPEN if key in open_keys else values.get(key)


TABLE = f"arn:aws:dynamodb:{PLACE}:table/orders"
TARGETS = [{"Id": name, "Arn": f"arn:aws:sqs:{PLACE}:{name}"} for name in "ba"]
CHANGES = [
    {"Action": "DELETE", "ResourceRecordSet": {"Name": "A.Example.com.", "Type": "A"}},
    {"Action": "CREATE", "ResourceRecordSet": {"Name": "b.example.com", "Type": "A"}},
]


@pytest.mark.parametrize(
    ("key", "asked", "value"),
    [
        ("events:targetarn", question("events:PutTargets", {"Targets": TARGETS[:1]}), f"arn:aws:sqs:{PLACE}:b"),
        ("events:targetarn", question("events:PutTargets", {"Targets": TARGETS}),
         (f"arn:aws:sqs:{PLACE}:a", f"arn:aws:sqs:{PLACE}:b")),
        ("events:source", question("events:PutEvents", {"Entries": [{"Source": "s"}, {"Source": "s"}]}), "s"),
        ("events:source", question("events:PutEvents", {"Entries": [{"Source": "s"}, {"Source": "r"}]}), ("r", "s")),
        ("events:source", question("events:PutEvents", {"Entries": [{"DetailType": "s"}]}), None),
        ("events:source", question("events:PutRule", {"EventPattern": "{}"}), IS_OPEN),
        ("events:detail-type", question("events:PutEvents", {"Entries": [{"DetailType": "d"}]}), "d"),
        ("s3:locationconstraint", question("s3:CreateBucket", {}), None),
        ("s3:locationconstraint",
         question("s3:CreateBucket", {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}), "eu-west-1"),
        ("route53:changeresourcerecordsetsactions",
         question("route53:ChangeResourceRecordSets", {"ChangeBatch": {"Changes": CHANGES}}), ("CREATE", "DELETE")),
        ("route53:changeresourcerecordsetsrecordtypes",
         question("route53:ChangeResourceRecordSets", {"ChangeBatch": {"Changes": CHANGES}}), "A"),
        ("route53:changeresourcerecordsetsnormalizedrecordnames",
         question("route53:ChangeResourceRecordSets", {"ChangeBatch": {"Changes": CHANGES}}),
         ("a.example.com", "b.example.com")),
        ("route53:changeresourcerecordsetsnormalizedrecordnames",
         question("route53:ChangeResourceRecordSets", {"ChangeBatch": {"Changes": CHANGES[:1]}}), "a.example.com"),
        ("lambda:securitygroupids",
         question("lambda:CreateFunction", {"VpcConfig": {"SecurityGroupIds": ["sg-2", "sg-1"]}}), ("sg-1", "sg-2")),
        ("lambda:functionarn", question("lambda:CreateEventSourceMapping", {"FunctionName": "f"}),
         f"arn:aws:lambda:{PLACE}:function:f"),
        ("lambda:functionarn", question("lambda:CreateEventSourceMapping", {"FunctionName": ELSEWHERE}), ELSEWHERE),
        ("lambda:functionarn", question("lambda:UpdateEventSourceMapping", {}), IS_OPEN),
        ("ses:fromaddress", question("ses:SendEmail", {"FromEmailAddress": "Shop <a@x.example>"}), "a@x.example"),
        ("ses:fromaddress", question("ses:SendEmail", {"Source": "Shop <a@x.example>"}), "a@x.example"),
        ("ses:fromaddress", question("ses:SendRawEmail", {}), IS_OPEN),
        ("ses:recipients", question("ses:SendEmail", {"Destination": {"BccAddresses": ["a@x.org"]}}), ("a@x.org",)),
        ("ses:recipients", question("ses:SendRawEmail", {}), IS_OPEN),
        ("ses:recipients", question("ses:SendRawEmail", {"Destinations": ["A <a@x.org>", "b@x.org"]}),
         ("a@x.org", "b@x.org")),
        ("ses:recipients",
         question("ses:SendEmail", {"Destination": {"ToAddresses": ["A <a@x.example>"], "CcAddresses": ["b@x.org"]}}),
         ("a@x.example", "b@x.org")),
        ("kms:resourcealiases", question("kms:Encrypt", {}, f"arn:aws:kms:{PLACE}:key/k1"), ("alias/a", "alias/b")),
        ("kms:resourcealiases", question("kms:Encrypt", {}, f"arn:aws:kms:{PLACE}:key/k2"), None),
        ("kms:resourcealiases", question("kms:Encrypt", {}, f"arn:aws:kms:{PLACE}:key/k3"), IS_OPEN),
        ("kms:requestalias", question("kms:Encrypt", {"KeyId": f"arn:aws:kms:{PLACE}:alias/a"}), "alias/a"),
        ("kms:requestalias", question("kms:Encrypt", {"KeyId": "k1"}), None),
        ("kms:viaservice", question("kms:Decrypt", {}, via="s3"), "s3.eu-central-1.amazonaws.com"),
        ("kms:viaservice", question("kms:Decrypt", {}), None),
        ("aws:viaawsservice", question("kms:Decrypt", {}, via="s3"), "true"),
        ("kms:encryptioncontext:team", question("kms:Encrypt", {"EncryptionContext": {"Team": "shop"}}), "shop"),
        ("kms:encryptioncontextkeys", question("kms:Encrypt", {"EncryptionContext": {"Team": "shop"}}), ("Team",)),
        ("aws:resourcetag/team", question("dynamodb:GetItem", {}, TABLE), "shop"),
        ("aws:resourcetag/cost", question("dynamodb:GetItem", {}, TABLE), None),
        ("aws:resourcetag/team", question("dynamodb:GetItem", {}, f"{TABLE}-2"), IS_OPEN),
        ("aws:resourcetag/team", question("dynamodb:GetItem", {}, f"{TABLE}{UNRESOLVED}"), IS_OPEN),
        ("aws:resourcetag/team", question("dynamodb:ListTables", {}), None),
        ("aws:resourcetag/team", question("dynamodb:GetItem", {}, TABLE.replace("eu-central-1", UNRESOLVED)), IS_OPEN),
        ("aws:principaltag/team", question("sqs:SendMessage", {}), None),
        ("aws:principaltag/team", question("sqs:SendMessage", {}, caller=TAGGED), "shop"),
        ("aws:requesttag/team", question("sqs:CreateQueue", {"tags": {"TEAM": "shop"}}), "shop"),
        ("aws:tagkeys", question("sqs:TagQueue", {"Tags": {"b": "1", "a": "2"}}), ("b", "a")),
        ("aws:tagkeys", question("sqs:UntagQueue", {"TagKeys": ["a"]}), ("a",)),
        ("aws:tagkeys", question("lambda:UntagResource", {"TagKeys": "a"}), ("a",)),
        ("aws:tagkeys", question("states:UntagResource", {"tagKeys": ["a", "b"]}), ("a", "b")),
        ("aws:tagkeys", question("sqs:SendMessage", {}), None),
        ("s3:requestobjecttag/team", question("s3:PutObject", {}, headers={"x_amz_tagging": "team=a%20b&x="}), "a b"),
        ("s3:requestobjecttagkeys", question("s3:PutObject", {}, headers={"x_amz_tagging": "a=1&x="}), ("a", "x")),
        ("s3:requestobjecttag/team",
         question("s3:PutObjectTagging", {"Tagging": {"TagSet": [{"Key": "Team", "Value": "shop"}]}}), "shop"),
        ("s3:x-amz-acl", question("s3:PutObject", {}, headers={"x_amz_acl": "private"}), "private"),
        ("s3:authtype", question("s3:GetObject", {}, headers={"authorization": "AWS4"}), "REST-HEADER"),
        ("s3:authtype", question("s3:GetObject", {}), "REST-QUERY-STRING"),
        ("s3:prefix", question("s3:ListBucket", {"Prefix": "a/"}), "a/"),
        ("s3:prefix", question("s3:ListBucket", {}), None),
        ("s3:prefix", question("s3:ListBucket", {"Prefix": ""}), ""),
        ("s3:max-keys", question("s3:ListBucket", {"MaxKeys": "10"}), "10"),
        ("iam:permissionsboundary", question("iam:CreateRole", {"PermissionsBoundary": ROLE}), ROLE),
        ("iam:permissionsboundary", question("iam:PutRolePolicy", {"RoleName": "r"}),
         "arn:aws:iam::111122223333:policy/of-role-r"),
        ("iam:permissionsboundary", question("iam:PutUserPolicy", {"UserName": "u"}),
         "arn:aws:iam::111122223333:policy/of-user-u"),
        ("iam:passedtoservice", question("iam:PassRole", {}, client="lambda"), "lambda.amazonaws.com"),
        ("iam:passedtoservice", question("iam:PassRole", {}, client="stepfunctions"), "states.amazonaws.com"),
        ("ecs:cluster", question("ecs:RunTask", {}), f"arn:aws:ecs:{PLACE}:cluster/default"),
        ("ecs:cluster", question("ecs:RunTask", {"cluster": f"arn:aws:ecs:{PLACE}:cluster/c"}),
         f"arn:aws:ecs:{PLACE}:cluster/c"),
        ("aws:requestedregion", question("sqs:SendMessage", {}), "eu-central-1"),
        ("aws:requestedregion", question("bedrock:InvokeModel", {}, "arn:aws:bedrock:::foundation-model/m"),
         UNSPECIFIED),
        ("aws:requestedregion",
         question("bedrock:InvokeModel", {}, "arn:aws:bedrock:eu-central-1::foundation-model/m"), "eu-central-1"),
        ("s3:existingobjecttag/of", question("s3:GetObject", {}, "arn:aws:s3:::shop/in/a:b"), "in/a:b in shop"),
        ("aws:resourceaccount", question("sqs:SendMessage", {}, "arn:aws:sqs:eu-central-1:444455556666:q"),
         "444455556666"),
        ("aws:resourceaccount", question("sqs:SendMessage", {}, f"arn:aws:sqs:{PLACE}:q"), "111122223333"),
        ("aws:userid", question("sqs:SendMessage", {}), "AROA:s"),
        ("aws:userid", question("sqs:SendMessage", {}, caller=Caller(ROLE, "111122223333")), None),
        ("aws:sourceidentity", question("sqs:SendMessage", {}), IS_OPEN),
        ("aws:sourceidentity", question("sqs:SendMessage", {}, caller=replace(SESSION, function="web")), None),
        ("aws:sourceidentity", question("sqs:SendMessage", {}, caller=Caller(ROLE, "111122223333")), None),
        ("aws:sourceip", question("sqs:SendMessage", {}), IS_OPEN),
        ("aws:calledvia", question("sqs:SendMessage", {}), None),
        ("cloudwatch:namespace", question("cloudwatch:PutMetricData", {"Namespace": "shop"}), "shop"),
        ("ec2:instancetype", question("ec2:RunInstances", {"InstanceType": "t3.micro"}), "t3.micro"),
        ("ec2:vpc", question("ec2:RunInstances", {"InstanceType": "t3.micro"}), IS_OPEN),
        ("kms:schedulekeydeletionpendingwindowindays",
         question("kms:ScheduleKeyDeletion", {"PendingWindowInDays": 7}), "7"),
        ("kms:grantoperations", question("kms:CreateGrant", {"Operations": ["Sign", "Decrypt"]}), ("Sign", "Decrypt")),
        ("kms:grantisforawsresource", question("kms:CreateGrant", {}), "false"),
        ("kms:calleraccount", question("kms:Decrypt", {}), "111122223333"),
        ("aws:viaawsservice", question("kms:Decrypt", {}), "false"),
        ("aws:securetransport", question("kms:Decrypt", {}), "true"),
        ("aws:useragent", question("kms:Decrypt", {}, headers={"user_agent": "boto3"}), "boto3"),
        ("aws:referer", question("s3:GetObject", {}, headers={"referer": "https://a"}), "https://a"),
        ("s3:signatureversion", question("s3:GetObject", {}), "AWS4-HMAC-SHA256"),
        ("s3:resourceaccount", question("s3:GetObject", {}), "111122223333"),
        ("s3:if-none-match", question("s3:PutObject", {}, headers={"if_none_match": "*"}), "*"),
        ("s3:if-match", question("s3:PutObject", {}, headers={"if_match": "e"}), "e"),
        ("s3:requestobjecttag/team",
         question("s3:PutObject", {"Tagging": {"TagSet": [{"Key": "team", "Value": "b"}]}},
                  headers={"x_amz_tagging": "team=a"}), "a"),
        ("lambda:layer", question("lambda:CreateFunction", {"Layers": ["l2", "l1"]}), ("l2", "l1")),
        ("lambda:subnetids", question("lambda:CreateFunction", {"VpcConfig": {"SubnetIds": ["s"]}}), "s"),
        ("ec2:createaction", question("ec2:CreateVolume", {}), "CreateVolume"),
        ("ec2:region", question("ec2:CreateVolume", {}), "eu-central-1"),
        ("bedrock:inferenceprofilearn", question("bedrock:InvokeModel", {"modelId": "eu.amazon.nova"}),
         f"arn:aws:bedrock:{PLACE}:inference-profile/eu.amazon.nova"),
        ("bedrock:inferenceprofilearn", question("bedrock:InvokeModel", {"modelId": "amazon.nova"}), None),
        ("iam:passedtoservice", question("iam:PassRole", {}, client="ecs"), "ecs-tasks.amazonaws.com"),
        ("iam:passedtoservice", question("iam:PassRole", {}, client="ec2"), "ec2.amazonaws.com"),
        ("iam:passedtoservice", question("iam:AddRoleToInstanceProfile", {}, client="iam"), "ec2.amazonaws.com"),
        ("iam:passedtoservice", question("iam:PassRole", {}, client="apigatewayv2"), "apigateway.amazonaws.com"),
        ("iam:passedtoservice", question("iam:PassRole", {}, client="cognito-identity"),
         "cognito-identity.amazonaws.com"),
        ("aws:multifactorauthpresent", question("sqs:SendMessage", {}), None),
        ("dynamodb:select", question("dynamodb:Query", {"IndexName": "i"}), "ALL_PROJECTED_ATTRIBUTES"),
        ("sqs:nothing", question("sqs:SendMessage", {"Nothing": "x"}), None),
        ("new:thing", question("new:DoIt", {"Thing": "x"}), "x"),
        ("ec2:attribute/sourcedestcheck", question("ec2:ModifyVolume", {}), IS_OPEN),
        ("ec2:other/sourcedestcheck", question("ec2:ModifyVolume", {}), None),
        ("events:source", question("events:PutRule", {}), IS_OPEN),
        ("events:detail-type", question("events:PutRule", {}), IS_OPEN),
        ("events:source", question("events:PutEvents", {"Entries": [{"Source": "b"}, {"Source": "a"}, {}]}),
         ("a", "b")),
        ("events:source", question("events:PutEvents", {"Entries": []}), None),
        ("aws:sourcevpc", question("sqs:SendMessage", {"SourceVpc": "vpc-1"}), IS_OPEN),
        ("token.actions.githubusercontent.com:actor",
         question("sts:AssumeRoleWithWebIdentity", {}, caller=Caller("p", "", keys={
             "token.actions.githubusercontent.com:actor": None})), None),
        ("token.actions.githubusercontent.com:actor", question("sts:AssumeRoleWithWebIdentity", {}), IS_OPEN),
    ],
)  # fmt: skip
def test_a_condition_key_is_worth_what_the_request_says(key: str, asked: Question, value: object) -> None:
    """One text, several, none, or any: what depends on a place that this machine has not."""
    assert value == value_of(key, asked)


INDEX = f"{TABLE}/index/by-mail"
UNKNOWN = f"arn:aws:dynamodb:{PLACE}:table/other"
ADA, EVE = {"S": "ada"}, {"S": "eve"}
BY_NAMES = {"ExpressionAttributeNames": {"#i": "id"}, "ExpressionAttributeValues": {":v": ADA, ":t": EVE}}


def legacy(key: str, operator: str, *values: dict[str, str]) -> dict[str, Any]:
    return {"KeyConditions": {key: {"ComparisonOperator": operator, "AttributeValueList": list(values)}}}


@pytest.mark.parametrize(
    ("action", "parameters", "resource", "value"),
    [
        ("GetItem", {"Key": {"id": ADA, "at": {"N": "3"}}}, TABLE, ("ada",)),
        ("PutItem", {"Item": {"mail": EVE, "id": {"N": "7"}}}, TABLE, ("7",)),
        ("GetItem", {"Key": {"id": {"B": "YWRh"}}}, TABLE, ("YWRh",)),
        ("BatchGetItem", {"Keys": [{"id": ADA}, {"id": EVE}, "id", {"id": ADA}]}, TABLE, ("ada", "eve")),
        ("GetItem", {"Key": {"mail": ADA}}, TABLE, IS_OPEN),
        ("GetItem", {"Key": {"mail": ADA}}, UNKNOWN, ("ada",)),
        ("GetItem", {"Key": {"mail": ADA, "at": EVE}}, UNKNOWN, IS_OPEN),
        ("Query", {"KeyConditionExpression": "#i = :v AND at = :t", **BY_NAMES}, TABLE, ("ada",)),
        ("Query", {"KeyConditionExpression": "at = :t AND id=:v", **BY_NAMES}, TABLE, ("ada",)),
        ("Query", {"KeyConditionExpression": "at > :t", **BY_NAMES}, TABLE, None),
        ("Query", {"KeyConditionExpression": "mail = :v", **BY_NAMES}, INDEX, ("ada",)),
        ("Query", legacy("id", "EQ", ADA), TABLE, ("ada",)),
        ("Query", legacy("id", "GT", ADA), TABLE, None),
        ("Query", legacy("at", "EQ", ADA), TABLE, None),
        ("Query", legacy("mail", "EQ", ADA), INDEX, ("ada",)),
        ("Scan", {}, TABLE, None),
        ("PartiQLSelect", {"Statement": "SELECT * FROM orders WHERE id = ?", "Parameters": [ADA]}, TABLE, ("ada",)),
        ("PartiQLSelect", {"Statement": "SELECT * FROM orders WHERE id = 'ada'"}, INDEX, IS_OPEN),
    ],
)  # fmt: skip
def test_the_partition_keys_that_a_request_names_are_known_or_said_to_be_open(
    action: str, parameters: dict[str, Any], resource: str, value: object
) -> None:
    asked = question(f"dynamodb:{action}", parameters, resource)
    assert value == value_of("dynamodb:leadingkeys", asked)


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"Item": {"id": ADA, "mail": EVE}}, {"id", "mail"}),
        ({"Keys": [{"id": ADA}], "AttributesToGet": ["mail"]}, {"id", "mail"}),
        ({"ProjectionExpression": "mail, #i.street[0], items[1] . price", "ExpressionAttributeNames": {"#i": "home"}},
         {"mail", "home", "items"}),
        ({"UpdateExpression": "set a = if_not_exists(b, :x) + :y remove c", "ConditionExpression": "d > :z AND NOT e"},
         {"a", "b", "c", "d", "e"}),
        ({"ConditionExpression": "size(a) < :b and contains(c, :d) OR attribute_type (#e, :f)"}, {"a", "c", "#e"}),
        ({"KeyConditionExpression": "id = :v", "FilterExpression": "begins_with(mail, :m)"}, {"id", "mail"}),
        ({"AttributeUpdates": {"a": {}}, "Expected": {"b": {}}, "QueryFilter": {"c": {}}}, {"a", "b", "c"}),
        ({"KeyConditions": {"a": {}}, "ScanFilter": {"b": {}}}, {"a", "b"}),
    ],
)  # fmt: skip
def test_the_attributes_that_a_request_names_are_those_at_the_top_of_an_item(
    parameters: dict[str, Any], names: set[str]
) -> None:
    value: Any = value_of("dynamodb:attributes", question("dynamodb:UpdateItem", parameters, TABLE))
    assert names == set(value)


@pytest.mark.parametrize(
    ("key", "action", "parameters", "value"),
    [
        ("dynamodb:attributes", "GetItem", {}, None),
        ("dynamodb:attributes", "PartiQLSelect", {"Statement": "SELECT a FROM orders"}, IS_OPEN),
        ("dynamodb:fulltablescan", "PartiQLSelect", {"Statement": "SELECT a FROM orders"}, "true"),
        ("dynamodb:fulltablescan", "PartiQLSelect", {"Statement": "SELECT a FROM orders WHERE id = 'ada'"}, "false"),
        ("dynamodb:fulltablescan", "PartiQLSelect", {"Statement": "SELECT a FROM orders WHERE id = ?"}, IS_OPEN),
        ("dynamodb:fulltablescan", "PartiQLUpdate", {"Statement": "UPDATE orders SET a = 1 WHERE id = 'ada'"}, None),
        ("dynamodb:fulltablescan", "Scan", {}, None),
        ("dynamodb:select", "Query", {"Select": "COUNT", "ProjectionExpression": "a"}, "COUNT"),
        ("dynamodb:select", "Query", {}, "ALL_ATTRIBUTES"),
        ("dynamodb:select", "Scan", {"IndexName": "i"}, "ALL_PROJECTED_ATTRIBUTES"),
        ("dynamodb:select", "Scan", {"ProjectionExpression": "a", "IndexName": "i"}, "SPECIFIC_ATTRIBUTES"),
        ("dynamodb:select", "Query", {"AttributesToGet": ["a"]}, "SPECIFIC_ATTRIBUTES"),
        ("dynamodb:select", "GetItem", {}, None),
    ],
)  # fmt: skip
def test_what_a_request_reads_of_a_table_is_told_as_dynamodb_takes_it(
    key: str, action: str, parameters: dict[str, Any], value: object
) -> None:
    assert value == value_of(key, question(f"dynamodb:{action}", parameters, TABLE))
