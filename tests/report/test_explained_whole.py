"""A role, the statements behind a verdict, and the way to change it, in all of their words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.app import Grant, Reason
from remit.catalogue.managed_policies import managed_policy
from remit.errors import Origin
from remit.holders import Holder, by_arn, inline
from remit.iam.policy import Globs, Principals, Statement, allow, parse
from remit.report import explanation as report
from remit.report.explanation import _fix_lines, _silent_layers, _source_lines, _whom, fix_statement, verdict_document
from report.test_whole_verdicts import ADD, DENY, QUEUE, SENDS, explained, source

if TYPE_CHECKING:
    from remit.answers.explanation import Explanation

MANAGED: Final = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def test_what_has_no_effect_is_told_by_the_version_of_its_own_document(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's managed policies are of 2012-10-17, and each of their lines stands below the policy's name."""
    old = Grant(allow("sqs:SendMessage", on=QUEUE), Reason("text", "it sends"), Origin("a.py", 4, 5), "2008-10-17")
    role = Holder("Role", (inline([old, SENDS]), *by_arn([MANAGED])))
    monkeypatch.setattr(report, "unused_actions", lambda _, version: (version,))
    policy = managed_policy(MANAGED)
    assert policy is not None
    sends = "  Allow on arn:aws:sqs:eu-west-1:111122223333:q"
    no_effect = "      no effect today: {} (no request of such an action fits the resources and conditions)"
    lines = ["role Role"]
    for version in ("2008-10-17", "2012-10-17"):
        lines += ["", sends, no_effect.format(version), "      sqs:SendMessage  Write"]
        lines.append("      because it sends  (a.py:4:5)")
    lines += ["", f"  the managed policy {policy.name}, {policy.version}"]
    for statement in parse(policy.document).statements:
        first, *further = report.statement_lines(statement)
        lines += [f"  {line}" for line in (first, no_effect.format("2012-10-17"), *further)]
    told = list(report.role_lines(role))
    assert lines[1:] == told[1:]
    names = [row["managed_policy"] for row in report.role_document(role)["statements"]]
    assert [None, None, *[policy.name] * len(parse(policy.document).statements)] == names


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        ((("AWS", "*"),), "everyone"),
        ((("*", "a"),), "* a"),
        (
            (("AWS", "arn:a"), ("Service", "s.amazonaws.com"), ("AWS", "*")),
            "AWS arn:a, Service s.amazonaws.com, everyone",
        ),
    ],
)
def test_whoever_is_named_is_told(patterns: Any, words: str) -> None:
    assert words == _whom(Principals(patterns))
    assert f"everyone but {words}" == _whom(Principals(patterns, negated=True))


MANY: Final = Grant(
    Statement("Allow", Globs(tuple("abcdef")), Globs(tuple("uvwxyz"))), Reason("text", "it is so"), Origin("a.py", 1, 2)
)


@pytest.mark.parametrize(
    ("behind", "lines"),
    [
        (source(None, "boundary", "arn:p", 2), ["statement 3 of the permissions boundary arn:p"]),
        (source(None, "identity", "arn:p", 0), ["statement 1 of the managed policy arn:p"]),
        (source(None, "session", "arn:p", 0), ["statement 1 of the managed policy arn:p"]),
        (source(None, "scp[0]", None, 1), ["statement 2 of the service control policy"]),
        (source(None, "rcp[0]", None, 0), ["statement 1 of the resource control policy"]),
        (source(SENDS, "endpoint", None, 0), ["statement 1 of the VPC endpoint's policy"]),
        (
            source(MANY),
            ["Allow a, b, c, d and 2 more on u, v, w, x and 2 more", "  because it is so  (a.py:1:2)"],
        ),
    ],
)  # fmt: skip
def test_a_statement_behind_a_verdict_is_told(behind: Any, lines: list[str]) -> None:
    assert lines == list(_source_lines(behind))


@pytest.mark.parametrize(
    ("layers", "silent"),
    [
        ({"identity": "ImplicitlyDenied", "boundary": "Unknown"}, ["the role"]),
        ({"identity": "ExplicitlyDenied", "boundary": "Unknown"}, ["its permissions boundary"]),
        ({"identity": "Allowed", "endpoint": "ImplicitlyDenied", "scp[0]": "ImplicitlyDenied"},
         ["the VPC endpoint's policy", "the service control policy"]),
        ({"identity": "Allowed", "boundary": "ExplicitlyDenied"}, []),
        ({"rcp[0]": "Unknown", "other": "Unknown"}, ["the resource control policy", "other"]),
    ],
)  # fmt: skip
def test_the_layers_that_say_nothing_are_told_and_else_those_that_are_open(
    layers: dict[str, str], silent: list[str]
) -> None:
    assert silent == _silent_layers(explained("ImplicitlyDenied", layers))


COMPUTED: Final = Grant(DENY.statement, Reason("computed", "others"), Origin("b.py", 1, 1))
NARROW: Final = "fix: a Deny always wins: narrow or remove it{}"
OPEN: Final = "fix: where the Deny holds, no Allow helps: narrow or remove it{}"


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (explained("ExplicitlyDenied", {}, source(DENY), source(DENY)), NARROW.format(" at a.py:3:5")),
        (explained("ExplicitlyDenied", {}, source(None, policy="arn:m")), NARROW.format("")),
        (explained("ExplicitlyDenied", {}, source(COMPUTED)), ADD),
        (explained("ExplicitlyDenied", {}, source(COMPUTED), source(DENY)), NARROW.format(" at b.py:1:1, a.py:3:5")),
        (explained("Unknown", {}, source(DENY), source(SENDS), unknown=("k",)), OPEN.format(" at a.py:3:5")),
        (explained("Unknown", {}, source(DENY)), ADD.replace("add", "meet the condition, or add")),
        (explained("Unknown", {}, source(SENDS), unknown=("k",)), ADD.replace("add", "meet the condition, or add")),
        (explained("Unknown", {}, unknown=("k",)), ADD),
        (explained("ImplicitlyDenied", {}), ADD),
    ],
)
def test_the_way_to_change_a_verdict_is_the_deny_to_narrow_or_the_statement_to_add(
    answer: Explanation, line: str
) -> None:
    assert [line] == list(_fix_lines(answer, "fix"))


@pytest.mark.parametrize(
    ("principal", "account"),
    [(None, "*"), ("arn:aws:iam::1:role/r", "1"), ("arn:aws:s3:::b", "*"), ("lambda.amazonaws.com", "*")],
)
def test_a_statement_to_add_is_for_the_account_of_whoever_asks(principal: str | None, account: str) -> None:
    answer: Any = explained("ImplicitlyDenied", {})
    answer.decision.request.principal = principal
    late = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:q"
    of_late: Any = SimpleNamespace(
        action="sqs:SendMessage", resource=late, takes_intrinsics=False, of_resource=False, decision=answer.decision
    )
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:*:{account}:q"}
    assert statement == fix_statement(of_late)


def test_a_verdict_depends_on_keys_and_on_the_conditions_of_its_ways() -> None:
    way = explained("Allowed", {})
    answer = explained(
        "ImplicitlyDenied",
        {"identity": "ImplicitlyDenied"},
        unknown=("k",),
        ways=(("IsProd", way), ("not IsProd", way)),
    )
    document = verdict_document(answer)
    assert ["k", "IsProd", "not IsProd"] == document["depends_on"]
    assert [{"if": name, **verdict_document(way)} for name in ("IsProd", "not IsProd")] == document["ways"]
