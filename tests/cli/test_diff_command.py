"""`remit diff` and `remit minimise` on files."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

import projects
from remit.cli.diff import _Answer
from remit.deploy.drift import Drift
from remit.iam.decide.evaluate import Request, evaluate
from remit.iam.policy import parse
from remit.report.access_report import Report

ROOT = Path(__file__).parents[2]


def remit(*arguments: str, stdin: bytes = b"", cwd: Path | None = None) -> tuple[int, str, str]:
    """Exit code, output and talk of `remit`."""
    with contextlib.chdir(cwd or Path.cwd()):
        ran = projects.remit(*arguments, stdin=stdin)
    return ran.status, ran.out, ran.err


def allow(action: object, resource: object = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


TABLE = "arn:aws:dynamodb:us-east-1:111122223333:table/orders"
OLD = document(allow("dynamodb:GetItem", TABLE, Sid="Orders"))
NEW = document(allow(["dynamodb:GetItem", "dynamodb:PutItem"], TABLE, Sid="Orders"))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with old.json and new.json."""
    (tmp_path / "old.json").write_text(json.dumps(OLD, indent=2))
    (tmp_path / "new.json").write_text(json.dumps(NEW, indent=2))
    return tmp_path


def test_a_gain_is_told_with_its_line_and_a_request_and_exits_with_one(files: Path) -> None:
    status, out, _ = remit("diff", "old.json", "new.json", cwd=files)
    assert status == 1
    assert out.splitlines() == [
        "1 cause gains access, 0 lose, 0 undecided",
        "",
        "  + Write on dynamodb: dynamodb:PutItem",
        f"      on {TABLE}",
        "      identity[0].Statement[0] (Orders), new.json:4:5: no statement of the old side allows it",
        f"      for example dynamodb:PutItem on {TABLE}",
    ]


def test_what_no_request_of_today_can_use_is_told_last(files: Path) -> None:
    """An action is gained on every resource of its statement, also on those that it never takes."""
    old, new = document(allow("s3:GetObject", "arn:aws:s3:::b/*")), document(allow(["s3:GetObject", "dynamodb:Put*"], [
        "arn:aws:s3:::b/*", TABLE, "arn:aws:kms:us-east-1:111122223333:key/k",
    ]))  # fmt: skip
    (files / "old.json").write_text(json.dumps(old))
    (files / "new.json").write_text(json.dumps(new))
    status, out, _ = remit("diff", "old.json", "new.json", cwd=files)
    starts = ("  +", "      on", "      and")
    told = [line.strip() for line in out.splitlines() if line.startswith(starts)]
    assert (status, told) == (
        1,
        [
            "+ Write, Permissions management on dynamodb: dynamodb:Put*",
            f"on {TABLE}",
            "and on other resources, with no effect today: s3:GetObject, dynamodb:Put*",
        ],
    )
    whole = remit("diff", "old.json", "new.json", "--all", cwd=files)[1]
    assert [line.strip() for line in whole.splitlines() if line.startswith(starts)] == [
        "+ Write, Permissions management on dynamodb: dynamodb:Put*",
        f"on {TABLE}",
        "and no effect today on s3: s3:GetObject",
        f"on {TABLE}, arn:aws:kms:us-east-1:111122223333:key/k",
        "and no effect today on dynamodb: dynamodb:Put*",
        "on arn:aws:s3:::b/*, arn:aws:kms:us-east-1:111122223333:key/k",
    ]


def test_a_loss_alone_exits_with_zero(files: Path) -> None:
    status, out, _ = remit("diff", "new.json", "old.json", cwd=files)
    assert status == 0
    assert "  - Write on dynamodb: dynamodb:PutItem" in out.splitlines()


def test_the_same_access_says_that_it_is_proven(files: Path) -> None:
    (files / "other.json").write_text(json.dumps([document(allow("dynamodb:GetItem", TABLE)), OLD]))
    assert remit("diff", "old.json", "other.json", cwd=files)[:2] == (
        0,
        "The same access: proven for every request.\n",
    )


def test_json_has_the_fixed_form_and_requests_that_the_evaluator_confirms(files: Path) -> None:
    status, out, _ = remit("diff", "old.json", "new.json", "--json", cwd=files)
    answer = json.loads(out)
    assert status == 1
    assert answer["lost"] == answer["undecided"] == answer["freed"] == answer["forbidden"] == []
    (gain,) = answer["gained"]
    assert gain == {
        "action": "dynamodb:PutItem",
        "resource": TABLE,
        "context": {},
        "statement": "identity[0].Statement[0] (Orders)",
        "origin": {"file": "new.json", "line": 4, "column": 5},
        "tier": "now",
        "allows": {"action": "dynamodb:PutItem", "resource": TABLE},
        "because": "no statement of the old side allows it",
    }
    request = Request(gain["action"], gain["resource"], context=gain["context"])
    assert evaluate(request, parse(NEW)).allowed
    assert not evaluate(request, parse(OLD)).allowed


def test_what_is_lost_is_told_at_the_line_of_the_old_file(files: Path) -> None:
    (files / "old.json").write_text("\n\n" + json.dumps(OLD, indent=2))
    answer = json.loads(remit("diff", "new.json", "old.json", "--json", cwd=files)[1])
    assert answer["lost"][0]["origin"] == {"file": "new.json", "line": 4, "column": 5}
    gain, lines = (
        remit("diff", "old.json", "new.json", cwd=files)[1],
        remit("diff", "new.json", "old.json", cwd=files)[1],
    )
    assert [text.count("new.json:4:5") for text in (gain, lines)] == [1, 1]


@pytest.mark.parametrize(
    ("old", "new", "statuses", "words"),
    [
        # whom a document lets in counts where one of both names callers
        (document(allow("sqs:*")), document(allow("sqs:*", Principal="*")), (1, 0), "PUBLIC"),
        # of several that are attached together, each
        (document(allow("s3:GetObject")), [document(allow("s3:GetObject")), document(allow("sqs:*"))], (1, 0), "sqs"),
    ],
)
def test_documents_of_other_shapes_are_compared_from_both_sides(
    files: Path, old: Any, new: Any, statuses: tuple[int, int], words: str
) -> None:
    (files / "old.json").write_text(json.dumps(old))
    (files / "new.json").write_text(json.dumps(new))
    there, back = (remit("diff", *names, cwd=files) for names in (("old.json", "new.json"), ("new.json", "old.json")))
    assert ((there[0], back[0]), words in there[1]) == (statuses, True)


def test_a_comment_tells_first_what_was_changed_by_hand() -> None:
    by_hand = Drift("ReportRole", "policy admin was attached by hand", "a deploy detaches it")
    answer = _Answer(is_open=False, document={}, report=Report((), notes=("a note",)), about="shop", drift=(by_hand,))
    comment = answer.comment(60_000)
    first = comment.index("changed by hand: ReportRole: policy admin was attached by hand: a deploy detaches it")
    assert first < comment.index("a note")


def test_layers_are_compared_as_a_whole(files: Path) -> None:
    bounded = {"identity": [document(allow("*"))], "boundary": document(allow("s3:*")), "scp": [[document(allow("*"))]]}
    (files / "bounded.json").write_text(json.dumps(bounded))
    (files / "free.json").write_text(json.dumps({**bounded, "boundary": None}))
    status, out, _ = remit("diff", "bounded.json", "free.json", cwd=files)
    assert status == 1
    assert "no statement of the old boundary allows it" in out
    assert remit("diff", "free.json", "bounded.json", cwd=files)[0] == 0


def test_a_limit_that_goes_is_one_cause_whatever_it_kept_out(files: Path) -> None:
    statements = [allow(action, f"arn:aws:s3:::b{n}/*") for n, action in enumerate(("s3:GetObject", "s3:PutObject"))]
    bounded = {"identity": [document(*statements)], "boundary": document(allow("sqs:*"))}
    (files / "bounded.json").write_text(json.dumps(bounded))
    (files / "free.json").write_text(json.dumps({**bounded, "boundary": None}))
    lines = remit("diff", "bounded.json", "free.json", cwd=files)[1].splitlines()
    assert lines[0] == "1 cause gains access, 0 lose, 0 undecided"
    (where,) = [line for line in lines if "no statement of the old boundary allows it" in line]
    assert where.endswith("; and 1 more")


def test_of_single_documents_a_removed_deny_counts(files: Path) -> None:
    deny = {**allow("s3:DeleteBucket"), "Effect": "Deny"}
    (files / "deny.json").write_text(json.dumps(document(deny)))
    (files / "nothing.json").write_text(json.dumps(document({**deny, "Action": "s3:DeleteObject"})))
    status, out, _ = remit("diff", "deny.json", "nothing.json", cwd=files)
    assert status == 1
    assert out.splitlines()[2].startswith("  + no longer denied: ")
    assert "the new side does not deny it" in out


def test_markdown_is_a_table_that_policies_cannot_break(files: Path) -> None:
    (files / "odd.json").write_text(json.dumps(document(allow("s3:GetObject", "arn:aws:s3:::a|b`c/*"))))
    status, out, _ = remit("diff", "old.json", "odd.json", "--markdown", cwd=files)
    assert status == 1
    assert out.startswith("<!-- remit diff odd.json -->\n**1 cause gains access, 1 loses, 0 undecided**\n")
    (row,) = [line for line in out.splitlines() if line.startswith("| + ")]
    assert row.count(" | ") == 4
    assert "`arn:aws:s3:::a\\|b'c/*`" in row


def test_nothing_of_a_policy_or_of_its_name_stands_in_markdown_but_as_code(files: Path) -> None:
    odd = {
        **allow("x|`<b>@you:Do", "arn:aws:s3:::c/*"),
        "Condition": {"StringLike": {"aws:PrincipalTag/@me|`<i>": "${aws:PrincipalTag/@us|`<u>}?*"}},
    }
    deny = {**allow("kms:Decrypt"), "Effect": "Deny", "Condition": {"StringNotLike": odd["Condition"]["StringLike"]}}
    name = "o|d`<img>@ops.json"
    (files / name).write_text(json.dumps(document(odd, allow("kms:Decrypt"), deny)))
    status, out, _ = remit("diff", "old.json", name, "--markdown", cwd=files)
    assert status == 1
    rows = [line for line in out.splitlines() if line.startswith(("| + ", "| - "))]
    assert len(rows) > 2
    assert all(re.sub(r"\\\|", "", row).count("|") == 6 for row in rows)
    mark, _, shown = out.partition("\n")
    assert re.fullmatch(r"<!-- (?:(?!--).)* -->", mark)  # nothing in it ends it
    outside = re.sub(r"`[^`]*`", "", shown)
    assert not set("@`") & set(outside)
    assert not [tag for tag in ("<b>", "<i", "<u>") if tag in outside]


def test_markdown_of_two_long_policies_fits_into_a_comment(files: Path) -> None:
    many = [allow(f"s3:Get*{n}", f"arn:aws:s3:::{'b' * 40}{n}/*") for n in range(400)]
    (files / "many.json").write_text(json.dumps(document(*many)))
    _, out, _ = remit("diff", "old.json", "many.json", "--markdown", cwd=files)
    assert len(out.encode()) <= 65_536
    assert "left out: `remit diff --all` shows all." in out


def test_one_side_may_come_from_standard_input(files: Path) -> None:
    status, out, _ = remit("diff", "-", "new.json", stdin=json.dumps(OLD).encode(), cwd=files)
    assert (status, "dynamodb:PutItem" in out) == (1, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}', "bad.json:1:41"),
        ('{"identiy": []}', "did you mean `identity`"),
        ('{"Version": "2012-10-17",}', "bad.json:1:25"),
        (
            (
                '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*",\n'
                ' "Condition": {"ForSomeValues:StringEquals": {"aws:username": "a"}}}]}'
            ),
            "bad.json:2:16",
        ),
        ('{"RoleName": "r", "PolicyName": "p", "PolicyDocument": {}}', "`--query PolicyDocument` prints the policy"),
        ('{"PolicyVersion": {"Document": {}}}', "`--query PolicyVersion.Document` prints the policy"),
        ("3", "holds no policy"),
        ('{"scp": {}}', "scp must be a list of levels"),
        ('{"identity": "s3:*"}', "identity must be a policy or a list of policies"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_at_its_place(files: Path, text: str, expected: str) -> None:
    (files / "bad.json").write_text(text)
    status, out, err = remit("diff", "old.json", "bad.json", cwd=files)
    assert (status, out) == (2, "")
    assert expected in err


def test_minimise_keeps_intrinsic_functions(files: Path) -> None:
    queue = {"Fn::GetAtt": ["Queue", "Arn"]}
    (files / "late.json").write_text(json.dumps(document(allow("sqs:A", queue), allow("sqs:B", queue))))
    status, out, _ = remit("minimise", "late.json", cwd=files)
    assert (status, json.loads(out)) == (0, document(allow(["sqs:A", "sqs:B"], queue)))


def test_minimise_splits_at_a_limit(files: Path) -> None:
    (files / "wide.json").write_text(json.dumps(document(allow([f"s3:Action{number}" for number in range(40)]))))
    status, out, err = remit("minimise", "wide.json", "--limit", "400", cwd=files)
    parts = json.loads(out)
    assert (status, len(parts)) == (0, 2)
    assert all(len(json.dumps(part, separators=(",", ":"))) <= 400 for part in parts)
    assert err.endswith("in 2 policies\n")


YAML = """\
Version: "2012-10-17"
Statement:
  - Effect: Allow
    Action:
      - dynamodb:GetItem
      - dynamodb:PutItem
    Resource: {}
"""


def test_policies_may_be_yaml(files: Path) -> None:
    (files / "new.yaml").write_text(YAML.format(TABLE))
    status, out, _ = remit("diff", "old.json", "new.yaml", cwd=files)
    assert (status, "identity[0].Statement[0], new.yaml:3:5: no statement" in out) == (1, True)
    assert json.loads(remit("minimise", "new.yaml", cwd=files)[1])["Statement"][0]["Resource"] == TABLE
    (files / "late.yaml").write_text(YAML.format("!GetAtt Orders.Arn"))
    late = json.loads(remit("minimise", "late.yaml", cwd=files)[1])["Statement"][0]["Resource"]
    assert late == {"Fn::GetAtt": ["Orders", "Arn"]}


@pytest.mark.parametrize(
    "text",
    [
        "---\n  # indented as a whole\n  Resources:\n    Role: {Type: AWS::IAM::Role}\n",
        '"Resources":\n  "Role": {"Type": "AWS::IAM::Role"}\n',
    ],
    ids=["indented", "quoted"],
)
def test_a_template_is_known_however_its_yaml_is_written(files: Path, text: str) -> None:
    (files / "template.yaml").write_text(text)
    status, out, err = remit("diff", "template.yaml", "template.yaml", cwd=files)
    assert (status, out, err) == (0, "The same access by roles, policies and doors: proven for every request.\n", "")


def of_resource(principal: object, *actions: str, resource: str | None = "arn:aws:s3:::b/*") -> dict[str, Any]:
    where = {} if resource is None else {"Resource": resource}
    statement = {"Effect": "Allow", "Principal": principal, "Action": list(actions) or "s3:GetObject", **where}
    return {"Version": "2012-10-17", "Statement": [statement]}


def compared(folder: Path, old: object, new: object, *options: str) -> tuple[int, str]:
    (folder / "old.json").write_text(json.dumps(old))
    (folder / "new.json").write_text(json.dumps(new))
    status, out, _ = remit("diff", "old.json", "new.json", *options, cwd=folder)
    return status, out


def test_a_resources_policy_by_itself_is_compared_by_whom_it_lets_in(tmp_path: Path) -> None:
    old, new = of_resource({"AWS": "111122223333"}), of_resource("*")
    status, out = compared(tmp_path, old, new)
    assert (status, out.splitlines()[2]) == (1, "  + PUBLIC: Read on s3 by everyone: s3:GetObject")
    (piece,) = json.loads(compared(tmp_path, old, new, "--json")[1])["gained"]
    assert (piece["principal"], piece["public"], piece["origin"]["line"]) == ("*", True, 1)


def test_a_resources_policy_in_another_form_is_the_same(tmp_path: Path) -> None:
    root = of_resource({"AWS": ["arn:aws:iam::111122223333:root"]})
    same = (0, "The same access: proven for every request.\n")
    assert compared(tmp_path, of_resource({"AWS": "111122223333"}), [root]) == same


def test_a_trust_policy_by_itself_is_compared_by_whom_it_lets_in(tmp_path: Path) -> None:
    old = of_resource({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole", resource=None)
    new = of_resource({"Service": "events.amazonaws.com"}, "sts:AssumeRole", resource=None)
    document = json.loads(compared(tmp_path, old, new, "--json")[1])
    assert [piece["principal"] for piece in document["gained"]] == ["events.amazonaws.com"]
    assert [piece["principal"] for piece in document["lost"]] == ["lambda.amazonaws.com"]


def test_every_account_that_gains_access_is_told(tmp_path: Path) -> None:
    """No statement tells them apart, and each is let in."""
    accounts = ["222222222222", "333333333333", "444444444444"]
    old, new = of_resource({"AWS": "111111111111"}), of_resource({"AWS": ["111111111111", *accounts]})
    status, out = compared(tmp_path, old, new)
    assert (status, out.splitlines()[2]) == (1, f"  + Read on s3 by {', '.join(accounts)}: s3:GetObject")
    gained = json.loads(compared(tmp_path, old, new, "--json")[1])["gained"]
    assert [piece["allows"]["principal"] for piece in gained] == accounts
    assert [piece["principal"] for piece in gained] == [f"arn:aws:iam::{account}:user/example" for account in accounts]


def test_the_accounts_that_a_role_trusts_now_are_told_together(tmp_path: Path) -> None:
    def template(*accounts: str) -> dict[str, Any]:
        trust = of_resource({"AWS": list(accounts)}, "sts:AssumeRole", resource=None)
        return {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}}}

    old, new = template("111111111111"), template("111111111111", "222222222222", "333333333333")
    status, out = compared(tmp_path, old, new)
    assert status == 1
    assert "  + 222222222222, 333333333333 may take on the role: sts:AssumeRole" in out.splitlines()


def test_whom_everyone_means_is_told_by_the_conditions_of_the_statement(tmp_path: Path) -> None:
    new = of_resource("*")
    new["Statement"][0]["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": "o-12345"}}
    _, out = compared(tmp_path, of_resource({"AWS": "111111111111"}), new)
    assert out.splitlines()[2:5] == [
        "  + Read on s3 by everyone: s3:GetObject",
        "      on arn:aws:s3:::b/*",
        "      if StringEquals aws:PrincipalOrgID = o-12345",
    ]


def endpoint(*actions: str, principal: object = "*") -> dict[str, Any]:
    identity = document(allow("s3:*"))
    return {"identity": [identity], "endpoint": of_resource(principal, *actions, resource="*")}


def test_the_policy_of_a_vpc_endpoint_is_a_layer(tmp_path: Path) -> None:
    status, out = compared(tmp_path, endpoint("s3:GetObject"), endpoint("s3:GetObject", "s3:PutObject"))
    assert (status, out.splitlines()[2]) == (1, "  + Write on s3: s3:PutObject")
    assert "no statement of the old VPC endpoint's policy allows it" in out
    without = {"identity": [document(allow("s3:*"))]}
    assert "no statement of the new VPC endpoint's policy allows it" in compared(tmp_path, without, endpoint())[1]


def test_whom_the_policy_of_a_vpc_endpoint_names_depends_on_its_type(tmp_path: Path) -> None:
    """A role is compared, and not by its name: each class of callers that the policies tell apart is asked about."""
    named = {"AWS": "arn:aws:iam::111122223333:role/app"}
    old, new = endpoint("s3:GetObject", principal=named), endpoint("s3:GetObject", "s3:PutObject", principal=named)
    status, out = compared(tmp_path, old, new)
    assert (status, "endpoint[0].Statement[0]: whom its Principal means depends on the type" in out) == (1, True)
    of_interface = {"endpoint_type": "Interface"}
    status, out = compared(tmp_path, old | of_interface, new | of_interface)
    gained = f"  + Write on s3 by {named['AWS']}: s3:PutObject"
    assert (status, out.splitlines()[2]) == (1, gained)
    of_gateway = {"endpoint_type": "Gateway"}
    assert compared(tmp_path, old | of_gateway, new | of_gateway)[0] == 0
