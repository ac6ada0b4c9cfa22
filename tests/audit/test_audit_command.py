"""`remit audit` prints a table for people, JSON and CSV for programs, and ends with 1 when something is wrong."""

from __future__ import annotations

import gc
import gzip
import json
import subprocess
import sys
from typing import TYPE_CHECKING, TypeVar

import pytest

from audit_accounts import ACCOUNT, EVERYTHING, NOW, OTHER, allow, page, role, trust, write
from remit.audit.account_audit import AuditedAccount
from remit.audit.audit import AuditInput, audit
from remit.audit.organization import organization
from remit.audit.result_cache import ResultCache
from remit.cli import main
from remit.report.audit import audit_json

if TYPE_CHECKING:
    from pathlib import Path

    from remit.audit.audit import AuditReport

READER = role("reader", allow("s3:GetObject", on="arn:aws:s3:::orders/*"))


def run(*arguments: str, cached: bool = False) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["audit", *([] if cached else ["--no-cache"]), *arguments])
    assert isinstance(stop.value.code, int)
    return stop.value.code


def test_a_folder_without_problems_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == run(str(write(tmp_path, page(READER))), "--json")
    principal = json.loads(capsys.readouterr().out)["principals"][0]
    access = {
        "action": "s3:GetObject",
        "verdict": "yes",
        "resource": "arn:aws:s3:::orders/example",
        "must_hold": {},
        "statement": "own (inline), Statement[0]",
    }
    arn = f"arn:aws:iam::{ACCOUNT}:role/reader"
    assert {"arn": arn, "account": ACCOUNT, "unknown": [], "access": [access]} == principal


def test_problems_go_to_standard_error_and_the_exit_code_is_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, page(READER))
    (tmp_path / "bad.json").write_text("{", "utf-8")
    assert 1 == run(str(tmp_path))
    output = capsys.readouterr()
    assert "problem: bad.json: is cut off in line 1: its JSON does not end\n" == output.err
    assert "1 principal in 1 account\n" in output.out


@pytest.mark.parametrize("option", ["--organization", "--resource-policies"])
@pytest.mark.parametrize(
    "content", [b'{"Roots": [', gzip.compress(b"[]")[:-9]], ids=["cut off", "gzip that ends early"]
)
def test_a_further_file_that_cannot_be_read_is_told_and_the_rest_is_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, content: bytes
) -> None:
    folder = write(tmp_path / "accounts", page(READER))
    path = tmp_path / "further.json"
    path.write_bytes(content)
    assert 1 == run(str(folder), option, str(path), "--json")
    output = capsys.readouterr()
    (principal,) = json.loads(output.out)["principals"]
    assert output.err.startswith(f"problem: {path.as_posix()}: ")
    assert 1 == output.err.count("problem: ")
    assert (option == "--organization") == bool(principal["unknown"])


def test_a_folder_of_resource_policies_is_read_and_what_is_left_out_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    write(tmp_path / "resources", [{"Arn": "arn:aws:s3:::a", "Account": ACCOUNT, "Policy": policy}], "a.json")
    write(tmp_path / "resources", [], "b.txt")
    write(tmp_path / "resources", [{"Arn": "arn:aws:s3:::c"}, {"Account": ACCOUNT}], "c.json")
    folder = write(tmp_path / "accounts", page(READER))
    organization = tmp_path / "organization.json"
    organization.write_text("[", "utf-8")
    further = ("--organization", str(organization), "--resource-policies", str(tmp_path / "resources"))
    assert 1 == run(str(folder), *further, "--json")
    output = capsys.readouterr()
    resources = [row["resource"] for row in json.loads(output.out)["exposures"] if row["reach"] == "anyone"]
    assert ["arn:aws:s3:::a"] == resources
    told = [line.split(": ")[1] for line in output.err.splitlines()]
    assert [organization.as_posix(), *[(tmp_path / "resources/c.json").as_posix()] * 2, "b.txt"] == told


def test_csv_has_a_row_for_each_sensitive_action(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == run(str(write(tmp_path, page(READER))), "--format", "csv")
    row = f"{ACCOUNT},arn:aws:iam::{ACCOUNT}:role/reader,s3:GetObject,data,yes,arn:aws:s3:::orders/example,,"
    assert row + '"own (inline), Statement[0]"' == capsys.readouterr().out.splitlines()[1]


def test_a_day_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == run(str(write(tmp_path, page(READER))), "--at", "yesterday")
    assert "--at 'yesterday' is no date" in capsys.readouterr().err


def test_a_second_run_gives_the_same_and_asks_only_what_has_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "accounts", page(READER, role("x", allow("iam:PutRolePolicy"))))
    write(folder, page(role("other", account=OTHER, trusts=trust(aws=f"arn:aws:iam::{ACCOUNT}:root"))), "other.json")
    cache = tmp_path / "cache"
    outputs = []
    for _ in range(2):
        assert 1 == run(str(folder), "--cache", str(cache), "--at", "2026-11-27", "--json", cached=True)
        outputs.append(capsys.readouterr().out)
    names = {path.name: path.stat().st_mtime_ns for path in cache.iterdir()}
    write(folder, page(READER))
    assert 0 == run(str(folder), "--cache", str(cache), "--at", "2026-11-27", "--json", cached=True)
    kept = {path.name for path in cache.iterdir() if names.get(path.name) == path.stat().st_mtime_ns}
    assert outputs[0] == outputs[1]
    assert ["account", "file"] == sorted(name.partition("-")[0] for name in kept)


def written(report: AuditReport) -> str:
    return "".join(audit_json(report))


def test_what_the_organization_says_of_another_account_is_asked_again_when_it_changes(tmp_path: Path) -> None:
    entering = trust(aws=f"arn:aws:iam::{ACCOUNT}:role/x")
    write(tmp_path / "accounts", page(role("x", allow("sts:AssumeRole")), role("y", trusts=trust(aws="777788889999"))))
    write(tmp_path / "accounts", page(role("admin", EVERYTHING, account=OTHER, trusts=entering)), "other.json")
    denied = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}

    def told(accounts: dict[str, list[str]], manager: str, cache: Path | None) -> str:
        value = {
            "Organization": {"Id": "o-example", "MasterAccountId": manager},
            "Roots": [{"Id": "r-1", "Policies": ["p-FullAWSAccess", "p-RCPFullAWSAccess"]}],
            "Accounts": [
                {"Id": account, "ParentId": "r-1", "Policies": ["p-FullAWSAccess", *policies]}
                for account, policies in accounts.items()
            ],
            "Policies": [
                {
                    "PolicySummary": {"Id": "p-rcp", "Type": "RESOURCE_CONTROL_POLICY"},
                    "Content": {"Version": "2012-10-17", "Statement": [denied]},
                }
            ],
        }
        audit_input = AuditInput(tmp_path / "accounts", NOW, organization(value, "organization.json")[0])
        return written(audit(audit_input, ResultCache(cache)))

    organizations = (
        {ACCOUNT: [], OTHER: []},
        {ACCOUNT: [], OTHER: [], "777788889999": []},
        {ACCOUNT: [], OTHER: ["p-rcp"], "777788889999": []},
    )
    cases = [(accounts, "999988887777") for accounts in organizations]
    cases.insert(1, (organizations[0], "777788889999"))
    expected = [told(*case, None) for case in cases]
    assert expected == [told(*case, tmp_path / "cache") for case in cases]
    assert len(set(expected)) == len(organizations)
    assert expected[1] == expected[2]  # a member, whether it manages the organization or not


def test_another_day_is_asked_about_again_and_equal_files_are_told_each_by_its_name(tmp_path: Path) -> None:
    until = {"DateLessThan": {"aws:CurrentTime": "2026-12-24T00:00:00Z"}}
    write(tmp_path / "accounts", page(role("x", allow("kms:Decrypt", when=until))))
    for name in ("a.json", "b.json"):
        (tmp_path / "accounts" / name).write_text("{}")
    cache = ResultCache(tmp_path / "cache")
    reports = [audit(AuditInput(tmp_path / "accounts", now), cache) for now in (NOW, "2027-01-01T00:00:00Z")]
    assert [[("kms:Decrypt",)], [()]] == [[row.can for row in report.principals] for report in reports]
    for report in reports:
        assert ["a.json", "b.json"] == [problem.file for problem in report.problems]


def test_a_run_that_was_stopped_goes_on(tmp_path: Path) -> None:
    for account, action in ((ACCOUNT, "s3:GetObjcet"), (OTHER, "s3:PutObjcet")):
        misspelt = role("x", allow(action), account=account)
        write(tmp_path / "accounts", page(misspelt), f"{account}.json")
    cache = ResultCache(tmp_path / "cache")
    audit_input = AuditInput(tmp_path / "accounts", NOW)

    def interrupt(text: str) -> None:
        if text == "1 of 2 accounts asked":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit(audit_input, cache, progress=interrupt)
    told: list[str] = []
    report = audit(audit_input, ResultCache(cache.folder), progress=told.append)
    assert "1 of 1 accounts asked" == told[-1]
    assert written(audit(audit_input)) == written(report)


def test_a_cache_that_lost_what_lint_found_is_no_cache(tmp_path: Path) -> None:
    for account in (ACCOUNT, OTHER):
        write(tmp_path / "accounts", page(role("x", allow("s3:GetObjcet"), account=account)), f"{account}.json")
    audit_input = AuditInput(tmp_path / "accounts", NOW)
    expected = written(audit(audit_input, ResultCache(tmp_path / "cache")))
    for path in sorted((tmp_path / "cache").iterdir()):
        content = path.read_bytes()
        path.unlink()
        assert expected == written(audit(audit_input, ResultCache(tmp_path / "cache")))
        path.write_bytes(content)


T = TypeVar("T")


class CountingCache(ResultCache):
    """Counts how many results of accounts are in memory whenever one more is read."""

    most_alive = 0

    def read(self, name: str, kind: type[T]) -> T | None:
        if kind is AuditedAccount:
            self.most_alive = max(self.most_alive, results_alive())
        return super().read(name, kind)


def results_alive() -> int:
    """How many results of accounts are in memory."""
    return sum(type(item) is AuditedAccount for item in gc.get_objects())  # isinstance asks dead weak proxies


def test_what_an_earlier_run_found_is_read_one_account_after_the_other(tmp_path: Path) -> None:
    for number in range(4):
        account = f"{number}" * 12
        write(tmp_path / "accounts", page(role("x", allow("s3:*"), account=account)), f"{account}.json")
    audit_input = AuditInput(tmp_path / "accounts", NOW)
    first = written(audit(audit_input, ResultCache(tmp_path / "cache")))
    gc.collect()
    gc.freeze()  # to look through all that other tests have left took seconds
    assert results_alive() == 0
    cache = CountingCache(tmp_path / "cache")
    assert first == written(audit(audit_input, cache))
    assert 0 < cache.most_alive <= 2


def test_several_processes_give_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for account in (ACCOUNT, OTHER):
        misspelt = role("x", allow("s3:GetObjcet"), account=account, trusts=trust(aws=f"arn:aws:iam::{ACCOUNT}:root"))
        write(tmp_path, page(misspelt, role("admin", EVERYTHING, account=account)), f"{account}.json")
    outputs = []
    for processes in ("1", "2"):
        assert 1 == run(str(tmp_path), "--at", "2026-11-27", "--json", "--processes", processes)
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]


WITHOUT_MSGSPEC = """
import sys
sys.modules |= {"msgspec": None, "msgspec.json": None}
from remit.cli import main
from remit.report.audit import audit_json
main(sys.argv[1:])
"""


def test_without_msgspec_the_output_is_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, page(READER, role("x", allow("iam:PutRolePolicy"))))
    arguments = (str(tmp_path), "--at", "2026-11-27", "--json")
    assert 1 == run(*arguments)
    program = [sys.executable, "-c", WITHOUT_MSGSPEC, "audit", "--no-cache", *arguments]
    output = subprocess.run(program, capture_output=True, check=False, text=True).stdout
    assert capsys.readouterr().out == output
