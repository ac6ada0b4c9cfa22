"""`remit diff --base REF FILE…`: files beside what they were at a commit, also new and deleted ones."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

import projects
from projects import Ran

if TYPE_CHECKING:
    from pathlib import Path


def remit(*arguments: str, cwd: Path) -> Ran:
    with contextlib.chdir(cwd):
        return projects.remit(*arguments)


def role(action: str) -> str:
    """A template with one role that may do one thing."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    properties = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}],
    }
    return json.dumps({"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}})


def git(folder: Path, *arguments: str) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, "-C", str(folder), *arguments], env=environment, check=True, capture_output=True)  # noqa: S607 - git is where PATH says


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with three templates and a policy, all in its first commit."""
    folder = tmp_path / "infra"
    (folder / "stacks").mkdir(parents=True)
    for name in ("app.json", "old.json", "stacks/data.json"):
        (folder / name).write_text(role("s3:GetObject"))
    (folder / "policy.json").write_text(policy("s3:GetObject"))
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "a state")
    return folder


def policy(action: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})


def documents(ran: Ran) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = json.loads(ran.out)["files"]
    return files


def test_a_file_is_compared_with_what_it_was(repository: Path) -> None:
    (repository / "app.json").write_text(role("s3:PutObject"))
    ran = remit("diff", "--base", "HEAD", "app.json", cwd=repository)
    assert (ran.status, ran.err) == (1, "")
    assert ran.out.splitlines()[0] == "app.json at HEAD -> app.json"
    counts = "1 cause gains access, 1 loses, 0 undecided; 1 role or resource concerned"
    assert counts == ran.out.splitlines()[1]


def test_an_unchanged_file_is_fine(repository: Path) -> None:
    assert remit("diff", "--base", "HEAD", "app.json", cwd=repository).status == 0


def test_a_new_file_gains_all_that_it_grants_and_a_deleted_one_loses_it(repository: Path) -> None:
    (repository / "new.json").write_text(role("s3:GetObject"))
    (repository / "old.json").unlink()
    ran = remit("diff", "--base", "HEAD", "new.json", "old.json", "--json", cwd=repository)
    new, old = documents(ran)
    assert ran.status == 1
    assert (new["file"], new["old"], new["new"]) == ("new.json", "nothing (new.json is new)", "new.json")
    assert {"s3:GetObject"} == {piece["action"] for piece in new["gained"]}
    assert (old["old"], old["new"], old["gained"]) == ("old.json at HEAD", "nothing (old.json is deleted)", [])
    assert {"s3:GetObject"} == {piece["action"] for piece in old["lost"]}
    assert remit("diff", "--base", "HEAD", "old.json", cwd=repository).status == 0


def test_a_file_in_a_folder_that_is_deleted_is_found(repository: Path) -> None:
    (repository / "stacks/data.json").unlink()
    (repository / "stacks").rmdir()
    (document,) = documents(remit("diff", "--base", "HEAD", "stacks/data.json", "--json", cwd=repository))
    assert document["new"] == "nothing (stacks/data.json is deleted)"


def test_files_are_found_from_any_folder(repository: Path) -> None:
    (repository / "stacks/data.json").write_text(role("s3:PutObject"))
    for name in ("data.json", str(repository / "stacks/data.json")):
        assert remit("diff", "--base", "HEAD", name, cwd=repository / "stacks").status == 1
    assert remit("diff", "--base", "HEAD", "../app.json", cwd=repository / "stacks").status == 0


def test_policies_are_compared_too_and_new_ones_with_none(repository: Path) -> None:
    (repository / "policy.json").write_text(policy("s3:*"))
    (repository / "fresh.json").write_text(policy("s3:GetObject"))
    ran = remit("diff", "--base", "HEAD", "policy.json", "fresh.json", "--json", cwd=repository)
    changed, fresh = documents(ran)
    assert ran.status == 1
    assert changed["gained"]
    assert [piece["action"] for piece in fresh["gained"]] == ["s3:GetObject"]


def test_each_of_several_files_is_told_under_its_name(repository: Path) -> None:
    (repository / "app.json").write_text(role("s3:PutObject"))
    lines = remit("diff", "--base", "HEAD", "app.json", "old.json", cwd=repository).out.splitlines()
    assert (lines[0], lines[1]) == ("app.json:", "app.json at HEAD -> app.json")
    assert lines[lines.index("old.json:") - 1] == ""


def test_several_files_share_the_lines_that_one_alone_has(repository: Path) -> None:
    """One has a hundred, two have fifty each; --all has every piece, the same of each."""
    names = ("a.json", "b.json")
    statements = [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::shop-{number}/*"}
        for number in range(120)
    ]
    for name in names:
        (repository / name).write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
    alone, two, whole = (
        remit("diff", "--base", "HEAD", *words, cwd=repository).out.split("\n")
        for words in (names[:1], names, (*names, "--all"))
    )
    middle = two.index("b.json:")
    assert [True] * 3 == [85 < len(alone) <= 100, 35 < middle <= 50, 35 < len(two) - middle <= 50]
    causes = [line for line in whole if line.startswith("  + ")]
    assert ["  + Read on s3: s3:GetObject"] * 240 == causes
    assert (two[0], two[1 : middle - 4]) == ("a.json:", alone[: middle - 5])


def test_a_file_that_is_named_twice_is_told_once_and_files_are_apart(repository: Path) -> None:
    for name in ("app.json", "old.json"):
        (repository / name).write_text(role("s3:PutObject"))
    alone = {
        name: remit("diff", "--base", "HEAD", *([name] * 2), cwd=repository) for name in ("app.json", "policy.json")
    }
    twice = remit("diff", "--base", "HEAD", "app.json", "policy.json", "app.json", cwd=repository)
    assert f"app.json:\n{alone['app.json'].out}\npolicy.json:\n{alone['policy.json'].out}" == twice.out
    assert [1, 0, 1] == [alone["app.json"].status, alone["policy.json"].status, twice.status]
    assert "" == twice.err
    assert remit("diff", "--base", "HEAD", "app.json", cwd=repository).out == alone["app.json"].out


def test_one_comment_tells_of_all_files_under_one_mark(repository: Path) -> None:
    (repository / "app.json").write_text(role("s3:PutObject"))
    ran = remit("diff", "--base", "HEAD", "app.json", "old.json", "--markdown", cwd=repository)
    lines = ran.out.splitlines()
    assert (ran.status, lines[0]) == (1, "<!-- remit diff app.json old.json -->")
    assert [line for line in lines if line.startswith("### ")] == ["### `app.json`", "### `old.json`"]
    assert 1 == ran.out.count("<!--")


def test_the_mark_of_a_comment_comes_from_the_new_file_alone(repository: Path) -> None:
    (repository / "before.json").write_text(role("s3:PutObject"))
    mark = "<!-- remit diff app.json -->"
    for arguments in (("before.json", "app.json"), ("--base", "HEAD", "app.json")):
        assert remit("diff", *arguments, "--markdown", cwd=repository).out.splitlines()[0] == mark
    assert remit("diff", "policy.json", "policy.json", "--markdown", cwd=repository).out.startswith(
        "<!-- remit diff policy.json -->\n"
    )


def test_a_template_that_could_not_be_read_then_is_shown_as_new(repository: Path) -> None:
    (repository / "app.json").write_text('{"Resources": {"Role": []}}')
    git(repository, "commit", "-qam", "broken")
    (repository / "app.json").write_text(role("s3:GetObject"))
    ran = remit("diff", "--base", "HEAD", "app.json", "--json", cwd=repository)
    (document,) = documents(ran)
    assert ran.status == 1
    assert document["notes"][0].startswith("app.json at HEAD cannot be read, so everything is shown as new: ")
    assert {"s3:GetObject"} == {piece["action"] for piece in document["gained"]}


def test_all_files_that_cannot_be_read_are_told_at_once(repository: Path) -> None:
    (repository / "app.json").write_text('{"Resources": {"Role": []}}')
    (repository / "old.json").write_text('{"Resources": ')
    ran = remit("diff", "--base", "HEAD", "app.json", "old.json", "app.json", "stacks/data.json", cwd=repository)
    mistakes = (
        "error: resource `Role` must be a mapping with a Type\n  --> app.json:1:24\n",
        "error: a JSON value was expected here, not the end\n  --> old.json:1:15\n",
    )
    assert Ran(2, "", "\n".join(mistakes)) == ran
    (repository / "stacks/data.json").write_text(role("s3:PutObject"))
    comment = remit("diff", "--base", "HEAD", "old.json", "stacks/data.json", "--markdown", cwd=repository)
    assert comment.status == 2
    assert [line for line in comment.out.splitlines() if line.startswith("### ")] == [
        "### `old.json`", "### `stacks/data.json`",
    ]  # fmt: skip
    assert "not compared: " in comment.out
    assert "old.json:1:" in comment.out


@pytest.mark.parametrize("resources", ["null", "[]", '"none"'])
def test_resources_that_are_no_mapping_are_a_mistake(repository: Path, resources: str) -> None:
    (repository / "app.json").write_text(f'{{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {resources}}}')
    ran = remit("diff", "--base", "HEAD", "app.json", cwd=repository)
    assert (ran.status, ran.out) == (2, "")
    assert "app.json is not a CloudFormation template: it has no Resources" in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--base", "HEAD", "nowhere.json"), "there is no file nowhere.json, neither here nor at HEAD"),
        (("--base", "nope", "app.json"), "git knows no commit 'nope'"),
        (("--base", "HEAD", "-"), "a file that --base compares with itself is no standard input"),
        (("--base", "HEAD", "app.json", "--stage", "x"), "files are compared by themselves"),
        (("--base", "HEAD", "app.json", "--live"), "choose one to compare with: --base or --live"),
        (("app.json", "old.json", "policy.json"), "two are compared, an old and a new"),
        (("nowhere.json", "app.json"), "there is no file nowhere.json"),
        (("nowhere.json", "gone.json"), "there is no file nowhere.json and no gone.json"),
    ],
)
def test_what_cannot_be_compared_is_refused(repository: Path, arguments: tuple[str, ...], message: str) -> None:
    ran = remit("diff", *arguments, cwd=repository)
    assert ran.status == 2
    assert ran.err.startswith(f"error: {message}")


def test_a_folder_that_is_in_no_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "app.json").write_text(role("s3:GetObject"))
    ran = remit("diff", "--base", "HEAD", "app.json", cwd=tmp_path)
    assert ran.status == 2
    assert "in no git repository, which --base needs" in ran.err


def test_a_shallow_detached_clone_of_a_pull_request_knows_its_base(repository: Path, tmp_path: Path) -> None:
    git(repository, "checkout", "-qb", "change")
    (repository / "app.json").write_text(role("s3:PutObject"))
    git(repository, "commit", "-qam", "more access")
    git(repository, "checkout", "-q", "main")
    git(repository, "commit", "-q", "--allow-empty", "-m", "meanwhile")
    git(repository, "merge", "-q", "--no-ff", "-m", "the merge", "change")
    git(tmp_path, "clone", "-q", "--depth", "2", repository.as_uri(), "clone")
    git(tmp_path / "clone", "checkout", "-q", "--detach")
    git(tmp_path / "clone", "branch", "-qD", "main")
    for ref in ("HEAD^1", "main"):  # the latter is origin's
        ran = remit("diff", "--base", ref, "app.json", cwd=tmp_path / "clone")
        assert ran.status == (1 if ref == "HEAD^1" else 0)


def test_a_nested_template_is_read_at_the_revision_of_its_side(repository: Path) -> None:
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "../stacks/data.json"}}
    (repository / "main").mkdir()
    (repository / "main" / "all.json").write_text(json.dumps({"Resources": {"Data": nested}}))
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "all in one")
    assert remit("diff", "--base", "HEAD", "main/all.json", cwd=repository).status == 0
    (repository / "stacks" / "data.json").write_text(role("s3:PutObject"))
    ran = remit("diff", "--base", "HEAD", "main/all.json", "--json", cwd=repository)
    (gain,) = documents(ran)[0]["gained"]
    assert (ran.status, gain["role"], gain["action"]) == (1, "Data/Role", "s3:PutObject")
    assert gain["origin"]["file"] == "main/../stacks/data.json"


def test_a_nested_template_outside_of_the_repository_was_not_in_it(repository: Path) -> None:
    (repository.parent / "away.json").write_text(role("s3:GetObject"))
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "../away.json"}}
    (repository / "all.json").write_text(json.dumps({"Resources": {"Away": nested}}))
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "all in one")
    ran = remit("diff", "--base", "HEAD", "all.json", cwd=repository)
    assert ran.status == 0
    assert "not compared: nested template Away" in ran.out
    assert "is in no git repository" in ran.out


def test_standard_input_has_no_nested_templates_beside_it(repository: Path) -> None:
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "app.json"}}
    text = json.dumps({"Resources": {"App": nested}})
    (repository / "all.json").write_text(text)
    with contextlib.chdir(repository):
        ran = projects.remit("diff", "-", "all.json", stdin=text.encode())
    assert (ran.status, "not compared: nested template App" in ran.out) == (0, True)
