"""What the pages of an account say of each identity, in whatever files and forms they come."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_accounts import ACCOUNT, EVERYTHING, OTHER, allow, document, group, managed, page, role, trust, user
from random_cases import cases
from remit.audit.account_pages import account_page, is_last_page
from remit.audit.documents import OWN_ACCOUNT, Documents, document_value, folded, unfolded
from remit.audit.entities import UnreadableFileError
from remit.audit.folder import AccountFile, file_summary, json_files
from remit.audit.joined_account import joined_account
from remit.audit.json_bytes import as_utf_8, compact, indented, parsed, rows, values
from remit.audit.organization import organization
from remit.audit.principal_ids import principal_ids, with_arns
from remit.audit.result_cache import ResultCache

if TYPE_CHECKING:
    from pathlib import Path

    from remit.audit.entities import Identity
    from remit.audit.joined_account import JoinedAccount

OF_AWS: Final = "arn:aws:iam::aws:policy/Mine"
READS: Final = document(allow("s3:GetObject"))


def attached(*names: str, account: str = ACCOUNT) -> dict[str, Any]:
    arns = [name if name.startswith("arn:") else f"arn:aws:iam::{account}:policy/{name}" for name in names]
    return {"AttachedManagedPolicies": [{"PolicyArn": arn, "PolicyName": arn.rpartition("/")[2]} for arn in arns]}


def joined(*files: dict[str, Any], account: str = ACCOUNT) -> tuple[JoinedAccount, Documents]:
    documents = Documents()
    pages = [account_page(value, f"f{number}.json", documents) for number, value in enumerate(files)]
    return joined_account(account, pages, documents), documents


def only(*records: dict[str, Any]) -> Identity:
    return joined(page(*records))[0].identities[0]


def spelled(identity: Identity) -> list[str]:
    return [use.spelled for use in identity.policies]


@pytest.mark.parametrize("boundary", [f"arn:aws:iam::{ACCOUNT}:policy/b", {"PermissionsBoundaryArn": OF_AWS}])
def test_a_boundary_is_a_policy_of_the_account_or_of_aws_by_its_arn_or_in_an_object(boundary: Any) -> None:
    of_aws = {**managed("Mine", EVERYTHING), "Arn": OF_AWS}
    arn = boundary if isinstance(boundary, str) else OF_AWS
    found = only(role("r", PermissionsBoundary=boundary), managed("b", EVERYTHING), of_aws)
    assert [use.name for use in found.limits] == [arn]
    assert found.unknown == ()


def test_whoever_has_no_name_of_its_own_is_called_by_the_end_of_its_arn() -> None:
    record = {key: value for key, value in role("app/x").items() if key not in ("RoleName", "RoleId")}
    found = only(record)
    assert (found.name, found.unique_id) == ("x", "")


def test_a_role_runs_as_an_instance_where_it_has_a_profile() -> None:
    assert not only(role("r", InstanceProfileList=[])).in_instance_profile
    assert only(
        role("r", InstanceProfileList=[{"Arn": "arn:aws:iam::111122223333:instance-profile/p"}])
    ).in_instance_profile


def test_the_default_version_of_a_policy_is_the_one_that_its_record_names() -> None:
    versions = [{"VersionId": "v1", "Document": document(EVERYTHING)}, {"VersionId": "v2", "Document": READS},
                {"VersionId": "v3", "Document": "no JSON"}]  # fmt: skip
    record = {"Arn": f"arn:aws:iam::{ACCOUNT}:policy/p", "DefaultVersionId": "v2", "PolicyVersionList": versions}
    account, documents = joined(page(role("r", **attached("p")), record))
    (identity,) = account.identities
    assert [json.loads(documents.texts[use.document]) for use in identity.policies] == [READS]
    assert [name for name, _ in account.managed[record["Arn"]].older] == ["v1"]


def test_a_list_that_is_one_record_has_that_record() -> None:
    value = {**page(role("r", **attached("p"))), "Policies": managed("p", EVERYTHING)}
    account, _ = joined(value)
    assert [spelled(one) for one in account.identities] == [[f"arn:aws:iam::{ACCOUNT}:policy/p"]]
    assert account.problems == ()


def test_a_user_has_the_policies_of_each_of_its_groups_whatever_their_paths() -> None:
    groups = [
        group("app/writers", allow("s3:PutObject"), GroupName="writers"),
        group("readers", allow("s3:GetObject"), **attached("p")),
    ]
    found = only(user("ann", allow("sqs:*"), GroupList=["writers", "readers"]), *groups, managed("p", EVERYTHING))
    assert spelled(found) == [
        "own (inline)", "own (inline), by group writers", "own (inline), by group readers",
        f"arn:aws:iam::{ACCOUNT}:policy/p, by group readers",
    ]  # fmt: skip
    assert found.unknown == ()


def test_of_two_groups_of_one_name_the_one_without_a_path_is_meant_first() -> None:
    groups = [group("app/same", allow("s3:PutObject"), GroupName="same"), group("same", allow("s3:GetObject"))]
    account, documents = joined(page(user("ann", GroupList=["same"]), *groups))
    (use,) = account.identities[0].policies
    assert json.loads(documents.texts[use.document]) == READS


@settings(max_examples=cases(12, deep=300))
@given(st.permutations(range(6)), st.lists(st.integers(0, 2), min_size=6, max_size=6))
def test_in_whatever_files_its_records_lie_an_account_is_the_same(order: list[int], places: list[int]) -> None:
    records = [
        user("ann", allow("sqs:*"), GroupList=["readers"], **attached("p")), group("readers", allow("s3:*")),
        role("worker", allow("s3:GetObject"), **attached("p", OF_AWS)), managed("p", EVERYTHING, v0=READS),
        {**managed("Mine", EVERYTHING), "Arn": OF_AWS}, role("other", account=OTHER),
    ]  # fmt: skip
    whole, _ = joined(page(*records))
    files = [page(*(records[number] for number in order if places[number] == place)) for place in range(3)]
    parts, _ = joined(*files)
    for found, expected in zip(parts.identities, whole.identities, strict=True):
        assert (found.arn, found.policies, found.unknown) == (expected.arn, expected.policies, expected.unknown)
    assert parts.problems == whole.problems == ()


def test_the_last_page_of_a_file_ends_what_the_pages_before_it_have_begun() -> None:
    begun, ended = page(role("a"), IsTruncated=True), page(role("b", account=OTHER))
    documents = Documents()
    pages = [account_page(value, "one.json", documents) for value in (begun, ended)]
    assert joined_account(ACCOUNT, pages, documents).problems == ()


def test_a_policy_of_aws_may_be_another_in_another_file_and_one_of_the_account_may_not() -> None:
    files = [page(role(f"r{number}", **attached("p", OF_AWS)), {**managed("Mine", *statements), "Arn": OF_AWS},
                  managed("p", *statements))
             for number, statements in enumerate(([EVERYTHING], [allow("s3:*")]))]  # fmt: skip
    (problem,) = joined(*files)[0].problems
    assert f"(arn:aws:iam::{ACCOUNT}:policy/p is one)" in problem.message


def test_two_files_that_list_other_users_are_told_with_one_that_only_one_of_them_has() -> None:
    files = [page(user("ann"), user("bob")), page(user("ann"), user("eve"))]
    (problem,) = joined(*files)[0].problems
    assert f"arn:aws:iam::{ACCOUNT}:user/bob is in one of them alone" in problem.message


@pytest.mark.parametrize(
    ("value", "is_last"),
    [({}, True), ({"IsTruncated": False}, True), ({"IsTruncated": True}, False), ({"NextToken": "x"}, False),
     ({"IsTruncated": False, "NextToken": "x"}, False), ({"NextToken": None}, True)],
)  # fmt: skip
def test_a_page_says_whether_another_follows(value: dict[str, Any], *, is_last: bool) -> None:
    assert is_last_page(value) is is_last


JSON: Final = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text('aé\\"\n/<\x7f\0', max_size=4)),
    lambda part: st.one_of(st.lists(part, max_size=2), st.dictionaries(st.text("ab", max_size=2), part, max_size=2)),
    max_leaves=5,
)


@settings(max_examples=cases(15, deep=250))
@given(st.lists(JSON, min_size=1, max_size=3), st.sampled_from(["\n", " \r\n\t"]), st.booleans())
def test_values_one_after_the_other_are_read_as_they_were_written(
    written: list[Any], blanks: str, has_mark: bool
) -> None:  # fmt: skip
    text = blanks.join(json.dumps(value, ensure_ascii=False) for value in written)
    content = (b"\xef\xbb\xbf" if has_mark else b"") + f"{blanks}{text}{blanks}".encode()
    assert list(values(content, "f")) == written
    in_rows = [row for value in written for row in (value if isinstance(value, list) else [value])]
    assert list(rows(content, "f")) == in_rows
    for encoding in ("utf-16-le", "utf-16-be"):
        mark = "\ufeff".encode(encoding)
        assert as_utf_8(mark + text.encode(encoding)) == text.encode()
    for value in written:
        assert parsed(compact(value)) == value
        assert indented(value) == json.dumps(value, indent=2)


@pytest.mark.parametrize(
    ("text", "before", "says"),
    [
        ("", [], "is empty"),
        ("  \n ", [], "is empty"),
        ('{"a": 1}\n{"b": ', [{"a": 1}], "is cut off in line 2: its JSON does not end"),
        ('{"a": "b', [], "is cut off in line 1: its JSON does not end"),
        ('{"a": "b\n and more text that follows it', [], "is no JSON: line 1 is"),
        ("[1]\n<html> and much more text behind it", [[1]], "is no JSON: line 2 is '<html> and much more'"),
        ('{"a": 1, "a": 2}', [{"a": 2, "a (twice)": None}], "has the key 'a' twice in one object: the last one counts"),
        ('{"b": 0, "a": 1, "b": 2, "a": 3}', [{"b": 2, "a": 3, "b (twice)": None}], "has the key 'b' twice in one"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_of_json_is_told_after_what_stands_before_it(
    text: str, before: list[Any], says: str
) -> None:
    found: list[Any] = []
    with pytest.raises(UnreadableFileError) as caught:
        found += values(text.encode(), "f")
    read = list(_until_wrong(text))
    assert read == before
    assert says in caught.value.problem.message


def _until_wrong(text: str) -> Any:
    try:
        yield from values(text.encode(), "f")
    except UnreadableFileError:
        return


@pytest.mark.parametrize("text", ["{", "", "[" * 100_000])
def test_a_text_that_is_no_json_is_no_document(text: str) -> None:
    with pytest.raises(ValueError, match=r"truncated|too deeply"):
        parsed(text)


@pytest.mark.parametrize(
    ("text", "account", "stands"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/a", ACCOUNT, f"arn:aws:iam::{OWN_ACCOUNT}:role/a"),
        (f"arn:aws:iam::{ACCOUNT}:role/a", OTHER, f"arn:aws:iam::{ACCOUNT}:role/a"),
        (f"{ACCOUNT} and {OWN_ACCOUNT}", ACCOUNT, f"{ACCOUNT} and {OWN_ACCOUNT}"),
    ],
)
def test_a_text_that_has_the_number_for_all_accounts_keeps_its_own(text: str, account: str, stands: str) -> None:
    assert folded(text, account) == stands
    assert OWN_ACCOUNT in text or unfolded(folded(text, account), account) == text


def test_a_document_is_one_with_the_same_of_its_own_account_alone() -> None:
    documents = Documents()
    own, other = (json.dumps(document(allow("s3:*", on=f"arn:aws:sqs:r:{number}:q"))) for number in (ACCOUNT, OTHER))
    assert documents.add(own, ACCOUNT) == documents.add(other, OTHER) == documents.add(json.loads(own), ACCOUNT)
    assert documents.add(own, OTHER) != documents.add(own, ACCOUNT)
    for text in (f"  {own}", own, own.replace("{", "%7B").replace(":", "%3A")):
        assert document_value(text) == json.loads(own)
    assert document_value('{"a": "100%25"}') == document_value("%7B%22a%22%3A%20%22100%2525%22}") == {"a": "100%25"}


ID, ROLE = "AROADBQP57FF2AEXAMPLE", f"arn:aws:iam::{ACCOUNT}:role/worker"


def test_the_ids_of_a_document_become_arns_and_all_else_stays() -> None:
    named = {"AWS": [ID, "AIDAGONE", "111122223333"], "Service": "s3.amazonaws.com"}
    condition = {"StringLike": {"AWS:UserId": [f"{ID}:*", "nobody"], "aws:username": "AIDANAME"}}
    policy = {"Id": "x", "Statement": [
        {"Effect": "Allow", "Principal": named, "Action": "s3:*"},
        {"Effect": "Deny", "NotPrincipal": {"AWS": ID}, "Condition": condition},
        {"Effect": "Deny", "Principal": "*"},
    ]}  # fmt: skip
    assert list(principal_ids(policy)) == [ID, "AIDAGONE", ID, ID]
    changed = with_arns(policy, {ID: ROLE})
    assert changed == {"Id": "x", "Statement": [
        {"Effect": "Allow", "Principal": {**named, "AWS": [ROLE, "AIDAGONE", "111122223333"]}, "Action": "s3:*"},
        {"Effect": "Deny", "NotPrincipal": {"AWS": [ROLE]}, "Condition": condition},
        {"Effect": "Deny", "Principal": "*"},
    ]}  # fmt: skip
    assert with_arns(policy, {"AROAOTHER": ROLE}) == policy


def summary(tmp_path: Path, *pages: Any) -> Any:
    path = tmp_path / "f.json"
    path.write_text("\n".join(map(json.dumps, pages)))
    return file_summary(AccountFile(str(path), "f.json", ""))


def test_a_file_tells_other_accounts_which_of_its_roles_they_may_assume_and_whose_ids_it_has(tmp_path: Path) -> None:
    trusts = trust(
        aws=[f"arn:aws:iam::{OTHER}:root", f"arn:aws:iam::{OTHER}:user/eve", ID, f"arn:aws:iam::{ACCOUNT}:root"]
    )
    tagged = role("open", trusts=trusts, Tags=[{"Key": "team", "Value": "a"}])
    anybody = role("anybody", trusts=trust(aws="*"))
    closed = [role("closed", trusts=trust(aws=ROLE)), role("service"), role("odd", trusts="no JSON")]
    of_aws = {**managed("Mine", EVERYTHING), "Arn": OF_AWS}
    found = summary(tmp_path, page(tagged, anybody, *closed, user("ann"), of_aws), page(role("r", account=OTHER)))
    assert found.accounts == (ACCOUNT, OTHER)
    assert [(one.arn.rpartition("/")[2], one.names, one.tags) for one in found.open_roles] == [
        ("open", tuple(sorted([f"arn:aws:iam::{OTHER}:user/eve", ID, OTHER])), (("team", "a"),)),
        ("anybody", ("*",), ()),
    ]
    assert dict(found.principals)["AIDAANN"] == f"arn:aws:iam::{ACCOUNT}:user/ann"
    assert (found.is_last, found.problems) == (True, ())


@pytest.mark.parametrize(
    ("truncated", "is_last"), [((False,), True), ((True,), False), ((True, False), True), ((False, True), True)]
)
def test_a_file_is_whole_where_one_of_its_pages_is_the_last(
    tmp_path: Path, truncated: tuple[bool, ...], *, is_last: bool
) -> None:
    pages = [page(role(f"r{number}"), IsTruncated=one) for number, one in enumerate(truncated)]
    assert summary(tmp_path, *pages).is_last is is_last


def test_a_file_whose_last_page_is_cut_off_is_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_text(json.dumps(page(role("r"))) + '\n{"UserDetailList": [')
    found = file_summary(AccountFile(str(path), "f.json", ""))
    assert (found.is_last, len(found.problems), found.accounts) == (False, 1, (ACCOUNT,))


def test_files_are_found_in_the_order_of_their_names_without_hidden_ones_and_those_of_another_purpose(
    tmp_path: Path,
) -> None:
    for name in ("b.json", "a/z.json", "a/.hidden.json", ".git/x.json", "a/trail/log.json", "c.txt", "a/README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    found = json_files(tmp_path, [tmp_path / "a" / ".." / "a" / "trail"])
    assert [file.name for file in found.files] == ["b.json", "a/z.json"]
    assert [problem.file for problem in found.problems] == ["c.txt"]


FULL: Final = {
    "PolicySummary": {"Id": "p-deny", "Type": "SERVICE_CONTROL_POLICY"},
    "Content": json.dumps(document(EVERYTHING)),
}
RCP: Final = {"Id": "p-rcp", "Type": "RESOURCE_CONTROL_POLICY",
              "Content": document({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})}  # fmt: skip


def test_each_level_of_an_organization_binds_an_account_but_the_management_account() -> None:
    parents = ["r-1", "ou-0", "ou-1", "ou-2", "ou-3"]
    units: list[dict[str, Any]] = [
        {"Id": f"ou-{number}", "ParentId": parent, "Policies": ["p-FullAWSAccess"]}
        for number, parent in enumerate(parents)
    ]
    units[4]["Policies"] = [{"Id": "p-deny"}, "p-rcp"]
    accounts = [{"Id": ACCOUNT, "ParentId": "ou-4", "Policies": ["p-FullAWSAccess"]},
                {"Id": OTHER, "ParentId": "r-1", "Policies": ["p-FullAWSAccess"]}]  # fmt: skip
    value = {
        "Organization": {"Id": "o-1", "MasterAccountId": OTHER}, "OrganizationalUnits": units, "Accounts": accounts,
        "Roots": [{"Id": "r-1", "Policies": ["p-FullAWSAccess", "p-RCPFullAWSAccess"]}], "Policies": [FULL, RCP],
    }  # fmt: skip
    found, problems = organization(value, "o.json")
    member, manager = found.accounts[ACCOUNT], found.accounts[OTHER]
    assert (problems, member.unknown) == ((), ())
    assert member.path == ("r-1", "ou-0", "ou-1", "ou-2", "ou-3", "ou-4", ACCOUNT)
    full = ("p-FullAWSAccess",)
    assert [tuple(one.id for one in level) for level in member.scps] == [
        full,
        full,
        full,
        full,
        full,
        ("p-deny",),
        full,
    ]
    rcps = [tuple(one.id for one in level) for level in member.rcps]
    assert rcps == [("p-RCPFullAWSAccess",), (), (), (), (), ("p-rcp",), ()]
    assert (manager.path, manager.scps, manager.rcps) == (("r-1", OTHER), (), ())


def test_an_organization_that_has_not_enabled_control_policies_is_bound_by_none() -> None:
    accounts = [{"Id": ACCOUNT, "ParentId": "r-1", "Policies": []}]
    found, problems = organization({"Roots": [{"Id": "r-1"}], "Accounts": accounts, "Policies": [FULL]}, "o.json")
    assert (found.accounts[ACCOUNT].scps, found.accounts[ACCOUNT].rcps, problems) == ((), (), ())
    root = {"Id": "r-1", "Policies": ["p-FullAWSAccess"]}  # an SCP: of the two kinds, SCPs alone are enabled
    of_scps = [{**accounts[0], "Policies": ["p-deny"]}]
    found, problems = organization({"Roots": [root], "Accounts": of_scps, "Policies": [FULL]}, "o.json")
    assert ([len(level) for level in found.accounts[ACCOUNT].scps], found.accounts[ACCOUNT].rcps) == ([1, 1], ())


def test_a_control_policy_that_cannot_be_read_leaves_the_accounts_below_it_undecided_and_no_more_is_told() -> None:
    bad = {"PolicySummary": {"Id": "p-bad"}, "Content": "no JSON"}
    accounts = [{"Id": ACCOUNT, "ParentId": "r-1", "Policies": ["p-bad"]}]
    value = {"Roots": [{"Id": "r-1", "Policies": ["p-FullAWSAccess"]}], "Accounts": accounts, "Policies": [bad]}
    found, problems = organization(value, "o.json")
    assert found.accounts[ACCOUNT].unknown == (f"the control policy p-bad of {ACCOUNT} is not known",)
    assert [problem.message for problem in problems] == [
        "the control policy p-bad is no JSON document: accounts below it are undecided"
    ]


def test_a_kept_result_that_is_damaged_or_of_another_kind_counts_as_none(tmp_path: Path) -> None:
    cache = ResultCache(tmp_path, "1")
    cache.keep("a", ["x"])
    assert cache.read("a", list[str]) == ["x"]
    assert (cache.read("a", int), cache.read("gone", int)) == (None, None)
    (tmp_path / "a.json").write_text("[")
    assert cache.read("a", list[str]) is None
    assert (
        len({cache.name("a", "b"), cache.name("ab"), cache.name("b", "a"), ResultCache(None, "2").name("a", "b")}) == 4
    )


def test_results_that_a_run_did_not_use_are_forgotten(tmp_path: Path) -> None:
    first = ResultCache(tmp_path, "1")
    for name in ("read", "unused"):
        first.keep(name, name)
    second = ResultCache(tmp_path, "1")
    second.keep("kept", 1)
    assert second.read("read", str) == "read"
    second.forget_unused()
    assert sorted(path.stem for path in tmp_path.glob("*.json")) == ["kept", "read"]
