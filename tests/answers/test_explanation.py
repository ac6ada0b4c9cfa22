"""What an explanation says beside its verdict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from projects import remit
from remit.answers.explanation import explain
from remit.answers.meant_actions import meant
from remit.errors import RemitError
from remit.roles.assign import assign
from remit.roles.role_policies import ready_roles

if TYPE_CHECKING:
    from conftest import Make

SHARED = """
from remit import Shared, resource

class Data(Shared):
    topic = resource("AWS::SNS::Topic")
"""


def test_a_name_that_is_nearly_that_of_a_resource_is_noted_though_its_reference_is_its_arn(make: Make) -> None:
    app = make(**{"shared/resources/data.py": SHARED}).load()
    role = ready_roles(app, assign(app))["hello"]
    explanation = explain(role, "function hello", "sns:Publish", "DataTopi")
    assert "there is no resource DataTopi in the stack: did you mean DataTopic?" in explanation.notes


def test_the_same_question_has_an_equal_answer(make: Make) -> None:
    app = make(app='@app.function(policy=["sqs:SendMessage"])\ndef hello(event, context): ...\n').load()
    role = ready_roles(app, assign(app))["hello"]
    answer = explain(role, "function hello", "sqs:SendMessage", "*")
    assert answer == explain(role, "function hello", "sqs:SendMessage", "*")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("s3:GetObjet", "there is no action `s3:GetObjet`", "did you mean `s3:GetObject`?"),
        ("GetObjet", "there is no action `GetObjet`", "actions read `service:Operation`"),
    ],
)
def test_a_text_that_names_no_action_is_an_error_with_what_it_may_mean(text: str, message: str, hint: str) -> None:
    with pytest.raises(RemitError) as raised:
        meant(text)
    assert (message, hint) == (raised.value.message, raised.value.hint)


def test_a_name_that_resembles_a_resource_by_a_few_letters_alone_is_not_noted(make: Make) -> None:
    """A secret is called prod/db, which is no slip of RO."""
    data = SHARED.replace("Data", "R").replace("topic", "o")
    app = make(**{"shared/resources/data.py": data}).load()
    role = ready_roles(app, assign(app))["hello"]
    explanation = explain(role, "function hello", "secretsmanager:GetSecretValue", "prod/db")
    assert [] == [note for note in explanation.notes if "did you mean" in note]


KEY = """
from remit import Shared, resource

ADMIN = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/admin"}, "Action": "kms:*"}


class Data(Shared):
    key = resource("AWS::KMS::Key", {"KeyPolicy": {"Version": "2012-10-17", "Statement": [{**ADMIN, "Resource": "*"}]}})
"""
READER = """
from remit import grants
from shared.resources.data import Data


@app.function(policy=[grants.kms.decrypt(Data.key)])
def reader(event, context): ...
"""


def test_a_key_of_the_app_that_does_not_delegate_is_the_obstacle_and_no_grant_the_fix(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The grant is there; of an action that the role lacks as well, the grant is the fix."""
    monkeypatch.chdir(make(app=READER, **{"shared/resources/data.py": KEY}).folder)
    found = json.loads(remit("explain", "reader", "kms:Decrypt", "Data.key", "--json").out)
    assert (found["verdict"], found["fix"]) == ("ImplicitlyDenied", None)
    assert found["obstacle"]["reason"].startswith("the policy of key DataKey neither allows it")
    assert "${ReaderRole.Arn}" in found["obstacle"]["instead"]
    lacking = json.loads(remit("explain", "reader", "kms:Encrypt", "Data.key", "--json").out)
    assert (lacking["obstacle"], lacking["fix"]["item"]) == (None, "grants.kms.encrypt(Data.key)")


@pytest.mark.parametrize("verb", ["decrypt", "encrypt"])
@pytest.mark.parametrize(
    "principal",
    ["arn:aws:iam::111122223333:role/admin", "${AWS::AccountId}", "*", "${ReaderRole.Arn}"],
    ids=["another role", "the account", "everyone", "the role"],
)
def test_an_app_and_its_template_have_the_same_answers_about_a_key_of_theirs(
    make: Make, monkeypatch: pytest.MonkeyPatch, principal: str, verb: str
) -> None:
    """Those of a template agree with what `diff` tells of random ones (tests/review/test_joint_differential.py)."""
    project = make(
        app=READER.replace("decrypt", verb),
        **{"shared/resources/data.py": KEY.replace('"arn:aws:iam::111122223333:role/admin"', repr(principal))},
    )
    monkeypatch.chdir(project.folder)
    Path("template.json").write_text(json.dumps(project.template()))
    for action in ("kms:Decrypt", "kms:Encrypt", "kms:DescribeKey"):
        of_app = json.loads(remit("explain", "reader", action, "Data.key", "--json").out)
        of_template = json.loads(
            remit("explain", "./template.json", "ReaderRole", action, "${DataKey.Arn}", "--json").out
        )
        assert of_app["verdict"] == of_template["verdict"]
