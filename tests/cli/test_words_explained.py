"""What the words of `remit explain` mean: each says what it is about, and one too many or too few is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit, write

if TYPE_CHECKING:
    from pathlib import Path

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:jobs"


def document(*statements: tuple[str, str]) -> dict[str, Any]:
    rows = [{"Effect": effect, "Action": action, "Resource": "*"} for effect, action in statements]
    return {"Version": "2012-10-17", "Statement": rows}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is no project, with a policy and the template of two roles."""
    monkeypatch.chdir(tmp_path)
    roles = {
        name: {
            "Type": "AWS::IAM::Role",
            "Properties": {"Policies": [{"PolicyName": "own", "PolicyDocument": document(("Allow", action))}]},
        }
        for name, action in (("Worker", "sqs:SendMessage"), ("Reader", "s3:GetObject"))
    }
    anyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    policies = {
        "endpoint.json": {"Statement": anyone},
        "mixed.json": document(("Allow", "s3:*"), ("Deny", "ec2:*")),
        "deny.json": document(("Deny", "s3:*")),
    }
    files = {"t.json": {"Resources": roles}, **policies}
    write(tmp_path, {name: json.dumps(value) for name, value in files.items()})
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        ("--seen", "--seen takes one function of the app", "such as `remit explain report --seen`"),
        ("--seen report mail", "--seen takes one function of the app", "such as `remit explain report --seen`"),
        ("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRol",
         "AWS has no managed policy AWSLambdaBasicExecutionRol", "did you mean `AWSLambdaBasicExecutionRole`?"),
        ("GetItem sqs:SendMessage", "there is no app module", None),
        (f"mixed.json {QUEUE}", f"'{QUEUE}' is not an action", "an action reads `service:Operation`"),
        ("mixed.json s3:Get*", "s3:Get*", None),
        ("mixed.json sqs:Nothing*", "sqs:Nothing*", None),
        ("mixed.json --parameter A=b", "--stack and --parameter go with a template", None),
        ("mixed.json --stack shop", "--stack and --parameter go with a template", None),
        ("t.json Workr", "managed policy, and no function, of the name `Workr`", "did you mean `Worker`?"),
    ],
)  # fmt: skip
def test_words_that_explain_nothing_are_refused(words: str, error: str, hint: str | None) -> None:
    ran = remit("explain", *words.split())
    assert (ran.status, ran.out) == (2, "")
    assert error in ran.err
    assert hint is None or f"hint: {hint}" in ran.err


@pytest.mark.usefixtures("folder")
def test_a_service_is_all_of_its_actions_in_any_case_and_a_pattern_lists_even_one() -> None:
    by_name, by_pattern = (remit("explain", word).out.splitlines() for word in ("SQS", "sqs:*"))
    assert by_name[1:] == by_pattern[1:] != []
    assert remit("explain", "sqs:SendMessag?").out == "sqs:SendMessag? covers 1 action\n  sqs:SendMessage  Write\n"


@pytest.mark.usefixtures("folder")
def test_a_request_is_allowed_where_each_role_that_is_asked_allows_it() -> None:
    answers = {words: remit("explain", "t.json", *words.split()).status for words in (
        "sqs:SendMessage", "Worker sqs:SendMessage", "Reader sqs:SendMessage", "Worker",
    )}  # fmt: skip
    assert list(answers.values()) == [1, 0, 1, 0]
    of_one = json.loads(remit("explain", "t.json", "Worker", "--json").out)
    assert [role["role"] for role in of_one] == ["Worker"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("kind", "file", "action", "status"),
    [
        ("scp", "deny.json", "sqs:SendMessage", 0),
        ("scp", "deny.json", "s3:GetObject", 1),
        ("rcp", "deny.json", "sqs:SendMessage", 0),
        ("scp", "mixed.json", "sqs:SendMessage", 1),
        ("boundary", "deny.json", "sqs:SendMessage", 1),
        ("endpoint", "endpoint.json", "s3:GetObject", 0),
        ("endpoint", "endpoint.json", "sqs:SendMessage", 1),
    ],
)
def test_of_a_limit_it_is_told_whether_somebody_who_may_do_all_may_do_it_within(
    kind: str, file: str, action: str, status: int
) -> None:
    """Denials alone are an SCP or an RCP beside the policy of AWS that allows everything."""
    assert remit("explain", "--kind", kind, file, action, "*").status == status
