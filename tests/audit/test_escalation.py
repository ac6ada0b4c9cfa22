"""Each known way to gain rights is found where a principal has what it needs, and not where it lacks a part of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest

from audit_accounts import (
    ACCOUNT,
    EVERYTHING,
    NOW,
    OTHER,
    allow,
    deny,
    document,
    group,
    managed,
    page,
    report_of,
    role,
    trust,
    user,
    write,
)
from random_cases import cases_of
from remit.audit.account_audit import AccountWork, Chunk, audited_accounts
from remit.audit.escalation_paths import EscalationPath
from remit.audit.folder import account_files
from remit.audit.results import Edge, StepNeed
from remit.audit.trust import role_of_session, trust_part, trusted
from remit.catalogue.actions import full_name
from remit.catalogue.escalation_techniques import ALL_TECHNIQUES, BOUNDARY_OFF, ONTO_OTHERS, On
from remit.iam.policy import parse
from remit.report.audit_words import must_hold_words

if TYPE_CHECKING:
    from pathlib import Path

    from remit.catalogue.escalation_techniques import Technique

ADMIN = f"arn:aws:iam::{ACCOUNT}:role/admin"
S3_ONLY = "arn:aws:iam::aws:policy/AmazonS3FullAccess"


def paths(folder: Path, *records: dict[str, Any]) -> dict[str, EscalationPath]:
    report = report_of(write(folder, page(*records)))
    assert [] == list(report.undecided_techniques)
    return {path.principal.rpartition("/")[2]: path for path in report.paths}


def starter(technique: Technique, *actions: str, **fields: Any) -> list[dict[str, Any]]:
    """A principal `x` of the kind that can use a technique, with some actions, and all that they may work on."""
    kind = technique.kind or ("user" if technique.name.startswith("iam:Create") else "role")
    if technique in BOUNDARY_OFF:
        statements = [EVERYTHING, *(deny(action) for action in technique.actions if action not in actions)]
        limit = managed("limit", allow("s3:*", *technique.actions))
        fields["PermissionsBoundary"] = {"PermissionsBoundaryArn": limit["Arn"]}
        makers = {"user": user, "role": role}
        return [makers[kind]("x", *statements, **fields), limit]
    policy = managed("own", allow("s3:ListBucket", *actions), v0=document(EVERYTHING))
    fields["AttachedManagedPolicies"] = [{"PolicyArn": policy["Arn"]}]
    if kind == "user":
        fields["GroupList"] = ["staff"]
    return [{"user": user, "role": role}[kind]("x", **fields), policy, group("staff")]


def targets(technique: Technique) -> list[dict[str, Any]]:
    """An administrator of each kind whose rights a technique may give."""
    trusts = trust(service=technique.service) if technique.service else trust(aws=f"arn:aws:iam::{ACCOUNT}:root")
    return [
        role("admin", EVERYTHING, trusts=trusts, InstanceProfileList=[{"InstanceProfileName": "admin"}]),
        user("root-like", EVERYTHING),
        group("admins", EVERYTHING),
    ]


@pytest.mark.parametrize(
    "technique", cases_of(ALL_TECHNIQUES, 30), ids=lambda technique: f"{technique.name} {technique.gain}"
)
def test_a_technique_is_found_and_each_of_its_actions_is_needed(tmp_path: Path, technique: Technique) -> None:
    found = paths(tmp_path / "all", *starter(technique, *technique.actions), *targets(technique))
    assert technique.name in found["x"].ways
    for number, action in enumerate(technique.actions):
        lacking = [name for name in technique.actions if name != action]
        found = paths(tmp_path / str(number), *starter(technique, *lacking), *targets(technique))
        assert "x" not in found or technique.name not in found["x"].ways, action


RUN_BY = {
    "autoscaling": "ec2.amazonaws.com",
    "batch": "ecs-tasks.amazonaws.com",
    "bedrock-agentcore": "bedrock-agentcore.amazonaws.com",
    "ec2-instance-connect": "ec2.amazonaws.com",
    "ecs": "ecs-tasks.amazonaws.com",
    "apprunner": "tasks.apprunner.amazonaws.com",
}
"""Who takes the role of what a service runs, where that is not the service itself.

Sources: "Amazon ECS task IAM role", "Instance role" (App Runner), "IAM roles for Amazon EC2".
"""


def test_a_role_is_passed_to_what_the_service_of_the_first_action_runs() -> None:
    for technique in ALL_TECHNIQUES:
        prefix = technique.needs[0].action.partition(":")[0]
        on_an_instance = prefix == "ssm" and technique.gain == "running role"
        taker = "ec2.amazonaws.com" if on_an_instance else RUN_BY.get(prefix, f"{prefix}.amazonaws.com")
        assert technique.service in ("", taker), technique.name


DOUBT = {"StringEquals": {"aws:RequestedRegion": "\ue000"}}
"""A condition that nothing decides: no comparison takes such a text."""


@pytest.mark.parametrize(
    "technique",
    cases_of([technique for technique in ALL_TECHNIQUES if technique not in BOUNDARY_OFF], 6),
    ids=lambda technique: f"{technique.name} {technique.gain}",
)
def test_a_technique_one_of_whose_actions_is_undecided_is_told_and_is_no_way(
    tmp_path: Path, technique: Technique
) -> None:
    x, *others = starter(technique, *technique.actions[:-1])
    kind = "User" if ":user/" in x["Arn"] else "Role"
    doubtful = document(allow(technique.actions[-1], when=DOUBT))
    x[f"{kind}PolicyList"] = [{"PolicyName": "doubtful", "PolicyDocument": doubtful}]
    report = report_of(write(tmp_path, page(x, *others, *targets(technique))))
    reasons = {(row.principal, row.technique): row.reason for row in report.undecided_techniques}
    assert reasons[x["Arn"], technique.name]
    assert [] == [path for path in report.paths if path.principal == x["Arn"] and technique.name in path.ways]


@pytest.mark.parametrize("technique", ALL_TECHNIQUES, ids=lambda technique: f"{technique.name} {technique.gain}")
def test_the_actions_of_a_technique_exist(technique: Technique) -> None:
    assert technique.actions == tuple(full_name(action) for action in technique.actions)


def test_what_the_actions_of_techniques_must_be_allowed_on_is_known() -> None:
    assert {need.on for technique in ALL_TECHNIQUES for need in technique.needs} <= set(get_args(On))


def test_there_are_as_many_techniques_as_promised() -> None:
    assert len({(technique.name, technique.gain) for technique in ALL_TECHNIQUES}) >= 45


PASSING = next(technique for technique in ALL_TECHNIQUES if technique.name == "iam:PassRole + ec2:RunInstances")
TO_LAMBDA = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}


@pytest.mark.parametrize(
    "records",
    [
        pytest.param(
            [role("x", allow("iam:PassRole", "ec2:RunInstances")), role("admin", EVERYTHING)], id="trusts Lambda alone"
        ),
        pytest.param(
            [role("x", allow("ec2:RunInstances"), allow("iam:PassRole", on=f"arn:aws:iam::{ACCOUNT}:role/app-*"))],
            id="another role may be passed",
        ),
        pytest.param(
            [role("x", allow("ec2:RunInstances"), allow("iam:PassRole", when=TO_LAMBDA))], id="to another service"
        ),
        pytest.param(
            [role("x", allow("ec2:RunInstances"), allow("iam:PassRole", on=f"arn:aws:iam::{OTHER}:role/admin"))],
            id="of another account",
        ),
        pytest.param([role("x", allow("iam:PassRole", "ec2:RunInstances"), deny("iam:*", on=ADMIN))], id="denied"),
        pytest.param(
            [role("x", allow("iam:PassRole"), allow("ec2:RunInstances", on="arn:aws:ec2:*:*:instance/*"))],
            id="no image may be used",
        ),
    ],
)
def test_near_misses_of_passing_a_role(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    admin = [] if len(records) > 1 else targets(PASSING)
    assert {} == paths(tmp_path, *records, *admin)


NEW_ROLES = f"arn:aws:iam::{ACCOUNT}:role/app/*"
BLUE = [{"Key": "team", "Value": "blue"}]
OF_THE_BLUE = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
IAM_ALONE = "arn:aws:iam::aws:policy/IAMFullAccess"


@pytest.mark.parametrize(
    ("record", "found"),
    [
        pytest.param(role("x", allow("iam:PutRolePolicy", on=f"arn:aws:iam::{ACCOUNT}:role/x")), True, id="itself"),
        pytest.param(role("x", allow("iam:PutRolePolicy", on=f"arn:aws:iam::{ACCOUNT}:role/y")), False, id="another"),
        pytest.param(
            role("x", allow("iam:AttachRolePolicy", when={"ArnEquals": {"iam:PolicyARN": S3_ONLY}})),
            False,
            id="a harmless policy alone",
        ),
        pytest.param(
            role(
                "x",
                allow("iam:PutRolePolicy", on=f"arn:aws:iam::{ACCOUNT}:role/x"),
                PermissionsBoundary={"PermissionsBoundaryArn": S3_ONLY},
            ),
            False,
            id="within a boundary",
        ),
        pytest.param(
            role(
                "x",
                allow(
                    "iam:CreateRole", "iam:PutRolePolicy", when={"StringEquals": {"iam:PermissionsBoundary": S3_ONLY}}
                ),
            ),
            False,
            id="new roles get a boundary",
        ),
        pytest.param(
            role(
                "x",
                allow("iam:CreateRole", on=NEW_ROLES, when={"StringEquals": {"iam:PermissionsBoundary": S3_ONLY}}),
                allow("iam:PutRolePolicy", on=NEW_ROLES),
            ),
            False,
            id="new roles get a boundary, and may be given any policy",
        ),
        pytest.param(role("x", allow("iam:PutRolePolicy", when=OF_THE_BLUE), Tags=BLUE), True, id="its own tag"),
        pytest.param(role("x", allow("iam:PutRolePolicy", when=OF_THE_BLUE)), False, id="a tag that it does not have"),
        pytest.param(
            role("x", allow("iam:CreatePolicyVersion"), PermissionsBoundary={"PermissionsBoundaryArn": IAM_ALONE}),
            False,
            id="a boundary of AWS, which nobody can rewrite",
        ),
        pytest.param(role("x", EVERYTHING), False, id="an administrator is one already"),
    ],
)
def test_own_rights(tmp_path: Path, record: dict[str, Any], *, found: bool) -> None:
    proven = [path for path in paths(tmp_path, record, role("y")).values() if not path.assumes]
    assert found == bool(proven)


def assumed(folder: Path, trusts: dict[str, Any], *statements: dict[str, Any], account: str = ACCOUNT) -> Any:
    admin = role("admin", EVERYTHING, trusts=trusts, account=account)
    return paths(folder, role("x", *statements), admin).get("x")


def test_the_graph_of_those_who_can_change_all_roles_has_one_edge_for_each_and_one_for_each_role(
    tmp_path: Path,
) -> None:
    roles = [role(f"r{number}", allow("iam:UpdateAssumeRolePolicy", "sts:AssumeRole")) for number in range(5)]
    files = account_files(write(tmp_path, page(*roles))).files
    (audited,) = audited_accounts(Chunk((AccountWork(ACCOUNT, files),), NOW))
    sources = sorted(edge.source.rpartition("/")[2] for edge in audited.result.edges)
    assert sources == ["r0", "r1", "r2", "r3", "r4", *5 * [f"roles of {ACCOUNT}"]]


def test_a_role_that_trusts_the_account_needs_an_allow_of_the_caller(tmp_path: Path) -> None:
    root = trust(aws=f"arn:aws:iam::{ACCOUNT}:root")
    assert assumed(tmp_path / "a", root, allow("sts:AssumeRole")) is not None
    assert assumed(tmp_path / "b", root, allow("s3:GetObject")) is None


def test_a_role_that_names_the_caller_needs_no_more(tmp_path: Path) -> None:
    names = trust(aws=f"arn:aws:iam::{ACCOUNT}:role/x")
    assert assumed(tmp_path / "a", names) is not None
    assert assumed(tmp_path / "b", names, deny("sts:*")) is None


def test_across_accounts_both_must_allow(tmp_path: Path) -> None:
    names = trust(aws=f"arn:aws:iam::{ACCOUNT}:role/x")
    assert assumed(tmp_path / "a", names, allow("sts:AssumeRole"), account=OTHER) is not None
    assert assumed(tmp_path / "b", names, account=OTHER) is None


@pytest.mark.parametrize("account", [ACCOUNT, OTHER])
def test_the_tags_of_a_role_decide_who_can_assume_it_from_wherever(tmp_path: Path, account: str) -> None:
    tagged = allow("sts:AssumeRole", when={"StringEquals": {"aws:ResourceTag/team": "blue"}})
    names = trust(aws=[f"arn:aws:iam::{ACCOUNT}:root"])
    for tags, ways in ((BLUE, ["x"]), ([], [])):
        admin = role("admin", EVERYTHING, trusts=names, account=account, Tags=tags)
        assert ways == sorted(paths(tmp_path, role("x", tagged), admin))


@pytest.mark.parametrize("external_id", ["s3cret", ACCOUNT, f"of {OTHER} and {ACCOUNT}"])
@pytest.mark.parametrize("account", [ACCOUNT, OTHER])
def test_an_external_id_must_hold(tmp_path: Path, external_id: str, account: str) -> None:
    """Also one with the number of an account, which stands folded in the documents that accounts share."""
    trusts = trust(aws=f"arn:aws:iam::{ACCOUNT}:root", when={"StringEquals": {"sts:ExternalId": external_id}})
    path = assumed(tmp_path, trusts, allow("sts:AssumeRole"), account=account)
    assert (("sts:ExternalId", external_id),) == path.steps[0].needs[0].must_hold


def test_a_path_goes_through_several_roles_and_accounts(tmp_path: Path) -> None:
    middle = role("middle", allow("sts:AssumeRole"), account=OTHER, trusts=trust(aws=f"arn:aws:iam::{ACCOUNT}:role/x"))
    last = role("last", EVERYTHING, trusts=trust(aws=f"arn:aws:iam::{OTHER}:root"))
    path = paths(tmp_path, role("x", allow("sts:AssumeRole")), middle, last)["x"]
    steps = [(step.technique, step.target.rpartition("/")[2]) for step in path.steps]
    assert [("sts:AssumeRole", "middle"), ("sts:AssumeRole", "last")] == steps


def test_each_step_names_the_statement_that_allows_it(tmp_path: Path) -> None:
    sensitive = {**allow("iam:PutRolePolicy"), "Sid": "Roles"}
    need = paths(tmp_path, role("x", allow("s3:ListBucket"), sensitive))["x"].steps[0].needs[0]
    assert need.statement == "own (inline), Statement[1] (Roles)"
    # The parts of documents about an action are numbered for all principals: `a` comes first.
    admin = role("admin", EVERYTHING, trusts=trust(aws=THE_ACCOUNT))
    callers = [role("a", allow("sts:AssumeRole", on=ADMIN)), role("b", allow("s3:ListBucket"), allow("sts:AssumeRole"))]
    found = paths(tmp_path, admin, *callers)
    statements = {name: path.steps[0].needs[0].statement for name, path in found.items()}
    assert statements == {"a": "own (inline), Statement[0]", "b": "own (inline), Statement[1]"}


def test_an_scp_can_close_a_way(tmp_path: Path) -> None:
    from remit.audit.organization import organization  # noqa: PLC0415 - this test alone has an organization

    forbidden = document({"Effect": "Deny", "Action": "iam:*", "Resource": "*"})
    value = {
        "Organization": {"Id": "o-1", "MasterAccountId": OTHER},
        "Roots": [{"Id": "r-1", "Policies": ["p-FullAWSAccess", "p-1"]}],
        "Accounts": [{"Id": ACCOUNT, "ParentId": "r-1", "Policies": ["p-FullAWSAccess"]}],
        "Policies": [{"PolicySummary": {"Id": "p-1", "Type": "SERVICE_CONTROL_POLICY"}, "Content": forbidden}],
    }
    write(tmp_path, page(role("x", allow("iam:PutRolePolicy"))))
    assert () == report_of(tmp_path, organization(value, "organization.json")[0]).paths


def test_an_rcp_can_close_a_role_to_another_account(tmp_path: Path) -> None:
    from remit.audit.organization import organization  # noqa: PLC0415 - as above

    outsiders = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}
    perimeter = document(
        {"Effect": "Deny", "Principal": "*", "Action": "sts:*", "Resource": "*", "Condition": outsiders}
    )
    value = {
        "Organization": {"Id": "o-1", "MasterAccountId": "999988887777"},
        "Roots": [{"Id": "r-1", "Policies": ["p-FullAWSAccess", "p-RCPFullAWSAccess", "p-1"]}],
        "Accounts": [
            {"Id": account, "ParentId": "r-1", "Policies": ["p-FullAWSAccess"]} for account in (ACCOUNT, OTHER)
        ],
        "Policies": [{"PolicySummary": {"Id": "p-1", "Type": "RESOURCE_CONTROL_POLICY"}, "Content": perimeter}],
    }
    admin = role("admin", EVERYTHING, account=OTHER, trusts=trust(aws=f"arn:aws:iam::{ACCOUNT}:role/x"))
    write(tmp_path, page(role("x", allow("sts:AssumeRole")), admin))
    both = organization(value, "organization.json")[0]
    assert 1 == len(report_of(tmp_path, both).paths)
    value["Organization"] = {"Id": "o-2", "MasterAccountId": "999988887777"}
    assert () == report_of(tmp_path, organization(value, "organization.json")[0]).paths


@pytest.mark.parametrize(("guarded", "ways"), [(ACCOUNT, ["x"]), (OTHER, [])])
def test_the_rcps_of_the_account_of_a_role_and_not_of_the_caller_bind_who_assumes_it(
    tmp_path: Path, guarded: str, ways: list[str]
) -> None:
    from remit.audit.organization import organization  # noqa: PLC0415 - as above

    admin = role("admin", EVERYTHING, account=OTHER, trusts=trust(aws=f"arn:aws:iam::{ACCOUNT}:role/x"))
    write(tmp_path, page(role("x", allow("sts:AssumeRole")), admin))
    closed = {"Id": "p-1", "Type": "RESOURCE_CONTROL_POLICY"}
    value = {
        "Organization": {"Id": "o-1", "MasterAccountId": "999988887777"},
        "Roots": [{"Id": "r-1", "Policies": ["p-FullAWSAccess", "p-RCPFullAWSAccess"]}],
        "Accounts": [
            {
                "Id": account,
                "ParentId": "r-1",
                "Policies": ["p-FullAWSAccess", *(["p-1"] if account == guarded else [])],
            }
            for account in (ACCOUNT, OTHER)
        ],
        "Policies": [{"PolicySummary": closed, "Content": document({**deny("sts:AssumeRole"), "Principal": "*"})}],
    }
    report = report_of(tmp_path, organization(value, "organization.json")[0])
    assert ways == [path.principal.rpartition("/")[2] for path in report.paths]


@pytest.mark.parametrize(("free", "guarded"), [(ACCOUNT, OTHER), (OTHER, ACCOUNT)])
def test_of_two_accounts_with_equal_policies_each_is_under_its_own_rcps(
    tmp_path: Path, free: str, guarded: str
) -> None:
    from remit.audit.organization import organization  # noqa: PLC0415 - as above

    for account in (free, guarded):
        names = trust(aws=f"arn:aws:iam::{account}:role/x")
        admin = role("admin", EVERYTHING, account=account, trusts=names)
        write(tmp_path, page(role("x", allow("s3:ListBucket"), account=account), admin), f"{account}.json")
    value = {
        "Organization": {"Id": "o-1", "MasterAccountId": "999988887777"},
        "Roots": [{"Id": "r-1", "Policies": ["p-FullAWSAccess", "p-RCPFullAWSAccess"]}],
        "Accounts": [
            {"Id": free, "ParentId": "r-1", "Policies": ["p-FullAWSAccess"]},
            {"Id": guarded, "ParentId": "r-1", "Policies": ["p-FullAWSAccess", "p-1"]},
        ],
        "Policies": [
            {
                "PolicySummary": {"Id": "p-1", "Type": "RESOURCE_CONTROL_POLICY"},
                "Content": document({**deny("sts:AssumeRole"), "Principal": "*"}),
            }
        ],
    }
    report = report_of(tmp_path, organization(value, "organization.json")[0])
    assert [f"arn:aws:iam::{free}:role/x"] == [path.principal for path in report.paths]


def test_what_gives_rights_to_others_alone_is_said_to_assume_something(tmp_path: Path) -> None:
    path = paths(tmp_path, user("x", allow("iam:PutRolePolicy")), role("y"))["x"]
    assert (ONTO_OTHERS[4].name, ("whoever gets them is on its side",)) == (path.ways[0], path.assumes)


def test_whoever_joins_a_group_can_do_what_its_users_can(tmp_path: Path) -> None:
    folder = write(tmp_path, page(user("ann", allow("iam:AddUserToGroup")), group("self", allow("iam:PutUserPolicy"))))
    (path,) = report_of(folder).paths
    steps = [(step.technique, [need.statement for need in step.needs]) for step in path.steps]
    assert [
        ("iam:AddUserToGroup", ["own (inline), Statement[0]"]),
        ("iam:PutUserPolicy", ["own (inline), by group self, Statement[0]"]),
    ] == steps


def test_a_way_through_another_account_and_back_has_all_techniques_of_its_first_step(tmp_path: Path) -> None:
    first, goal = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("first", "goal"))
    between = f"arn:aws:iam::{OTHER}:role/between"
    harmless = role("harmless", trusts=trust(service="ec2.amazonaws.com"), InstanceProfileList=[{"Arn": "x"}])
    passing = allow("iam:PassRole", "ec2:RunInstances")
    start = role("first", allow("sts:AssumeRole", on=between), passing, trusts=trust(service="ecs.amazonaws.com"))
    end = role("goal", EVERYTHING, trusts=trust(aws=between))
    write(tmp_path, page(start, end, harmless), "a.json")
    way = role("between", allow("sts:AssumeRole", on=goal), account=OTHER, trusts=trust(aws=first))
    write(tmp_path, page(way), "b.json")
    path = next(path for path in report_of(tmp_path).paths if path.principal == first)
    assert [between, goal] == [step.target for step in path.steps]
    assert {"iam:PassRole + ec2:RunInstances", "sts:AssumeRole"} == set(path.ways)


THE_ACCOUNT = f"arn:aws:iam::{ACCOUNT}:root"
X, ANN = f"arn:aws:iam::{ACCOUNT}:role/x", f"arn:aws:iam::{ACCOUNT}:user/ann"
LIMIT = managed("limit", allow("s3:*"))
LIMITED = {"PermissionsBoundary": {"PermissionsBoundaryArn": LIMIT["Arn"]}}
ASSUMES = allow("sts:AssumeRole")
EVERYBODY_BUT_Y = document(
    {
        "Effect": "Allow",
        "NotPrincipal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/y"},
        "Action": "sts:AssumeRole",
    }
)
ALL_BUT_Y = document(
    trust(aws=THE_ACCOUNT)["Statement"][0],
    {
        "Effect": "Deny",
        "NotPrincipal": {"AWS": [f"arn:aws:iam::{ACCOUNT}:role/y", THE_ACCOUNT]},
        "Action": "sts:AssumeRole",
    },
)


@pytest.mark.parametrize(
    ("trusts", "caller", "can"),
    [
        pytest.param(trust(aws=ANN), user("ann", **LIMITED), ["ann"], id="a boundary limits no user"),
        pytest.param(trust(aws=X), role("x", **LIMITED), [], id="a boundary limits a role that is named"),
        pytest.param(trust(aws="*"), role("x"), ["a", "x", "y"], id="everybody"),
        pytest.param(EVERYBODY_BUT_Y, role("x"), ["a", "x"], id="everybody but one"),
        pytest.param(
            trust(aws="*", when={"ArnEquals": {"aws:PrincipalArn": X}}),
            role("x", **LIMITED),
            ["x"],
            id="a boundary limits nobody whom everybody means",
        ),
        pytest.param(
            trust(aws=f"arn:aws:sts::{ACCOUNT}:assumed-role/x/night"),
            role("x", **LIMITED),
            ["x"],
            id="a boundary limits no session that is named",
        ),
        pytest.param(
            trust(aws=THE_ACCOUNT, when={"StringLike": {"aws:userid": "AROAX:*"}}),
            role("x", ASSUMES),
            ["x"],
            id="its id",
        ),
        pytest.param(
            trust(aws=THE_ACCOUNT, when={"StringLike": {"aws:userid": "AROAY:*"}}),
            role("x", ASSUMES),
            ["y"],
            id="the id of another role",
        ),
        pytest.param(
            trust(aws=f"arn:aws:sts::{ACCOUNT}:assumed-role/x/night"), role("path/x"), ["x"], id="a session of it"
        ),
        pytest.param(
            trust(aws=THE_ACCOUNT, when={"StringEquals": {"aws:ResourceTag/open": "yes"}}),
            role("x", ASSUMES),
            [],
            id="a tag that the trusting role does not have",
        ),
        pytest.param(ALL_BUT_Y, role("x", ASSUMES), ["y"], id="a Deny of all others"),
    ],
)
def test_who_can_assume_the_role_of_an_administrator(tmp_path: Path, trusts: Any, caller: Any, can: Any) -> None:
    further_callers = [role(name, ASSUMES) for name in ("a", "y")]
    assert can == sorted(paths(tmp_path, role("admin", EVERYTHING, trusts=trusts), LIMIT, caller, *further_callers))


def test_a_boundary_of_a_role_beside_says_nothing_about_a_user(tmp_path: Path) -> None:
    admin = role("admin", EVERYTHING, trusts=trust(aws=[X, ANN]))
    assert ["ann"] == sorted(paths(tmp_path, admin, LIMIT, role("x", **LIMITED), user("ann", **LIMITED)))


def test_a_trust_policy_that_names_a_session_needs_a_session_of_that_name(tmp_path: Path) -> None:
    trusts = trust(aws=f"arn:aws:sts::{ACCOUNT}:assumed-role/x/night")
    (step,) = paths(tmp_path, role("admin", EVERYTHING, trusts=trusts), role("x"))["x"].steps
    assert (("aws:userid", "AROAX:night"),) == step.needs[0].must_hold


def test_of_a_role_without_an_id_a_session_of_that_name_has_any_id(tmp_path: Path) -> None:
    trusts = trust(aws=f"arn:aws:sts::{ACCOUNT}:assumed-role/x/night")
    admin = role("admin", EVERYTHING, trusts=trusts)
    (step,) = paths(tmp_path, admin, role("x", RoleId=""))["x"].steps
    assert (("aws:userid", "example:night"),) == step.needs[0].must_hold


def test_the_tags_of_a_user_decide_whether_somebody_can_make_its_keys(tmp_path: Path) -> None:
    of_a_team = allow(
        "iam:CreateAccessKey", when={"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    )
    blue, red = [{"Key": "team", "Value": "blue"}], [{"Key": "team", "Value": "red"}]
    callers = [role("a", of_a_team, Tags=blue), role("b", of_a_team, Tags=red), role("c", of_a_team)]
    users = [user(name, *rights, Tags=tags) for name, rights, tags in (
        ("another", [], red), ("chief", [EVERYTHING], blue), ("zoe", [], red),
    )]  # fmt: skip
    assert ["a"] == sorted(paths(tmp_path, *users, *callers))


def test_the_tags_of_a_role_decide_whether_somebody_can_change_who_assumes_it(tmp_path: Path) -> None:
    of_a_team = allow("iam:UpdateAssumeRolePolicy", when={"StringEquals": {"aws:ResourceTag/team": "blue"}})
    blue, red = [{"Key": "team", "Value": "blue"}], [{"Key": "team", "Value": "red"}]
    caller = user("x", of_a_team)
    of_a_team["Condition"] = {"StringEquals": {"aws:ResourceTag/Team": "blue"}}  # IAM compares keys without case
    for number, (tags, is_way) in enumerate(((blue, True), (red, False), ([], False))):
        found = paths(tmp_path / str(number), role("chief", EVERYTHING, Tags=tags), caller)
        assert is_way == ("x" in found)


def test_a_service_that_a_role_lets_in_for_another_account_is_given_no_role(tmp_path: Path) -> None:
    passing = allow("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction")
    for account, way in ((ACCOUNT, ["x"]), (OTHER, [])):
        trusts = trust(service="lambda.amazonaws.com", when={"StringEquals": {"aws:SourceAccount": account}})
        assert way == sorted(paths(tmp_path, role("x", passing), role("admin", EVERYTHING, trusts=trusts)))


GOD = managed("god", EVERYTHING)


@pytest.mark.parametrize(
    ("policy", "can"),
    [
        ("arn:aws:iam::aws:policy/IAMFullAccess", ["x"]),
        ("arn:aws:iam::aws:policy/AdministratorAccess", ["x"]),
        (f"arn:aws:iam::{ACCOUNT}:policy/*", ["x"]),
        (f"arn:aws:iam::{OTHER}:policy/*", []),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", []),
    ],
)
def test_who_can_attach_a_policy_that_leads_to_everything_becomes_an_administrator(
    tmp_path: Path, policy: str, can: Any
) -> None:
    attaching = allow("iam:AttachRolePolicy", when={"ArnLike": {"iam:PolicyARN": policy}})
    assert can == sorted(paths(tmp_path, role("x", attaching), GOD, managed("god", EVERYTHING, account=OTHER), LIMIT))


def test_a_version_that_allows_everything_needs_no_assumption_to_be_brought_back(tmp_path: Path) -> None:
    own = managed("own", allow("iam:SetDefaultPolicyVersion"), v0=document(EVERYTHING))
    record = role("x", AttachedManagedPolicies=[{"PolicyArn": own["Arn"]}])
    assert () == paths(tmp_path, record, own)["x"].assumes


def test_a_boundary_that_its_holder_cannot_rewrite_limits_it(tmp_path: Path) -> None:
    ones_own = managed("limit", allow("s3:*", "iam:CreatePolicyVersion"))
    limited = {"PermissionsBoundary": {"PermissionsBoundaryArn": ones_own["Arn"]}}
    elsewhere = {"Effect": "Deny", "Action": "iam:CreatePolicyVersion", "Resource": ones_own["Arn"]}
    records = (role("x", EVERYTHING, **limited), role("y", EVERYTHING, elsewhere, **limited), ones_own)
    assert ["x"] == sorted(paths(tmp_path, *records))


LITTLE = managed("little", allow("s3:*"))
BOUNDED = {"StringEquals": {"iam:PermissionsBoundary": LITTLE["Arn"]}}
MAKING = ("iam:CreateUser", "iam:PutUserPolicy", "iam:AttachUserPolicy")
KEYS = allow("iam:CreateAccessKey")


def test_whoever_has_a_boundary_can_make_a_user_without_one(tmp_path: Path) -> None:
    limit = managed("limit", allow("iam:*"))
    makes = allow("iam:CreateUser", "iam:AttachUserPolicy", "iam:CreateAccessKey")
    found = paths(tmp_path, user("x", makes, PermissionsBoundary={"PermissionsBoundaryArn": limit["Arn"]}), limit)
    assert ("iam:CreateUser + iam:AttachUserPolicy + iam:CreateAccessKey",) == found["x"].ways


def test_users_that_are_made_under_a_boundary_that_allows_little_are_no_way(tmp_path: Path) -> None:
    """AWS's pattern for delegation: "Delegating responsibility to others using permissions boundaries"."""
    delegate = user("x", allow(*MAKING, "iam:PutUserPermissionsBoundary", when=BOUNDED), KEYS)
    assert {} == paths(tmp_path, delegate, LITTLE)


def test_users_that_are_made_under_a_boundary_that_allows_everything_are_a_way(tmp_path: Path) -> None:
    wide = managed("wide", EVERYTHING)
    under = {"StringEquals": {"iam:PermissionsBoundary": wide["Arn"]}}
    assert ["x"] == sorted(paths(tmp_path, user("x", allow(*MAKING, when=under), KEYS), wide))


@pytest.mark.parametrize("off", ["iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"])
def test_who_takes_off_its_boundary_and_then_writes_itself_a_policy_becomes_an_administrator(
    tmp_path: Path, off: str
) -> None:
    """The boundary need not let it write the policy: by then it is off."""
    limit = managed("limit", allow("s3:*", off))
    own = allow("s3:GetObject", off, "iam:PutRolePolicy")
    bounded = role("x", own, PermissionsBoundary={"PermissionsBoundaryArn": limit["Arn"]})
    found = paths(tmp_path, bounded, limit)["x"]
    assert f"{off} + iam:PutRolePolicy" in found.ways


@pytest.mark.parametrize(
    ("own", "limit"),
    [
        pytest.param(("iam:DeleteRolePermissionsBoundary",), ("iam:*",), id="nothing to write with"),
        pytest.param(("iam:PutRolePolicy",), ("iam:*",), id="the boundary stays on"),
        pytest.param(
            ("iam:DeleteRolePermissionsBoundary", "iam:PutRolePolicy"), ("s3:*",), id="the boundary forbids it"
        ),
    ],
)
def test_a_boundary_limits_who_cannot_take_it_off_or_gains_nothing_by_that(
    tmp_path: Path, own: tuple[str, ...], limit: tuple[str, ...]
) -> None:
    policy = managed("limit", allow(*limit))
    bounded = role("x", allow("s3:GetObject", *own), PermissionsBoundary={"PermissionsBoundaryArn": policy["Arn"]})
    assert {} == paths(tmp_path, bounded, policy)


def test_who_may_do_everything_but_for_its_boundary_has_the_ways_to_take_that_off_and_no_others(
    tmp_path: Path,
) -> None:
    limit = managed("limit", allow("s3:*", "iam:DeleteRolePermissionsBoundary", "iam:PutRolePolicy"))
    bounded = role("x", EVERYTHING, PermissionsBoundary={"PermissionsBoundaryArn": limit["Arn"]})
    assert ("iam:DeleteRolePermissionsBoundary",) == paths(tmp_path, bounded, limit)["x"].ways


def test_who_may_give_rights_only_to_roles_with_a_boundary_has_no_way_whatever_its_own_boundary_is(
    tmp_path: Path,
) -> None:
    wide = managed("wide", EVERYTHING)
    giving = allow("iam:PutRolePolicy", "iam:AttachRolePolicy", on=f"arn:aws:iam::{ACCOUNT}:role/y", when=BOUNDED)
    bounded = {"PermissionsBoundary": {"PermissionsBoundaryArn": wide["Arn"]}}
    assert {} == paths(tmp_path, role("x", giving, **bounded), role("y"), wide, LITTLE)


@pytest.mark.parametrize(
    "records",
    [
        pytest.param(
            [role("x", allow("iam:PassRole", on=X), allow("lambda:CreateFunction", "lambda:InvokeFunction"))],
            id="passes itself",
        ),
        pytest.param([user("ann", GroupList=["g"]), group("g", allow("iam:AddUserToGroup"))], id="joins its own group"),
        pytest.param([user("ann", allow("iam:CreateAccessKey", on=ANN))], id="makes itself keys"),
        pytest.param([role("x", ASSUMES, trusts=trust(aws=X))], id="assumes itself"),
        pytest.param([user("ann", allow("iam:UpdateAssumeRolePolicy")), role("aws-reserved/sso")], id="a role of AWS"),
        pytest.param([role("x", allow("iam:PassRole"), allow("lambda:CreateFunction"))], id="runs nothing"),
    ],
)
def test_who_gains_nobodys_rights_has_no_edge(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    files = account_files(write(tmp_path, page(*records))).files
    (audited,) = audited_accounts(Chunk((AccountWork(ACCOUNT, files),), NOW))
    assert [] == [edge for edge in audited.result.edges if edge.source == records[0]["Arn"] and not edge.assumes]


def test_to_add_others_to_a_group_counts_what_the_group_holds(tmp_path: Path) -> None:
    adding = role("x", allow("iam:AddUserToGroup"))
    assert {} == paths(tmp_path / "readers", adding, group("readers", allow("s3:GetObject")))
    assert "iam:AddUserToGroup on others" in paths(tmp_path / "admins", adding, group("admins", EVERYTHING))["x"].ways


@pytest.mark.parametrize(
    ("older", "is_way"),
    [
        ({}, True),
        ({"v0": document(allow("s3:GetObject"))}, False),
        ({"v0": document(allow("iam:PutRolePolicy"))}, True),
    ],
    ids=["no older one in the files", "one that allows no more", "one that allows more"],
)
def test_to_bring_back_a_version_counts_what_the_versions_hold(
    tmp_path: Path, older: dict[str, Any], *, is_way: bool
) -> None:
    own = managed("own", allow("s3:GetObject", "iam:SetDefaultPolicyVersion"), **older)
    holder = role("x", AttachedManagedPolicies=[{"PolicyArn": own["Arn"]}])
    assert is_way == ("x" in paths(tmp_path, holder, own))


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False),
        ({"StringEquals": {"aws:RequestTag/team": "red"}}, False),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-abcdefgh12"}}, True),
    ],
    ids=["MFA", "a tag that it asks for", "a network", "an organization"],
)
def test_what_a_caller_brings_is_told_apart_from_what_something_else_decides(
    tmp_path: Path, when: dict[str, Any], *, is_open: bool
) -> None:
    path = paths(tmp_path, user("x", allow("iam:PutUserPolicy", on=f"arn:aws:iam::{ACCOUNT}:user/x", when=when)))["x"]

    assert path.is_open == is_open
    assert is_open != must_hold_words(path).endswith(", which the caller brings")


A_ROLE, B_ROLE = f"arn:aws:iam::{ACCOUNT}:role/a-*", f"arn:aws:iam::{ACCOUNT}:role/b-*"


@pytest.mark.parametrize(
    ("made", "given", "is_way"),
    [
        pytest.param(A_ROLE, B_ROLE, False, id="on other roles"),
        pytest.param(A_ROLE, f"arn:aws:iam::{ACCOUNT}:role/*-b", True, id="on some of the same"),
        pytest.param(A_ROLE, "*", True, id="on all"),
        pytest.param("*", B_ROLE, True, id="of all, some"),
        pytest.param({"NotResource": A_ROLE}, B_ROLE, True, id="on all but others"),
        pytest.param({"Resource": A_ROLE, "denied": B_ROLE}, B_ROLE, False, id="of others, and none of these"),
    ],
)
def test_a_new_role_is_a_way_where_the_same_role_may_be_made_and_given_rights(
    tmp_path: Path, made: str | dict[str, Any], given: str, *, is_way: bool
) -> None:
    on = {"Resource": made} if isinstance(made, str) else {**made}
    denied = [deny("iam:CreateRole", on=on.pop("denied"))] if "denied" in on else []
    making = {"Effect": "Allow", "Action": "iam:CreateRole", **on}
    found = paths(tmp_path, role("x", making, allow("iam:AttachRolePolicy", on=given), *denied))
    assert is_way == ("x" in found and "iam:CreateRole + iam:AttachRolePolicy" in found["x"].ways)
    if is_way:
        (step,) = found["x"].steps
        assert len({need.resource for need in step.needs}) == 1


def test_whoever_joins_a_group_keeps_its_own_rights(tmp_path: Path) -> None:
    own = allow("iam:AddUserToGroup", "iam:CreateUser", "iam:CreateAccessKey")
    found = paths(
        tmp_path,
        user("ann", own),
        group("attachers", allow("iam:AttachUserPolicy", on=f"arn:aws:iam::{ACCOUNT}:user/new-*")),
    )
    both = "iam:AddUserToGroup + iam:CreateUser + iam:AttachUserPolicy + iam:CreateAccessKey"
    assert (both, ()) == (found["ann"].steps[0].technique, found["ann"].assumes)
    assert ["own (inline), Statement[0]"] * 2 + ["own (inline), by group attachers, Statement[0]"] + [
        "own (inline), Statement[0]"
    ] == [need.statement for need in found["ann"].steps[0].needs]


def test_whoever_joins_a_group_stays_within_its_boundary(tmp_path: Path) -> None:
    limit = managed("limit", allow("s3:*", "iam:AddUserToGroup"))
    bounded = user("ann", allow("iam:AddUserToGroup"), PermissionsBoundary={"PermissionsBoundaryArn": limit["Arn"]})
    assert {} == paths(tmp_path, bounded, group("admins", EVERYTHING), limit)


@pytest.mark.parametrize(("put", "is_way"), [("arn:aws:iam::aws:policy/AdministratorAccess", True), (S3_ONLY, False)])
def test_who_may_put_a_boundary_on_itself_is_freed_by_one_that_allows_everything(
    tmp_path: Path, put: str, *, is_way: bool
) -> None:
    limit = managed("limit", allow("iam:PutRolePermissionsBoundary"))
    putting = allow("iam:PutRolePermissionsBoundary", when={"ArnEquals": {"iam:PermissionsBoundary": put}})
    bounded = {"PermissionsBoundary": {"PermissionsBoundaryArn": limit["Arn"]}}
    assert ("x" in paths(tmp_path, role("x", putting, allow("iam:PutRolePolicy"), **bounded), limit)) is is_way


def test_a_deny_of_a_boundary_counts_for_a_user_whom_a_role_trusts_by_name(tmp_path: Path) -> None:
    limit = managed("limit", EVERYTHING, deny("sts:AssumeRole"))
    bounded = {"PermissionsBoundary": {"PermissionsBoundaryArn": limit["Arn"]}}
    admin = role("admin", EVERYTHING, trusts=trust(aws=[ANN, f"arn:aws:iam::{ACCOUNT}:user/bob"]))
    assert ["bob"] == sorted(paths(tmp_path, admin, limit, user("ann", **bounded), user("bob")))


def test_whoever_needs_mfa_for_the_most_important_or_is_undecided_there_is_no_administrator(tmp_path: Path) -> None:
    without = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    doubt = {"StringNotEquals": DOUBT["StringEquals"]}
    roles = [role(name, EVERYTHING, deny("iam:CreateUser", when=when)) for name, when in (("x", without), ("z", doubt))]
    report = report_of(write(tmp_path, page(*roles, user("y", EVERYTHING))))
    assert report.administrators == (f"arn:aws:iam::{ACCOUNT}:user/y",)


@pytest.mark.parametrize(
    ("needs", "assumes", "is_open"),
    [
        ([("aws:MultiFactorAuthPresent", "true")], "", False),
        ([("aws:MultiFactorAuthPresent", "true"), ("aws:ResourceTag/team", "blue")], "", True),
        ([("aws:SourceVpc", "vpc-1")], "", True),
        ([], "an instance takes commands", True),
    ],
)
def test_a_way_is_open_where_something_is_needed_that_no_caller_brings(
    needs: list[tuple[str, str]], assumes: str, *, is_open: bool
) -> None:
    step = Edge("a", "b", "t", (StepNeed("iam:PassRole", "*", "", tuple(needs)),), assumes)
    assert EscalationPath("a", (step,), ()).is_open is is_open


SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/x/night"


@pytest.mark.parametrize(
    ("principal", "action", "trusts"),
    [
        ({"AWS": ANN}, {"Action": "sts:*"}, ({ANN}, set(), True)),
        ({"AWS": ANN}, {"NotAction": "sts:TagSession"}, ({ANN}, set(), True)),
        ({"AWS": ANN}, {"NotAction": "sts:AssumeRole"}, (set(), set(), True)),
        ({"AWS": THE_ACCOUNT}, {"Action": "sts:AssumeRole"}, (set(), {ACCOUNT}, False)),
        ({"AWS": SESSION}, {"Action": "sts:AssumeRole"}, ({SESSION}, set(), True)),
        ({"Service": "ec2.amazonaws.com"}, {"Action": "sts:AssumeRole"}, (set(), set(), False)),
        ({"AWS": "*"}, {"Action": "sts:AssumeRole"}, (set(), set(), False)),
    ],
)
def test_a_trust_policy_names_whom_its_allow_of_assuming_means(
    principal: dict[str, Any], action: dict[str, Any], trusts: tuple[set[str], set[str], bool]
) -> None:
    found = trusted(parse(document({"Effect": "Allow", "Principal": principal, **action})))
    assert (found.arns, found.accounts, found.tells_apart) == trusts


def test_the_sessions_of_a_role_are_of_its_partition_and_have_no_path() -> None:
    sessions = "arn:aws-cn:sts::111122223333:assumed-role/worker"
    for arn in ("arn:aws-cn:iam::111122223333:role/app/worker", f"{sessions}/night"):
        assert role_of_session(arn) == sessions
    assert role_of_session(ANN) == ANN


def test_a_statement_on_a_session_keeps_its_conditions() -> None:
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    part = trust_part(parse(trust(aws=SESSION, when=mfa)), X, "AROAX")
    assert part is not None
    (statement,) = part.directly.statements
    assert [(one.key, one.values) for one in statement.conditions] == [
        ("aws:MultiFactorAuthPresent", ("true",)), ("aws:userid", ("AROAX:night",)),
    ]  # fmt: skip
