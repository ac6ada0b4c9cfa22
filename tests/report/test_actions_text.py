"""What people read of an action, of a pattern's actions, and of code that is not what was built."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remit.catalogue.actions import action, resource_types
from remit.catalogue.handlers import Handlers
from remit.deploy.deployed_code import OtherCode
from remit.iam.policy import Globs
from remit.report.actions import (
    action_lines,
    arn_lines,
    covered,
    covered_lines,
    levels_of,
    some,
    type_document,
    type_lines,
)
from remit.report.comment import LONGEST, Part, code, files_comment, fitted, mark
from remit.report.deployed_code import other_code_document, other_code_hint, other_code_text


@pytest.mark.parametrize(
    ("name", "there", "absent"),
    [
        ("iam:PassRole", "  no operation of the API has this name: it is a permission alone", "  also needs: unknown"),
        ("iam:PassRole", "  resource role (always needed)", "  also needs: unknown"),
        ("s3:GetObject", "  resource object", "  no operation of the API has this name: it is a permission alone"),
        ("s3:GetObject", "  also needs: none", "  resource object (always needed)"),
        ("s3:ListAllMyBuckets", "  resources: none; it asks about arn:${Partition}:s3:::*", "  also needs: unknown"),
        ("iam:ListRoles", "  called by: iam.ListRoles", "  resources: none; only a statement on * allows it"),
        ("sts:GetCallerIdentity", "  resources: none; only a statement on * allows it", "  also needs: unknown"),
        ("ec2:RunInstances", "  also needs: ec2:CreateTags, iam:PassRole, ssm:GetParameters", "  also needs: none"),
    ],
)
def test_an_action_is_told_with_what_it_takes(name: str, there: str, absent: str) -> None:
    entry = action(name)
    assert entry is not None
    lines = [*action_lines(entry)]
    assert there in lines
    assert absent not in lines
    unknown = [*action_lines(entry._replace(dependents=None))]
    assert "  also needs: unknown" in unknown


def test_a_type_is_told_with_the_calls_that_its_deploy_makes() -> None:
    handlers = Handlers("AWS::X::Y", {"create": ("x:CreateY",), "delete": ()}, in_schema=True)
    lines = [
        "AWS::X::Y: what CloudFormation calls for it, with the permissions of whoever deploys",
        "  create: x:CreateY",
        "  delete: none",
    ]
    assert [*type_lines(handlers)] == lines
    assert [*type_lines(replace(handlers, in_schema=False))] == [
        lines[0],
        "  as the API reference has it, since the type does not say",
        *lines[1:],
    ]
    assert type_document(handlers)["told"]
    assert not type_document(replace(handlers, in_schema=False))["told"]


def test_an_arn_is_told_with_its_service() -> None:
    assert [*arn_lines("arn:aws:sqs:*:*:q", tuple(resource_types("sqs")))][:2] == [
        "arn:aws:sqs:*:*:q: a resource of Amazon SQS",
        "  queue",
    ]
    instance = tuple(kind for kind in resource_types("ec2") if kind.name == "instance")
    words = " ".join(arn_lines("arn:aws:ec2:*:*:instance/*", instance)).replace(",", "").split()
    assert "ec2:StopInstances" in words
    assert "ec2:DeleteInstanceEventWindow" not in words, "it takes an instance-event-window alone"


@pytest.mark.parametrize(
    ("globs", "lines"),
    [
        (Globs(("sqs:SendMessage",)), ["sqs:SendMessage  Write"]),
        (Globs(("sqs:PurgeQueue", "x:Y")), ["sqs:PurgeQueue  Write", "x:Y             unknown"]),
        (Globs(("sqs:Purge*",)), ["sqs:Purge*: 1 action", "  Write (1): sqs:PurgeQueue"]),
        (
            Globs(("sqs:Purge*", "x:Y")),
            ["sqs:Purge*, x:Y: 2 actions", "  Write (1): sqs:PurgeQueue", "  unknown (1): x:Y"],
        ),
        (Globs(("sqs:Purge*",), negated=True), ["everything but sqs:Purge*: all but 1 actions"]),
    ],
)
def test_the_actions_of_a_statement_are_told_with_their_levels(globs: Globs, lines: list[str]) -> None:
    assert [*covered_lines(globs)] == [line if line[0] != " " else f"  {line}" for line in lines]


def test_of_a_pattern_with_very_many_actions_the_number_is_told() -> None:
    (line,) = covered_lines(Globs(("ec2:*",)))
    assert line.startswith("ec2:*: ")
    assert covered(Globs(("ec2:*",))) == covered(Globs(("sqs:*",), negated=True)) == ()
    names = tuple(f"x:A{number}" for number in range(400))
    assert len(covered(Globs(names))) == 400
    assert covered(Globs((*names, "x:B"))) == ()


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        (["sqs:SendMessage", "*", "s3:GetObject"], ["every action"]),
        (["*:*"], ["every action"]),
        (["sqs:SendMessage", "sqs:PurgeQueue", "s3:PutObject"], ["Write on sqs (2 actions)", "Write on s3 (1 action)"]),
        (["sqs:SendMessage", "s3:PutObject", "sns:Publish"], ["Write on 3 services (sqs, s3, sns)"]),
        (
            ["sqs:GetQueueUrl", "sqs:AddPermission"],
            ["Permissions management on sqs (1 action)", "Read on sqs (1 action)"],
        ),
        (["x:New", "SQS:SendMessage"], ["Write on sqs (1 action)", "future actions on x (1 action)"]),
    ],
)
def test_patterns_are_summed_up_by_level_and_service(patterns: list[str], words: list[str]) -> None:
    found = [*levels_of(patterns)]
    assert found[-1:] == words[-1:]
    assert "every action" in words or found == words


def test_the_first_of_many_texts_are_told() -> None:
    assert [some(("a", "b"), most) for most in (1, 2, None)] == ["a and 1 more", "a, b", "a, b"]


CHANGED = OtherCode("Ingest", "built", "other")
LAYER = OtherCode("Report", "built", "other", "arn:layer")
GONE = OtherCode("Web", "built", None)


def test_code_that_is_not_what_was_built_is_told_with_both_digests() -> None:
    assert other_code_text((CHANGED, LAYER, GONE)).splitlines() == [
        "these functions do not run what was built:",
        "  Ingest runs code whose SHA-256 is other; that of the build is built",
        "  Report has arn:layer, whose SHA-256 is other; that of the build is built",
        "  Web is gone: somebody deleted it",
    ]
    assert other_code_document((CHANGED, LAYER, GONE)) == [
        {"function": "Ingest", "expected": "built", "actual": "other"},
        {"function": "Report", "expected": "built", "actual": "other", "layer": "arn:layer"},
        {"function": "Web", "expected": "built", "actual": None},
    ]


@pytest.mark.parametrize(
    ("functions", "words"),
    [
        ((CHANGED,), ["--function-name Ingest "]),
        ((LAYER,), ["wrote a layer"]),
        ((GONE,), ["CloudFormation makes Web again"]),
        ((LAYER, CHANGED, GONE), ["--function-name Ingest ", "wrote a layer", "CloudFormation makes Web again"]),
    ],
)
def test_the_way_to_mend_code_is_that_of_what_differs(functions: Any, words: list[str]) -> None:
    hints = other_code_hint(functions, "eu-west-1").split("; ")
    found = [word for word in ("--function-name Ingest ", "wrote a layer", "CloudFormation makes Web again")
             if any(word in hint for hint in hints)]  # fmt: skip
    assert found == words


def test_a_part_that_does_not_fit_says_how_many_lines_are_left_out() -> None:
    part = Part(("a", "b"), "Rows", ("One", "Two"), opened=True)
    assert [*part.shown(2, "more")] == [
        "", "<details open><summary>Rows (2)</summary>", "", "| | One | Two |", "|-|-|-|", "a", "b", "", "</details>",
    ]  # fmt: skip
    assert [*replace(part, opened=False).shown(1, "more")] == [
        "", "<details><summary>Rows (2)</summary>", "", "| | One | Two |", "|-|-|-|", "a", "",
        "1 of 2 left out: `more` shows all.", "", "</details>",
    ]  # fmt: skip
    assert [*part.shown(0, "more")][2:] == ["", "", "2 of 2 left out: `more` shows all.", "", "</details>"]
    assert [*Part(("a",)).shown(1, "more")] == ["", "a"]
    assert [*Part(()).shown(0, "more")] == []


def test_a_comment_fits_to_the_byte_and_keeps_its_first_part() -> None:
    parts = (Part(("ä" * 50, "b" * 50)), Part(("c" * 50, "d" * 50)))
    whole = fitted(["head"], parts, ["tail"], 10_000, "more")
    size = len(whole.encode())
    assert fitted(["head"], parts, ["tail"], size, "more") == whole
    cut = fitted(["head"], parts, ["tail"], size - 1, "more")
    assert ("d" * 50 in cut, "c" * 50 in cut) == (False, True)
    assert "1 of 2 left out: `more` shows all." in cut
    least = fitted(["head"], parts, ["tail"], 10, "more")
    assert ("b" * 50 in least, "c" * 50 in least) == (True, False)
    assert "2 of 2 left out" in least
    assert "\\udcff" not in fitted(["\udcff"], parts, [], 500, "more")


def test_the_comments_on_several_files_fit_together() -> None:
    def comment(most: int) -> str:
        return "mark\n" + "ü" * (min(most, LONGEST) // 2 - 8)

    def short(_most: int) -> str:
        return "mark\nshort"

    one = files_comment({"a.yaml": comment, "b.yaml": short})
    both = files_comment({"a.yaml": comment, "b.yaml": comment})
    for text in (one, both):
        assert len(text.encode()) <= LONGEST
        assert text.startswith("<!-- remit diff a.yaml b.yaml -->\n\n### `a.yaml`\n\n")
    assert both.count("ü") > LONGEST // 2 - 200
    assert "mark\n" not in both


@pytest.mark.parametrize(("about", "expected"), [("", ""), ("a  b", "a b "), ("--->", "- - -> "), ("a--b", "a- -b ")])
def test_what_a_comment_is_about_does_not_end_its_mark(about: str, expected: str) -> None:
    assert mark("diff", about) == f"<!-- remit diff {expected}-->"


@pytest.mark.parametrize(
    ("text", "expected"), [("a`b", "`a'b`"), ("a|b", "`a\\|b`"), ("a\r\nb", "`a  b`"), (" ", ""), ("", "")]
)
def test_a_text_in_a_comment_ends_neither_its_code_nor_its_cell(text: str, expected: str) -> None:
    assert code(text) == expected
