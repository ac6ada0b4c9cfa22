"""Laws that every report of access obeys, held against the JSON of the same review: two roles and a bucket's policy.

Numbers equal rows, the way back is the same with the signs exchanged, nothing is lost, what matters is named, places
are those of their side, and a short report says how much it leaves out.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from hypothesis import event, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.catalogue.expand import expand
from remit.report.access_documents import review_document
from remit.report.access_lines import report_lines
from remit.report.access_report import review_report
from remit.report.comment import code, report_comment
from remit.review.role_files import review_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.review.access_change import Review

CASES: Final = cases(5, deep=100)
NAMED: Final = ("iam:PassRole", "iam:Pass*", "iam:AttachRolePolicy", "s3:PutBucketPolicy", "s3:Put*", "dynamodb:*")
"""Those that pass a role, or manage permissions."""
ACTIONS: Final = (
    *NAMED, "s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage", "sqs:ReceiveMessage", "sqs:ListQueues",
    "dynamodb:GetItem", "dynamodb:Query", "ec2:Describe*", "kms:TagResource", "logs:PutLogEvents",
)  # fmt: skip
RESOURCES: Final = ("*", "*", "arn:aws:s3:::files/*", "arn:aws:s3:::files")
OWN: Final = "arn:aws:iam::111122223333:policy/own"
"""A policy that nobody can read here: undecided when it is attached, nothing gained when it goes."""
OF_AWS: Final = "arn:aws:iam::aws:policy/"
MANAGED: Final = (
    f"{OF_AWS}AmazonSQSFullAccess",
    f"{OF_AWS}service-role/AWSLambdaVPCAccessExecutionRole",
    OWN,
)
BOUNDARIES: Final[tuple[dict[str, str], ...]] = ({}, {}, {"PermissionsBoundary": f"{OF_AWS}AmazonSQSFullAccess"})
CALLERS: Final[tuple[Any, ...]] = (
    "*", {"AWS": "444455556666"}, {"AWS": ["444455556666", "555566667777"]}, {"AWS": {"Fn::GetAtt": ["Reader", "Arn"]}},
)  # fmt: skip
TRUSTED: Final[tuple[Any, ...]] = ({"Service": "lambda.amazonaws.com"}, {"AWS": "444455556666"}, {"AWS": "*"})
LIMITS: Final[tuple[Any, ...]] = ({}, {}, {"Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}})
EXCHANGED: Final = (("added", "removed"), ("the new ", "the old "), ("newly ", "no longer "))


def some_of(values: Iterable[Any], most: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(tuple(values)), min_size=1, max_size=most, unique_by=str)


def document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


@st.composite
def roles(draw: st.DrawFn) -> dict[str, Any]:
    statements = []
    for _ in range(draw(st.integers(1, 2))):
        effect = draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))
        actions, resources = draw(some_of(ACTIONS, 7)), draw(some_of(RESOURCES, 2))
        limit = draw(st.sampled_from(LIMITS))
        statements.append({"Effect": effect, "Action": actions, "Resource": resources, **limit})
    trust = [{"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"} for who in draw(some_of(TRUSTED, 2))]
    managed = draw(st.lists(st.sampled_from(MANAGED), max_size=1))
    properties = {
        "Policies": [{"PolicyName": "own", "PolicyDocument": document(statements)}],
        "ManagedPolicyArns": managed,
        "AssumeRolePolicyDocument": document(trust),
        **draw(st.sampled_from(BOUNDARIES)),
    }
    return {"Type": "AWS::IAM::Role", "Properties": properties}


@st.composite
def templates(draw: st.DrawFn) -> bytes:
    """A template whose bucket policy says one thing to a few callers, and each statement of it stands on its line."""
    actions = draw(some_of(("s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:PutBucketPolicy"), 3))
    effect, limit = draw(st.sampled_from(["Allow", "Allow", "Deny"])), draw(st.sampled_from(LIMITS))
    says = {"Effect": effect, "Action": actions, "Resource": ["arn:aws:s3:::files/*", "arn:aws:s3:::files"], **limit}
    statements = [{**says, "Principal": caller} for caller in draw(some_of(CALLERS, 2))]
    policy = {"Bucket": "files", "PolicyDocument": document(statements)}
    resources = {
        "Reader": draw(roles()),
        "Writer": draw(roles()),
        "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": policy},
    }
    return json.dumps({"Resources": resources}, indent=1).encode()


def compared(old: bytes, new: bytes) -> Review:
    return review_files((old, "old.json"), (new, "new.json"))


def paragraphs(lines: Iterable[str], sign: str) -> list[list[str]]:
    """The lines of each cause of a sign, without their indentation."""
    found: list[list[str]] = []
    is_inside = False
    for line in lines:
        if re.match(r"  \S ", line):
            is_inside = line.startswith(f"  {sign} ")
            found += [[]] if is_inside else []
        elif not line.startswith("      "):
            is_inside = False
        if is_inside:
            found[-1].append(line.strip())
    return found


def told_numbers(verdict: str) -> dict[str, int]:
    """The numbers of the sentence, by what they are of."""
    words = {"+": r"(\d+) causes? gain", "-": r"(\d+) loses?\b", "?": r"(\d+) undecided", "public": r"\((\d+) public\)"}
    numbers = {sign: re.search(pattern, verdict) for sign, pattern in words.items()}
    return {sign: int(match[1]) if match else 0 for sign, match in numbers.items()}


@settings(max_examples=CASES)
@given(templates(), templates())
def test_the_numbers_are_those_of_the_rows_and_every_piece_stands_in_one(old: bytes, new: bytes) -> None:
    report, pieces = review_report(compared(old, new)), review_document(compared(old, new))
    whole, short, comment = list(report_lines(report, None)), list(report_lines(report)), report_comment(report)
    numbers = told_numbers(report.verdict)
    assert len(short) <= 100
    for lines in (whole, short):
        told = {sign: len(paragraphs(lines, sign)) for sign in "+-?"}
        public = sum("PUBLIC: " in cause[0] + cause[1] for cause in paragraphs(lines, "+"))
        assert {**told, "public": public} == numbers
        assert not [line for line in lines if " 0 more" in line or line.startswith("  - PUBLIC")]
        assert sorted(told_ranks := [rank(line) for line in lines if re.match(r"  [+?-] ", line)]) == told_ranks
    assert (comment.count("\n| + |"), comment.count("\n| - |")) == (numbers["+"], numbers["-"])
    assert [] == [text for change in report.changes for text, _ in change.accesses() if code(text) not in comment]
    for sign, part in (("+", "gained"), ("-", "lost")):
        causes = [("\n".join(cause), cause) for cause in paragraphs(whole, sign)]
        for piece in pieces[part]:
            event(f"{part}: {piece['kind']}")
            assert any(is_told(piece, text) for text, _ in causes), piece
    assert {cause[0].removeprefix("? ") for cause in paragraphs(whole, "?")} == {
        f"{item['statement']}: {item['reason']}" if item["statement"] else item["reason"]
        for item in pieces["undecided"]
    }


def rank(row: str) -> tuple[int, int]:
    """How soon a cause is told: gains, undecided, losses; of these what lets everyone in, then who takes on a role."""
    return "+?-".index(row[2]), 0 if "PUBLIC: " in row else 1 if "may take on the role" in row else 2


def is_told(piece: dict[str, Any], text: str) -> bool:
    """Whether a paragraph tells of a piece: its action, its resource or principal, whose it is, and a place of it."""
    allowed, origin = piece["allows"], piece["origin"]
    place = f"{origin['file']}:{origin['line']}:" if origin else piece["policy"] or ""
    who = allowed.get("principal", allowed["resource"] if piece["kind"] == "trust" else "")
    texts = (allowed["action"], "everyone" if who == "*" else who, piece["role"], place)
    of_resource = rf"^on (?:.*, )?{re.escape(allowed['resource'])}(?:,|$)"
    is_on_it = piece["kind"] == "trust" or re.search(of_resource, text, re.MULTILINE) is not None
    return is_on_it and all(part in text for part in texts)


CONDITIONS: Final = st.sets(st.sampled_from(["aws:RequestedRegion", "aws:PrincipalTag/team", "aws:SourceVpc"]))


@settings(max_examples=CASES)
@given(CONDITIONS, CONDITIONS)
def test_each_condition_that_a_statement_has_more_or_less_is_named(before: set[str], after: set[str]) -> None:
    def template(keys: set[str]) -> bytes:
        limit = {"Condition": {"StringEquals": dict.fromkeys(sorted(keys), "a")}} if keys else {}
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **limit}
        policy = {"PolicyName": "own", "PolicyDocument": document([statement])}
        role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}
        return json.dumps({"Resources": {"Reader": role}}).encode()

    text = "\n".join(report_lines(review_report(compared(template(before), template(after)))))
    for key in before | after:
        sentences = {word for word in ("now if", "no longer if") if f"{word} StringEquals {key} = a" in text}
        assert sentences == ({"now if"} if key not in before else {"no longer if"} if key not in after else set())


@settings(max_examples=CASES)
@given(CONDITIONS, CONDITIONS)
def test_a_denial_that_has_other_conditions_is_told_with_them_alike_in_text_and_json(
    before: set[str], after: set[str]
) -> None:
    def template(keys: set[str]) -> bytes:
        limit = {"Condition": {"StringEquals": dict.fromkeys(sorted(keys), "a")}} if keys else {}
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::b/*",
            **limit,
        }
        properties = {"Bucket": "b", "PolicyDocument": document([statement])}
        return json.dumps({"Resources": {"P": {"Type": "AWS::S3::BucketPolicy", "Properties": properties}}}).encode()

    review = compared(template(before), template(after))
    text = "\n".join(report_lines(review_report(review)))
    for key in after ^ before:
        word = "now" if key in after else "no longer"
        assert f"{word} if StringEquals {key} = a" in text
    pieces = [*review_document(review)["gained"], *review_document(review)["lost"]]
    for piece in pieces:
        assert set(piece["changed"]["added"].get("Condition", ())) == {
            f"StringEquals {key} = a" for key in after - before
        }


@settings(max_examples=CASES)
@given(templates(), templates())
def test_the_way_back_is_the_same_with_the_signs_exchanged(old: bytes, new: bytes) -> None:
    there = list(report_lines(review_report(compared(old, new)), None))
    back = list(report_lines(review_report(review_files((new, "new.json"), (old, "old.json"))), None))
    back = [exchanged(line) for line in back]
    for sign, opposite in (("+", "-"), ("-", "+"), ("?", "?")):
        told_there, told_back = (
            Counter(frozenset(plain(cause)) for cause in paragraphs(lines, own) if OWN not in cause[0])
            for lines, own in ((there, sign), (back, opposite))
        )
        assert told_there == told_back
    for sign, own, other in (("+", "new.json:", "old.json:"), ("-", "old.json:", "new.json:")):
        for cause in paragraphs(there, sign):
            is_denial = " denied: " in cause[0]  # the statement that went, or came, is of the other side
            assert (other if not is_denial else own) not in "\n".join(cause)


def exchanged(line: str) -> str:
    """A line of the way back in the words of the way there."""
    for new, old in EXCHANGED:
        line = line.replace(new, "\0").replace(old, new).replace("\0", old)
    return line


def plain(cause: list[str]) -> Iterator[str]:
    """The lines of a cause without its sign, without PUBLIC (which a loss is not), and without changed conditions."""
    for line in cause:
        if not line.startswith(("now if ", "no longer if ", "newly if ")):
            yield re.sub(r"^(?:[+?-] |and )", "", line).replace("PUBLIC: ", "")


@settings(max_examples=CASES)
@given(templates(), templates())
def test_what_matters_is_named_whatever_is_folded(old: bytes, new: bytes) -> None:
    review = compared(old, new)
    short = ["\n".join(cause) for cause in paragraphs(report_lines(review_report(review)), "+")]
    for piece in review_document(review)["gained"]:
        action = piece["allows"]["action"]
        if piece.get("public"):
            assert any(re.search(rf"PUBLIC: .*{re.escape(action)}", text) for text in short), piece
        if piece["kind"] == "trust":
            assert any("may take on the role" in text and piece["role"] in text for text in short), piece
        is_of_today = piece["tier"] == "now" and "note" not in piece
        if piece["kind"] == "access" and action in NAMED and is_of_today:
            event(f"named: {action}")
            # A pattern of a single action is named where that action is, which may be gained beside it.
            names = {action, *expand(action)} if len(expand(action)) == 1 else {action}
            assert any(name in text and piece["role"] in text for name in names for text in short), piece


@settings(max_examples=CASES)
@given(templates(), templates(), st.integers(0, 40))
def test_a_short_report_tells_the_worst_first_and_how_much_it_leaves_out(old: bytes, new: bytes, most: int) -> None:
    report = review_report(compared(old, new))
    lines = list(report_lines(report, most))
    number = len(report.changes)
    told = sum(len(paragraphs(lines, sign)) for sign in "+?-~!")
    left_out = [int(match[1]) for line in lines if (match := re.match(r"  and (\d+) more causes? ", line))]
    event(f"left out: {bool(left_out)}")
    assert told + sum(left_out) == number
    assert len(lines) <= max(most, 7)
    whole = list(report_lines(report))
    assert [line for line in lines if re.match(r"  [+?~!-] ", line)] == [
        line for line in whole if re.match(r"  [+?~!-] ", line)
    ][:told]
    public = [line for line in whole if line.startswith("  + PUBLIC: ")]
    shown = "\n".join(lines)
    assert all(line.removeprefix("  + ") in shown for line in public)
    for limit in (1_000, 2_000, 4_000):
        comment = report_comment(report, most=limit)
        rows = len(re.findall(r"^(?:\| [+~-] \||- `)", comment, re.MULTILINE))
        of_parts = sum(int(match) for match in re.findall(r"^(\d+) of \d+ left out", comment, re.MULTILINE))
        assert rows + of_parts == number + len(report.notes)
        assert len(comment.encode()) <= limit or rows == 0
