"""What a deploy looks up, and on this machine makes, before it plans: all that AWS is asked for it, in its order."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from answering import NUMBER, Answers, Refused, answering
from remit.app import App, ExistingValue, Function, StoredValue
from remit.deploy.athena_trail import summed_up_by_athena
from remit.deploy.existing_values import calls_for_existing, look_up_existing
from remit.deploy.invoke import invoke
from remit.deploy.local_preparation import make_policies
from remit.deploy.stored_values import look_up_stored
from remit.errors import Origin, RemitError
from remit.iam.policy import parse
from remit.triggers.existing_sources import BOUNDARY, MANAGED_POLICY, ExistingSource

if TYPE_CHECKING:
    from pathlib import Path

    from remit.deploy.session import Account

DENIED: Final = Refused("AccessDeniedException", "no", 403)


def limited(looks: dict[str, Any], makes: dict[str, Any]) -> tuple[Account, Answers, Answers]:
    """An account of this machine for who may not do all, what it was asked, and what its owner was."""
    account, asked = answering(looks, local=True)
    owner, of_owner = answering(makes, local=True)
    return replace(account, owner=owner), asked, of_owner


def secret(name: str) -> StoredValue:
    return StoredValue("secretsmanager", name, name, variable=name.strip("/").upper(), origin=Origin("app.py", 3, 5))


@pytest.mark.parametrize("only_looks", [False, True])
def test_each_secret_and_parameter_is_looked_for_and_those_of_the_file_are_made_by_the_owner(
    tmp_path: Path, *, only_looks: bool
) -> None:
    values = [
        secret("/hidden"), secret("/new"), secret("/there"), secret("/changed"), secret("/both"),
        replace(secret("/both"), store="ssm"), replace(secret("/size"), store="ssm", variable="SIZE"),
        replace(secret("/gone"), store="ssm"), secret("/lost"), replace(secret("/own"), own=True), secret("/new"),
    ]  # fmt: skip
    (tmp_path / ".env.local").write_text("/new=1\n/changed=2\nSIZE=3\n")
    there = ("/there", "/changed", "/both")

    def described(SecretId: str) -> Any:  # noqa: N803 - AWS's name
        if SecretId == "/hidden":
            return DENIED
        return {"Name": SecretId} if SecretId in there else Refused("ResourceNotFoundException")

    looks = {
        "secretsmanager.DescribeSecret": described,
        "ssm.DescribeParameters": lambda ParameterFilters: {  # noqa: N803 - AWS's name
            "Parameters": [{"Name": name} for name in ParameterFilters[0]["Values"] if name != "/gone"]
        },
    }
    makes = {
        "secretsmanager.DescribeSecret": described,
        "secretsmanager.CreateSecret": {},
        "secretsmanager.PutSecretValue": {},
        "ssm.PutParameter": {},
    }
    account, asked, of_owner = limited(looks, makes)
    notes: list[str] = []

    functions = (Function("a", "a", "app.f", {}, stored_values=tuple(values)),)
    with pytest.raises(RemitError) as raised:
        look_up_stored(App("shop", "dev", functions), account, tmp_path, notes.append, only_looks=only_looks)

    place = f"in {NUMBER}, eu-central-1"
    assert [(error.message, error.hint, error.origin) for error in raised.value.all] == [
        (
            f"{kind} {name}, which {name[1:].upper()} names, does not exist {place}",
            f"write its value for this machine into .env.local: {name}=…",
            Origin("app.py", 3, 5),
        )
        for kind, name in (("parameter", "/gone"), ("secret", "/lost"))
    ]
    assert notes == ["note: whether secret /hidden exists is not known: the caller may not look it up"]

    def parameter(name: str) -> tuple[str, Any]:
        return "ssm.DescribeParameters", {"ParameterFilters": [{"Key": "Name", "Option": "Equals", "Values": [name]}]}

    def described_secret(name: str) -> tuple[str, Any]:
        return "secretsmanager.DescribeSecret", {"SecretId": name}

    assert asked.asked == [
        *map(described_secret, ("/hidden", "/new", "/there", "/changed", "/both")),
        *map(parameter, ("/both", "/size", "/gone")),
        described_secret("/lost"),
    ]
    made: list[tuple[str, Any]] = [
        described_secret("/new"),
        ("secretsmanager.CreateSecret", {"Name": "/new", "SecretString": "1"}),
        described_secret("/changed"),
        ("secretsmanager.PutSecretValue", {"SecretId": "/changed", "SecretString": "2"}),
        ("ssm.PutParameter", {"Name": "/size", "Value": "3", "Type": "SecureString", "Overwrite": True}),
    ]
    for _, parameters in of_owner.asked:
        parameters.pop("ClientRequestToken", None)  # the SDK's own
    assert of_owner.asked == ([] if only_looks else made)


def test_networks_and_parameters_are_looked_up_once_each_and_a_stand_in_is_told(tmp_path: Path) -> None:
    def within(Filters: Any, **_: Any) -> str:  # noqa: N803 - AWS's name
        return str(Filters[0]["Values"][0])

    def named(name: str) -> list[dict[str, str]]:
        return [{"Key": "a", "Value": "b"}, {"Key": "Name", "Value": name}]

    vpcs = [{"VpcId": "vpc-d", "IsDefault": True}, {"VpcId": "vpc-p", "Tags": named("prod")}]
    to_internet = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}
    tables = [
        {"Associations": [{"Main": True}], "Routes": [to_internet]},
        {"Associations": [{"SubnetId": "s-3"}, {"SubnetId": "s-1"}], "Routes": [{"GatewayId": "local"}]},
    ]
    account, asked = answering(
        {
            "ec2.DescribeVpcs": {"Vpcs": vpcs},
            "ec2.DescribeSubnets": lambda **given: {
                "Subnets": [
                    {"SubnetId": f"s-{number}"} for number in ((3, 2, 1) if within(**given) == "vpc-p" else (9,))
                ]
            },
            "ec2.DescribeRouteTables": {"RouteTables": tables},
            "ec2.DescribeSecurityGroups": lambda **given: {
                "SecurityGroups": [
                    {"GroupId": f"sg-{name}-{within(**given)}", "GroupName": name, "Tags": named(f"tag {name}")}
                    for name in ("default", "web")
                ]
            },
            "ssm.GetParameter": lambda Name: {"Parameter": {"Name": Name, "Type": "String", "Value": "9"}},  # noqa: N803
        },
        local=True,
    )
    values = [
        ExistingValue("Subnets", "subnets", "prod"),
        ExistingValue("Size", "parameter", "/size"),
        ExistingValue("Group", "security_group", "prod", "tag web"),
        ExistingValue("StandIn", "subnets", "missing"),
        ExistingValue("StandInGroup", "security_group", "missing", "web"),
    ]
    notes: list[str] = []

    assert look_up_existing(values, account, tmp_path, notes.append) == {
        "Subnets": "s-1,s-3",
        "Size": "9",
        "Group": "sg-web-vpc-p",
        "StandIn": "s-9",
        "StandInGroup": "sg-default-vpc-d",
    }
    assert notes == ["note: there is no VPC missing on this machine; its default VPC stands in"]
    parts = ("Subnets", "RouteTables", "SecurityGroups")
    by_vpc = {vpc: [(f"ec2.Describe{part}", {"Filters": [{"Name": "vpc-id", "Values": [vpc]}]}) for part in parts]
              for vpc in ("vpc-p", "vpc-d")}  # fmt: skip
    assert asked.asked == [
        ("ec2.DescribeVpcs", {"Filters": []}),
        *by_vpc["vpc-p"],
        ("ssm.GetParameter", {"Name": "/size"}),
        ("ec2.DescribeVpcs", {"Filters": []}),
        *by_vpc["vpc-d"],
    ]
    described = [f"ec2.Describe{part}" for part in ("Vpcs", *parts)]
    assert [call.operation for call in calls_for_existing(values)] == ["ssm.GetParameter", *described]
    assert [call.operation for call in calls_for_existing(values[1:2])] == ["ssm.GetParameter"]
    assert [call.operation for call in calls_for_existing(values[:1])] == described


def document(action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


@pytest.mark.parametrize("only_looks", [False, True])
def test_policies_are_made_of_their_files_by_the_owner_and_each_that_is_nowhere_is_told(*, only_looks: bool) -> None:
    names = ("same", "other", "unwritten", "limit", "team/made", "lost")
    kinds = {"limit": BOUNDARY, "queue": "queue"}
    sources = [ExistingSource(kinds.get(name, MANAGED_POLICY), name, "", ("web",)) for name in ("queue", *names)]
    files = {name: parse(document(f"s3:{name}")) for name in ("same", "other", "made")}
    arns = {name: f"arn:aws:iam::{NUMBER}:policy/{name}" for name in names}
    there = {arns["same"]: "s3:same", arns["other"]: "s3:before", arns["unwritten"]: "s3:unwritten"}

    def got(PolicyArn: str) -> Any:  # noqa: N803 - AWS's name
        found = {"Policy": {"Arn": PolicyArn, "DefaultVersionId": "v3"}}
        return found if PolicyArn in there else Refused("NoSuchEntity", status=404)

    answers = {
        "iam.GetPolicy": got,
        "iam.GetPolicyVersion": lambda PolicyArn, VersionId: {  # noqa: N803 - AWS's names
            "PolicyVersion": {"Document": json.dumps(document(there[PolicyArn])), "VersionId": VersionId}
        },
        **{key: {} for key in ("iam.CreatePolicy", "iam.CreatePolicyVersion", "iam.DeletePolicyVersion")},
    }
    account, asked, of_owner = limited({}, answers)
    built: Any = SimpleNamespace(must_exist=sources, app=SimpleNamespace(policies=files), namespace="orders-dev")
    notes: list[str] = []

    with pytest.raises(RemitError) as raised:
        make_policies(built, account, notes.append, only_looks=only_looks)

    lost = "managed policy lost, for web, does not exist on this machine"
    hint = "write its text into config/policies/lost.json: a deploy makes it from there"
    assert [(error.message, error.hint) for error in raised.value.all] == [(lost, hint)]
    assert notes == [
        (
            "note: permissions boundary limit, for web is not on this machine: one that allows everything stands in, "
            "until there is config/policies/limit.json"
        )
    ]
    writes = [call for call in of_owner.asked if not call[0].startswith("iam.Get")]
    for _, parameters in writes:
        if "PolicyDocument" in parameters:
            parameters["PolicyDocument"] = json.loads(parameters["PolicyDocument"])
    changed = {"PolicyArn": arns["other"], "PolicyDocument": document("s3:other"), "SetAsDefault": True}
    made: list[tuple[str, Any]] = [
        ("iam.CreatePolicyVersion", changed),
        ("iam.DeletePolicyVersion", {"PolicyArn": arns["other"], "VersionId": "v3"}),
        ("iam.CreatePolicy", {"PolicyName": "limit", "Path": "/", "PolicyDocument": document("*")}),
        ("iam.CreatePolicy", {"PolicyName": "made", "Path": "/team/", "PolicyDocument": document("s3:made")}),
    ]
    assert (writes, asked.asked) == ([] if only_looks else made, [])


def test_nothing_is_made_in_an_account_that_is_far() -> None:
    account, asked = answering({})
    built: Any = SimpleNamespace(must_exist=[ExistingSource(BOUNDARY, "x", "", ())])
    notes: list[str] = []
    make_policies(built, account, notes.append)
    assert (notes, asked.asked) == ([], [])


def test_a_query_of_athena_is_watched_until_it_ends() -> None:
    states = [
        ({"State": "QUEUED"}, {}),
        ({"State": "RUNNING"}, {"Statistics": {"DataScannedInBytes": 1_234_567_890_123}}),
        ({"State": "CANCELLED"}, {}),
    ]
    account, _ = answering(
        {
            "athena.StartQueryExecution": {"QueryExecutionId": "q"},
            "athena.GetQueryExecution": [{"QueryExecution": {"Status": state, **more}} for state, more in states],
        }
    )
    heard: list[str] = []

    with pytest.raises(RemitError) as raised:
        summed_up_by_athena(account, "logs", progress=heard.append)

    assert heard == ["Athena: queued, 0.0 GB read", "Athena: running, 1,234.6 GB read"]
    message = "the query of Athena ended as CANCELLED: Athena gives no reason"
    assert (raised.value.message, raised.value.exit_code) == (message, 1)


@pytest.mark.parametrize(("more", "failed"), [({}, False), ({"FunctionError": "Unhandled"}, True)])
def test_a_function_is_invoked_once_with_its_event(more: dict[str, str], *, failed: bool) -> None:
    account, asked = answering({"lambda.Invoke": lambda **_: {"Payload": io.BytesIO(b'{"a": 1}'), **more}})
    account._clients["lambda, once"] = account._clients["lambda"]

    answer = invoke(account, "orders-dev-web", {"x": ["é"]})

    assert (answer.value, answer.failed, answer.log, answer.duration_ms) == ({"a": 1}, failed, "", None)
    (parameters,) = asked.calls("lambda.Invoke")
    assert json.loads(parameters.pop("Payload")) == {"x": ["é"]}
    assert parameters == {"FunctionName": "orders-dev-web", "LogType": "Tail"}
