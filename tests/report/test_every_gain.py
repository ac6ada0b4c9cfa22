"""How each kind of gain is told, as text, as a comment and for programs; and the same the other way round."""

from __future__ import annotations

import re
from typing import Any

from every_gain import OWN, gains_of_every_kind
from remit.report.access_documents import review_document
from remit.report.access_lines import report_lines
from remit.report.access_report import review_report
from remit.report.comment import report_comment
from remit.review.accepted import accept, acceptance
from remit.review.role_files import review_files

OLD, NEW = (gains_of_every_kind(new=False), "old"), (gains_of_every_kind(new=True), "new")
FORWARD = review_files(OLD, NEW)
BACKWARD = review_files(NEW, OLD)
TEXT = f"""\
old -> new
5 causes gain access (1 public), 2 lose, 5 undecided; 5 roles and resources concerned

  + PUBLIC: GET of Method: AWS_IAM -> everybody
      Method: new
  + events.amazonaws.com may take on the role: sts:AssumeRole
      Role: new: trust policy of Role
      for example sts:AssumeRole on the role by events.amazonaws.com
  + Write on s3 by arn:aws:iam::444455556666:root: s3:PutObject
      on ${{Bucket.Arn}}/*
      Policy: new: bucket policy Policy
      for example s3:PutObject on arn:aws:s3:::${{Bucket}}/example by arn:aws:iam::444455556666:user/example
  + no longer denied: Write on s3 by everyone: s3:DeleteObject
      on ${{Bucket.Arn}}/*
      Policy: old: bucket policy Policy
      for example s3:DeleteObject on arn:aws:s3:::${{Bucket}}/example by arn:aws:iam::123456789012:user/example
  + Read on s3: s3:GetObject
      on ${{Bucket.Arn}}/*
      Role: new: identity[0].Statement[2]
      for example s3:GetObject on arn:${{AWS::Partition}}:s3:::${{Bucket}}/example
  ? trust[0].Statement[2]: a Deny with `NotPrincipal: *` says nobody or everybody
      Role
  ? identity[0].Statement[0]: it depends on what its variables or late-bound parts stand for
      Role: new
  ? managed policy {OWN} is attached: what it allows cannot be seen here
      Role
  ? managed policy ${{Late}} is attached: what it allows cannot be seen here
      Role
  ? Queue (AWS::SQS::QueuePolicy): what this says is known at the deploy only: PolicyDocument ${{Late}}
      Queue
  - Read, Write, Tagging, Permissions management on sqs: sqs:*
      on *
      Role: old: identity[0].Statement[0]; the new identity[0].Statement[1] (Late) denies it
      for example sqs:AddPermission on arn:aws:sqs:us-east-1:111122223333:example
  - GET of Closed: everybody -> AWS_IAM
      Closed: new"""


def told(found: Any, most: int | None = None) -> str:
    """The report without the columns in which the parts of the one line stand."""
    return re.sub(r"\b(old|new):1:\d+", r"\1", "\n".join(report_lines(review_report(found), most)))


def test_each_kind_of_gain_is_told_with_who_what_why_and_a_request() -> None:
    assert told(FORWARD) == TEXT


def paragraphs(text: str) -> list[str]:
    """The causes of a report, each as one text, without whether anybody may come and which side a door stands on."""
    causes = re.split(r"\n  (?=[-+?~!] )", text)[1:]
    return sorted(re.sub(r"PUBLIC: |(?<=(Method|Closed): )(old|new)$", "", cause) for cause in causes)


def test_what_one_direction_gains_the_other_loses() -> None:
    def turned(cause: str) -> str:
        sign, _, text = cause.partition(" ")
        text = re.sub(r"(GET of \w+): (\w+) -> (\w+)", r"\1: \3 -> \2", text)
        words = {"no longer denied": "newly denied", "attached: what it allows": "detached: what it denied"}
        words |= {"the new identity": "the old identity", "Role: old\n": "Role: new\n"}
        for one, other in words.items():
            text = text.replace(one, other)
        return f"{'-' if sign == '+' else '+' if sign == '-' else sign} {text}"

    undecided = (
        "? identity[0].Statement[0]: it depends on what its variables or late-bound parts stand for\n      Role: "
    )
    expected = [cause.replace(f"{undecided}new", f"{undecided}old") for cause in map(turned, paragraphs(TEXT))]
    assert paragraphs(told(BACKWARD)) == sorted(expected)
    assert told(BACKWARD).splitlines()[1] == (
        "2 causes gain access (1 public), 5 lose, 5 undecided; 5 roles and resources concerned"
    )


def test_what_is_accepted_is_told_with_the_reason_in_the_place_of_who_wrote_it() -> None:
    accepted, _ = accept(FORWARD, acceptance(FORWARD, "agreed"))
    gains = [cause for cause in paragraphs(TEXT) if not cause.startswith("-")]
    expected = []
    for cause in gains:
        first, *lines = cause.splitlines()
        if "GET of" not in first:
            place = next(index for index, line in enumerate(lines) if re.match(r" +(Role|Policy|Queue)", line))
            lines[place] = f"      {lines[place].strip().partition(':')[0]}: accepted: agreed"
        expected.append("\n".join((f"~{first[1:]}", *lines)))
    found = paragraphs(told(accepted))
    assert [cause.replace("Method: accepted: agreed", "Method: ") for cause in found if cause[0] == "~"] == sorted(
        expected
    )
    assert [cause for cause in found if cause[0] == "!"] == [
        "! managed policy ${Late} added\n      Role",
        f"! managed policy {OWN} added\n      Role",
    ]
    assert told(accepted).splitlines()[1] == (
        "0 causes gain access, 2 lose, 0 undecided, 10 accepted; 5 roles and resources concerned"
    )


def test_of_a_long_report_whole_causes_are_told_and_the_others_counted() -> None:
    short = told(FORWARD, 30).splitlines()
    assert short == [*TEXT.splitlines()[: len(short) - 1], "  and 7 more causes (`--all` shows all)"]
    assert len(short) <= 30
    assert told(FORWARD, 13).splitlines()[3:] == [
        "  and 12 more causes (`--all` shows all)",
        f"      among them Method: PUBLIC: GET of Method: AWS_IAM -> everybody · Role: {TEXT.splitlines()[5][4:]}",
    ]
    assert "among them" not in told(BACKWARD, 30)


def test_a_comment_has_a_row_for_each_gain_and_a_line_for_what_is_undecided() -> None:
    comment = re.sub(r"\b(old|new):1:\d+", r"\1", report_comment(review_report(FORWARD)))
    lines = comment.splitlines()
    assert lines[:2] == ["<!-- remit diff -->", f"**{TEXT.splitlines()[1]}**"]
    assert lines[-1] == "`old` → `new`"
    assert [line for line in lines if line.startswith("<details")] == [
        "<details open><summary>Gained (5)</summary>",
        "<details open><summary>Undecided (5)</summary>",
        "<details><summary>Lost (2)</summary>",
    ]
    assert (
        "| + | `no longer denied: Write on s3 by everyone: s3:DeleteObject` | `${Bucket.Arn}/*` | `Policy`<br>"
        "`old: bucket policy Policy` | `s3:DeleteObject on arn:aws:s3:::${Bucket}/example by "
        "arn:aws:iam::123456789012:user/example` |"
    ) in lines
    assert "| + | `PUBLIC: GET of Method: AWS_IAM -> everybody` |  | `Method`<br>`new` |  |" in lines
    assert "- `Role`: `trust[0].Statement[2]: a Deny with 'NotPrincipal: *' says nobody or everybody`" in lines


def rows(document: Any, part: str) -> list[tuple[str, str, str, str]]:
    found = []
    for piece in document[part]:
        allows = " ".join(piece["allows"].values())
        found.append((piece["kind"], allows, piece["origin"]["file"], piece["because"]))
    return found


def test_programs_get_each_piece_with_its_kind_its_side_and_its_reason() -> None:
    document, turned = review_document(FORWARD), review_document(BACKWARD)
    nobody, denied = "no statement of the old side allows it", "the {} identity[0].Statement[1] (Late) denies it"
    objects = "${Bucket.Arn}/*"
    access = ("access", f"s3:GetObject {objects}", "new", nobody)
    trust = ("trust", "sts:AssumeRole events.amazonaws.com", "new", "no statement of the old trust policy allows it")
    others = f"s3:PutObject {objects} arn:aws:iam::444455556666:root"
    of_bucket = ("resource", others, "new", "bucket policy Policy")
    freed = ("denial", f"s3:DeleteObject {objects} *", "old", "bucket policy Policy")
    assert rows(document, "gained") == [access, trust, of_bucket, freed]
    assert rows(document, "lost") == [("access", "sqs:* *", "old", denied.format("new"))]
    assert rows(turned, "gained") == [("access", "sqs:* *", "old", denied.format("old"))]
    new_words = [(kind, what, side, why.replace("the old", "the new")) for kind, what, side, why in (access, trust)]
    assert rows(turned, "lost") == [*new_words, of_bucket, freed]
    assert [piece["difference"] for piece in document["gained"][2:]] == [
        "no statement of the old policy allows it",
        "the new policy does not deny it",
    ]
    assert [(door["id"], door["was"], door["is"], door["opens"], door["public"]) for door in document["doors"]] == [
        ("GET of Method", "AWS_IAM", "everybody", True, True),
        ("GET of Closed", "everybody", "AWS_IAM", False, False),
    ]
    assert [item.get("policy", "") for item in document["undecided"]] == ["", "", OWN, "${Late}", None]
    accepted, _ = accept(FORWARD, acceptance(FORWARD, "agreed"))
    settled = review_document(accepted)
    assert sum(piece.get("kind") is not None for piece in settled["accepted"]) == 4
    assert rows({"a": [piece for piece in settled["accepted"] if piece.get("kind") == "denial"]}, "a") == [freed]
    assert {piece["accepted"] for piece in settled["accepted"]} == {"agreed"}
    assert (len(settled["accepted"]), settled["gained"], settled["undecided"]) == (10, [], [])
