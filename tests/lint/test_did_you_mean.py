"""Slips of the keyboard: what was meant is named first, for at least 95 of 100."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from random_cases import cases
from remit.catalogue.actions import actions
from remit.catalogue.condition_keys import OPERATORS, global_keys
from remit.catalogue.meant_names import nearest_actions, nearest_managed_policy
from remit.catalogue.partitions import regions
from remit.lint import lint_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

RANDOM = random.Random(20_261)  # noqa: S311 - the same slips every time
SERVICES = (
    "dynamodb", "s3", "sqs", "sns", "lambda", "logs", "kms", "secretsmanager", "ssm", "events", "states", "kinesis",
    "ec2", "cloudwatch", "cloudformation", "apigateway", "cognito-idp", "athena", "firehose", "elasticache",
)  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def slip(word: str) -> str:
    """One slip: two letters swapped, one left out, doubled, or another in its place; never the first."""
    while True:
        at = RANDOM.randrange(1, len(word) - 1)
        letter = RANDOM.choice(LETTERS)
        spoilt = RANDOM.choice(
            [
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + letter + word[at + 1 :],
            ]
        )
        if spoilt.lower() != word.lower() and re.fullmatch(r"[A-Za-z0-9:/-]+", spoilt):
            return spoilt


def hint_of(rule: str, **elements: object) -> str:
    """The hint of the one finding of a rule; empty when there is none, as for a slip that is another real name."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **elements}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return next((one.hint or "" for one in lint_bytes(text.encode(), "p.json") if one.rule == rule), "")


def first(hint: str) -> str | None:
    """The name that a hint proposes first."""
    found = re.search(r"(?:did you mean|nearest:) [`'](?:\$\{)?([^`'}]+)", hint)
    return found[1] if found else None


def share(words: list[str], spoilt: Callable[[str], str], hint: Callable[[str], str], known: set[str]) -> float:
    """How many hints name the word that was meant first; slips that are names themselves do not count."""
    right = counted = 0
    for word in words:
        wrong = spoilt(word)
        if wrong.lower() not in known:
            counted += 1
            right += first(hint(wrong)) == word
    assert counted > len(words) // 2
    return right / counted


ACTIONS = [name for service in SERVICES for name in actions(service) if len(name.partition(":")[2]) > 5]


def in_name(word: str) -> str:
    service, _, name = word.partition(":")
    return f"{service}:{slip(name)}"


def in_service(word: str) -> str:
    service, _, name = word.partition(":")
    return f"{slip(service)}:{name}"


CASES = {
    "actions": (ACTIONS, 400, in_name, lambda text: hint_of("R202", Action=text)),
    "services": (
        [one for one in ACTIONS if len(one.partition(":")[0]) > 3],
        300,
        in_service,
        lambda text: hint_of("R201", Action=text),
    ),
    "regions": (
        list(regions()),
        200,
        slip,
        lambda text: hint_of("R123", Action="sqs:SendMessage", Resource=f"arn:aws:sqs:{text}:111122223333:q"),
    ),
    "operators": (
        list(OPERATORS),
        200,
        slip,
        lambda text: hint_of("R501", Condition={text: {"aws:SourceVpc": "v"}}),
    ),
    "condition keys": (
        [one.name for one in global_keys() if not one.tagged and one.name.startswith("aws:")],
        200,
        in_name,
        lambda text: hint_of("R502", Condition={"StringEquals": {text: "v"}}),
    ),
    "variables": (
        [one.name for one in global_keys() if not one.tagged and one.name.startswith("aws:")],
        100,
        in_name,
        lambda text: hint_of("R128", Resource=f"arn:aws:s3:::b/${{{text}}}"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_was_meant_comes_first(name: str) -> None:
    words, count, spoilt, hint = CASES[name]
    chosen = [RANDOM.choice(words) for _ in range(cases(count // 8, deep=count))]
    assert share(chosen, spoilt, hint, {word.lower() for word in words}) >= 0.95


MEANT = {
    "boto3:put_item": "dynamodb:PutItem",
    "put_item": "dynamodb:PutItem",
    "s3:get_object": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObject": "s3:ListBucket",
    "s3:HeadObjects": "s3:GetObject",
    "ecr:GetRepository": "ecr:DescribeRepositories",
    "logs:GetLogGroup": "logs:DescribeLogGroups",
    "lambda:Invoke": "lambda:InvokeFunction",
    "lambda:invoke_function": "lambda:InvokeFunction",
    "sns:SendMessage": "sqs:SendMessage",
    "sqs:Publish": "sns:Publish",
    "ssm:GetSecretValue": "secretsmanager:GetSecretValue",
    "stepfunctions:StartExecution": "states:StartExecution",
    "sfn:StartExecution": "states:StartExecution",
    "eventbridge:PutEvents": "events:PutEvents",
    "cloudwatchlogs:PutLogEvents": "logs:PutLogEvents",
    "cloudwatch:PutLogEvents": "logs:PutLogEvents",
    "elb:DescribeLoadBalancers": "elasticloadbalancing:DescribeLoadBalancers",
    "ddb:GetItem": "dynamodb:GetItem",
    "dynamo:GetItem": "dynamodb:GetItem",
    "dynamodb.GetItem": "dynamodb:GetItem",
    "dynamodb/GetItem": "dynamodb:GetItem",
    "dynamodb:Get Item": "dynamodb:GetItem",
    "SendMessage": "sqs:SendMessage",
    "cognito:AdminGetUser": "cognito-idp:AdminGetUser",
    "dynamodb": "dynamodb:*",
    "ses:SendMail": "ses:SendEmail",
    "sqs:PollMessage": "sqs:ReceiveMessage",
    "sqs:DeleteMsg": "sqs:DeleteMessage",
    "sns:PublishMessage": "sns:Publish",
    "sns:Send": "sns:Publish",
    "s3:UploadFile": "s3:PutObject",
    "s3:upload_file": "s3:PutObject",
    "s3:download_fileobj": "s3:GetObject",
    "s3:Read": "s3:GetObject",
    "dynamodb:Put": "dynamodb:PutItem",
    "dynamodb:UpsertItem": "dynamodb:PutItem",
    "ec2:ListInstances": "ec2:DescribeInstances",
    "logs:CreateStream": "logs:CreateLogStream",
    "rds:Connect": "rds-db:connect",
    "events:Put": "events:PutEvents",
    "cloudwatch:Put": "cloudwatch:PutMetricData",
    "s3:GetObjectMetadata": "s3:GetObject",
    "glue:RunCrawler": "glue:StartCrawler",
    "logs:*Event": "logs:*Event*",
    "msk:DescribeCluster": "kafka:DescribeCluster",
    "amazons3:GetObject": "s3:GetObject",
    "cfn:CreateStack": "cloudformation:CreateStack",
    "*:GetObject": "s3:GetObject",
    "lambda:*Functoin*": "lambda:*Function*",
    "logs:Creat*Steam": "logs:Creat*Stream",
}


@pytest.mark.parametrize(("written", "meant"), MEANT.items(), ids=MEANT)
def test_names_of_sdks_and_of_other_services_are_translated(written: str, meant: str) -> None:
    found = [hint for rule in ("R201", "R202", "R203", "R204") if (hint := hint_of(rule, Action=written))]
    assert found
    assert f"`{meant}`" in found[0]


WRITTEN: list[dict[str, Any]] = [
    json.loads(line) for line in (Path(__file__).parent / "data" / "meant.jsonl").read_text("utf-8").splitlines()
]
KINDS = sorted({case["kind"] for case in WRITTEN})


def of_statement(**elements: object) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **elements}
    return {"Version": "2012-10-17", "Statement": [statement]}


def of_key(text: str) -> dict[str, Any]:
    value = "1" if "Date" in text else "v"
    return of_statement(Action="iam:*", Condition={"StringEquals": {text: value}})


def of_operator(text: str) -> dict[str, Any]:
    return of_statement(Condition={text: {"aws:SourceVpc": "v"}})


def of_resource(text: str) -> dict[str, Any]:
    name, _, arn = text.partition(" ")
    return of_statement(Action=name, Resource=arn)


def of_principal(text: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": text}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def of_template(kind: str, **properties: object) -> dict[str, Any]:
    transform = "AWS::Serverless-2016-10-31"
    return {"Transform": transform, "Resources": {"It": {"Type": kind, "Properties": properties}}}


DOCUMENTS: dict[str, Callable[..., dict[str, Any]]] = {
    "action": lambda text: of_statement(Action=text),
    "service": lambda text: of_statement(Action=text),
    "operator": of_operator,
    "key": of_key,
    "region": lambda text: of_statement(Action="sqs:SendMessage", Resource=f"arn:aws:sqs:{text}:111122223333:q"),
    "principal": of_principal,
    "resource": of_resource,
    "type": of_template,
    "managed": lambda text: of_template("AWS::Serverless::Function", Policies=[text]),
}


def named_first(kind: str, text: str) -> set[str]:
    """What the hints about a text name first."""
    document = json.dumps(DOCUMENTS[kind](text))
    hints = (one.hint or "" for one in lint_bytes(document.encode(), "template.json"))
    return {found[1] for hint in hints if (found := re.search(r"(?:did you mean|nearest:) [`']([^`']+)", hint))}


def right(case: dict[str, Any]) -> bool:
    named = named_first(case["kind"], case["written"])
    return not named.isdisjoint(case["meant"])


@pytest.mark.parametrize("kind", KINDS)
def test_what_people_write_instead_is_told_first(kind: str) -> None:
    """By hand: methods of SDKs, names of consoles, plural and singular, words of other languages."""
    cases = [case for case in WRITTEN if case["kind"] == kind]
    wrong = [case["written"] for case in cases if not right(case)]
    assert len(wrong) <= len(cases) * 0.05, wrong


READ = ("Get", "List", "Describe")


def test_get_list_and_describe_are_taken_for_each_other() -> None:
    """Where one of the three alone is there, in singular or plural, it was meant."""
    known = {name.lower() for service in SERVICES for name in actions(service)}
    nouns = [(name, found) for name in ACTIONS if (found := re.fullmatch(r"(\w+-?\w+):(Get|List|Describe)(\w+)", name))]
    cases = []
    for name, found in RANDOM.sample(nouns, 250):
        forms = {found[3], f"{found[3]}s", found[3].removesuffix("s")}
        others = {f"{found[1]}:{verb}{form}".lower() for verb in READ for form in forms} & known
        if others == {name.lower()}:
            cases.append((f"{found[1]}:{RANDOM.choice([verb for verb in READ if verb != found[2]])}{found[3]}", name))
    assert len(cases) > 100
    assert sum(nearest_actions(written)[:1] == (meant,) for written, meant in cases) >= 0.95 * len(cases)


def test_a_managed_policy_of_the_same_letters_was_meant() -> None:
    """AWS has given several of its policies an underscore."""
    assert "AWS_ConfigRole" == nearest_managed_policy("AWSConfigRole")


@pytest.mark.parametrize("name", ["s3:Frobnicate", "dynamodb:MakeCoffee", "lambda:Hello", "xyzzy:Plugh", "sqs:DoIt"])
def test_nothing_is_named_that_nobody_can_have_meant(name: str) -> None:
    assert nearest_actions(name) == ()


def test_of_a_service_that_the_prefix_only_resembles_no_action_is_meant_by_some_words_of_its_name() -> None:
    assert () == nearest_actions("comprehendmedicl:StopJob")
    assert () != nearest_actions("comprehendmedical:StopJob")
