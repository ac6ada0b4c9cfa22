"""`remit diff` on a project: against the last deploy, a commit, another stage; two templates; what is accepted."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from projects import APP, HELLO, Project, configuration, remit, remit_process, write
from remit.review.record import Place, record, record_path
from remit.review.working_tree import version_of

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make
    from projects import Ran

TABLE = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders"
READS = f'{{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "{TABLE}"}}'
WRITES = f'{{"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "{TABLE}"}}'
OLD = f"{APP}@app.function(policy=[{READS}])\ndef hello(event, context): ...\n"
NEW = f"{APP}@app.function(policy=[{WRITES}])\ndef hello(event, context): ...\n"


def deployed(project: Project, *, local: bool = False) -> None:
    """Leave the record that a deploy of the working tree leaves."""
    app = project.load()
    path = record_path(project.folder, app.namespace, local=local)
    place = Place("111122223333", "eu-central-1", local)
    write(project.folder, {str(path.relative_to(project.folder)): record(version_of(app), app.stage, place)})


@pytest.fixture
def changed(make: Make) -> Project:
    """A project whose last deploy let `hello` read the table, and whose working tree lets it write instead."""
    project = make(**{"app.py": OLD})
    deployed(project)
    write(project.folder, {"app.py": NEW})
    return project


def told(ran: Ran) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ran.out)
    return document


def commit(folder: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "init.defaultBranch=main")
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "a state")):
        subprocess.run(["git", *who, "-C", str(folder), *arguments], env=environment, check=True)  # noqa: S607 - git is where PATH says


def test_the_working_tree_is_held_against_the_last_deploy(changed: Project) -> None:
    ran = changed.remit("diff")
    assert ran.status == 1
    assert ran.out.splitlines() == [
        "the last deploy (account 111122223333, eu-central-1) -> the working tree",
        "1 cause gains access, 1 loses, 0 undecided; 1 of 1 functions concerned",
        "",
        "  + Write on dynamodb: dynamodb:PutItem",
        f"      on {TABLE}",
        "      hello: app.py:9:23: declared for function hello",
        f"      for example dynamodb:PutItem on {TABLE}",
        "  - Read on dynamodb: dynamodb:GetItem",
        f"      on {TABLE}",
        "      hello: app.py:9:23: declared for function hello",
        f"      for example dynamodb:GetItem on {TABLE}",
    ]


def test_a_change_that_only_loses_exits_with_zero(changed: Project) -> None:
    write(changed.folder, {"app.py": HELLO})
    ran = changed.remit("diff")
    assert (ran.status, ran.out.splitlines()[1]) == (
        0,
        "0 causes gain access, 1 loses, 0 undecided; 1 of 1 functions concerned",
    )


def test_no_change_says_that_it_is_proven(changed: Project) -> None:
    write(changed.folder, {"app.py": OLD})
    ran = changed.remit("diff")
    assert (ran.status, ran.out) == (0, "The same access by roles, policies and doors: proven for every request.\n")


def test_before_the_first_deploy_everything_is_new_and_the_way_on_is_told(make: Make) -> None:
    ran = make().remit("diff")
    assert ran.status == 1
    assert ran.out.startswith("nothing -> the working tree\n1 cause gains access, ")
    assert "      hello (new): app.py:" in ran.out
    assert "note: no deploy from here is recorded" in ran.out
    assert "`remit diff --deployed` compares with CloudFormation" in ran.out


def test_the_aws_on_this_machine_is_held_against_its_own_record(changed: Project) -> None:
    deployed(changed, local=True)
    assert changed.remit("diff", "--local").status == 0
    assert changed.remit("diff").status == 1


def test_json_has_flat_lists_with_the_reason_of_each_grant(changed: Project) -> None:
    ran = changed.remit("diff", "--json")
    answer = told(ran)
    (gain,), (loss,) = answer["gained"], answer["lost"]
    assert (ran.status, answer["undecided"], answer["accepted"], answer["notes"]) == (1, [], [], [])
    assert gain == {
        "action": "dynamodb:PutItem",
        "resource": TABLE,
        "context": {},
        "statement": "identity[0].Statement[1]",
        "origin": {"file": "app.py", "line": 9, "column": 23},
        "tier": "now",
        "kind": "access",
        "allows": {"action": "dynamodb:PutItem", "resource": TABLE},
        "policy": None,
        "because": "declared for function hello",
        "difference": "no statement of the old side allows it",
        "changed": {"added": {"Action": ["dynamodb:PutItem"]}, "removed": {"Action": ["dynamodb:GetItem"]}},
        "role": "HelloRole",
        "functions": ["hello"],
    }
    assert loss["action"] == "dynamodb:GetItem"


def test_markdown_begins_with_the_mark_by_which_ci_finds_its_comment(changed: Project) -> None:
    lines = changed.remit("diff", "--markdown").out.splitlines()
    assert lines[:2] == [
        "<!-- remit diff orders-dev -->",
        "**1 cause gains access, 1 loses, 0 undecided; 1 of 1 functions concerned**",
    ]
    cells = (
        "+",
        "`Write on dynamodb: dynamodb:PutItem`",
        f"`{TABLE}`",
        "`hello`<br>`app.py:9:23: declared for function hello`",
        f"`dynamodb:PutItem on {TABLE}`",
    )
    assert [line for line in lines if line.startswith("| +")] == [f"| {' | '.join(cells)} |"]


def test_the_same_change_gives_the_same_bytes(changed: Project) -> None:
    assert changed.remit("diff", "--markdown").out == changed.remit("diff", "--markdown").out


def test_a_commit_is_compared_with(make: Make) -> None:
    project = make(**{"app.py": OLD})
    commit(project.folder)
    write(project.folder, {"app.py": NEW})
    answer = told(project.remit("diff", "--base", "main", "--json"))
    assert ([one["action"] for one in answer["gained"]], [one["action"] for one in answer["lost"]]) == (
        ["dynamodb:PutItem"],
        ["dynamodb:GetItem"],
    )
    assert answer["old"].startswith("main (")


def test_the_resources_that_an_app_loses_since_a_commit_are_told(make: Make) -> None:
    shared = """from remit import Shared, resource

class Data(Shared):
    orders = resource("AWS::SQS::Queue", queue_name="orders")
    uploads = resource("AWS::S3::Bucket", deletion_policy="Retain")
"""
    project = make(**{"app.py": HELLO, "shared/resources/data.py": shared})
    commit(project.folder)
    without = shared.replace('"orders"', '"all-orders"').replace("    uploads", "    other")
    write(project.folder, {"shared/resources/data.py": without})
    losses = told(project.remit("diff", "--base", "HEAD", "--json"))["losses"]
    assert [(loss["resource"], loss["change"], loss["properties"], loss["stays"]) for loss in losses] == [
        ("DataOrders", "replaced", ["QueueName"], False),
        ("DataUploads", "removed", [], True),
    ]
    comment = project.remit("diff", "--base", "HEAD", "--markdown").out
    assert "shared/resources/data.py:4:" in comment


def test_a_mistake_at_the_commit_is_told_with_its_place_there(make: Make) -> None:
    project = make(**{"app.py": "import nothing_of_this_name\n"})
    commit(project.folder)
    write(project.folder, {"app.py": HELLO})
    ran = project.remit("diff", "--base", "HEAD")
    assert (ran.status, ran.out) == (2, "")
    assert "error: at HEAD: app.py raised ModuleNotFoundError" in ran.err
    assert "--> HEAD:app.py:1" in ran.err


def test_two_stages_are_compared_with_their_names_put_equal(make: Make) -> None:
    arn = 'f"arn:aws:sqs:eu-central-1:111122223333:{project.namespace}-in"'
    config = f'config.lambda_.iam.policy = [{{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {arn}}}]'
    prod = configuration('config.lambda_.iam.policy = ["s3:GetObject"]')
    project = make(config=config, **{"config/deploy/prod.py": prod})
    same = project.remit("diff", "--stage", "dev", "--stage", "test")
    assert (same.status, same.out.splitlines()) == (
        0,
        [
            "The same access by roles, policies and doors: proven for every request.",
            "note: orders-dev and orders-test are put equal in names",
        ],
    )
    other = project.remit("diff", "--stage", "dev", "--stage", "prod")
    assert (other.status, other.out.splitlines()[0]) == (1, "stage dev -> stage prod")


def test_what_is_accepted_is_shown_and_does_not_count(changed: Project) -> None:
    ran = changed.remit("diff", "--accept", "orders are written from May on")
    assert (ran.status, ran.err) == (0, "config/accepted.json has 1 more entry\n")
    assert json.loads((changed.folder / "config" / "accepted.json").read_text()) == [
        {
            "functions": ["hello"],
            "statement": {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": TABLE},
            "because": "orders are written from May on",
        }
    ]
    again = changed.remit("diff")
    assert again.status == 0
    assert "      hello: accepted: orders are written from May on" in again.out.splitlines()
    counts = "0 causes gain access, 1 loses, 0 undecided, 1 accepted; 1 of 1 functions concerned"
    assert counts == again.out.splitlines()[1]


def test_accepting_twice_changes_nothing(changed: Project) -> None:
    changed.remit("diff", "--accept", "agreed")
    before = (changed.folder / "config" / "accepted.json").read_bytes()
    ran = changed.remit("diff", "--accept", "again")
    assert (ran.status, ran.err) == (0, "nothing is left to accept\n")
    assert (changed.folder / "config" / "accepted.json").read_bytes() == before


def test_what_is_accepted_later_stands_behind_what_was_accepted_before(changed: Project) -> None:
    changed.remit("diff", "--accept", "agreed")
    accepted = changed.folder / "config" / "accepted.json"
    (before,) = json.loads(accepted.read_text())
    text = (changed.folder / "app.py").read_text()
    write(changed.folder, {"app.py": text.replace("policy=[", 'policy=[s3.read("more"), dynamodb.delete("orders"), ')})
    ran = changed.remit("diff", "--accept", " both ")
    assert (ran.status, ran.err) == (0, "config/accepted.json has 2 more entries\n")
    first, *others = json.loads(accepted.read_text())
    assert (before, ["both", "both"]) == (first, [entry["because"] for entry in others])


def test_an_entry_that_nothing_needs_is_noted(changed: Project) -> None:
    changed.remit("diff", "--accept", "agreed")
    write(changed.folder, {"app.py": OLD})
    ran = changed.remit("diff")
    assert ran.status == 0
    assert "note: config/accepted.json: nothing needs the entry of line 2 now" in ran.out.splitlines()
    accepted = changed.folder / "config" / "accepted.json"
    accepted.write_text("[\n" + ",\n".join([json.dumps(json.loads(accepted.read_text())[0])] * 2) + "\n]\n")
    assert "note: config/accepted.json: nothing needs the entries of line 2, 3 now" in changed.remit("diff").out


def test_a_mistake_in_the_accepted_gains_is_told_at_its_line(changed: Project) -> None:
    write(
        changed.folder, {"config/accepted.json": '[\n  {"functions": ["helo"], "policy": "arn:x", "because": "x"}\n]\n'}
    )
    ran = changed.remit("diff")
    assert ran.status == 2
    assert ran.err == (
        "error: there is no function `helo` to accept anything for\n"
        "  --> config/accepted.json:2:3\nhint: did you mean `hello`?\n"
    )


def test_a_boundary_that_is_removed_is_said_in_words_and_is_undecided(make: Make) -> None:
    project = make(config='config.lambda_.iam.permissions_boundary = "arn:aws:iam::111122223333:policy/limit"')
    deployed(project)
    write(project.folder, {"config/deploy.py": configuration("")})
    ran = project.remit("diff")
    arn = "arn:${AWS::Partition}:iam::111122223333:policy/limit"
    assert ran.status == 1
    assert f"  ? boundary {arn} is removed: what it kept the role from cannot be seen here" in ran.out.splitlines()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--base", "main", "--live"), "choose one to compare with: --base or --live"),
        (("--stage", "a", "--stage", "b", "--base", "main"), "choose one to compare with: --base or two stages"),
        (("--stage", "a", "--stage", "b", "--stage", "c"), "two are compared"),
        (("--base", "main", "--local"), "--local goes with the last deploy"),
        (("--region", "eu-central-1"), "--region and --profile go with --deployed or --live"),
        (("--accept", " "), "--accept wants a reason"),
    ],
)
def test_options_that_do_not_go_together_are_refused(make: Make, arguments: tuple[str, ...], expected: str) -> None:
    ran = make().remit("diff", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert expected in ran.err


def test_two_forms_at_once_are_refused_in_the_form_of_programs(make: Make) -> None:
    ran = make().remit("diff", "--json", "--markdown")
    assert (2, "choose one of --json and --markdown") == (ran.status, json.loads(ran.out)[0]["message"])


def test_a_damaged_record_says_what_to_do(changed: Project) -> None:
    write(changed.folder, {".remit/deployed/orders-dev.json": "{}"})
    ran = changed.remit("diff")
    assert ran.status == 2
    assert "hint: delete it: the next deploy writes it anew" in ran.err


def test_colours_are_left_out_where_they_are_not_wanted(changed: Project) -> None:
    ran = remit_process("diff", cwd=changed.folder, environment={"NO_COLOR": "1", "CLICOLOR_FORCE": "1"})
    assert (ran.status, "\x1b" in ran.out) == (1, False)


def template(*statements: dict[str, Any], **more: Any) -> str:
    policy = {"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    properties = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        **({"Policies": [policy]} if statements else {}),
        **more,
    }
    role = {"Type": "AWS::IAM::Role", "Properties": properties}
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}}
    return json.dumps({"Resources": {"Role": role, "Ingest": function}}, indent=1)


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


WIDE = "arn:aws:iam::aws:policy/PowerUserAccess"
NARROW = "arn:aws:iam::aws:policy/ReadOnlyAccess"
IP = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
SERVICES = {"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}
TRUSTING = {"Effect": "Allow", "Principal": SERVICES, "Action": "sts:AssumeRole"}
BOTH = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [TRUSTING]}}
TWO = ["s3:GetObject", "s3:PutObject"]


@pytest.mark.parametrize(
    ("old", "new", "broadens"),
    [
        (template(allow("s3:GetObject")), template(allow("s3:GetObject", "arn:aws:s3:::a/*")), False),
        (template(allow(TWO)), template(allow("s3:GetObject")), False),
        (template(allow(TWO)), template(allow("s3:GetObject"), allow("s3:PutObject")), False),
        (template(allow("s3:*")), template(allow("s3:*"), allow("s3:GetObject")), False),
        (template(allow("s3:GetObject")), template(allow("s3:GetObject", Condition=IP)), False),
        (template(allow("s3:GetObject", Condition=IP)), template(allow("s3:GetObject")), True),
        (template(allow("s3:*"), PermissionsBoundary=NARROW), template(allow("s3:*")), True),
        (template(allow("s3:*"), PermissionsBoundary=NARROW), template(allow("s3:*"), PermissionsBoundary=WIDE), True),
        (template(allow("s3:*"), PermissionsBoundary=WIDE), template(allow("s3:*"), PermissionsBoundary=NARROW), False),
        (template(allow("s3:*")), template(allow("s3:*"), PermissionsBoundary=NARROW), False),
        (template(), template(ManagedPolicyArns=[NARROW]), True),
        (template(), template(**BOTH), True),
        (template(allow("s3:GetObject")), template(allow("s3:Get*")), True),
    ],
)  # fmt: skip
def test_what_other_tools_get_wrong_is_told_right_of_two_templates(
    tmp_path: Path, *, old: str, new: str, broadens: bool
) -> None:
    write(tmp_path, {"old.json": old, "new.json": new})
    ran = remit("diff", str(tmp_path / "old.json"), str(tmp_path / "new.json"), "--json")
    answer = told(ran)
    assert (ran.status, bool(answer["gained"]), answer["undecided"]) == (int(broadens), broadens, [])


def test_a_template_in_yaml_is_read_with_its_lines(tmp_path: Path) -> None:
    new = """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: sqs:SendMessage
                Resource: !GetAtt Queue.Arn
"""
    write(tmp_path, {"old.json": template(), "new.yaml": new})
    answer = told(remit("diff", str(tmp_path / "old.json"), str(tmp_path / "new.yaml"), "--json"))
    (gain,) = answer["gained"]
    assert (gain["allows"]["resource"], gain["origin"]["line"]) == ("${Queue.Arn}", 13)


def test_a_plan_holds_both_sides(tmp_path: Path) -> None:
    def values(*actions: str) -> dict[str, Any]:
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow(list(actions))]})
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        role = {"name": "worker", "assume_role_policy": trust, "inline_policy": [{"name": "own", "policy": policy}]}
        address = {"address": "aws_iam_role.worker", "mode": "managed", "type": "aws_iam_role", "name": "worker"}
        return {"root_module": {"resources": [{**address, "values": role}]}}

    plan = {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": values("s3:GetObject", "s3:PutObject"),
        "prior_state": {"format_version": "1.0", "values": values("s3:GetObject")},
    }
    write(tmp_path, {"plan.json": json.dumps(plan)})
    ran = remit("diff", str(tmp_path / "plan.json"), "--json")
    assert (ran.status, [one["action"] for one in told(ran)["gained"]]) == (1, ["s3:PutObject"])


def test_one_file_that_is_no_plan_is_compared_with_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"new.json": template()})
    ran = remit("diff", str(tmp_path / "new.json"))
    assert (ran.status, ran.out) == (2, "")
    assert "hint: give OLD and NEW" in ran.err


def test_a_policy_and_a_template_are_not_compared(tmp_path: Path) -> None:
    write(tmp_path, {"policy.json": json.dumps({"Version": "2012-10-17", "Statement": []}), "new.json": template()})
    for names in (("policy.json", "new.json"), ("new.json", "policy.json")):
        ran = remit("diff", *(str(tmp_path / name) for name in names))
        assert ran.status == 2
        assert "policy.json is not a template, and the other file is one" in ran.err


def test_a_function_that_is_given_another_role_is_undecided(make: Make) -> None:
    project = make()
    deployed(project)
    given = 'config.lambda_.function.properties = {"Role": "arn:aws:iam::111122223333:role/admin"}'
    write(project.folder, {"config/deploy.py": configuration(given)})
    ran = project.remit("diff")
    assert ran.status == 1
    assert (
        "  ? it comes to run under arn:aws:iam::111122223333:role/admin: what that role may do cannot be seen here"
        in (ran.out.splitlines())
    )
    deployed(project)
    assert project.remit("diff").status == 0


def test_a_function_of_a_template_that_is_given_another_role_is_undecided(tmp_path: Path) -> None:
    old = json.loads(template(allow("s3:GetObject")))
    new = json.loads(template(allow("s3:GetObject")))
    new["Resources"]["Ingest"]["Properties"]["Role"] = "arn:aws:iam::111122223333:role/admin"
    write(tmp_path, {"old.json": json.dumps(old), "new.json": json.dumps(new)})
    answer = told(remit("diff", str(tmp_path / "old.json"), str(tmp_path / "new.json"), "--json"))
    assert [one["policy"] for one in answer["undecided"]] == ["arn:aws:iam::111122223333:role/admin"]


PUBLIC = OLD.replace("@app.function(", '@app.function(http(auth="NONE"), ')


def test_a_function_that_is_opened_to_everyone_is_told_until_it_is_accepted(make: Make) -> None:
    project = make(**{"app.py": OLD})
    deployed(project)
    commit(project.folder)
    write(project.folder, {"app.py": PUBLIC})
    reason = "everyone may call hello now: its URL, or a permission, names no account"
    for arguments in ((), ("--base", "HEAD")):
        ran = project.remit("diff", *arguments, "--json")
        assert (ran.status, [one["reason"] for one in told(ran)["undecided"]]) == (1, [reason])
    assert project.remit("diff", "--accept", "it is our web site").status == 0
    assert project.remit("diff").status == 0


def test_a_function_whose_url_asks_for_a_signature_is_not_told(make: Make) -> None:
    project = make(**{"app.py": PUBLIC})
    deployed(project)
    for auth in ("NONE", "AWS_IAM"):
        write(project.folder, {"app.py": PUBLIC.replace("NONE", auth)})
        assert project.remit("diff").out == "The same access by roles, policies and doors: proven for every request.\n"


def test_a_record_that_does_not_say_who_may_call_tells_nothing(make: Make) -> None:
    project = make(**{"app.py": PUBLIC})
    deployed(project)
    path = project.folder / ".remit" / "deployed" / "orders-dev.json"
    old = {name: value for name, value in json.loads(path.read_text()).items() if name != "open"}
    path.write_text(json.dumps(old))
    assert project.remit("diff").status == 0
