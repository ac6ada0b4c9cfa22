"""A report with two of everything, word by word: whole, in little room, as a comment; and comments of several files."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

import pytest

from remit.catalogue.actions import LEVELS, action, resource_types
from remit.catalogue.expand import expand
from remit.errors import Origin
from remit.iam.policy import Globs
from remit.report.access_lines import report_lines
from remit.report.access_report import (
    ACCEPTED,
    BESIDE,
    GAINED,
    LOST,
    TAKES_ON,
    UNDECIDED,
    UNUSED,
    AccessKind,
    CauseChange,
    Report,
)
from remit.report.actions import action_lines, actions_on, covered, covered_lines, levels_of
from remit.report.comment import files_comment, report_comment
from remit.review.resource_losses import REMOVED, REPLACED, ResourceLoss

BUCKET, QUEUE, TABLE = "arn:b", "arn:q", "arn:t"
MANY: Final = tuple(f"arn:{number}" for number in range(8))
READS: Final = AccessKind("Read", "sqs", ("sqs:GetQueueUrl",), (QUEUE, TABLE), example="sqs:GetQueueUrl on q")
WRITES: Final = AccessKind(
    "Write", "sqs", ("sqs:SendMessage", "sqs:PurgeQueue"), (QUEUE,), example="sqs:SendMessage on q"
)
PUTS: Final = AccessKind("Write", "s3", ("s3:PutObject",), (BUCKET,), ("*",), public=True, example="s3:PutObject on x")
OPENS: Final = AccessKind(
    "Permissions management", "sqs", ("sqs:AddPermission",), MANY, example="sqs:AddPermission on q"
)
TAKES: Final = AccessKind(TAKES_ON, "sts", ("sts:AssumeRole",), (), ("arn:a",), example="sts:AssumeRole on r")
NEVER: Final = AccessKind(UNUSED, "s3", ("s3:GetObject",), (QUEUE,))
REPORT: Final = Report(
    (
        CauseChange(
            GAINED, "", (PUTS,), ("StringEquals a b", "Bool c true"), "now if x", ("Files",), " (new)",
            ("a.py:1:1: p", "b.py:2:2: q", "c.py:3:3: r"), 0,
        ),
        CauseChange(GAINED, "", (TAKES,), holders=("Role",), places=("a.py:4:1: trust policy of Role",), weight=1),
        CauseChange(GAINED, "managed policy own", (OPENS, WRITES, READS, NEVER), holders=tuple("abcd"), weight=2),
        CauseChange(GAINED, "", (WRITES, READS), holders=("a",), places=("a.py:5:1: it sends",), weight=3),
        CauseChange(UNDECIDED, "it is late-bound", holders=("a", "b"), places=("a.py:6:1", "b.py:6:1")),
        CauseChange(LOST, "newly denied", (NEVER,), holders=("b",), state=" (gone)", places=("a.py:7:1: no",)),
        CauseChange(ACCEPTED, "", (READS,), holders=("b",), places=("accepted: agreed",), weight=4),
        CauseChange(BESIDE, "boundary added", holders=("c",), places=("a.py:8:1",)),
    ),
    versions=("old", "new"),
    concerned="; 4 of 5 functions concerned",
    losses=(
        ResourceLoss(
            "Rule", "AWS::Events::Rule", REPLACED, is_certain=False, properties=("A", "B"), stays=False,
            origin=Origin("a.py", 9, 1),
        ),
        ResourceLoss(
            "Files", "AWS::S3::Bucket", REMOVED, is_certain=True, properties=(), stays=False,
            origin=Origin("a.py", 10, 1), held="2 objects",
        ),
        ResourceLoss(
            "Orders", "AWS::DynamoDB::Table", REPLACED, is_certain=True, properties=("KeySchema",), stays=True,
            origin=None,
        ),
        ResourceLoss(
            "Jobs", "AWS::SQS::Queue", REPLACED, is_certain=False, properties=("Type",), stays=False, origin=None
        ),
    ),
    notes=("first", "second"),
    not_compared="not compared: something",
)  # fmt: skip


RESOURCES: Final = """\
Resources
  ! Rule (AWS::Events::Rule) may be replaced
      A, B differ, and can only be set when it is created
      a.py:9:1
  ! Files (AWS::S3::Bucket) is removed, with its data (2 objects)
      a.py:10:1
  ! Orders (AWS::DynamoDB::Table) is replaced, and the old one stays in the account
      KeySchema differs, and can only be set when it is created
  ! Jobs (AWS::SQS::Queue) may be replaced, with its data
      its type is another one

note: first
note: second
"""

WHOLE_TEXT: Final = """\
old -> new
4 causes gain access (1 public), 1 loses, 1 undecided, 1 accepted; 4 of 5 functions concerned
not compared: something

  + PUBLIC: Write on s3 by everyone: s3:PutObject
      on arn:b
      if StringEquals a b
      if Bool c true
      Files (new): a.py:1:1: p
      b.py:2:2: q
      c.py:3:3: r
      now if x
      for example s3:PutObject on x
  + arn:a may take on the role: sts:AssumeRole
      Role: a.py:4:1: trust policy of Role
      for example sts:AssumeRole on r
  + managed policy own: Permissions management on sqs: sqs:AddPermission
      on arn:0, arn:1, arn:2, arn:3, arn:4, arn:5, arn:6, arn:7
      and Write on sqs: sqs:SendMessage, sqs:PurgeQueue
      on arn:q
      and Read on sqs: sqs:GetQueueUrl
      on arn:q, arn:t
      and no effect today on s3: s3:GetObject
      on arn:q
      a, b, c, d
      for example sqs:AddPermission on q
      for example sqs:SendMessage on q
      for example sqs:GetQueueUrl on q
  + Write on sqs: sqs:SendMessage, sqs:PurgeQueue
      on arn:q
      and Read on sqs: sqs:GetQueueUrl
      on arn:q, arn:t
      a: a.py:5:1: it sends
      for example sqs:SendMessage on q
      for example sqs:GetQueueUrl on q
  ? it is late-bound
      a, b: a.py:6:1
      b.py:6:1
  - newly denied: no effect today on s3: s3:GetObject
      on arn:q
      b (gone): a.py:7:1: no
      no request of today can use it
  ~ Read on sqs: sqs:GetQueueUrl
      on arn:q, arn:t
      b: accepted: agreed
      for example sqs:GetQueueUrl on q
  ! boundary added
      c: a.py:8:1

"""

TEXT: Final = """\
old -> new
4 causes gain access (1 public), 1 loses, 1 undecided, 1 accepted; 4 of 5 functions concerned
not compared: something

  + PUBLIC: Write on s3 by everyone: s3:PutObject
      on arn:b
      if StringEquals a b
      if Bool c true
      Files (new): a.py:1:1: p; and 2 more
      now if x
      for example s3:PutObject on x
  + arn:a may take on the role: sts:AssumeRole
      Role: a.py:4:1: trust policy of Role
      for example sts:AssumeRole on r
  + managed policy own: Permissions management on sqs: sqs:AddPermission; Write on sqs (2 actions); Read on sqs (1 action)
      on arn:0, arn:1, arn:2, arn:3, arn:4, arn:5 and 4 more
      and on other resources, with no effect today: s3:GetObject
      a, b, c and 1 more
      for example sqs:AddPermission on q
  + Write on sqs: sqs:SendMessage, sqs:PurgeQueue
      on arn:q
      and Read on sqs: sqs:GetQueueUrl
      on arn:q, arn:t
      a: a.py:5:1: it sends
      for example sqs:SendMessage on q
  ? it is late-bound
      a, b: a.py:6:1; and 1 more
  - newly denied: no effect today on s3: s3:GetObject
      on arn:q
      b (gone): a.py:7:1: no
      no request of today can use it
  ~ Read on sqs: sqs:GetQueueUrl
      on arn:q, arn:t
      b: accepted: agreed
      for example sqs:GetQueueUrl on q
  ! boundary added
      c: a.py:8:1

"""  # noqa: E501 - as it is printed

SHORT: Final = """\
old -> new
4 causes gain access (1 public), 1 loses, 1 undecided, 1 accepted; 4 of 5 functions concerned
not compared: something

  + PUBLIC: Write on s3 by everyone: s3:PutObject
      on arn:b
      if StringEquals a b
      if Bool c true
      Files (new): a.py:1:1: p; and 2 more
      now if x
      for example s3:PutObject on x
  + arn:a may take on the role: sts:AssumeRole
      Role: a.py:4:1: trust policy of Role
      for example sts:AssumeRole on r
  and 6 more causes (`--all` shows all)
      among them a, b, c and 1 more: managed policy own: Permissions management on sqs: sqs:AddPermission; Write on sqs (2 actions); Read on sqs (1 action); on other resources, with no effect today: s3:GetObject

"""  # noqa: E501 - as it is printed

COMMENT: Final = """\
<!-- remit diff x -->
**4 causes gain access (1 public), 1 loses, 1 undecided, 1 accepted; 4 of 5 functions concerned**

**Resources: 4 removed or replaced (2 lose data).**

<details open><summary>Resources that lose data (2)</summary>

| | Resource | Type | Change | Why |
|-|-|-|-|-|
| ! | `Files` | `AWS::S3::Bucket` | removed, with its data (2 objects) | `a.py:10:1` |
| ! | `Jobs` | `AWS::SQS::Queue` | perhaps replaced, with its data | its type is another one |

</details>

<details open><summary>Gained (4)</summary>

| | Access | Resources | Who and why | Request that shows it |
|-|-|-|-|-|
| + | `PUBLIC: Write on s3 by everyone: s3:PutObject`<br>`if StringEquals a b`<br>`if Bool c true` | `arn:b` | `Files (new)`<br>`a.py:1:1: p; and 2 more`<br>`now if x` | `s3:PutObject on x` |
| + | `arn:a may take on the role: sts:AssumeRole` |  | `Role`<br>`a.py:4:1: trust policy of Role` | `sts:AssumeRole on r` |
| + | `managed policy own: Permissions management on sqs: sqs:AddPermission; Write on sqs (2 actions); Read on sqs (1 action)`<br>`on other resources, with no effect today: s3:GetObject` | `arn:0`, `arn:1`, `arn:2`, `arn:3`, `arn:4`, `arn:5` and 4 more | `a, b, c, d` | `sqs:AddPermission on q` |
| + | `Write on sqs: sqs:SendMessage, sqs:PurgeQueue`<br>`Read on sqs: sqs:GetQueueUrl` | `arn:q`, `arn:t` | `a`<br>`a.py:5:1: it sends` | `sqs:SendMessage on q` |

</details>

<details open><summary>Undecided (1)</summary>

- `a, b`: `it is late-bound`: `a.py:6:1; and 1 more`

</details>

- `note: first`
- `note: second`
- `not compared: something`

<details><summary>Lost (1)</summary>

| | Access | Resources | Who and why | Request that shows it |
|-|-|-|-|-|
| - | `newly denied: no effect today on s3: s3:GetObject` | `arn:q` | `b (gone)`<br>`a.py:7:1: no` | no request of today can use it |

</details>

<details><summary>Accepted (1)</summary>

| | Access | Resources | Who and why | Request that shows it |
|-|-|-|-|-|
| ~ | `Read on sqs: sqs:GetQueueUrl` | `arn:q`, `arn:t` | `b`<br>`accepted: agreed` | `sqs:GetQueueUrl on q` |

</details>

<details><summary>Attached or removed, with no other access (1)</summary>

- `c`: `boundary added`: `a.py:8:1`

</details>

<details><summary>Other resources that are removed or replaced (2)</summary>

| | Resource | Type | Change | Why |
|-|-|-|-|-|
| ! | `Rule` | `AWS::Events::Rule` | perhaps replaced | A, B differ, and can only be set when it is created `a.py:9:1` |
| ! | `Orders` | `AWS::DynamoDB::Table` | replaced, and the old one stays in the account | KeySchema differs, and can only be set when it is created |

</details>

`old` → `new`
"""  # noqa: E501 - as it is printed


def test_a_report_is_told_whole_or_as_far_as_there_is_room() -> None:
    assert "\n".join((*report_lines(REPORT, None), "")) == WHOLE_TEXT + RESOURCES
    assert "\n".join((*report_lines(REPORT), "")) == TEXT + RESOURCES
    assert "\n".join((*report_lines(REPORT, 36), "")) == SHORT + RESOURCES


def test_a_comment_has_each_part_in_the_order_of_what_matters() -> None:
    assert report_comment(REPORT, "x") == COMMENT


def test_a_line_of_versions_and_blank_lines_stand_only_between_parts() -> None:
    only_losses = replace(REPORT, changes=(), proven="The same.", not_compared="")
    assert [*report_lines(only_losses)] == ["old -> new", "The same.", "", *RESOURCES.splitlines()]
    only_notes = replace(only_losses, losses=())
    assert [*report_lines(only_notes)] == ["The same.", "note: first", "note: second"]
    assert [*report_lines(replace(only_notes, notes=()))] == ["The same."]


def test_of_several_files_each_is_made_for_all_room_and_then_for_its_share_of_it() -> None:
    asked: list[tuple[str, int]] = []

    def comment(name: str, text: str, most: int) -> str:
        asked.append((name, most))
        return f"<!-- mark -->\n{text}\n{'ä' * (most // 3)}\n"

    names = ("ä.yaml", "b.yaml")
    start = "<!-- remit diff ä.yaml b.yaml -->\n"
    heads = [f"\n### `{name}`\n\n" for name in names]
    room = 65_000 - len("".join((start.rstrip(), *heads)).encode())
    text = files_comment({name: partial(comment, name, "own") for name in names})
    assert asked == [(name, most) for most in (room, room // 2) for name in names]
    body = f"own\n{'ä' * (room // 2 // 3)}\n"
    assert text == "".join((start, heads[0], body, heads[1], body))
    asked.clear()
    assert files_comment({"a": lambda most: f"mark\nroom {most}\nof a\n"}) == (
        "<!-- remit diff a -->\n\n### `a`\n\n" + f"room {65_000 - len('<!-- remit diff a -->' + heads[1]) + 5}\nof a\n"
    )


@pytest.mark.parametrize(
    "patterns",
    [
        ("sqs:*Queue", "x:Y", "sqs:Purge*"), ("x:Y", "sqs:SendMessage"), ("sqs:SendMessage", "sqs:sendmessage"),
        ("sqs:Send*", "sqs:*Message"), ("ec2:*", "ec2:Run*"), ("x:*",), ("sqs:*", "sns:*"), ("sqs:PurgeQueu?",),
    ],
)  # fmt: skip
@pytest.mark.parametrize("negated", [False, True])
def test_actions_of_a_statement_are_listed_by_level_or_counted_each_once(
    patterns: tuple[str, ...], *, negated: bool
) -> None:
    globs = Globs(patterns, negated=negated)
    known = {name for pattern in patterns for name in expand(pattern)}
    unknown = {pattern for pattern in patterns if not expand(pattern)}
    levels = {}
    for name in known | unknown:
        entry = action(name)
        levels[name] = "unknown" if entry is None else entry.level
    text = ", ".join(patterns)
    if negated:
        assert [*covered_lines(globs)] == [f"everything but {text}: all but {len(known):,} actions"]
        return
    if len(levels) > 400:
        assert covered(globs) == ()
        assert [*covered_lines(globs)] == [f"{text}: {len(known):,} actions"]
        return
    assert sorted(covered(globs)) == sorted(levels.items())
    if "*" not in text and "?" not in text:
        width = max(map(len, levels))
        assert sorted(covered_lines(globs)) == sorted(f"{name:<{width}}  {levels[name]}" for name in levels)
        return
    expected = [f"{text}: {len(levels)} action{'' if len(levels) == 1 else 's'}"]
    for level in (*LEVELS, "unknown"):
        names = [name for name, _ in covered(globs) if levels[name] == level]
        if names:
            expected.append(f"{level} ({len(names)}): {', '.join(names)}")
    assert " ".join(covered_lines(globs)).split() == " ".join(expected).split()
    assert [line[:4] == "    " for line in covered_lines(globs)] == [
        False,
        *[True] * (len([*covered_lines(globs)]) - 1),
    ]


@pytest.mark.parametrize("name", ["iam:PassRole", "s3:ListAllMyBuckets", "ec2:RunInstances", "sqs:SendMessage"])
def test_an_action_is_told_with_every_type_key_dependent_and_caller(name: str) -> None:
    entry = action(name)
    assert entry is not None
    lines = [*action_lines(entry)]
    types = [line[11:].removesuffix(" (always needed)") for line in lines if line.startswith("  resource ")]
    assert types == [target.type.name for target in entry.targets]
    needed = [line[11:-16] for line in lines if line.endswith(" (always needed)")]
    assert needed == [target.type.name for target in entry.targets if target.required]
    text = " ".join(line.strip() for line in lines)
    keys = [f"{key.name} ({key.type or 'type unknown'})" for key in entry.all_keys]
    assert (
        f"condition keys: {', '.join(keys)} also needs: {', '.join(entry.dependents or ('none',))} called by: " in text
    )
    assert all(len(line) <= 100 for line in lines if "arn:" not in line)
    heads = ("resource ", "resources: ", "condition keys: ", "also needs: ", "called by: ", "no operation ")
    for line in lines[1:]:
        assert line.startswith("  " if line[2:].startswith(heads) else "      ")


def test_a_type_has_the_actions_of_its_service_that_take_it() -> None:
    (kind,) = [kind for kind in resource_types("s3") if kind.name == "bucket"]
    names = actions_on(kind)
    assert "s3:ListBucket" in names
    assert not {"s3:ListAllMyBuckets", "s3:GetObject"} & set(names)


def test_actions_that_several_patterns_match_are_counted_once_and_of_three_services_the_names_are_told() -> None:
    assert [*levels_of(["sqs:Purge*", "sqs:PurgeQueue", "x:A", "x:A", "y:B", "z:C"])] == [
        "Write on sqs (1 action)",
        "future actions on 3 services (x, y, z)",
    ]
