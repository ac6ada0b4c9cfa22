"""How much an access matters, how pieces are put together, and the words and numbers of a report."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remit.iam.comparison import Comparison, Piece, SideDifference, StatementLocation
from remit.iam.policy import Condition, Principals, allow
from remit.iam.request import Request
from remit.iam.tokens import ACCOUNT, REGION
from remit.report.access_documents import comparison_document, review_document
from remit.report.access_lines import brief, report_lines
from remit.report.access_report import (
    ACCEPTED,
    BESIDE,
    EVERY_LEVEL,
    GAINED,
    LOST,
    NO_EXAMPLE,
    TAKES_ON,
    UNDECIDED,
    UNUSED,
    AccessKind,
    CauseChange,
    Report,
    cause_counts,
    comparison_report,
    example,
    kinds_of,
    level_of,
    passes_a_role,
    review_report,
)
from remit.report.actions import FUTURE
from remit.report.comment import report_comment
from remit.review.access_change import Change, Door, Elsewhere, NotCompared, Review, UnreadPolicy
from remit.review.resource_losses import ResourceLoss

QUEUE, TABLE = "arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:dynamodb:eu-west-1:111122223333:table/t"
READS = AccessKind("Read", "sqs", ("sqs:GetQueueUrl",), (QUEUE,), example="sqs:GetQueueUrl on q")
WRITES = AccessKind("Write", "sqs", ("sqs:SendMessage",), (QUEUE,), example="sqs:SendMessage on q")
PERMITS = AccessKind("Permissions management", "sqs", ("sqs:AddPermission",), (QUEUE, TABLE), example="x")
PASSES = AccessKind("Write", "iam", ("iam:PassRole",), ("arn:role",), example="y")
NEVER = AccessKind(UNUSED, "s3", ("s3:GetObject",), (QUEUE,))


def piece(action: str, resource: str = QUEUE, request: str = "", principal: str = "", **more: Any) -> Piece:
    """A piece of one statement, which a side alone allows."""
    principals = Principals((("AWS", principal),)) if principal else None
    statement = replace(allow(action, on=resource), principals=principals)
    asked = Request(request or action, resource, principal=principal or None, context=more.pop("context", None))
    location = StatementLocation("identity", 0, 0, statement)
    tier = more.pop("tier", "now")
    return Piece(location, action, resource, asked, tier, SideDifference("old"), principal=principal, **more)


@pytest.mark.parametrize(
    ("lighter", "heavier"),
    [
        (READS, WRITES),
        (NEVER, WRITES),
        (replace(WRITES, level=FUTURE), WRITES),
        (replace(PASSES, level=FUTURE), WRITES),
        (WRITES, replace(PASSES, actions=(*PASSES.actions, "iam:TagRole"))),
        (READS, replace(READS, level="Tagging")),
        (WRITES, PERMITS),
        (WRITES, PASSES),
        (WRITES, replace(WRITES, level=EVERY_LEVEL)),
        (WRITES, replace(WRITES, level="Read, Permissions management")),
        (PERMITS, replace(READS, level=TAKES_ON)),
        (replace(READS, level=TAKES_ON), replace(READS, public=True)),
    ],
)
def test_some_access_matters_more_than_other(lighter: AccessKind, heavier: AccessKind) -> None:
    assert heavier.weight < lighter.weight


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (WRITES, "Write on sqs: sqs:SendMessage"),
        (replace(WRITES, principals=("*", "arn:a")), "Write on sqs by everyone, arn:a: sqs:SendMessage"),
        (replace(WRITES, public=True), "PUBLIC: Write on sqs: sqs:SendMessage"),
        (AccessKind(TAKES_ON, "sts", ("sts:AssumeRole",), (), ("*",)), "everyone may take on the role: sts:AssumeRole"),
    ],
)
def test_an_access_is_told_in_words(kind: AccessKind, words: str) -> None:
    assert kind.words(whole=True) == kind.words(whole=False) == words


def test_of_many_actions_and_callers_the_first_are_told() -> None:
    names = tuple(f"sqs:A{number}" for number in range(9))
    kind = replace(WRITES, actions=names, principals=tuple(f"p{number}" for number in range(9)))
    assert kind.words(whole=False).endswith("p5 and 3 more: sqs:A0, sqs:A1, sqs:A2, sqs:A3, sqs:A4, sqs:A5 and 3 more")
    assert kind.words(whole=True).endswith(", ".join(names))


def cause(*kinds: AccessKind, sign: str = GAINED, words: str = "", **more: Any) -> CauseChange:
    weight = min((kind.weight for kind in kinds), default=4)
    return CauseChange(sign, words, kinds, **{"holders": ("ingest",), "weight": weight, **more})


def test_of_many_kinds_of_access_what_matters_is_told_with_its_actions_and_the_others_by_level() -> None:
    two = cause(WRITES, READS)
    assert two.accesses() == ((WRITES.words(whole=False), (QUEUE,)), (READS.words(whole=False), (QUEUE,)))
    three = cause(WRITES, PERMITS, READS)
    (only,) = three.accesses()
    assert only == (
        "Permissions management on sqs: sqs:AddPermission; Write on sqs (1 action); Read on sqs (1 action)",
        (QUEUE, TABLE),
    )
    assert [words for words, _ in three.accesses(None)] == [kind.words(whole=True) for kind in three.kinds]
    told = cause(WRITES, NEVER, words="managed policy own")
    assert told.accesses() == (
        ("managed policy own: Write on sqs: sqs:SendMessage", (QUEUE,)),
        ("on other resources, with no effect today: s3:GetObject", ()),
    )
    assert told.accesses(None)[1] == (NEVER.words(whole=True), (QUEUE,))
    assert cause(NEVER).accesses() == ((NEVER.words(whole=False), (QUEUE,)),)
    assert CauseChange(BESIDE, "boundary added").accesses() == (("boundary added", ()),)


def test_a_cause_of_several_is_told_once_with_all_of_them() -> None:
    mine = cause(WRITES, places=("a.py:1",))
    other = replace(
        mine, kinds=(replace(WRITES, resources=(TABLE,)),), holders=("report", "ingest"), places=("b.py:2",)
    )
    both = mine.joined(other)
    assert (both.holders, both.places) == (("ingest", "report"), ("a.py:1", "b.py:2"))
    assert both.kinds[0].resources == (QUEUE, TABLE)
    assert (both.place, mine.place, CauseChange(GAINED, "").place) == ("a.py:1; and 1 more", "a.py:1", "")


def test_two_causes_are_the_same_but_for_whom_they_concern() -> None:
    mine = cause(WRITES, places=("a.py:1",))
    assert mine.meaning == replace(mine, holders=("report",), places=("b.py:2",)).meaning
    assert mine.meaning != replace(mine, sign=LOST).meaning
    elsewhere = replace(mine, kinds=(replace(WRITES, resources=(TABLE,)),))
    assert mine.meaning != elsewhere.meaning
    for public in (True, False):
        of_others = [
            cause(replace(WRITES, resources=(name,), principals=("events",), public=public)).meaning
            for name in (QUEUE, TABLE)
        ]
        assert (of_others[0] == of_others[1]) == (not public)


def test_a_cause_has_a_request_for_each_kind_of_access_that_one_of_today_can_use() -> None:
    assert cause(WRITES, NEVER, READS).requests == (WRITES.example, READS.example)
    assert cause(NEVER).requests == (NO_EXAMPLE,)
    assert cause(words="a door").requests == ()


def test_what_lets_somebody_in_or_permits_is_urgent_where_it_is_gained() -> None:
    assert [cause(kind).is_urgent for kind in (PERMITS, WRITES, replace(READS, public=True))] == [True, False, True]
    assert not cause(PERMITS, sign=LOST).is_urgent


@pytest.mark.parametrize(
    ("signs", "words"),
    [
        ("", "0 causes gain access, 0 lose, 0 undecided"),
        ("+", "1 cause gains access, 0 lose, 0 undecided"),
        ("++!-", "2 causes gain access (1 public), 1 loses, 0 undecided"),
        ("--??~!", "0 causes gain access, 2 lose, 2 undecided, 1 accepted"),
    ],
)
def test_causes_are_counted_by_what_they_do(signs: str, words: str) -> None:
    changes = [CauseChange(sign, "") for sign in signs]
    if "++" in signs:
        changes[0] = replace(changes[0], weight=0)
        changes[3] = replace(changes[3], weight=0)  # what is lost is not public any more
    assert cause_counts(changes) == words


def test_pieces_are_put_together_by_level_service_and_callers() -> None:
    found = kinds_of(
        (
            piece("s3:GetObject", tier="future"),
            piece("sqs:GetQueueUrl"),
            piece("sqs:GetQueueUrl", TABLE),
            piece("SQS:ListQueues"),
            piece("iam:CreateUser"),
            piece("IAM:PassRole", request="iam:PassRole"),
            piece("sqs:SendMessage", principal="*", public=True),
            piece("sqs:SendMessage", principal="arn:a"),
        )
    )
    assert [(kind.level, kind.service, kind.actions, kind.principals, kind.public) for kind in found] == [
        ("Write", "sqs", ("sqs:SendMessage",), ("*",), True),
        ("Read", "sqs", ("sqs:GetQueueUrl",), (), False),
        ("Read", "sqs", ("SQS:ListQueues",), (), False),
        ("Write", "iam", ("IAM:PassRole", "iam:CreateUser"), (), False),
        ("Write", "sqs", ("sqs:SendMessage",), ("arn:a",), False),
        (UNUSED, "s3", ("s3:GetObject",), (), False),
    ]
    assert found[1].resources == (QUEUE, TABLE)
    assert found[0].example == f"sqs:SendMessage on {QUEUE} by *"
    assert found[1].example == f"sqs:GetQueueUrl on {QUEUE}"
    assert found[-1].example == ""
    (closed,) = kinds_of((piece("sqs:SendMessage", principal="*", public=True),), can_be_public=False)
    assert not closed.public


@pytest.mark.parametrize(
    ("pattern", "one", "level"),
    [
        ("*", piece("*"), EVERY_LEVEL),
        ("*", piece("sqs:SendMessage"), "Read, Write, List, Tagging, Permissions management"),
        ("sqs:SendMessage", piece("sqs:SendMessage"), "Write"),
        ("sqs:*Message", piece("sqs:SendMessage"), "Read, Write"),
        ("sqs:Nothing*", piece("sqs:SendMessage"), "Write"),
        ("sqs:Nothing", piece("sqs:Nothing"), "unknown level"),
        ("sqs:SendMessage", piece("sqs:SendMessage", tier="future"), FUTURE),
    ],
)
def test_a_pattern_has_the_levels_of_its_actions(pattern: str, one: Piece, level: str) -> None:
    assert set(level_of(pattern, one).split(", ")) == set(level.split(", "))


@pytest.mark.parametrize(
    ("pattern", "passes"),
    [("iam:PassRole", True), ("IAM:passrole", True), ("iam:Pass*", True), ("iam:*", True), ("iam:GetRole", False)],
)  # fmt: skip
def test_a_pattern_passes_a_role_where_it_means_that_action(pattern: str, *, passes: bool) -> None:
    assert passes_a_role(pattern) == passes


def test_a_request_is_told_with_its_conditions_and_its_stack() -> None:
    asked = piece("sqs:SendMessage", context={"aws:b": ("x", "y"), "aws:a": "z"})
    assert example(asked) == f"sqs:SendMessage on {QUEUE} with aws:a = z, aws:b = x and y"
    assert example(asked, "the queue").startswith("sqs:SendMessage on the queue with")
    in_stack = replace(asked, request=replace(asked.request, context=None, stack={REGION: "eu-west-1", ACCOUNT: "1"}))
    assert example(in_stack) == f"sqs:SendMessage on {QUEUE}, where the stack is in eu-west-1 of account 1"
    document = comparison_document(Comparison(gained=(in_stack,)), lambda _: None, lambda _: None)
    assert document["gained"][0]["stack"] == {"region": "eu-west-1", "account": "1"}


def test_two_policies_are_told_with_the_side_and_the_place_of_each_statement() -> None:
    pieces = [
        piece(f"sqs:{name}") for name in ("SendMessage", "ChangeMessageVisibility", "DeleteMessage", "PurgeQueue")
    ]
    gained, lost, freed, forbidden = ((each,) for each in pieces)
    comparison = Comparison(gained, lost, freed=freed, forbidden=forbidden)
    report = comparison_report(comparison, lambda _: "old.json:1", lambda _: "new.json:2")  # type: ignore[arg-type, return-value] # a text will do
    assert [(change.sign, change.words, change.places[0].partition(":")[0]) for change in report.changes] == [
        (GAINED, "", "identity[0].Statement[0], new.json"),
        (GAINED, "no longer denied", "identity[0].Statement[0], old.json"),
        (LOST, "", "identity[0].Statement[0], old.json"),
        (LOST, "newly denied", "identity[0].Statement[0], new.json"),
    ]
    document = comparison_document(comparison, lambda _: None, lambda _: None)
    assert [[each["action"] for each in document[part]] for part in ("gained", "lost", "freed", "forbidden")] == [
        ["sqs:SendMessage"],
        ["sqs:ChangeMessageVisibility"],
        ["sqs:DeleteMessage"],
        ["sqs:PurgeQueue"],
    ]
    unplaced = comparison_report(Comparison(gained), lambda _: None, lambda _: None)
    assert unplaced.changes[0].places == ("identity[0].Statement[0]: no statement of the old side allows it",)
    public = replace(pieces[0], principal="*", public=True)
    (told,) = comparison_document(Comparison((public,)), lambda _: None, lambda _: None)["gained"]
    assert (told["public"], told["allows"]["principal"], "note" in told) == (True, "*", False)
    (never,) = comparison_document(Comparison((piece("s3:GetObject", tier="future"),)), lambda _: None, lambda _: None)[
        "gained"
    ]
    assert never["note"] == UNUSED


def test_the_conditions_of_a_statement_for_everyone_are_told() -> None:
    when = (Condition("StringEquals", "aws:PrincipalOrgID", ("o-1",)),)
    for principal, expected in (
        (
            "*",
            ["StringEquals aws:PrincipalOrgID o-1"],
        ),
        ("arn:a", []),
    ):
        one = piece("sqs:SendMessage", principal=principal)
        statement = replace(one.source.statement, conditions=when)
        bound = replace(one, source=replace(one.source, statement=statement))
        (change,) = comparison_report(Comparison((bound,)), lambda _: None, lambda _: None).changes
        assert len(change.conditions) == len(expected)
        assert [line for line in report_lines(Report((change,)), None) if line.startswith("      if ")] == [
            f"      if {words}" for words in change.conditions
        ]


def loss(name: str, kind: str = "AWS::S3::Bucket", *, stays: bool = False) -> ResourceLoss:
    return ResourceLoss(name, kind, "removed", is_certain=True, properties=(), stays=stays, origin=None)


def test_a_report_tells_what_goes_and_the_notes_after_its_causes_and_counts_what_is_too_much() -> None:
    report = Report(
        (cause(WRITES),),
        versions=("old", "new"),
        losses=(loss("Files"), loss("Topic", "AWS::SNS::Topic")),
        notes=("first", "second"),
        not_compared="not compared: something",
    )
    lines = [*report_lines(report, None)]
    assert lines[:3] == ["old -> new", "1 cause gains access, 0 lose, 0 undecided", "not compared: something"]
    assert lines[-7:] == [
        "",
        "Resources",
        "  ! Files (AWS::S3::Bucket) is removed, with its data",
        "  ! Topic (AWS::SNS::Topic) is removed",
        "",
        "note: first",
        "note: second",
    ]
    without_causes = [*report_lines(replace(report, changes=(), proven="The same."), None)]
    assert without_causes[:2] == ["old -> new", "The same."]
    assert "old -> new" not in report_lines(replace(report, changes=(), losses=(), proven="The same."), None)
    short = [*report_lines(replace(report, losses=tuple(loss(f"B{number}") for number in range(9))), 20)]
    assert short.count("  ! and 4 more: B5 with its data, B6 with its data, B7 with its data, B8 with its data") == 1
    many = [*report_lines(replace(report, notes=tuple(f"n{number}" for number in range(9)), losses=()), 20)]
    assert many[-1] == "note: 4 more (`--all` shows all)"
    causes = tuple(cause(WRITES, holders=(f"f{number}",)) for number in range(50))
    full = [*report_lines(replace(report, changes=causes), 60)]
    assert len(full) <= 60


def test_lines_that_fill_the_room_are_told_whole() -> None:
    told = [*report_lines(Report((cause(WRITES), cause(READS))), 12 + 8)]
    assert not any("more cause" in line for line in told)
    told = [*report_lines(Report((cause(WRITES), cause(READS))), 12 + 7)]
    assert told[-1] == "  and 1 more cause (`--all` shows all)"


def test_a_cause_is_told_in_brief_with_three_of_those_whom_it_concerns() -> None:
    assert brief(cause(WRITES, holders=("a", "b", "c", "d"))) == "a, b, c and 1 more: Write on sqs (1 action)"


def test_resources_are_told_once_where_several_accesses_are_on_the_same() -> None:
    lines = [*report_lines(Report((cause(WRITES, READS, replace(PERMITS, resources=(TABLE,))),)), None)]
    assert [line for line in lines if line.startswith(("  +", "      and", "      on"))] == [
        "  + Write on sqs: sqs:SendMessage",
        "      and Read on sqs: sqs:GetQueueUrl",
        f"      on {QUEUE}",
        "      and Permissions management on sqs: sqs:AddPermission",
        f"      on {TABLE}",
    ]
    assert [line for line in lines if line.startswith("      for example")] == [
        "      for example sqs:SendMessage on q",
        "      for example sqs:GetQueueUrl on q",
        "      for example x",
    ]
    (first, *_) = [line for line in report_lines(Report((cause(NEVER, state=" (new)"),))) if "ingest" in line]
    assert first == "      ingest (new)"
    assert f"      {NO_EXAMPLE}" in report_lines(Report((cause(NEVER),)))


CHANGE = Change(("ingest",), None, None, unread=(UnreadPolicy("", "nobody knows"),))


@pytest.mark.parametrize(("opens", "public"), [(True, True), (True, False), (False, False)])
def test_a_door_is_called_public_where_it_lets_in_everybody_now(*, opens: bool, public: bool) -> None:
    door = Door("GET /", "AWS_IAM", "Own", opens=opens, public=public)
    (told,) = review_report(Review("old", "new", (replace(CHANGE, unread=(), doors=(door,)),))).changes
    assert told.words == ("PUBLIC: " if public else "") + "GET /: AWS_IAM -> Own"
    assert (told.sign, told.public) == (GAINED if opens else LOST, public)


def test_a_door_that_lets_somebody_in_comes_before_what_permits_to_give_access() -> None:
    door = Door("GET /", "nobody", "AWS_IAM", opens=True)
    change = replace(CHANGE, unread=(), doors=(door,), access=Comparison((piece("sqs:AddPermission"),)))
    first, second = review_report(Review("old", "new", (change,))).changes
    assert (first.words, second.words) == ("GET /: nobody -> AWS_IAM", "")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"changes": (CHANGE,), "functions": ("ingest", "report")}, "; 1 of 2 functions concerned"),
        ({"changes": (CHANGE,), "functions": ("ingest",)}, "; 1 of 1 functions concerned"),
        ({"changes": (CHANGE,)}, "; 1 role or resource concerned"),
        ({"changes": (CHANGE, replace(CHANGE, functions=("report",)))}, "; 2 roles and resources concerned"),
        (
            {"changes": (CHANGE, replace(CHANGE, functions=("report",))), "functions": ("ingest",)},
            "; 2 roles and resources concerned",
        ),
        (
            {"changes": (CHANGE,), "elsewhere": None},
            "0 causes gain access, 0 lose, 1 undecided; 1 role or resource concerned",
        ),
    ],
)
def test_a_review_says_how_many_are_concerned(parts: dict[str, Any], words: str) -> None:
    assert review_report(replace(Review("old", "new", ()), **parts)).verdict.endswith(words)


def test_a_review_without_a_change_says_what_is_proven() -> None:
    same = Review("old", "new", ())
    assert review_report(same).verdict == "The same access by roles, policies and doors: proven for every request."
    narrower = replace(same, elsewhere=(Elsewhere("Files", "AWS::S3::BucketPolicy", "changed"),))
    assert review_report(narrower).verdict.endswith("proven for every request; changed: bucket policy Files.")
    assert review_report(replace(same, elsewhere=None)).verdict.endswith(
        "policies and doors of resources are not known."
    )
    assert review_document(same)["resources"] == []
    assert review_document(replace(same, elsewhere=None))["resources"] is None
    changed = replace(narrower, changes=(CHANGE,), notes=("by hand",), losses=(loss("Files"),))
    report = review_report(changed)
    assert report.notes == ("by hand", "changed as well, and lets in nobody new: bucket policy Files")
    assert report.losses == (loss("Files"),)
    told_by_itself = replace(CHANGE, functions=(), when=("Prod", "not Test"))
    (of_condition,) = review_report(replace(changed, changes=(told_by_itself,))).changes
    assert of_condition.holders == (" if Prod and not Test",)
    assert review_document(replace(changed, changes=(told_by_itself,)))["undecided"][0]["when"] == ["Prod", "not Test"]
    assert "when" not in review_document(changed)["undecided"][0]


def test_what_was_not_compared_is_one_line_the_network_last() -> None:
    items = (
        NotCompared("AWS::EC2::SecurityGroup", "Web", "Ingress", "network"),
        NotCompared("AWS::X::Y", "Own", "P", "unknown property"),
        NotCompared("AWS::X::Y", "Own", "Q", "unknown property"),
        NotCompared("AWS::X::Z", "Type", "", "unknown type"),
        NotCompared("Custom::C", "Code", "", "code"),
        NotCompared("AWS::CloudFormation::Stack", "Nested", "", "other template"),
    )
    assert review_report(Review("old", "new", (), not_compared=items)).not_compared == (
        "not compared: AWS::X::Y Own (P, Q) · AWS::X::Z Type (unknown type) · Custom::C Code (code decides) · "
        "nested template Nested · network: security group Web (Ingress)"
    )


def test_a_comment_has_conditions_changes_and_what_is_attached() -> None:
    door = CauseChange(BESIDE, "boundary added", holders=("ingest",), places=("a.py:1",))
    gain = cause(WRITES, conditions=("a", "b"), changed="now if a", places=("a.py:1",), state=" (new)")
    report = Report((gain, cause(NEVER), door), versions=("old", "new"), not_compared="not compared: x", notes=("n",))
    lines = report_comment(report).splitlines()
    (row,) = [line for line in lines if "sqs:SendMessage" in line]
    assert "<br>`if a`<br>`if b` |" in row
    assert "| `ingest (new)`<br>`a.py:1`<br>`now if a` |" in row
    (never,) = [line for line in lines if "s3:GetObject" in line]
    assert never.endswith(f"| {NO_EXAMPLE} |")
    assert "- `ingest`: `boundary added`: `a.py:1`" in lines
    assert ["- `note: n`", "- `not compared: x`"] == [line for line in lines if line.startswith("- `n")]
    proven = report_comment(Report((), "The same access.", losses=(loss("Files"),)))
    assert "**Access: unchanged.** The same access." in proven
    assert proven.count("Files") == 1
    assert "**Resources: 1 removed or replaced (1 loses data).**" in proven
    assert report_comment(Report((CauseChange(UNDECIDED, "x"), CauseChange(ACCEPTED, "y")))).count("\n\n`") == 0
