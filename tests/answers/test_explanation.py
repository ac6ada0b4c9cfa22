"""What an explanation says beside its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
