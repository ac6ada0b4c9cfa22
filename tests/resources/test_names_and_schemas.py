"""Names, ARNs and values of resources at the limits that AWS sets for them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from remit.app import Resource
from remit.catalogue.types import resource_type
from remit.errors import Origin, RemitError
from remit.iam import tokens
from remit.iam.policy import Condition
from remit.project.late_bound import LateBound
from remit.resources.check_schema import check_type, is_newer_python
from remit.resources.kms_key import EVERY_KEY, KmsKey, encrypting_key, key_text, kms_key
from remit.resources.name_rules import broken_rule
from remit.resources.names import arn_of, call_meant_by_url, common_start, digest, logical, name_of, own_id

PLACE = "${AWS::Region}:${AWS::AccountId}"


@pytest.mark.parametrize(
    ("url", "verb", "meant"),
    [
        ("https://files.s3.eu-west-1.amazonaws.com/in/a.jpg", "s3.read", 's3.read("files", "in/a.jpg")'),
        ("https://files.s3.amazonaws.com", "s3.read", 's3.read("files")'),
        ("s3://files/in/*", "s3.read", 's3.read("files", "in/*")'),
        ("s3://files/in/*", "s3", 'on.s3("files")'),
        ("https://files.s3.amazonaws.com/", "s3.read", 's3.read("files")'),
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/orders", "sqs", 'on.sqs("orders")'),
        ("https://queue.example.com/eu-west-1/111122223333/orders", "sqs", 'on.sqs("orders")'),
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/orders/", "sqs.send", 'sqs.send("orders")'),
    ],
)
def test_the_name_in_a_url_is_meant(url: str, verb: str, meant: str) -> None:
    assert f"did you mean `{meant}`?" == call_meant_by_url(url, verb)


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        ("arn:aws:sns:eu-west-1:111122223333:news", "sqs takes an ARN of sqs, got one of sns"),
        ("orders-None", "contains 'None'"),
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/orders", "is a URL"),
        ("or ders", "nothing can be named 'or ders'"),
        ("", "sqs takes a name, an ARN or a resource"),
        ("arn:aws:sqs:eu-west-1:111122223333:or ders", "nothing can be named"),
    ],
)
def test_what_names_no_queue_is_refused(subject: str, why: str) -> None:
    with pytest.raises(RemitError, match=why):
        arn_of(subject, "sqs")


def test_a_url_without_a_name_means_none() -> None:
    assert call_meant_by_url("https://example.com/", "sqs") is None


def test_a_name_becomes_the_arn_of_the_account_and_a_reference_to_an_arn_stays() -> None:
    assert arn_of("orders", "sqs") == f"arn:${{AWS::Partition}}:sqs:{PLACE}:orders"
    assert arn_of("orders", "dynamodb", "table/") == f"arn:${{AWS::Partition}}:dynamodb:{PLACE}:table/orders"
    assert arn_of("${Orders.Arn}", "sqs") == "${Orders.Arn}"
    assert arn_of("Nonesuch", "sqs") == f"arn:${{AWS::Partition}}:sqs:{PLACE}:Nonesuch"
    with pytest.raises(RemitError, match=r"as it is, and `\$\{Orders\.QueueName\}` is its name") as refused:
        arn_of("${Orders.QueueName}", "sqs")
    assert refused.value.hint == "write its `.arn`"
    with pytest.raises(RemitError, match=r"and `Data\.orders\.name` is its name") as refused:
        arn_of(LateBound("${Orders.QueueName}", "Data.orders.name"), "sqs")
    assert refused.value.hint == "write `Data.orders`"


def test_names_become_parts_of_logical_ids() -> None:
    assert [logical(name) for name in ("ab-cD é1_x", "orders.fifo", "--")] == ["AbCD1X", "OrdersFifo", ""]
    assert len({digest("a", "b"), digest("ab"), digest("b", "a")}) == 3
    assert digest("a", digits=4) == digest("a")[:4]
    assert [common_start(names) for names in (["abc", "abd"], ["a", "b"], [])] == ["ab", "", ""]
    assert [own_id(subject) for subject in ("${Orders.Arn}", "${Orders}", "orders", "${Orders}x", 3)] == [
        "Orders", "Orders", "", "", "",
    ]  # fmt: skip
    assert own_id(Resource("Orders", "AWS::SQS::Queue", {})) == "Orders"


def test_an_arn_whose_service_only_the_deploy_knows_is_taken() -> None:
    arn = "arn:aws:${Service}:eu-west-1:111122223333:orders"
    assert arn_of(arn, "sqs") == arn


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:sqs:r:1:orders", "orders"),
        ("arn:aws:dynamodb:r:1:table/orders/stream/2026", "orders"),
        ("arn:aws:logs:r:1:log-group:/shop/web:*", "/shop/web"),
        ("arn:aws:events:r:1:event-bus/shop", "shop"),
        ("arn:aws:s3:::files", "files"),
        ("${Orders.Arn}", "Orders"),
    ],
)
def test_the_name_in_an_arn_is_that_of_the_thing(arn: str, name: str) -> None:
    assert name == name_of(arn)


@pytest.mark.parametrize(
    ("kind", "name", "rule"),
    [
        ("AWS::S3::Bucket", "a" * 63, None),
        ("AWS::S3::Bucket", "a" * 64, "it has 3 to 63 characters"),
        ("AWS::S3::Bucket", "ab", "it has 3 to 63 characters"),
        ("AWS::S3::Bucket", "a" * 62 + "${AWS::Region}", None),
        ("AWS::S3::Bucket", "a${AWS::Region}", None),
        ("AWS::S3::Bucket", "192.168.0.1", "it is not an IP address"),
        ("AWS::SSM::Parameter", "aws/db", "a name with a / begins with one: /shop/prod/db"),
        ("AWS::SSM::Parameter", "shop/db", "a name with a / begins with one: /shop/prod/db"),
        ("AWS::Nothing::Here", "", None),
    ],
)
def test_a_name_breaks_the_rule_of_its_type(kind: str, name: str, rule: str | None) -> None:
    assert rule == broken_rule(kind, tokens.split(name))


def test_a_name_that_aws_keeps_for_itself_may_exist_and_is_made_by_nobody() -> None:
    kept = broken_rule("AWS::KMS::Alias", ["alias/aws/sqs"], makes=True)
    assert ("KMS keeps names that begin with alias/aws/ for itself", None) == (
        kept,
        broken_rule("AWS::KMS::Alias", ["alias/aws/sqs"], makes=False),
    )


def told(kind: str, **properties: Any) -> list[str]:
    return [mistake.message for mistake in check_type(Resource("It", kind, properties), {})]


@pytest.mark.parametrize(("retries", "is_right"), [(-1, False), (0, True), (2, True), (3, False)])
def test_a_number_is_between_the_least_and_the_most_of_its_schema(retries: int, *, is_right: bool) -> None:
    """AWS::Lambda::EventInvokeConfig: MaximumRetryAttempts (CloudFormation reference)."""
    needed = {"FunctionName": "f", "Qualifier": "$LATEST"}
    mistakes = told("AWS::Lambda::EventInvokeConfig", **needed, MaximumRetryAttempts=retries)
    assert is_right == (mistakes == [])


def test_what_a_schema_does_not_take_is_told_in_full_with_its_path() -> None:
    def in_full(kind: str, **properties: Any) -> list[tuple[object, ...]]:
        mistakes = check_type(Resource("It", kind, properties), {})
        return [(mistake.message, mistake.hint, mistake.rule, mistake.path) for mistake in mistakes]

    queue = "AWS::SQS::Queue"
    assert in_full("AWS::SQS::Queu") == [
        ("`It`: remit knows no type 'AWS::SQS::Queu' of CloudFormation's", f"did you mean `{queue}`?", "R801", ())
    ]
    assert in_full(queue, Arn="x", QueueName="q") == [("`It.Arn` cannot be set: AWS computes it", None, None, ("Arn",))]
    assert len(in_full(queue, Arn=["x"])) == 1
    assert in_full(queue, MaximumMessageSize=True, VisibilityTimeout="30", DelaySeconds="${Delay}", Tags="${T}") == []
    assert in_full("AWS::Lambda::Function", Code={"ZipFile": "x"}, Role="r", PackageType="${Packed}") == []
    assert in_full(queue, DelaySeconds=901, Tags="x", RedrivePolicy={"any": 1}, QueueName={"Ref": "Name"}) == [
        (f"`It.DelaySeconds` ({queue}) is 901; it can be at least 0 and at most 900", None, None, ("DelaySeconds",)),
        (f"`It.Tags` ({queue}) must be array, got string 'x'", None, None, ("Tags",)),
        (f"`It.RedrivePolicy` ({queue}) has no property 'any'", None, "R802", ("RedrivePolicy", "any")),
    ]
    function = {"Code": {"ZipFile": "x"}, "Role": "r", "Architectures": ["x86_64", "arm65"]}
    assert in_full("AWS::Lambda::Function", **function) == [
        (
            "`It.Architectures` (AWS::Lambda::Function) has 2 items; it can be at least 1 and at most 1",
            None,
            None,
            ("Architectures",),
        ),
        (
            "`It.Architectures[1]` (AWS::Lambda::Function) cannot be 'arm65'",
            "did you mean `arm64`?",
            "R803",
            ("Architectures", 1),
        ),
    ]


def test_a_mistake_stands_where_its_property_is_set_or_else_where_the_resource_is() -> None:
    resource = Resource("It", "AWS::SQS::Queue", {"QueueNam": "a", "Tag": []}, origin=Origin("app.py", 1))
    mistakes = check_type(resource, {"Tag": Origin("app.py", 7)})
    assert [str(mistake.origin) for mistake in mistakes] == ["app.py:1", "app.py:7"]


def test_names_that_a_schema_has_are_taken_and_others_told_with_the_nearest() -> None:
    assert [] == told("AWS::SQS::Queue", QueueName="q", Tags=[{"Key": "a", "Value": "b"}])
    assert ["`It` (AWS::SQS::Queue) has no property 'QueueNam'"] == told("AWS::SQS::Queue", QueueNam="q")
    assert [] == told("Custom::Mine", ServiceToken="arn:aws:sns:eu-west-1:111122223333:t", Whatever={"it": 1})
    assert ["`It.Tags[0]` (AWS::SQS::Queue) has no Value, which it needs"] == told(
        "AWS::SQS::Queue", Tags=[{"Key": "a"}]
    )


@pytest.mark.parametrize(("minor", "is_newer"), [(12, 0), (13, 0), (14, 1), (18, 1), (19, 0)])
def test_a_python_may_be_five_newer_than_those_that_are_known(minor: int, is_newer: int) -> None:
    options = ["python3.13", "python3.12", "nodejs22.x"]
    assert bool(is_newer) == is_newer_python(f"python3.{minor}", options)
    function = {"Code": {"ZipFile": "x"}, "Role": "arn:aws:iam::111122223333:role/r", "Runtime": "python3.99"}
    assert told("AWS::Lambda::Function", **function)
    kind = resource_type("AWS::Lambda::Function")
    runtime = kind.shape.child("Runtime") if kind is not None else None
    assert runtime is not None
    newest = max(int(option.removeprefix("python3.")) for option in runtime.enum if option.startswith("python3."))
    assert [] == told("AWS::Lambda::Function", **{**function, "Runtime": f"python3.{newest + 1}"})
    assert ["`It.Runtime` (AWS::Lambda::Function) must be string, got array \"['a']\""] == told(
        "AWS::Lambda::Function", **{**function, "Runtime": ["a"]}
    )


def test_a_key_is_meant_by_an_alias_of_the_apps_and_one_of_the_account_by_its_condition() -> None:
    key = Resource("Key", "AWS::KMS::Key", {})
    alias = Resource("Alias", "AWS::KMS::Alias", {"AliasName": "alias/shop", "TargetKeyId": "${Key}"})
    resources = {"Key": key, "Alias": alias}
    own = KmsKey("${Key.Arn}", key)
    in_account = "arn:aws:kms:eu-west-1:111122223333:alias/shop"
    assert [own] * 4 == [kms_key(resources, name) for name in ("alias/shop", "${Alias}", "${Key.Arn}", in_account)]
    of_account = KmsKey("alias/company")
    assert (EVERY_KEY, ("alias/company",)) == (of_account.resource, of_account.conditions[0].values)
    assert () == own.conditions
    assert None is kms_key(resources, "")
    assert KmsKey(f"arn:${{AWS::Partition}}:kms:{PLACE}:key/1234") == kms_key(resources, "1234")


def test_a_key_is_the_apps_by_a_reference_alone_or_within_an_arn() -> None:
    key = Resource("Key", "AWS::KMS::Key", {})
    for text, is_own in (
        ("${Key}", True),
        ("${Key.Arn}", True),
        ("arn:aws:kms:eu-west-1:111122223333:key/${Key}", True),
        ("arn:aws:kms:eu-west-1:111122223333:key/${Key}-${Key}", False),
        ("${Key}x", False),
        ("${Other}", False),
    ):
        named = kms_key({"Key": key}, text)
        assert named is not None
        assert is_own == (named.own is key), text
    assert kms_key({"Key": key}, None) is kms_key({"Key": key}, "") is None
    queue = Resource("Queue", "AWS::SQS::Queue", {})
    assert kms_key({"Queue": queue}, "${Queue.Arn}") == KmsKey("${Queue.Arn}")  # no key of the app's


def test_a_key_that_is_known_by_an_alias_is_every_key_that_has_it() -> None:
    arn = "arn:aws:kms:eu-west-1:111122223333:"
    for key, resource, alias, is_of_aws in (
        (KmsKey(f"{arn}alias/shop"), f"{arn}key/*", "alias/shop", False),
        (KmsKey(f"{arn}key/1234"), f"{arn}key/1234", "", False),
        (KmsKey("alias/aws/sqs"), EVERY_KEY, "alias/aws/sqs", True),
        (KmsKey(f"{arn}alias/aws/sqs"), f"{arn}key/*", "alias/aws/sqs", True),
    ):
        assert (key.resource, key.alias, key.is_of_aws) == (resource, alias, is_of_aws)
        statement = key.allowing("kms:Decrypt", "kms:Encrypt")
        assert (statement.effect, statement.conditions) == ("Allow", key.conditions)
        assert statement.actions.patterns == ("kms:Decrypt", "kms:Encrypt")
        assert statement.resources is not None
        assert statement.resources.patterns == (resource,)


def test_the_text_of_a_key_is_an_id_an_arn_an_alias_or_what_is_late_bound() -> None:
    assert [key_text(text) for text in ("1234abcd", "mrk-1234", "alias/x", "${Key}", None, "")] == [
        "1234abcd", "mrk-1234", "alias/x", "${Key}", None, "",
    ]  # fmt: skip
    assert [key_text({"Ref": "Key"}), key_text(SimpleNamespace(arn="${Key.Arn}"))] == ["${Key}", "${Key.Arn}"]
    assert key_text(SimpleNamespace(type="AWS::KMS::Alias", ref="${Alias}", arn="x")) == "${Alias}"
    for subject, why, hint in (
        ("shop!", "no KMS key has the id 'shop!'", "an alias reads 'alias/shop!'"),
        ("bed shop", "no KMS key has the id 'bed shop'", "an alias reads 'alias/bed shop'"),
        (3, "key takes a KMS key, got int '3'", 'its id, its ARN, "alias/NAME", or a resource'),
    ):
        with pytest.raises(RemitError, match=why) as refused:
            key_text(subject)
        assert refused.value.hint == hint


def test_the_key_of_a_bucket_encrypts_its_objects_and_not_their_replicas() -> None:
    default = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "own"}}
    replicas = {"Rules": [{"Destination": {"EncryptionConfiguration": {"ReplicaKmsKeyID": "theirs"}}}]}
    encryption = {"ServerSideEncryptionConfiguration": [default]}
    for properties, key in (
        ({"ReplicationConfiguration": replicas}, None),
        ({"ReplicationConfiguration": replicas, "BucketEncryption": encryption}, "own"),
    ):
        assert key == encrypting_key(Resource("Files", "AWS::S3::Bucket", properties))
    rules = [default, {"ServerSideEncryptionByDefault": {"KMSMasterKeyID": "another"}}]
    two = {"BucketEncryption": {"ServerSideEncryptionConfiguration": rules}}
    assert "own" == encrypting_key(Resource("Files", "AWS::S3::Bucket", two))
    assert "own" == encrypting_key(Resource("Orders", "AWS::SQS::Queue", {"KmsMasterKeyId": "own"}))
    assert encrypting_key(Resource("It", "AWS::No::Type", {"KmsKeyId": "x"})) is None


def test_a_key_of_which_the_alias_alone_is_known_is_every_key_that_has_that_very_alias() -> None:
    of_alias = kms_key({}, "alias/shop")
    assert of_alias is not None
    assert (of_alias.alias, of_alias.resource, of_alias.is_of_aws) == ("alias/shop", EVERY_KEY, False)
    assert of_alias.conditions == (
        Condition("StringEquals", "kms:ResourceAliases", ("alias/shop",), quantifier="ForAnyValue"),
    )
    there = KmsKey("arn:aws:kms:eu-west-1:111122223333:alias/shop")
    assert (there.resource, there.conditions) == ("arn:aws:kms:eu-west-1:111122223333:key/*", of_alias.conditions)
    aliased = {
        "Other": Resource("Other", "AWS::KMS::Alias", {"AliasName": "old-alias/shop", "TargetKeyId": "a"}),
        "Shop": Resource("Shop", "AWS::KMS::Alias", {"AliasName": "alias/shop", "TargetKeyId": "${Key}"}),
        "Key": Resource("Key", "AWS::KMS::Key", {}),
    }
    assert kms_key(aliased, "alias/shop") == KmsKey("${Key.Arn}", aliased["Key"])
    assert kms_key(aliased, "alias/other") == KmsKey("alias/other")
