"""Typed grants: exact actions on one named thing, each verb a right of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from projects import at
from remit import grants
from remit.errors import RemitError
from remit.grants import allow, dynamodb, s3, scheduler, typed
from remit.iam.policy import render_statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Make
    from remit.app import Grant

UNSET = "usually os.environ.get() of a variable that is not set"
FUNCTION = "def hello(event, context): ...\n"
GRANTS: list[tuple[Callable[[], tuple[Grant, ...]], Any, Any, str]] = [
    (lambda: s3.read("arn:aws-cn:s3:::c"), "s3:GetObject", "arn:aws-cn:s3:::c/*", "reads objects * of bucket c"),
    (lambda: dynamodb.put("arn:aws:dynamodb:eu-west-1:111122223333:table/o"), "dynamodb:PutItem",
     "arn:aws:dynamodb:eu-west-1:111122223333:table/o", "puts items into table o"),
    (lambda: allow("s3:GetObjectTagging", on="arn:aws:s3:::b/*"), "s3:GetObjectTagging", "arn:aws:s3:::b/*",
     "s3:GetObjectTagging on arn:aws:s3:::b/*"),
    (lambda: allow("s3:GetObject", on=("arn:aws:s3:::a/*", "arn:aws:s3:::b/*")), "s3:GetObject",
     ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"], "s3:GetObject on arn:aws:s3:::a/*, arn:aws:s3:::b/*"),
    (lambda: allow("xray:GetGroup", "xray:GetGroups", because="shows traces"), ["xray:GetGroup", "xray:GetGroups"], "*",
     "shows traces"),
]  # fmt: skip
"""What is not among the goldens of every verb (`test_verbs`): ARNs that are given whole, and `allow`."""


@pytest.mark.parametrize(("grant", "actions", "resources", "because"), GRANTS)
def test_each_verb_grants_its_actions_on_its_resource(
    grant: Callable[[], tuple[Grant, ...]], actions: object, resources: object, because: str
) -> None:
    (granted,) = grant()
    statement = render_statement(granted.statement)
    assert ("Allow", actions, resources, because) == (
        statement["Effect"],
        statement["Action"],
        statement["Resource"],
        granted.because,
    )


def test_a_grant_of_several_statements_is_one_item_of_a_policy(make: Make) -> None:
    """Alone, in a list, and in a list of a list; errors name the item."""
    project = make(
        app='READ = s3.read("b", key="alias/k")\n@app.function(policy=[READ, [s3.list("b")]])\n'
        "def hello(event, context): ...\n@app.function(policy=READ)\ndef alone(event, context): ...\n"
    )
    hello, alone = ([one["Action"] for one in project.statements(name)[1:]] for name in ("hello", "alone"))
    assert (["s3:GetObject", "kms:Decrypt", "s3:ListBucket"], ["s3:GetObject", "kms:Decrypt"]) == (hello, alone)
    error = make(app='@app.function(policy=[s3.read("b", f"{None}")])\ndef hello(event, context): ...\n').error()
    assert error.message.startswith("policy[0]: ")


@pytest.mark.parametrize(
    "call",
    [
        "s3.read(None)", "s3.put(3)",
        "dynamodb.read(None)", "dynamodb.query(None)", "dynamodb.scan([], index='x')", "dynamodb.batch_write({})",
        "queue.send(None)", "queue.consume(b'q')", "sns.publish(None)", "allow('s3:GetObject', on=None)",
    ],
)  # fmt: skip
def test_what_names_nothing_is_told_where_it_is_written(make: Make, call: str) -> None:
    error = make(
        app=f"from remit.grants import allow\n@app.function(\n    policy=[{call}])\ndef hello(event, context): ...\n"
    ).error()
    verb = call.partition("(")[0].replace("queue", "sqs")
    assert "app.py:11:13" == at(error)
    assert re.match(rf"{verb}: \w+ must be a name, an ARN or a resource( or a list)?, got ", error.message)
    assert error.hint == (UNSET if "None" in call else None)


@pytest.mark.parametrize("call", ["s3.delete('')", "s3.delete('b', '')", "allow()", "allow('s3')"])
def test_what_is_text_and_names_nothing_is_told_where_it_is_written(make: Make, call: str) -> None:
    error = make(app=f"from remit.grants import allow\n@app.function(\n    policy=[{call}])\n{FUNCTION}").error()
    verb = call.partition("(")[0]
    assert "app.py:11:13" == at(error)
    assert error.message.startswith((f"{verb} takes a name, an ARN or a resource, got str ''", f"{verb}("))


TYPES = {
    "s3.read('b', 'in/*', None)": ("s3.read: keys[1] must be a string, got None", UNSET),
    "s3.list('b', 3)": ("s3.list: prefixes[0] must be a string, got int '3'", None),
    "allow(3)": ("allow: actions[0] must be a string, got int '3'", None),
    "grants.athena.query('w', database=b'lake', data='d', results='r')": (
        "athena.query: database must be a string, got bytes \"b'lake'\"", None),
    "grants.dynamodb.get('t', leading_keys=['a', None])": (
        "dynamodb.get: leading_keys[1] must be a string, got None", UNSET),
    "grants.lambda_.invoke('f', qualifier=3)": ("lambda_.invoke: qualifier must be a string, got int '3'", None),
}  # fmt: skip


@pytest.mark.parametrize("call", TYPES)
def test_an_argument_is_of_the_type_that_the_annotation_of_its_parameter_says(make: Make, call: str) -> None:
    app = f"from remit import grants\nfrom remit.grants import allow\n@app.function(policy=[{call}])\n{FUNCTION}"
    error = make(app=app).error()
    assert (*TYPES[call], "app.py:11:23", ()) == (error.message, error.hint, at(error), error.further)


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        ('s3.read("s3://uploads/incoming/*")', 'did you mean `s3.read("uploads", "incoming/*")`?'),
        ('s3.list("s3://uploads")', 'did you mean `s3.list("uploads")`?'),
        ('queue.send("https://sqs.eu-west-1.amazonaws.com/111122223333/in/")', 'did you mean `sqs.send("in")`?'),
        ('queue.send("https://sqs.eu-west-1.amazonaws.com")', None),
    ],
)
def test_a_url_is_no_name_and_the_name_in_it_is_offered(make: Make, call: str, hint: str | None) -> None:
    error = make(app=f"@app.function(policy=[{call}])\ndef hello(event, context): ...\n").error()
    url = call.split('"')[1]
    verb = call.partition("(")[0].replace("queue", "sqs")
    assert (f"{verb} takes a name, an ARN or a resource, got the URL {url!r}", hint) == (error.message, error.hint)


def test_an_unset_variable_inside_a_name_is_told(make: Make) -> None:
    error = make(app='@app.function(policy=[s3.read(f"{None}")])\ndef hello(event, context): ...\n').error()
    assert ("contains 'None'" in error.message, "app.py:9:23") == (True, at(error))


def test_an_action_without_its_service_is_told_with_an_example(make: Make) -> None:
    error = make(
        app='from remit.grants import allow\n@app.function(policy=[allow("s3")])\ndef hello(event, context): ...\n'
    ).error()
    assert ("allow('s3',): actions read `service:Operation`", 'such as "s3:GetObject"') == (error.message, error.hint)


NAMES = {
    "s3.read('Uploads')": "it is made of small letters, digits, dots and hyphens",
    "s3.put('uploads--x-s3')": "-s3alias, --ol-s3, .mrap, --x-s3 and --table-s3 end the names of other things",
    "queue.send('my orders')": "it is made of letters, digits, - and _",
    "sns.publish('news!')": "it is made of letters, digits, - and _",
    "dynamodb.put('orders/1')": "it is made of letters, digits, -, . and _",
    "grants.secretsmanager.read('a b')": "it is made of letters, digits and /_+=.@-",
    "grants.ssm.read('/shop//db')": "something stands between its / and after the last one",
    "grants.kinesis.put('x' * 129)": "it has 1 to 128 characters",
}


@pytest.mark.parametrize("call", NAMES)
def test_a_name_that_nothing_can_have_is_told(make: Make, call: str) -> None:
    app = f"from remit import grants\n@app.function(policy=[{call}])\ndef hello(event, context): ...\n"
    error = make(app=app).error()
    assert ("nothing can be named" in error.message, NAMES[call], "app.py:10:23") == (True, error.hint, at(error))


def test_wildcards_and_late_bound_parts_of_a_name_may_be_anything(make: Make) -> None:
    calls = "s3.read('up-*'), s3.read(f'x-{aws.account}'), dynamodb.put('orders*'), queue.send('in-?')"
    app = f"from remit import aws\n@app.function(policy=[{calls}])\ndef hello(event, context): ...\n"
    assert make(app=app).template()


@pytest.mark.parametrize("given", ["None, 'in/*'", "key='alias/shop'"])
@pytest.mark.parametrize("verb", ["textract.read", "textract.analyze_receipts", "rekognition.detect"])
def test_objects_or_a_key_of_no_bucket_are_told(make: Make, verb: str, given: str) -> None:
    call = f"grants.{verb}({given})"
    app = f"from remit import grants\n@app.function(policy=[{call}])\ndef hello(event, context): ...\n"
    error = make(app=app).error()
    assert (f"{verb} gets objects or a key, and no bucket", "app.py:10:23") == (error.message, at(error))


def test_a_bucket_of_the_app_brings_its_key_to_whoever_reads_documents_in_it(make: Make) -> None:
    data = (
        "from remit import Shared, resource\nclass Data(Shared):\n    key = resource('AWS::KMS::Key')\n"
        "    scans = resource('AWS::S3::Bucket', bucket_encryption={'ServerSideEncryptionConfiguration': [\n"
        "        {'ServerSideEncryptionByDefault': {'SSEAlgorithm': 'aws:kms', 'KMSMasterKeyID': key.arn}}]})\n"
    )
    app = (
        "from remit import grants\nfrom shared.resources.data import Data\n"
        "@app.function(policy=[grants.textract.start(Data.scans)])\ndef hello(event, context): ...\n"
    )
    statements = make(app=app, **{"shared/resources/data.py": data}).statements()
    assert {"kms:Decrypt"} == {statement["Action"] for statement in statements if "kms:" in str(statement["Action"])}


def test_metrics_go_into_a_namespace_that_is_named(make: Make) -> None:
    app = "from remit import grants\n@app.function(policy=[grants.cloudwatch.put()])\ndef hello(event, context): ...\n"
    assert 'cloudwatch.put needs a namespace: cloudwatch.put("Shop")' == make(app=app).error().message


def test_a_schedule_of_the_app_is_named_by_its_reference_without_the_group() -> None:
    (grant,) = scheduler.delete("${DataNightly.Arn}")
    assert "${DataNightly.Arn}" == render_statement(grant.statement)["Resource"]


def test_a_module_of_grants_that_is_not_there_is_named() -> None:
    with pytest.raises(AttributeError, match=r"^remit\.grants has no `dynamo`$"):
        getattr(grants, "dynamo")  # noqa: B009 - type checkers know that it is not there


def test_the_reason_of_a_list_names_its_prefixes() -> None:
    (grant,) = s3.list("uploads", "in/*", "out/*")
    assert "lists bucket uploads under in/*, out/*" == grant.because


MACHINES = """
from remit import Shared, resource
class Data(Shared):
    nightly = resource("AWS::StepFunctions::StateMachine", definition_string="{}", role_arn="arn:aws:iam::1:role/r")
"""


@pytest.mark.parametrize("machine", ["Data.nightly", "Data.nightly.arn", "Data.nightly.name"])
def test_the_executions_of_a_machine_of_the_app_have_its_name(make: Make, machine: str) -> None:
    app = (
        "from remit import grants\nfrom shared.resources.data import Data\n"
        f"@app.function(policy=[grants.states.stop({machine})])\ndef hello(event, context): ...\n"
    )
    project = make(app=app, **{"shared/resources/data.py": MACHINES})
    executions = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${DataNightly.Name}:*"
    _, stops = project.statements("hello")
    assert {"Effect": "Allow", "Action": "states:StopExecution", "Resource": executions} == stops


LAKE = """
from remit import Shared, resource
class Data(Shared):
    key = resource("AWS::KMS::Key")
    lake = resource("AWS::S3::Bucket", bucket_encryption={"ServerSideEncryptionConfiguration": [
        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key.arn}}]})
"""


def test_queries_of_encrypted_data_may_use_its_key(make: Make) -> None:
    app = (
        "from remit import grants\nfrom shared.resources.data import Data\n"
        '@app.function(policy=[grants.athena.query("w", database="d", data=Data.lake, results="answers")])\n'
        "def hello(event, context): ...\n"
    )
    project = make(app=app, **{"shared/resources/data.py": LAKE})
    uses = [one for one in project.statements("hello") if one["Action"] == "kms:Decrypt"]
    through_s3 = {"StringEquals": {"kms:ViaService": "s3.${AWS::Region}.${AWS::URLSuffix}"}}
    assert [("${DataKey.Arn}", through_s3)] == [(one["Resource"], one["Condition"]) for one in uses]


def test_the_key_of_each_resource_of_the_app_is_used_unless_another_is_given(make: Make) -> None:
    tables = '    orders = resource("AWS::DynamoDB::Table", sse_specification={"KMSMasterKeyId": key.arn})\n'
    app = (
        "from remit import grants\nfrom shared.resources.data import Data\n"
        '@app.function(policy=[grants.athena.query("w", database="d", data="plain", results=Data.lake)])\n'
        "def asks(event, context): ...\n"
        "@app.function(policy=[grants.dynamodb.get(Data.orders)])\ndef gets(event, context): ...\n"
        '@app.function(policy=[grants.s3.read(Data.lake, key="1234abcd")])\ndef reads(event, context): ...\n'
    )
    project = make(app=app, **{"shared/resources/data.py": LAKE + tables})
    given = "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/1234abcd"
    expected = {
        "asks": (["kms:GenerateDataKey", "kms:Decrypt"], "${DataKey.Arn}", "s3"),
        "gets": ("kms:Decrypt", "${DataKey.Arn}", "dynamodb"),
        "reads": ("kms:Decrypt", given, "s3"),
    }
    for name, (action, key, service) in expected.items():
        via = {"StringEquals": {"kms:ViaService": f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}"}}
        uses = [one for one in project.statements(name) if "kms:" in str(one["Action"])]
        assert [{"Effect": "Allow", "Action": action, "Resource": key, "Condition": via}] == uses


NAMED = """
from remit import Shared, resource
class Data(Shared):
    queue = resource("AWS::SQS::Queue")
    topic = resource("AWS::SNS::Topic")
"""


@pytest.mark.parametrize(
    ("written", "verb"),
    [
        ("policy=[grants.sqs.send(Data.queue.name)]", "sqs.send"),
        ("policy=[grants.sns.publish(Data.topic.name)]", "sns.publish"),
        ("on.sqs(Data.queue.name)", "sqs"),
        ("on.sns(Data.topic.name)", "sns"),
    ],
)
def test_the_name_of_a_resource_of_the_app_is_told_from_the_resource(make: Make, written: str, verb: str) -> None:
    app = (
        "from remit import grants, on\nfrom shared.resources.data import Data\n"
        f"@app.function({written})\ndef hello(event, context): ...\n"
    )
    error = make(app=app, **{"shared/resources/data.py": NAMED}).error()
    resource = "Data.queue" if "queue" in written else "Data.topic"
    message = f"{verb} takes a resource of the app as it is, and `{resource}.name` is its name"
    assert (message, f"write `{resource}`") == (error.message, error.hint)


@pytest.mark.parametrize(
    ("call", "service", "type_name"),
    [
        ("grants.bedrock.guard(Data.queue)", "bedrock", "AWS::SQS::Queue"),
        ("grants.ses.send(Data.topic)", "ses", "AWS::SNS::Topic"),
    ],
)
def test_a_resource_of_another_service_is_told(make: Make, call: str, service: str, type_name: str) -> None:
    """Also where an annotation takes a resource of any type."""
    app = (
        "from remit import grants\nfrom shared.resources.data import Data\n"
        f"@app.function(policy=[{call}])\ndef hello(event, context): ...\n"
    )
    error = make(app=app, **{"shared/resources/data.py": NAMED}).error()
    verb, _, rest = call.removeprefix("grants.").partition("(")
    resource = rest.removesuffix(")")
    assert f"{verb} takes a resource of {service}, and `{resource}` is {type_name}" == error.message


@pytest.mark.parametrize(
    ("call", "taken", "type_name"),
    [
        ("grants.cognito.list_users(Data.queue)", "pool takes AWS::Cognito::UserPool", "AWS::SQS::Queue"),
        ("grants.sqs.send(Data.topic)", "queue takes AWS::SQS::Queue", "AWS::SNS::Topic"),
        ("grants.scheduler.create(role=Data.queue)", "role takes AWS::IAM::Role", "AWS::SQS::Queue"),
    ],
)
def test_a_resource_of_another_type_is_told_by_the_annotation(
    make: Make, call: str, taken: str, type_name: str
) -> None:
    app = (
        f"from remit import grants\nfrom shared.resources.data import Data\n@app.function(policy=[{call}])\n{FUNCTION}"
    )
    error = make(app=app, **{"shared/resources/data.py": NAMED}).error()
    verb, _, rest = call.removeprefix("grants.").partition("(")
    resource = rest.removeprefix("role=").removesuffix(")")
    assert f"{verb}: {taken}, and `{resource}` is {type_name}" == error.message


def test_what_a_verb_is_about_may_be_anything_that_its_wildcards_stand_for() -> None:
    def on(*given: Grant) -> tuple[str, ...]:
        return given[0].statement.resources.patterns if given[0].statement.resources else ()

    assert ("*",) == on(*grants.sqs.send("*"))
    # A dot may not follow another, but whatever stands between them may.
    assert ("arn:${AWS::Partition}:s3:::a.*.b/*",) == on(*s3.read("a.*.b"))
    assert on(*dynamodb.put("o"))[0].endswith(":table/o")
    path = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/shop"
    assert (path, f"{path}/") == on(*grants.ssm.list("/shop"))
    assert (f"{path}/*",) == on(*grants.ssm.list("/shop/*"))
    for refused in (lambda: s3.read("a..b*"), lambda: dynamodb.put("or*!"), lambda: dynamodb.query("orders", index="")):
        with pytest.raises(RemitError):
            refused()


def test_executions_are_named_by_the_name_of_their_machine_or_as_they_are() -> None:
    execution = "arn:aws:states:eu-west-1:111122223333:execution:orders:run-1"
    (by_name,), (by_arn,) = grants.states.stop("${Nightly.Name}"), grants.states.read(execution)
    assert "stops executions of state machine Nightly" == by_name.because
    assert execution == render_statement(by_arn.statement)["Resource"]


def test_each_of_several_actions_reads_service_and_operation() -> None:
    for actions in ((), ("GetObject",), ("s3:GetObject", "PutObject")):
        with pytest.raises(RemitError, match="actions read `service:Operation`"):
            allow(*actions)


def test_values_are_compared_as_patterns_where_any_of_them_is_one() -> None:
    for values, operator in ((("a", "b"), "StringEquals"), (("a", "b*"), "StringLike"), (("a?",), "StringLike")):
        (condition,) = typed.holding("ses:FromAddress", *values, None, verb="ses.send")
        assert (operator, values) == (condition.operator, condition.values)
    assert () == typed.holding("ses:FromAddress", None, verb="ses.send")


def test_a_key_that_aws_manages_needs_no_grant_and_a_path_that_only_the_deploy_knows_no_second_spelling() -> None:
    aws_key = "alias/aws/s3"
    assert 1 == len(grants.s3.read("uploads", key=aws_key)) == len(grants.sqs.send("orders", key="alias/aws/sqs"))
    paths = {
        path: len(grants.ssm.list(path)[0].statement.resources.patterns) for path in ("/shop", "/shop*", "${Path}")
    }  # type: ignore[union-attr]
    assert {"/shop": 2, "/shop*": 1, "${Path}": 1} == paths
