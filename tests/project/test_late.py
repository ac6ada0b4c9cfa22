"""Late-bound values: what only the deploy knows makes text, and fails at the line that would have to know it."""

from __future__ import annotations

import copy
import json
import pickle
from typing import TYPE_CHECKING

import pytest

import effort
from projects import at
from remit import aws
from remit.errors import RemitError
from remit.project.late_bound import LateBound
from remit.source.late_reads import check_late_reads

if TYPE_CHECKING:
    from conftest import Make

SHARED = """
from remit import Shared, output, resource

class Data(Shared):
    queue = resource("AWS::SQS::Queue")
    topic = resource("AWS::SNS::Topic")
    url = output(queue)
"""
IMPORTS = "from remit import aws, project\nfrom shared.resources.data import Data\n"
"""What an app of these tests writes after it begins on line 11."""

TEXT = {
    'f"{aws.region}"': "${AWS::Region}",
    'f"{aws.region!s:}"': "${AWS::Region}",
    'aws.region + ""': "${AWS::Region}",
    '"x-" + aws.region + "-y"': "x-${AWS::Region}-y",
    '"%s-%s" % (aws.region, aws.account)': "${AWS::Region}-${AWS::AccountId}",
    '"%s" % aws.region': "${AWS::Region}",
    '"{}-{a}".format(aws.region, a=aws.account)': "${AWS::Region}-${AWS::AccountId}",
    '"-".join([aws.partition, aws.url_suffix])': "${AWS::Partition}-${AWS::URLSuffix}",
    'aws.region.join(["a", "b"])': "a${AWS::Region}b",
    "str(aws.region)": "${AWS::Region}",
    '"{R}".replace("{R}", aws.region)': "${AWS::Region}",
}


@pytest.mark.parametrize("expression", TEXT)
def test_late_bound_values_make_plain_text(expression: str) -> None:
    text = eval(expression, {"aws": aws})  # noqa: S307 - the cases above
    assert (TEXT[expression], str) == (text, type(text))


COMPARED = "cannot be compared"
REFUSED = {
    'aws.region == "us-east-1"': COMPARED,
    '"us-east-1" != aws.region': COMPARED,
    'aws.region < "us"': COMPARED,
    'aws.region in ("us-east-1",)': COMPARED,
    'aws.region not in ["us-east-1"]': COMPARED,
    'sorted(["eu-west-1", aws.region])': COMPARED,
    '"us" in aws.region': "cannot be searched",
    'aws.region in {"us-east-1"}': "cannot be a key of a dict or a member of a set",
    '{"us-east-1": 1}.get(aws.region)': "cannot be a key of a dict or a member of a set",
    "{aws.region: 1}": "cannot be a key of a dict or a member of a set",
    "hash(aws.region)": "cannot be a key of a dict or a member of a set",
    "bool(aws.region)": "is neither true nor false",
    "1 if aws.region else 2": "is neither true nor false",
    'aws.region or "us-east-1"': "is neither true nor false",
    "not aws.region": "is neither true nor false",
    "len(aws.region)": "has no length yet",
    "aws.region[:2]": "cannot be taken apart",
    "list(aws.region)": "cannot be taken apart",
    "int(aws.region)": "is not a number yet",
    'aws.region.startswith("us-")': "has no `startswith` yet",
    'aws.region.split("-")': "has no `split` yet",
    "aws.region.upper()": "has no `upper` yet",
    "aws.region.encode()": "has no `encode` yet",
    'f"{aws.region:>20}"': "cannot be padded or cut by the format '>20'",
    '"{:.2}".format(aws.region)': "cannot be padded or cut by the format '.2'",
    '__import__("os").path.join("a", aws.region)': "has no `startswith` yet",
}


@pytest.mark.parametrize("expression", REFUSED)
def test_what_would_have_to_know_the_value_fails_at_its_line(make: Make, expression: str) -> None:
    error = make(config=f"x = 1\nvalue = {expression}\n").error()
    message = f"`aws.region` {REFUSED[expression]}: only the deploy knows its value"
    line, _, column = at(error).removeprefix("config/deploy.py:").partition(":")
    assert (message, "6") == (error.message, line)
    assert int(column) >= len("    value = ")
    assert error.hint


def test_a_boundary_for_one_account_is_not_dropped_in_silence(make: Make) -> None:
    line = 'config.lambda_.iam.permissions_boundary = "X" if aws.account in ("111122223333",) else None'
    error = make(config=line).error()
    assert (
        "`aws.account` cannot be compared: only the deploy knows its value",
        "decide by `project.stage`, which is known now, or in a stage's file, such as config/deploy/prod.py",
        "config/deploy.py:5:54",
    ) == (error.message, error.hint, at(error))


ATTRIBUTES = {
    "Data.queue.arn == 'x'": "`Data.queue.arn` cannot be compared: only the deploy knows its value",
    "Data.queue.ref.upper()": "`Data.queue.ref` has no `upper` yet: only the deploy knows its value",
    "Data.topic.arn[0]": "`Data.topic.arn` cannot be taken apart: only the deploy knows its value",
    "not Data.queue.attribute('QueueName')": (
        '`Data.queue.attribute("QueueName")` is neither true nor false: only the deploy knows its value'
    ),
}


@pytest.mark.parametrize("expression", ATTRIBUTES)
def test_attributes_of_shared_resources_are_late_bound(make: Make, expression: str) -> None:
    app = f"{IMPORTS}value = {expression}\n"
    error = make(app=app, **{"shared/resources/data.py": SHARED}).error()
    assert (ATTRIBUTES[expression], "11") == (error.message, at(error).split(":")[1])


def test_an_attribute_is_late_bound_inside_of_its_class_too(make: Make) -> None:
    source = SHARED + '    same = resource("AWS::SQS::Queue", queue_name="x" if queue.arn == "y" else "z")\n'
    error = make(**{"shared/resources/data.py": source}).error()
    message = "`resource(…).arn` cannot be compared: only the deploy knows its value"
    assert (message, "shared/resources/data.py:8:58") == (error.message, at(error))


_AWS = "there are `aws.region`, `aws.account`, `aws.partition`, `aws.url_suffix`"
NO_TEXT = {
    "aws": _AWS,
    "project": "write `project.name`, `project.stage` or `project.namespace`",
    "Data": "write a value of one of its resources, such as `Data.queue.arn` or `Data.queue.ref`",
    "Data.queue": "write `Data.queue.arn`, `Data.queue.ref` or `Data.queue.attribute(…)`",
    "Data.url": 'write the value that it was given; where a function runs, `Data.lookup("url")`',
}


@pytest.mark.parametrize("name", NO_TEXT)
@pytest.mark.parametrize(
    "text", ['f"x-{%s}"', '"x-" + %s', '%s + "-x"', '"x-%%s" %% %s', '"x-{}".format(%s)', "str(%s)"]
)
def test_what_only_holds_texts_is_none_itself(make: Make, name: str, text: str) -> None:
    app = f"{IMPORTS}value = {text % name}\n"
    error = make(app=app, **{"shared/resources/data.py": SHARED}).error()
    assert (f"`{name}` itself is not text", NO_TEXT[name], "11") == (error.message, error.hint, at(error).split(":")[1])


def test_late_bound_values_may_stand_wherever_text_may(make: Make) -> None:
    """Policies, conditions, settings, triggers, grants, outputs: none of them needs an f-string."""
    config = """
        config.lambda_.iam.managed_policy = [f"arn:{aws.partition}:iam::{aws.account}:policy/own"]
        config.lambda_.function.environment = {"REGION": aws.region, "ACCOUNT": str(aws.account)}
        config.lambda_.function.properties = {"Tags": [{"Key": "region", "Value": aws.region}]}
        config.lambda_.iam.policy = {
            "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": aws.region, "aws:ResourceAccount": [aws.account]}},
        }
    """
    app = f"""{IMPORTS}
@app.function(
    sqs(Data.queue.arn),
    schedule("rate(1 day)", input={{"where": aws.region}}),
    schedule("rate(2 days)", input=aws.region),
    http(cors={{"AllowOrigins": [aws.region]}}),
    policy=[queue.send(Data.queue.arn), sns.publish(Data.topic.arn),
            {{"Effect": "Allow", "Action": "sqs:PurgeQueue", "Resource": Data.queue.arn}},
            {{"Effect": "Allow", "Action": "sqs:ListQueueTags", "Resource": [Data.queue.arn, Data.queue]}}],
    layers=[Data.topic.arn], vpc_config={{"SecurityGroupIds": [aws.account], "SubnetIds": [Data.queue.ref]}},
    environment={{"TOPIC": Data.topic.arn}},
)
def hello(event, context): ...
"""
    shared = SHARED + "    where = output(aws.region)\n    copy = resource('AWS::SNS::Topic', topic_name=queue.ref)\n"
    project = make(config=config, app=app, **{"shared/resources/data.py": f"from remit import aws\n{shared}"})
    function = project.resources("AWS::Lambda::Function")["HelloFunction"]
    queue = {"Fn::GetAtt": ["DataQueue", "Arn"]}
    assert {"REGION": {"Ref": "AWS::Region"}, "ACCOUNT": {"Ref": "AWS::AccountId"}, "TOPIC": {"Ref": "DataTopic"}} == {
        name: value for name, value in function["Environment"]["Variables"].items() if not name.startswith("REMIT")
    }
    assert ([{"Key": "region", "Value": {"Ref": "AWS::Region"}}], [{"Ref": "DataTopic"}]) == (
        function["Tags"],
        function["Layers"],
    )
    assert {"SecurityGroupIds": [{"Ref": "AWS::AccountId"}], "SubnetIds": [{"Ref": "DataQueue"}]} == function[
        "VpcConfig"
    ]
    (mapping,) = project.resources("AWS::Lambda::EventSourceMapping").values()
    assert queue == mapping["EventSourceArn"]
    (address,) = project.resources("AWS::Lambda::Url").values()
    assert {"AllowOrigins": [{"Ref": "AWS::Region"}]} == address["Cors"]
    inputs = [schedule["Target"]["Input"] for schedule in project.resources("AWS::Scheduler::Schedule").values()]
    assert [{"Fn::Sub": '{"where": "${AWS::Region}"}'}, {"Fn::Sub": '"${AWS::Region}"'}] == inputs
    written = json.dumps(project.template())
    assert written.count('"Resource": {"Fn::GetAtt": ["DataQueue", "Arn"]}') >= 3
    assert '"aws:RequestedRegion": {"Ref": "AWS::Region"}' in written
    assert {"Value": {"Ref": "AWS::Region"}} == project.template()["Outputs"]["DataWhere"]
    assert {"TopicName": {"Ref": "DataQueue"}} == project.resources("AWS::SNS::Topic")["DataCopy"]


WRONG_PLACES = {
    "runtime=aws.region": "`runtime` cannot be <aws.region>; it can be python3.9",
    "name=aws.region": "'${AWS::Region}' is not a valid name for a function",
    "tracing=aws.region": "`tracing` cannot be <aws.region>; it can be Active, PassThrough",
    "architectures=aws.region": "`architectures` cannot be '${AWS::Region}'; it can be x86_64, arm64",
    "timeout=aws.region": "`timeout` must be a whole number of seconds, and only the deploy knows `aws.region`",
    "policy=aws.region": "policy is '${AWS::Region}': neither a service nor an action",
    "managed_policy=Data.url": "`Data.url` itself is not text",
    "policy=[Data]": "`Data` itself is not text",
    'policy={"Effect": "Allow", "Action": Data.queue, "Resource": "*"}': "`Data.queue` itself is not text",
    'policy={"Effect": aws.region, "Action": "s3:*", "Resource": "*"}': (
        "policy.Effect '${AWS::Region}' is not valid: only 'Allow' and 'Deny' exist"
    ),
}


@pytest.mark.parametrize("given", WRONG_PLACES)
def test_where_no_text_of_the_deploy_can_be_it_is_refused_as_any_other(make: Make, given: str) -> None:
    app = f"{IMPORTS}@app.function({given})\ndef hello(event, context): ...\n"
    error = make(app=app, **{"shared/resources/data.py": SHARED}).error()
    assert (WRONG_PLACES[given], "11") == (error.message[: len(WRONG_PLACES[given])], at(error).split(":")[1])


def test_a_wrong_word_of_a_trigger_is_told_at_its_line(make: Make) -> None:
    app = f"{IMPORTS}@app.function(http(auth=aws.region))\ndef hello(event, context): ...\n"
    error = make(app=app, **{"shared/resources/data.py": SHARED}).error()
    assert ("auth cannot be <aws.region>", "app.py:11:15") == (error.message, at(error))


def test_debuggers_copies_and_pickles_are_not_disturbed() -> None:
    copies = [copy.copy(aws.region), copy.deepcopy(aws.region), pickle.loads(pickle.dumps(aws.region))]  # noqa: S301 - ours
    assert [("<aws.region>", "${AWS::Region}", LateBound)] * 3 == [(repr(one), str(one), type(one)) for one in copies]


SEARCHES = {
    'if aws.account in "111122223333 444455556666": pass': "aws.account",
    'if aws.region not in "us-east-1": pass': "aws.region",
    '"us-east-1".startswith(aws.region)': "aws.region",
    'if Data.queue.arn in "arn:aws:sqs": pass': "Data.queue.arn",
    'if Data.queue.attribute("QueueName") in "orders": pass': "Data.queue.attribute('QueueName')",
}


@pytest.mark.parametrize("line", SEARCHES)
def test_a_value_that_is_looked_for_in_a_text_is_an_error_at_its_line(make: Make, line: str) -> None:
    project = make(
        app=f"{IMPORTS}{line}\n@app.function\ndef hello(event, context): ...\n", **{"shared/resources/data.py": SHARED}
    )
    error = project.error()
    assert f"`{SEARCHES[line]}` cannot be looked for in a text: only the deploy knows its value" == error.message
    assert f"app.py:11:{line.index(SEARCHES[line].partition('(')[0]) + 1}" == at(error)


IMPORTS_OF_AWS = (
    "from remit import aws",
    "from remit import App, aws",
    "from remit import aws, App",
    "from remit import (\n    App,\n    aws,\n)",
    "from remit import (aws)",
    "from remit import(App,aws)",
    "from remit import aws  # where it is",
    "from remit import aws; import os",
    "from remit import App, \\\n    aws\\\n",
    "from remit import\taws\r",
    "from remit import aws as aws",
)


@pytest.mark.parametrize("line", IMPORTS_OF_AWS)
def test_a_value_is_noticed_however_it_is_imported(line: str) -> None:
    source = f'{line}\nif aws.region in "us-east-1": pass\n'.encode()
    with pytest.raises(RemitError, match="cannot be looked for in a text"):
        check_late_reads(source, "app.py", functions=True)


def test_a_file_that_only_spells_names_of_aws_is_not_read_for_them() -> None:
    source = b'from remit import App\nnames = ["/aws/lambda/orders", "aws:SourceArn"]\n'
    assert effort.calls_of(lambda: check_late_reads(source, "app.py", functions=True)) < 10


def test_the_configuration_may_not_look_for_one_in_a_text_either(make: Make) -> None:
    boundary = 'config.lambda_.iam.permissions_boundary = "X" if aws.account in "1111 2222" else None'
    error = make(config=boundary).error()
    assert ("config/deploy.py:5:54", True) == (at(error), "cannot be looked for in a text" in error.message)


def test_a_function_of_the_configuration_may_not_since_it_runs_as_well(make: Make) -> None:
    function = "def mode():\n    return 'x' if aws.account in '1111 2222' else 'y'"
    error = make(config=f'{function}\nconfig.lambda_.function.environment = {{"MODE": mode()}}').error()
    assert ("config/deploy.py:6:23", True) == (at(error), "cannot be looked for in a text" in error.message)


def test_a_function_may_look_for_one_where_it_runs(make: Make) -> None:
    body = '@app.function\ndef hello(event, context):\n    return aws.region in "us-east-1 eu-west-1"\n'
    assert "hello" == make(app=f"{IMPORTS}{body}", **{"shared/resources/data.py": SHARED}).function().name


def test_the_representation_of_one_is_noticed_in_a_resource(make: Make) -> None:
    statement = '{"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::b-{aws.account!r}/*"}'
    ran = make(config=f"config.lambda_.iam.policy = [{statement}]").remit("build", "--no-package")
    assert (2, True) == (ran.status, "<aws.account>" in ran.err)
