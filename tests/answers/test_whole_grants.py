"""A grant as a file writes it, whole; and the uses that were seen beside the grants that allowed them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from projects import write
from remit.answers.remedy import (
    Remedy,
    _calls,
    _gives,
    _late_bound,
    _on_argument,
    _Target,
    remedy,
    resource_form_of,
)
from remit.answers.seen_access import SeenUse, granted_and_seen
from remit.app import Grant, Reason
from remit.errors import Origin
from remit.grants import dynamodb, s3
from remit.holders import HeldPolicy, Holder, inline
from remit.iam.policy import Condition, Globs, Statement, allow

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make

PLACE: Final = "eu-west-1:111122223333"
LATE: Final = "${AWS::Region}:${AWS::AccountId}"
IMPORTS: Final = """from remit import App
from remit.grants import allow as permit, s3 as files
from remit.grants import s3 as bucket
from remit.triggers import sqs
app = App()
@app.function(timeout=3)
def hello(event, context): ...
"""
ON_STREAM: Final = 'on=f"arn:{aws.partition}:kinesis:{aws.region}:{aws.account}:stream/allow(x'


@pytest.mark.parametrize(
    ("action", "resource", "item", "imports"),
    [
        ("s3:GetObject", "arn:aws:s3:::b/s3.k", 'files.read("b", "s3.k")', ()),
        (
            "kinesis:DeleteStream",
            f"arn:aws:kinesis:{PLACE}:stream/allow(x",
            f'permit("kinesis:DeleteStream", {ON_STREAM}")',
            ("from remit import aws",),
        ),
        (
            "sqs:SendMessage",
            f"arn:aws:sqs:{PLACE}:sqs",
            'sqs_grants.send("sqs")',
            ("from remit.grants import sqs as sqs_grants",),
        ),
        (
            "dynamodb:PutItem",
            f"arn:aws:dynamodb:{PLACE}:table/orders",
            'dynamodb.put("orders")',
            ("from remit.grants import dynamodb",),
        ),
    ],
)
def test_a_grant_is_spelled_with_the_first_name_that_the_file_has_for_each_thing(
    make: Make, action: str, resource: str, item: str, imports: tuple[str, ...]
) -> None:
    for source, of_package in ((IMPORTS, ""), (IMPORTS.replace("App\n", "App, grants as g\n", 1), "g.")):
        project = make(**{"app.py": source})
        app = project.load()
        typed = not item.startswith("permit")
        whole = (
            item if item.startswith(("files", "permit")) or not of_package else of_package + item.replace("_grants", "")
        )
        lines = () if of_package and typed else imports
        expected = Remedy(whole, f"policy=[{whole}]", Origin("app.py", 6, 2), lines, typed)
        assert remedy(app, app.functions[0], action, resource, project.folder, account="111122223333") == expected


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("arn:aws:s3:::b/k", "arn:${AWS::Partition}:s3:::b/k"),
        (f"arn:aws:sqs:{PLACE}:q", f"arn:${{AWS::Partition}}:sqs:{LATE}:q"),
        (f"arn:aws:sqs:{LATE}:q", f"arn:${{AWS::Partition}}:sqs:{LATE}:q"),
        ("arn:aws:iam::aws:policy/x", "arn:${AWS::Partition}:iam::aws:policy/x"),
        ("arn:aws-cn:iam::111122223333:role/x", "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/x"),
        ("q", "q"),
    ],
)
def test_an_arn_is_late_bound_as_far_as_it_has_a_place(resource: str, expected: str) -> None:
    assert _late_bound(resource) == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (_Target("D.q", "", "", "x", "a.D"), "D.q"),
        (_Target("D.q", "", 'k{}"', "x", "a.D"), 'f"{D.q.arn}/k{{}}\\""'),
        (_Target("", "", "", "${Q.Arn}/${AWS::Region}"), '"${Q.Arn}/${AWS::Region}"'),
        (_Target("", "", "", "arn:aws:s3:::b"), '"arn:aws:s3:::b"'),
        (_Target("", "", "", 'arn:${AWS::Partition}:s3:::b/{x}"'), 'f"arn:{aws.partition}:s3:::b/{{x}}\\""'),
    ],
)
def test_a_resource_is_written_as_python_reads_it(target: _Target, expected: str) -> None:
    assert _on_argument(target) == expected


@pytest.mark.parametrize(
    ("verb", "below", "expected"),
    [
        (s3.read, "", [(("n",), {}, "B")]),
        (s3.read, "*", [(("n",), {}, "B"), (("n", "*"), {}, 'B, "*"')]),
        (s3.read, "index/i", [(("n", "index/i"), {}, 'B, "index/i"')]),
        (dynamodb.query, "", [(("n",), {}, "B")]),
        (dynamodb.query, "index/i", [(("n",), {"index": "i"}, 'B, index="i"')]),
        (dynamodb.query, "a/index/i", []),
        (dynamodb.put, "index/i", []),
    ],
)
def test_a_verb_is_called_with_what_is_below_its_resource_if_it_takes_it(verb: Any, below: str, expected: Any) -> None:
    assert [*_calls(verb, _Target("B", "n", below, "x"))] == expected


def test_a_statement_gives_an_action_that_it_names_on_what_matches_without_conditions() -> None:
    gives = allow("sqs:SendMessage", "sqs:PurgeQueue", on=("arn:a", "arn:b*"))
    assert _gives(gives, "sqs:PurgeQueue", "arn:b/c")
    assert not _gives(gives, "sqs:PurgeQueue", "arn:a/c")
    assert not _gives(gives, "sqs:DeleteQueue", "arn:a")
    assert not _gives(replace(gives, conditions=(Condition("Bool", "a:b", ("true",)),)), "sqs:PurgeQueue", "arn:a")
    assert not _gives(replace(gives, resources=None), "sqs:PurgeQueue", "arn:a")


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("sns:Publish", f"sns:{LATE}:TopicName"),
        ("lambda:InvokeFunction", f"lambda:{LATE}:function:FunctionName"),
        ("secretsmanager:GetSecretValue", f"secretsmanager:{LATE}:secret:SecretId"),
        ("iam:PassRole", "iam::${AWS::AccountId}:role/RoleNameWithPath"),
        ("events:PutEvents", f"events:{LATE}:event-bus/EventBusName"),
        ("states:StartExecution", f"states:{LATE}:stateMachine:StateMachineName"),
        ("dynamodb:UpdateGlobalTableVersion", "dynamodb::${AWS::AccountId}:global-table/GlobalTableName"),
    ],
)
def test_the_form_of_a_resource_is_the_shortest_of_those_that_the_action_needs(action: str, expected: str) -> None:
    assert resource_form_of(action) == f"arn:${{AWS::Partition}}:{expected}"


QUEUE, OTHER = f"arn:aws:sqs:{PLACE}:q", f"arn:aws:sqs:{PLACE}:other"


def grant(*actions: str, on: str = "*", **more: Any) -> Grant:
    return Grant(allow(*actions, on=on), Reason("text", ""), **more)


def test_each_grant_is_told_with_the_uses_that_its_statement_allowed_or_may_have(tmp_path: Path) -> None:
    """By the recorded statement; by what may have allowed it if the role has changed; never by an attached policy."""
    first, second = grant("SQS:Send*", on=f"arn:aws:sqs:{LATE}:${{Q.QueueName}}"), grant("sqs:SendMessage", on=OTHER)
    every = Grant(Statement("Allow", Globs(("s3:GetObject",)), Globs(("arn:x",), negated=True)), Reason("text", ""))
    denial = replace(first, statement=replace(first.statement, effect="Deny"))
    but = Grant(Statement("Allow", Globs(("iam:*",), negated=True), Globs(("*",))), Reason("text", ""))
    role = Holder("R", (inline([first, second, every, denial, but]),))
    merged = grant("sqs:*", stands_for=(first, second))
    deployed = Holder("R", (HeldPolicy("a", "made"), HeldPolicy("arn:managed", "managed"), inline([every, merged])))
    use = SeenUse("shop-dev-hello", "sqs:SendMessage", QUEUE, "allowed", "", "app.py", 3, "2026-01-05T00:00:00Z")
    uses = [
        replace(use, function="shop-dev-hello2", time="2026-01-02T00:00:00Z"),
        use,
        replace(use, time="2026-01-06T00:00:00Z"),
        replace(use, resource=OTHER, statement="identity[1].Statement[1]"),
        replace(use, statement="identity[0]"),
        replace(use, statement="identity[0].Statement[0]"),
        replace(use, statement="identity[1].Statement[0]"),
        replace(use, decision="denied"),
        replace(use, decision="unknown"),
        replace(use, action="s3:GetObject", resource="arn:aws:s3:::b/k"),
    ]
    text = "".join(json.dumps(asdict(each)) + "\n" for each in uses)
    half = len(text.splitlines()[0]) + 1
    write(tmp_path, {".remit/seen/2026-01-02.jsonl": text[:half] + "{", ".remit/seen/2026-01-05.jsonl": text[half:]})
    told = granted_and_seen(tmp_path, "shop-dev-hello", role, deployed)
    assert [(row.action, row.grant, row.uses) for row in told.granted] == [
        ("SQS:Send*", first, (uses[2], uses[3], uses[6])),
        ("sqs:SendMessage", second, (uses[3],)),
        ("s3:GetObject", every, (uses[9],)),
    ]
    assert (told.denied, told.since) == ((uses[7],), "2026-01-02")
