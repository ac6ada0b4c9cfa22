"""Delete with --empty: what is in the buckets of a stack is listed, agreed to, and deleted with every version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit as run
from random_cases import in_all_cases
from remit.deploy.delete import FilledBucket, delete, filled_buckets
from terminals import QuickTerminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

NAME = "orders-dev"
BUCKETS = """
from remit import Shared, resource


class Data(Shared):
    files = resource("AWS::S3::Bucket", bucket_name="orders-files", versioning_configuration={"Status": "Enabled"})
    logs = resource("AWS::S3::Bucket", bucket_name="orders-logs")
    empty = resource("AWS::S3::Bucket", bucket_name="orders-empty")
    kept = resource("AWS::S3::Bucket", bucket_name="orders-kept", deletion_policy="Retain")
"""
PRODUCTION = 'from remit import configure\n\nwith configure() as config:\n    config.stages.production = ["dev"]\n'
LISTED = (
    "  - bucket orders-files: 4 objects and versions, 6 bytes\n"
    "  - bucket orders-logs: 1 objects and versions, 10 bytes\n"
)


@pytest.fixture
def filled(project: Path, remit: Remit, elsewhere: Account) -> Remit:
    """The project is deployed, and all of its buckets but one hold something; run the next command."""
    folder = project / "shared" / "resources"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.py").write_text(BUCKETS)
    assert remit("deploy", "--yes")[0] == 0
    s3 = elsewhere.client("s3")
    for body in (b"1", b"12", b"123"):
        s3.put_object(Bucket="orders-files", Key="a", Body=body)
    s3.delete_object(Bucket="orders-files", Key="a")
    for bucket in ("orders-logs", "orders-kept"):
        s3.put_object(Bucket=bucket, Key="b", Body=b"0123456789")
    return remit


def stored(account: Account) -> dict[str, int]:
    """How many versions each bucket of the app holds."""
    s3 = account.client("s3")
    counts = {}
    for bucket in s3.list_buckets()["Buckets"]:
        if bucket["Name"].startswith("orders-"):
            page = s3.list_object_versions(Bucket=bucket["Name"])
            counts[bucket["Name"]] = len(page.get("Versions", [])) + len(page.get("DeleteMarkers", []))
    return counts


FULL = {"orders-empty": 0, "orders-files": 4, "orders-kept": 1, "orders-logs": 1}


def test_the_buckets_that_go_are_listed_and_emptied_and_what_is_kept_is_not(filled: Remit, elsewhere: Account) -> None:
    code, out, err = filled("delete", "--yes-delete", "all", "--empty")
    assert (code, LISTED in err) == (0, True)
    assert "orders-dev is deleted from the AWS on this machine" in out
    assert {"orders-kept": 1} == stored(elsewhere)


@pytest.mark.parametrize("options", [(), ("--yes",)])
def test_without_an_agreement_nothing_is_emptied(filled: Remit, elsewhere: Account, options: tuple[str, ...]) -> None:
    code, _, err = filled("delete", "--empty", *options)
    assert (code != 0, LISTED in err) == (True, True)
    assert FULL == stored(elsewhere)


def test_a_stack_that_may_not_be_deleted_is_not_emptied(filled: Remit, elsewhere: Account) -> None:
    cloudformation = elsewhere.client("cloudformation")
    cloudformation.update_termination_protection(StackName=NAME, EnableTerminationProtection=True)
    code, _, err = filled("delete", "--yes-delete", "all", "--empty")
    assert (code, "is protected against deletion" in err) == (2, True)
    assert FULL == stored(elsewhere)
    cloudformation.update_termination_protection(StackName=NAME, EnableTerminationProtection=False)


def test_empty_goes_with_no_resume_and_says_nothing_where_nothing_is_deployed(remit: Remit, project: Path) -> None:
    assert 2 == remit("delete", "--empty", "--resume")[0]
    assert project.is_dir()
    assert (0, True) == (remit("delete", "--empty")[0], "not deployed" in remit("delete", "--empty")[1])


@pytest.fixture
def production(project: Path) -> Any:
    """The stage is production."""
    file = project / "config" / "deploy.py"
    file.parent.mkdir(exist_ok=True)
    (project / "shared" / "resources").mkdir(parents=True, exist_ok=True)
    file.write_text(PRODUCTION)
    yield file
    file.unlink()


IN_PRODUCTION = BUCKETS.replace('"orders-logs"', '"orders-logs", deletion_policy="Delete"').replace(
    '"Enabled"}', '"Enabled"}, deletion_policy="Delete"'
)


def test_in_production_the_name_is_typed_at_a_terminal_and_no_option_answers(
    production: Path, project: Path, filled: Remit, elsewhere: Account
) -> None:
    (project / "shared" / "resources" / "data.py").write_text(IN_PRODUCTION)
    assert filled("deploy", "--yes")[0] == 0
    elsewhere.client("cloudformation").update_termination_protection(StackName=NAME, EnableTerminationProtection=False)
    refusal = "error: nothing was deleted: emptying buckets of orders-dev needs its name\n"
    code, _, err = filled("delete", "--yes-delete", "all", "--empty")
    assert (code, LISTED in err, refusal in err) == (1, True, True)
    for typed, ends in (("orders", 1), ("orders-dev", 0)):
        assert FULL == stored(elsewhere)
        terminal = QuickTerminal(project, "delete", "--local", "--yes-delete", "all", "--empty")
        terminal.until("Type orders-dev to delete all that is in them: ")
        terminal.answer(typed)
        assert ends == terminal.end()[0]
    assert {"orders-empty", "orders-kept"} == set(stored(elsewhere))
    assert production.is_file()


def test_its_rights_are_in_a_policy_of_their_own(project: Path) -> None:
    (project / "shared" / "resources").mkdir(parents=True, exist_ok=True)
    (project / "shared" / "resources" / "data.py").write_text(BUCKETS)

    def on_buckets(*options: str) -> set[tuple[str, str]]:
        policy = json.loads(run("policy", "deployer", "-C", str(project), *options).out)
        rights = set()
        for statement in policy["Statement"]:
            actions, resources = statement["Action"], statement["Resource"]
            for action in [actions] if isinstance(actions, str) else actions:
                for resource in [resources] if isinstance(resources, str) else resources:
                    if ":s3:::orders-" in resource:
                        rights.add((action, resource.rpartition(":::")[2]))
        return rights

    more = on_buckets("--for", "empty") - on_buckets()
    names = ("orders-empty", "orders-files", "orders-logs")
    expected = {("s3:ListBucketVersions", name) for name in names}
    expected |= {(f"s3:{action}", f"{name}/*") for name in names for action in ("DeleteObject", "DeleteObjectVersion")}
    assert expected == more


@in_all_cases
def test_from_python_too(filled: Remit, elsewhere: Account) -> None:
    buckets = filled_buckets(elsewhere, NAME)
    assert (FilledBucket("orders-files", 4, 6), FilledBucket("orders-logs", 1, 10)) == buckets
    outcome = delete(elsewhere, NAME, lambda _: None, empties=buckets)
    assert outcome is not None
    assert outcome.ok
    assert filled("status")[0] == 1
