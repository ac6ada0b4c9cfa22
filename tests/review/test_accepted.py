"""What a person accepted with a reason is set aside as far as it is proven to be within it, and no further."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from every_gain import gains_of_every_kind
from projects import write
from random_cases import cases
from remit.app import Grant, Reason
from remit.errors import RemitError
from remit.holders import Holder, bounded, by_arn, inline
from remit.iam.decide.evaluate import Request, evaluate
from remit.iam.policy import OLD_VERSION, Condition, Globs, Policy, Statement, allow
from remit.report.access_documents import review_document
from remit.report.access_report import review_report
from remit.review.accepted import accept, acceptance, read_accepted, written
from remit.review.accepted_file import FILE, KINDS, AcceptedGain, entries_of, write_accepted
from remit.review.access_change import Version
from remit.review.changes import review
from remit.review.role_files import review_files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from remit.review.access_change import Review

OWN: Final = "arn:aws:iam::111122223333:policy/own"
BUCKET: Final = "arn:aws:s3:::orders/*"
GET: Final = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": BUCKET}


def role(
    *statements: Statement,
    functions: tuple[str, ...] = ("ingest",),
    managed: tuple[str, ...] = (),
    boundary: str | None = None,
    **more: Any,
) -> Holder:
    policy = inline(Grant(one, Reason("text", "")) for one in statements)
    return Holder("IngestRole", (policy, *by_arn(managed)), functions, bounded(boundary), **more)


def change(new: Holder, old: Holder | None = None) -> Review:
    before = role(functions=new.functions) if old is None else old
    return review(Version("old", (before,), namespace="orders-dev"), Version("new", (new,), namespace="orders-dev"))


def entry(what: Any = GET, kind: str = "statement", functions: Any = "*", because: str = "agreed") -> dict[str, Any]:
    return {"functions": functions, kind: what, "because": because}


def entries(*written_entries: dict[str, Any]) -> tuple[AcceptedGain, ...]:
    return entries_of(json.dumps(written_entries).encode(), "config/accepted.json")


def left(found: Review, *given: dict[str, Any]) -> tuple[bool, list[str], int]:
    """Whether it still broadens, the reasons of what is accepted, and how many entries nothing needed."""
    after, stale = accept(found, entries(*given))
    return after.broadens, [one.because for part in after.changes for one in part.accepted], len(stale)


def test_a_gain_within_an_accepted_statement_does_not_count() -> None:
    found = change(role(allow("s3:GetObject", on=BUCKET)))
    assert found.broadens
    assert left(found, entry()) == (False, ["agreed"], 0)


@pytest.mark.parametrize(
    "new",
    [
        allow("s3:GetObject"),
        allow("s3:Get*", on=BUCKET),
        allow("s3:PutObject", on=BUCKET),
        allow("s3:GetObject", on="arn:aws:s3:::orders*"),
        Statement("Allow", Globs(("s3:PutObject",), negated=True), Globs((BUCKET,))),
        Statement("Allow", Globs(("s3:GetObject",)), Globs(("arn:aws:s3:::x/*",), negated=True)),
    ],
)
def test_a_gain_that_goes_beyond_it_counts(new: Statement) -> None:
    assert left(change(role(new)), entry()) == (True, [], 1)


def test_what_was_accepted_before_stays_accepted_beside_what_is_accepted_then() -> None:
    found = change(role(allow("s3:GetObject", "s3:PutObject", on=BUCKET)))
    once, _ = accept(found, entries(entry()))
    put = entry({**GET, "Action": "s3:PutObject"}, because="later")
    assert left(once, put) == (False, ["agreed", "later"], 0)


def test_only_the_pieces_that_are_within_are_set_aside() -> None:
    found = change(role(allow("s3:GetObject", "s3:PutObject", on=(BUCKET, "arn:aws:s3:::other/*"))))
    after, _ = accept(found, entries(entry()))
    (part,) = after.changes
    assert [(one.what.action, one.what.resource) for one in part.accepted] == [("s3:GetObject", BUCKET)]  # type: ignore[union-attr]
    assert len(part.access.gained) == 3


def test_a_condition_of_the_accepted_statement_must_hold_for_the_gain() -> None:
    mine = {**GET, "Condition": {"StringEquals": {"aws:PrincipalTag/team": "us"}}}
    tagged = allow("s3:GetObject", on=BUCKET, when=(Condition("StringEquals", "aws:PrincipalTag/team", ("us",)),))
    assert left(change(role(tagged)), entry(mine)) == (False, ["agreed"], 0)
    assert left(change(role(allow("s3:GetObject", on=BUCKET))), entry(mine)) == (True, [], 1)


def test_several_entries_together_may_cover_a_gain() -> None:
    found = change(role(allow("s3:*", on=BUCKET)))
    gets = {**GET, "Action": "s3:GetObject"}
    others = {**GET, "NotAction": "s3:GetObject"}
    others.pop("Action")
    given = (entry(gets, because="one"), entry(others, because="two"))
    assert left(found, *given) == (False, ["one; two"], 0)
    alike = (entry(gets, because="both"), entry(others, because="both"))
    assert left(found, *alike) == (False, ["both"], 0)


def test_entries_hold_for_the_functions_that_they_name() -> None:
    found = change(role(allow("s3:GetObject", on=BUCKET), functions=("ingest", "report")))
    after, _ = accept(found, entries(entry(functions=["report"])))
    assert [(part.functions, part.broadens) for part in after.changes] == [(("ingest",), True), (("report",), False)]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ingst", "did you mean `ingest`?"),
        ("my-worker-urgent", "take it out of the entry when the function is gone for good"),
        ("JobUrgentSchedulerRoleOfOld", "take it out of the entry when the function is gone for good"),
    ],
)
def test_an_entry_for_a_function_that_is_not_there_is_a_mistake_at_its_line(name: str, hint: str) -> None:
    with pytest.raises(RemitError) as caught:
        accept(change(role(allow("s3:GetObject", on=BUCKET))), entries(entry(functions=[name])))
    assert (str(caught.value.origin), caught.value.hint) == ("config/accepted.json:1:2", hint)


@pytest.mark.parametrize("name", ["worker-urgent", "worker-mail-fifo", "JobUrgentSchedulerRole"])
def test_an_entry_for_the_worker_of_a_queue_that_nothing_uses_any_more_is_given_back(name: str) -> None:
    assert (False, [], 1) == left(change(role()), entry(functions=[name]))


def test_an_entry_that_nothing_needs_is_given_back() -> None:
    _, stale = accept(change(role(), role(allow("s3:GetObject"))), entries(entry()))
    assert [one.because for one in stale] == ["agreed"]


def test_who_may_take_on_a_role_is_accepted_by_a_trust_statement_alone() -> None:
    found = change(role(trusts=("lambda.amazonaws.com", "events.amazonaws.com")))
    events = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
    assert left(found, entry(events, "trust")) == (False, ["agreed"], 0)
    assert left(found, entry({**GET, "Action": "*", "Resource": "*"}))[0]
    assert left(found, entry({**events, "Principal": {"Service": "ec2.amazonaws.com"}}, "trust"))[0]


SERVICES: Final = ("events.amazonaws.com", "ec2.amazonaws.com", "sqs.amazonaws.com")
ACTIONS: Final = ("s3:GetObject", "s3:PutObject", "sqs:SendMessage")
SOME: Final = st.sets(st.sampled_from([0, 1, 2]), min_size=1)


@settings(max_examples=cases(25, deep=300))
@given(SOME, st.lists(SOME, max_size=3), st.sampled_from(["statement", "trust"]))
def test_what_is_gained_is_accepted_by_the_first_entry_that_holds_it_and_others_are_stale(
    gained: set[int], accepted: list[set[int]], kind: str
) -> None:
    """Each gain is one action, or one service that may take on the role."""
    if kind == "trust":
        found = change(role(trusts=("lambda.amazonaws.com", *(SERVICES[number] for number in sorted(gained)))))
    else:
        found = change(role(*(allow(ACTIONS[number], on="*") for number in sorted(gained))))
    given_entries = []
    for place, numbers in enumerate(accepted):
        what: dict[str, Any] = {
            "Effect": "Allow",
            "Action": [ACTIONS[number] for number in sorted(numbers)],
            "Resource": "*",
        }
        if kind == "trust":
            services = [SERVICES[number] for number in sorted(numbers)]
            what = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
        given_entries.append(entry(what, kind, because=f"because {place}"))
    holding = {one: [place for place, numbers in enumerate(accepted) if one in numbers] for one in gained}
    needed = {places[0] for places in holding.values() if places}
    broadens, reasons, stale = left(found, *given_entries)
    event(f"broadens: {broadens}, stale: {stale}")
    assert broadens == (not all(holding.values()))
    assert sorted(reasons) == sorted(f"because {places[0]}" for places in holding.values() if places)
    assert stale == len(accepted) - len(needed)


def test_a_policy_that_nobody_can_read_is_accepted_by_its_arn() -> None:
    found = change(role(managed=(OWN,)))
    assert left(found, entry(OWN, "policy")) == (False, ["agreed"], 0)
    assert left(found, entry(OWN + "er", "policy"))[0]


def test_what_is_undecided_is_accepted_by_the_very_statement() -> None:
    late = Statement("Deny", Globs(("s3:GetObject",)), Globs(("arn:aws:s3:::${Bucket}/*",)))
    old = role(allow("s3:*"), late)
    new = role(
        allow("s3:*"), Statement("Deny", Globs(("s3:GetObject",)), Globs(("arn:aws:s3:::${Other}/*",), negated=True))
    )
    found = change(new, old)
    (part,) = found.changes
    given = [
        entry(json.loads(written([one]))[0]["undecided"], "undecided")
        for one in acceptance(found, "x")
        if one.kind == "undecided"
    ]
    assert part.access.undecided
    assert not accept(found, entries(*given))[0].changes[0].access.undecided


def test_the_stacks_name_stands_for_every_stage() -> None:
    found = change(role(allow("s3:GetObject", on="arn:aws:s3:::orders-dev-in/*")))
    (one,) = acceptance(found, "reads what comes in")
    assert json.loads(written([one]))[0]["statement"]["Resource"] == "arn:aws:s3:::${AWS::StackName}-in/*"
    assert not accept(found, [one])[0].broadens
    attached = change(role(managed=("arn:aws:iam::111122223333:policy/orders-dev-in",)))
    (policy,) = acceptance(attached, "as the other teams")
    assert json.loads(written([policy]))[0]["policy"] == "arn:aws:iam::111122223333:policy/${AWS::StackName}-in"
    assert not accept(attached, [policy])[0].broadens


def test_what_acceptance_gives_accepts_everything_and_reads_back() -> None:
    new = role(
        allow("s3:GetObject", "s3:PutObject", on=BUCKET, sid="Orders"),
        Statement("Allow", Globs(("iam:*",), negated=True), Globs(("arn:aws:sqs:*:*:x",))),
        managed=(OWN,),
        trusts=("lambda.amazonaws.com", "events.amazonaws.com"),
    )
    found = change(new)
    text = written(acceptance(found, "the release of May"))
    given = entries_of(text.encode(), "config/accepted.json")
    after, stale = accept(found, given)
    assert (after.broadens, stale) == (False, ())
    assert [one.kind for one in given] == ["statement", "statement", "trust", "policy"]
    assert json.loads(text)[0] == {
        "functions": ["ingest"],
        "statement": {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": BUCKET},
        "because": "the release of May",
    }


def test_a_gain_of_any_kind_is_accepted_by_its_own_entry_and_by_none_of_another_kind() -> None:
    found = review_files((gains_of_every_kind(new=False), "old"), (gains_of_every_kind(new=True), "new"))
    agreed = acceptance(found, "f\u00fcr alle")
    assert "f\u00fcr alle" in written(agreed)
    assert [(one.functions, one.kind) for one in agreed] == [
        (("Role",), "statement"),
        (("Role",), "trust"),
        (("Role",), "undecided"),
        (("Role",), "undecided"),
        (("Role",), "policy"),
        (("Role",), "undecided"),
        (("Policy",), "statement"),
        (("Policy",), "statement"),
        (("Method",), "door"),
        (("Queue",), "undecided"),
    ]
    read_back = entries_of(written(agreed).encode(), "config/accepted.json")
    assert tuple(replace(one, origin=None) for one in read_back) == agreed
    after, stale = accept(found, agreed)
    accepted = [(type(one.what).__name__, one.kind) for change in after.changes for one in change.accepted]
    assert (after.broadens, stale, sorted(accepted)) == (
        False,
        (),
        [
            ("Door", "door"),
            ("Piece", "access"),
            ("Piece", "denial"),
            ("Piece", "resource"),
            ("Piece", "trust"),
            ("Undecided", "access"),
            ("Undecided", "trust"),
            *[("UnreadPolicy", "access")] * 3,
        ],
    )
    for number, one in enumerate(agreed):
        without, stale = accept(found, agreed[:number] + agreed[number + 1 :])
        assert (without.broadens, stale) == (True, ()), one
        for kind in sorted(KINDS):
            if kind != one.kind:
                of_another_kind = replace(one, kind=kind)
                assert accept(found, [of_another_kind])[1] == (of_another_kind,)
        signed = None if one.statement is None else replace(one.statement, sid="Mine")
        assert accept(found, [replace(one, statement=signed)])[1] == ()
    closed = replace(agreed[8], functions=("Closed",), text="GET of Closed: everybody -> AWS_IAM")
    assert closed.text in {door.words for change in found.changes for door in change.doors}
    assert accept(found, [closed])[1] == (closed,)


def test_a_policy_of_the_stack_s_name_is_accepted_by_what_it_is_in_the_account() -> None:
    found = change(role(managed=("arn:aws:iam::111122223333:policy/${AWS::StackName}-in",)))
    assert left(found, entry("arn:aws:iam::111122223333:policy/orders-dev-in", "policy")) == (False, ["agreed"], 0)


def test_a_statement_of_the_older_language_is_not_accepted_by_one_that_means_another_thing_today() -> None:
    own_folder = allow("s3:GetObject", on="arn:aws:s3:::orders/${aws:username}/*")
    literal = Grant(own_folder, Reason("text", ""), version=OLD_VERSION)
    new = replace(role(), policies=(*role(allow("sqs:SendMessage")).policies, inline([literal])))
    found = change(new, role(allow("sqs:SendMessage")))
    assert found.broadens
    assert left(found, entry({**GET, "Resource": "arn:aws:s3:::orders/${aws:username}/*"}))[0]
    assert not left(found, entry({**GET, "Resource": "arn:aws:s3:::orders/*"}))[0]


def test_what_a_resource_gives_a_role_is_accepted_of_a_role_without_policies_of_its_own() -> None:
    def template(*statements: dict[str, Any]) -> bytes:
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        worker = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}
        document = {"Version": "2012-10-17", "Statement": [*statements]}
        resources = {
            "Worker": {"Type": "AWS::IAM::Role", "Properties": worker},
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Policy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": document},
            },
        }
        return json.dumps({"Resources": resources}).encode()

    caller = {"AWS": {"Fn::GetAtt": ["Worker", "Arn"]}}
    send, receive = (
        {"Effect": "Allow", "Principal": caller, "Action": f"sqs:{action}", "Resource": "*"}
        for action in ("SendMessage", "ReceiveMessage")
    )
    found = review_files((template(send), "old"), (template(send, receive), "new"))
    (agreed,) = acceptance(found, "agreed")
    assert (agreed.functions, agreed.kind) == (("Worker",), "statement")
    assert not accept(found, [agreed])[0].broadens


def test_of_a_wide_statement_that_a_boundary_holds_no_more_is_accepted_than_the_boundary_gives() -> None:
    def bounded(action: str) -> Version:
        boundary = {OWN: Policy((allow(action),))}
        return Version("a version", (role(allow("*"), boundary=OWN),), documents=boundary)

    found = review(bounded("s3:Get*"), bounded("s3:*"))
    (agreed,) = acceptance(found, "agreed")
    assert agreed.statement == allow("s3:*")
    assert not accept(found, [agreed])[0].broadens
    assert accept(review(bounded("s3:Get*"), bounded("*")), [agreed])[0].broadens


def test_where_not_every_piece_is_told_the_whole_statement_is_accepted_or_nothing() -> None:
    buckets = tuple(f"arn:aws:s3:::b{number}" for number in range(300))
    found = change(role(allow("s3:*", on=buckets)))
    (part,) = found.changes
    untold = set(buckets).difference(piece.resource for piece in part.access.gained)
    assert untold
    told = [entry({**GET, "Action": "s3:*", "Resource": sorted(set(buckets) - untold)})]
    assert left(found, *told)[0]
    (agreed,) = acceptance(found, "agreed")
    assert agreed.statement == allow("s3:*", on=buckets)
    assert not accept(found, [agreed])[0].broadens


def test_what_functions_gain_alike_is_one_entry() -> None:
    names, gain = ("a", "b", "c"), allow("s3:GetObject", on=BUCKET)

    def version(*statements: Statement, **more: Any) -> Version:
        roles = tuple(replace(role(*statements, functions=(name,), **more), logical_id=f"{name}Role") for name in names)
        return Version("some version", roles)

    found = review(version(), version(gain, managed=(OWN,)))
    made = acceptance(found, "agreed")
    assert [(one.functions, one.kind) for one in made] == [(names, "statement"), (names, "policy")]
    after, stale = accept(found, entries_of(written(made).encode(), "config/accepted.json"))
    assert (after.broadens, stale) == (False, ())


def test_a_reason_that_is_no_text_is_kept_as_json_spells_it(tmp_path: Path) -> None:
    given = entries(entry(because="from a terminal: \udcff"))
    write_accepted(tmp_path, given)
    assert "\\udcff" in (tmp_path / FILE).read_text("utf-8")
    assert [one.because for one in read_accepted(tmp_path)] == [given[0].because]


def test_a_file_that_cannot_be_written_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir(parents=True)
    with pytest.raises(RemitError, match=r"cannot write config/accepted\.json"):
        write_accepted(tmp_path, entries(entry()))
    assert [*(tmp_path / "config").iterdir()] == [tmp_path / FILE]


def test_a_statement_of_a_resource_needs_no_resource_of_its_own() -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage"}
    assert json.loads(written(entries(entry(statement)))) == [entry(statement)]


def test_without_a_file_nothing_is_accepted(tmp_path: Path) -> None:
    assert read_accepted(tmp_path) == ()
    write(tmp_path, {FILE.as_posix(): json.dumps([entry()])})
    assert len(read_accepted(tmp_path)) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", "config/accepted.json must be a list of entries|1:1"),
        ("[3]", "an entry is an object|1:2"),
        ('[{"functions": "*", "because": "x"}]', "this one has none|1:2"),
        ('[{"functions": "*", "policy": "arn:x", "trust": {}, "because": "x"}]', "this one has trust and policy|1:2"),
        ('[{"functions": "*", "policy": "arn:x"}]', "says why it is accepted|1:2"),
        ('[{"functions": "*", "policy": "arn:x", "because": " "}]', "says why it is accepted|1:51"),
        ('[{"function": "*", "policy": "arn:x", "because": "x"}]', "did you mean `functions`|1:15"),
        ('[{"policy": "arn:x", "because": "x"}]', '`functions` is a list of names, or "*"|1:2'),
        ('[{"functions": [], "policy": "arn:x", "because": "x"}]', "`functions` is a list of names|1:16"),
        ('[{"functions": "*", "policy": "own", "because": "x"}]', "is the ARN of a managed policy|1:31"),
        ('[{"functions": "*", "statement": {"Effect": "Alow"}, "because": "x"}]', "did you mean `Allow`|1:45"),
        (
            '[{"functions": "*", "statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}, "because": "x"}]',
            "the Effect is Allow|1:45",
        ),
        (
            '[{"functions": "*", "statement": {"Effect": "Allow", "Action": "s3:*"}, "because": "x"}]',
            "on which resources|1:34",
        ),
        ('[{"functions": "*", "trust": {"Effect": "Allow", "Action": "s3:*"}, "because": "x"}]', "whom it lets|1:30"),
        (
            ('[{"functions": "*", "statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", '
            '"Condition": {"StrEquals": {"aws:username": "a"}}}, "because": "x"}]'),
            "did you mean `StringEquals`|1:103",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_file_is_told_at_its_place(text: str, expected: str) -> None:
    with pytest.raises(RemitError) as caught:
        entries_of(text.encode(), "config/accepted.json")
    message, place = expected.split("|")
    assert message in str(caught.value)
    assert str(caught.value.origin) == f"config/accepted.json:{place}"


ACTIONS, RESOURCES = ("s3:GetObject", "s3:PutObject", "s3:ListBucket"), ("arn:aws:s3:::a/1", "arn:aws:s3:::b/1")
REQUESTS: Final = [
    Request(action, resource, context={"aws:PrincipalTag/t": tag})
    for action in ACTIONS
    for resource in RESOURCES
    for tag in ("x", "y")
]


def drawn(dice: random.Random, *effects: str) -> Statement:
    when = (Condition("StringEquals", "aws:PrincipalTag/t", ("x",)),) if dice.random() < 0.3 else ()
    actions = Globs(tuple(dice.sample((*ACTIONS, "s3:*", "s3:Get*"), dice.randint(1, 2))), dice.random() < 0.1)
    resources = Globs(
        tuple(dice.sample((*RESOURCES, "*", "arn:aws:s3:::a/*"), dice.randint(1, 2))), dice.random() < 0.1
    )
    return Statement(dice.choice(effects), actions, resources, conditions=when)


def test_no_request_that_nobody_accepted_is_set_aside() -> None:
    dice, settled, worlds = random.Random(3), 0, cases(40, deep=1_600)  # noqa: S311 - a test's dice
    for _ in range(worlds):
        old = [drawn(dice, "Allow", "Allow", "Deny") for _ in range(dice.randint(0, 2))]
        new = [drawn(dice, "Allow", "Allow", "Deny") for _ in range(dice.randint(1, 3))]
        agreed = [drawn(dice, "Allow") for _ in range(dice.randint(1, 3))]
        given = entries_of(written(_entry(one) for one in agreed).encode(), "accepted.json")
        after, _ = accept(change(role(*new), role(*old)), given)
        before, now, wide = Policy(tuple(old)), Policy(tuple(new)), Policy(tuple(agreed))
        gained = [ask for ask in REQUESTS if evaluate(ask, now).allowed and not evaluate(ask, before).allowed]
        beyond = [ask for ask in gained if not evaluate(ask, wide).allowed]
        assert after.broadens or not beyond, (old, new, agreed, beyond)
        settled += bool(gained) and not after.broadens
    assert settled > worlds // 20


def _entry(statement: Statement) -> AcceptedGain:
    return AcceptedGain(None, "statement", "agreed", statement)


OF_BUCKET: Final[tuple[dict[str, Any], ...]] = (
    {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::a"},
    {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::a/*"},
    {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"},
)
OF_ROLE: Final[tuple[dict[str, Any], ...]] = (
    {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"},
    {"Effect": "Deny", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:b"},
    {"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:b"},
)


def stated(dice: random.Random) -> bytes:
    """A template with some statements of a bucket's policy, a role's policy and its trust, each on lines of its own."""
    of_bucket, of_role = dice.sample(OF_BUCKET, dice.randint(1, 3)), dice.sample(OF_ROLE, dice.randint(1, 3))
    trust = {"Principal": {"Service": dice.sample(SERVICES, dice.randint(1, 2))}, "Action": "sts:AssumeRole"}
    properties = {
        "AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow", **trust}]},
        "Policies": [{"PolicyName": "own", "PolicyDocument": {"Statement": of_role}}],
    }
    resources = {
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": "a", "PolicyDocument": {"Statement": of_bucket}},
        },
        "Reader": {"Type": "AWS::IAM::Role", "Properties": properties},
    }
    return json.dumps({"Resources": resources}, indent=1).encode()


def test_what_is_accepted_is_told_as_the_gain_that_it_was_and_the_rest_stays() -> None:
    """By kind, place, reason and request, and in the same words."""
    dice, kinds = random.Random(5), set()  # noqa: S311 - a test's dice

    def rows(told: Iterable[dict[str, Any]]) -> Counter[str]:
        own = ({**row, "changed": None, "accepted": None} for row in told)
        return Counter(json.dumps(row, sort_keys=True) for row in own)

    def words(told: Review, sign: str) -> set[str]:
        changes = review_report(told).changes
        return {change.words.removeprefix("PUBLIC: ") for change in changes if change.sign == sign}

    for _ in range(cases(12, deep=300)):
        before = review_files((stated(dice), "old.json"), (stated(dice), "new.json"))
        every = acceptance(before, "agreed")
        for agreed in (every, every[::2]):
            after, _ = accept(before, agreed)
            document = review_document(after)
            accepted = [row for row in document["accepted"] if "kind" in row]
            assert rows(review_document(before)["gained"]) == rows([*document["gained"], *accepted])
            kinds.update(row["kind"] for row in accepted)
        assert words(before, "+") == words(accept(before, every)[0], "~")
    assert kinds == {"access", "denial", "resource", "trust"}


def test_references_are_accepted_by_what_they_are_in_the_account() -> None:
    exact = "arn:aws:sqs:eu-central-1:111122223333:orders"
    new = role(allow("sqs:SendMessage", on="${Orders.Arn}"))
    found = review(Version("old", (role(),)), Version("new", (new,), names={"${Orders.Arn}": exact}))
    assert not left(found, entry({**GET, "Action": "sqs:SendMessage", "Resource": "${Orders.Arn}"}))[0]
    assert not left(found, entry({**GET, "Action": "sqs:SendMessage", "Resource": exact}))[0]
    assert left(found, entry({**GET, "Action": "sqs:SendMessage", "Resource": "${Other.Arn}"}))[0]


def test_a_gain_with_a_policy_variable_is_accepted_by_the_same_statement() -> None:
    own_folder = "arn:aws:s3:::orders/${aws:username}/*"
    found = change(role(allow("s3:GetObject", on=own_folder)))
    assert left(found, entry({**GET, "Resource": own_folder})) == (False, ["agreed"], 0)


def test_an_entry_may_name_a_role_that_serves_no_function() -> None:
    found = change(role(allow("s3:GetObject", on=BUCKET), functions=()))
    assert left(found, entry(functions=["IngestRole"])) == (False, ["agreed"], 0)


def test_a_pipe_in_the_place_of_the_file_is_an_error_and_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    os.mkfifo(tmp_path / "config" / "accepted.json")
    with pytest.raises(RemitError) as caught:
        read_accepted(tmp_path)
    assert (caught.value.message, str(caught.value.origin)) == ("it is a pipe, not a file", "config/accepted.json")
