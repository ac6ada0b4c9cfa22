"""What an operator is asked, in all of its words, why a deploy stops, and what programs read of a deployer's access."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Final

import pytest

from remit.app import Grant, Reason
from remit.deploy.deployed_code import OtherCode
from remit.deploy.manual_changes import ManualChanges
from remit.deploy.operators import DeletionQuestion, ManualChangesQuestion, PlanQuestion, RollbackQuestion
from remit.deploy.plan import ResourceChange, StackPlan
from remit.deploy.planned_access import PlannedAccess
from remit.deploy.session import Account
from remit.deploy.stack import StackOutput
from remit.deploy.status import DeployedResource
from remit.errors import RemitError
from remit.iam.policy import Policy, allow
from remit.report.deployed_code import other_code_hint
from remit.report.deployer import check_document, deployer_document
from remit.report.operators import WordedOperator, reasons, stop_lines
from remit.report.stacks import output_lines, place, place_document
from remit.review.access_change import Review

HERE: Final = Account("111122223333", "eu-central-1", "aws", None)
TABLE: Final = "AWS::DynamoDB::Table"
REVIEW: Final = Review("old", "new", ())


def record(**fields: Any) -> Any:
    """A record of which a function reads these fields alone."""
    return SimpleNamespace(**fields)


def plan(*changes: ResourceChange) -> StackPlan:
    resources = {change.logical_id: {"Type": change.type} for change in changes}
    template = {"Resources": resources}
    return StackPlan("shop", "arn:stack", "arn:change-set", "UPDATE", changes, template, template)


def question(changed: StackPlan, *, unread: str = "", yes: bool = False, lacks: bool = True) -> PlanQuestion:
    return PlanQuestion(HERE, changed, PlannedAccess(REVIEW, unread), yes=yes, yes_delete=(), lacks_access=lacks)


GONE: Final = ResourceChange("Remove", "Orders", TABLE)
UNREAD: Final = ManualChanges(unread=RemitError("AWS does not answer", hint="try again"))
DATA: Final = (
    DeployedResource("Orders", TABLE, "orders", "CREATE_COMPLETE"),
    DeployedResource("Files", "AWS::S3::Bucket", "files", "CREATE_COMPLETE"),
)


def deletion(*data: DeployedResource, is_remnant: bool) -> DeletionQuestion:
    return DeletionQuestion(HERE, "shop", is_remnant, data, ())


OVER: Final = (
    "CloudFormation keeps what was added by hand. It restores what was edited or deleted only where this deploy "
    "changes the same policy. `--revert-drift` undoes all of it. Deploy anyway?"
)
LOSS: Final = "This removes table Orders, with all that is in it."
QUESTIONS: Final[tuple[tuple[Any, str], ...]] = (
    (question(plan()), "Deploy to account 111122223333, eu-central-1?"),
    (
        question(plan(GONE), unread="it is not known"),
        f"{LOSS} This adds access: 1 undecided. Deploy to account 111122223333, eu-central-1?",
    ),
    (ManualChangesQuestion(UNREAD), OVER),
    (RollbackQuestion(()), "Go on going back?"),
    (RollbackQuestion(("A", "B")), "Go on going back, leaving A, B as it is?"),
    (
        deletion(is_remnant=False),
        "Delete shop and everything in it from account 111122223333, eu-central-1?",
    ),
    (
        deletion(*DATA, is_remnant=True),
        "This deletes table Orders, bucket Files, with all that is in them. Delete what is left of it?",
    ),
)


class Answering(WordedOperator):
    """Gives one answer, and keeps what it is asked."""

    command_options = " --stage prod"

    def __init__(self, answer: bool | None) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def ask(self, text: str) -> bool | None:
        self.asked.append(text)
        return self.answer


@pytest.mark.parametrize("answer", [True, False, None])
@pytest.mark.parametrize(("asked", "words"), QUESTIONS)
def test_a_question_is_asked_in_words_and_its_answer_comes_back(asked: Any, words: str, *, answer: bool | None) -> None:
    operator = Answering(answer)
    assert operator.reply(asked) is answer
    assert operator.asked == [words]


@pytest.mark.parametrize("answer", [True, False])
def test_who_says_yes_before_is_not_asked(*, answer: bool) -> None:
    operator = Answering(answer)
    assert operator.agrees("Go on?", yes=True)
    assert operator.asked == []
    assert operator.agrees("Go on?", yes=False) is answer
    assert operator.asked == ["Go on?"]


def of(error: RemitError) -> tuple[str, str | None, int]:
    return error.message, error.hint, error.exit_code


def test_a_question_that_nobody_answers_is_an_error_with_what_answers_it() -> None:
    operator = Answering(None)
    with pytest.raises(RemitError) as caught:
        operator.agrees("Go on?", yes=False)
    nobody = "needs an answer, and there is no terminal to ask at"
    assert of(caught.value) == (f"`Go on?` {nobody}", "`--yes` answers it", 2)
    assert of(operator.unanswered(RollbackQuestion(()))) == (f"`Go on going back?` {nobody}", "`--yes` answers it", 2)
    whole = "Delete shop and everything in it from account 111122223333, eu-central-1?"
    empty = deletion(is_remnant=False)
    assert of(operator.unanswered(empty)) == (f"`{whole}` {nobody}", "`--yes` answers it", 2)
    with_data = replace(deletion(*DATA, is_remnant=False), unnamed_data=DATA[:1])
    assert of(operator.unanswered(with_data)) == (
        "nothing was deleted: data goes (table Orders)",
        "`remit delete --stage prod --yes-delete all` agrees to that",
        1,
    )
    drifted, unread = ManualChangesQuestion(ManualChanges()), ManualChangesQuestion(UNREAD)
    keeps = "`--accept-drift` deploys and keeps these changes"
    assert of(operator.unanswered(drifted)) == (
        "nothing was deployed: the stack was changed by hand",
        f"{keeps}; `--revert-drift` undoes them first (`--yes` does neither)",
        1,
    )
    assert of(operator.unanswered(unread)) == (
        "nothing was deployed: whether something was changed by hand is not known", f"try again; {keeps}", 1
    )  # fmt: skip
    planned = question(plan(GONE), unread="it is not known", yes=True)
    assert of(operator.unanswered(planned)) == (
        "nothing was deployed: it adds access (1 undecided) and data goes (table Orders)",
        (
            "`remit diff --deployed --stage prod --accept REASON` accepts what is gained; without --require-approval, "
            "`--yes` approves changes of access, too; `remit deploy --stage prod --yes --yes-delete Orders` agrees to "
            "that"
        ),
        1,
    )


def test_each_reason_why_a_deploy_stops_is_told_with_its_way_out() -> None:
    operator = Answering(None)
    assert [*stop_lines(operator, ())] == ["a deploy goes ahead by itself"]
    planned = question(plan(GONE), lacks=False)
    assert reasons(planned) == ["data goes (table Orders)"]
    assert [*stop_lines(operator, (ManualChangesQuestion(UNREAD), planned))] == [
        "a deploy stops here unless somebody agrees",
        "  ! whether something was changed by hand is not known",
        "    try again; `--accept-drift` deploys and keeps these changes",
        "  ! data goes (table Orders)",
        "    `--yes --yes-delete Orders`, or a yes at a terminal, deploys it anyway",
    ]


def test_a_table_of_a_stack_is_aligned_and_has_no_sign_that_steers_a_terminal() -> None:
    outputs = (StackOutput("Url", "https://x\x1b[2J"), StackOutput("Identity", ""))
    assert [*output_lines(outputs)] == ["outputs", "  Url       https://x\\x1b[2J", "  Identity"]
    assert [*output_lines(())] == []
    assert place(HERE) == "account 111122223333, eu-central-1"
    assert place_document(HERE) == {"account": "111122223333", "region": "eu-central-1", "local": False}


GRANT: Final = Grant(allow("s3:GetObject", on="arn:aws:s3:::b/*"), Reason("text", "it reads"))
READS: Final = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}


@pytest.mark.parametrize("stack", ["shop", ""])
def test_programs_read_what_a_deployer_needs_and_lacks(stack: str) -> None:
    policy = Policy((GRANT.statement,))
    deployer = record(stack=stack, policy=policy, grants=(GRANT,), unknown=(("Id", "A::B::C"),), notes=("n",))
    characters = len('{"Version":"2012-10-17","Statement":[{"Effect":"Allow",') - 1
    document = deployer_document(deployer)
    assert characters < document.pop("characters") < 200
    assert document == {
        "stack": stack or None,
        "statements": [{"statement": READS, "because": "it reads"}],
        "unknown": [{"resource": "Id", "type": "A::B::C"}],
        "notes": ["n"],
    }
    request = record(action="s3:GetObject", resource="arn:aws:s3:::b/x")
    lacking = record(request=request, grant=GRANT, denial="no statement allows it")
    check = record(lacking=[lacking], undecided=("u",), is_enough=False)
    asked = {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/x"}
    reason = {"request": asked, "reason": "no statement allows it"}
    assert check_document(check, deployer) == {
        "stack": stack or None,
        "enough": False,
        "lacking": [{"statement": READS, "because": "it reads", **reason}],
        "undecided": ["u"],
    }


def test_the_ways_to_mend_other_code_name_the_first_function_and_all_that_are_gone() -> None:
    functions = [
        OtherCode("layered", "a", "b", "arn:layer"), OtherCode("first", "a", "b"), OtherCode("second", "a", "b"),
        OtherCode("gone", "a", None), OtherCode("lost", "a", None),
    ]  # fmt: skip
    assert other_code_hint(functions, "eu-west-1").split("; ") == [
        ("somebody else wrote into the artefact bucket, or changed the code by hand: CloudTrail tells who"),
        (
            "`aws lambda update-function-code --region eu-west-1 --function-name first "
            "--zip-file fileb://.remit/build/NAME.zip` puts the build back"
        ),
        ("somebody else wrote a layer into the artefact bucket: CloudTrail tells who"),
        "its version stays as it is, and a deploy with any change in the layer makes another",
        "CloudFormation makes gone, lost again once `remit delete` has removed the stack",
    ]
