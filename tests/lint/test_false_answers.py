"""Rules say nothing of what is right in other people's files: old versions, SCPs, workflows of GitLab, HTTP tasks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit, write
from remit.lint import lint_bytes

if TYPE_CHECKING:
    from pathlib import Path

GITLAB = "arn:aws:iam::111122223333:oidc-provider/gitlab.com"
PROVIDERS = "arn:aws:iam::111122223333:oidc-provider"
GITHUB = f"{PROVIDERS}/token.actions.githubusercontent.com"
BITBUCKET = f"{PROVIDERS}/api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc"
CIRCLECI = f"{PROVIDERS}/oidc.circleci.com/org/0f3a"
TERRAFORM = f"{PROVIDERS}/app.terraform.io"
BUILDKITE = f"{PROVIDERS}/agent.buildkite.com"


def rules(folder: Path, statements: list[dict[str, Any]], file: str = "policy.json", **more: Any) -> list[str]:
    """The rules that find something at the level of a warning or an error, in the order of the findings."""
    document = {"Version": "2012-10-17", **more, "Statement": statements}
    document = {name: value for name, value in document.items() if value is not None}
    write(folder, {file: json.dumps(document)})
    found = json.loads(remit("lint", "--json", str(folder / file)).out)
    return [finding["rule"] for finding in found if finding["severity"] != "note"]


@pytest.mark.parametrize("version", [None, "2008-10-17"])
@pytest.mark.parametrize(
    ("resource", "found"), [("arn:aws:s3:::acme/x", []), ("arn:aws:s3:::acme/${aws:username}/*", ["R117"])]
)
def test_the_old_version_matters_where_a_variable_stands(
    tmp_path: Path, version: str | None, resource: str, found: list[str]
) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}
    assert found == rules(tmp_path, [statement], Version=version)


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("policies/scp/sandbox/allowed.json", []),
        ("SCPs/allowed.json", []),
        ("service-control-policies/a.json", []),
        ("org/guardrail-scp.json", []),
        ("Service Control Policies/a.json", []),
        ("policies/discpline/allowed.json", ["R211", "R215"]),
        ("policies/allowed.json", ["R211", "R215"]),
    ],
)
def test_an_scp_grants_nothing_that_could_be_too_much(tmp_path: Path, file: str, found: list[str]) -> None:
    assert found == sorted(
        set(rules(tmp_path, [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}], f"org/my/{file}"))
    )


def trust(provider: str, **condition: dict[str, str]) -> dict[str, Any]:
    host = provider.partition("oidc-provider/")[2]
    conditions = {
        operator: {f"{host}:{claim}": text for claim, text in claims.items()} for operator, claims in condition.items()
    }
    return {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": conditions,
    }


@pytest.mark.parametrize(
    ("provider", "condition", "found"),
    [
        (GITLAB, {"StringEquals": {"aud": "https://gitlab.com"}}, ["R218"]),
        (GITLAB, {"StringLike": {"sub": "project_path:*"}}, ["R218"]),
        (GITLAB, {"StringLike": {"sub": "project_path:acme/*:ref_type:branch:ref:main"}}, ["R218"]),
        (GITLAB, {"StringLike": {"sub": "project_path:acme/team/shop:ref_type:branch:ref:*"}}, []),
        (GITLAB, {"StringEquals": {"sub": "project_path:acme/shop:ref_type:branch:ref:main"}}, []),
        (GITLAB, {"StringEquals": {"project_id": "42"}}, []),
        (GITHUB, {"StringEquals": {"aud": "sts.amazonaws.com"}}, ["R218"]),
        (GITHUB, {"StringLike": {"sub": "repo:acme/*"}}, ["R218"]),
        (GITHUB, {"StringLike": {"sub": "repo:acme/shop:*"}}, []),
        (GITHUB, {"StringEquals": {"sub": "repo:acme/shop:environment:prod"}}, []),
        (GITHUB, {"StringEquals": {"sub": "repo:acme@1/shop@2:environment:prod"}}, []),
        (GITHUB, {"StringLike": {"sub": "repo:acme@1/shop@2:environment:*"}}, []),
        (GITHUB, {"StringLike": {"sub": "repo:acme@1/*:environment:prod"}}, ["R218"]),
        (BITBUCKET, {"StringEquals": {"aud": "ari:cloud:bitbucket::workspace/7"}}, ["R218"]),
        (BITBUCKET, {"StringLike": {"sub": "*:{9a8b6c7d-1e2f-4a3b-8c4d-5e6f7a8b9c0d}:*"}}, ["R218"]),
        (BITBUCKET, {"StringLike": {"sub": "{9a8b6c7d-1e2f-4a3b-8c4d-5e6f7a8b9c0d}:*"}}, []),
        (CIRCLECI, {"StringEquals": {"aud": "0f3a"}}, ["R218"]),
        (CIRCLECI, {"StringLike": {"sub": "org/0f3a/*"}}, ["R218"]),
        (CIRCLECI, {"StringLike": {"sub": "org/0f3a/project/*/user/*"}}, ["R218"]),
        (CIRCLECI, {"StringLike": {"sub": "org/0f3a/project/77/user/*"}}, []),
        (CIRCLECI, {"StringEquals": {"oidc.circleci.com/project-id": "77"}}, []),
        (TERRAFORM, {"StringEquals": {"aud": "aws.workload.identity"}}, ["R218"]),
        (TERRAFORM, {"StringLike": {"sub": "organization:*:project:p:workspace:w:run_phase:*"}}, ["R218"]),
        (TERRAFORM, {"StringLike": {"sub": "organization:acme:project:p:workspace:*:run_phase:apply"}}, ["R218"]),
        (TERRAFORM, {"StringLike": {"sub": "organization:acme:*"}}, ["R218"]),
        (TERRAFORM, {"StringLike": {"sub": "organization:acme:project:*:workspace:w:run_phase:*"}}, []),
        (BUILDKITE, {"StringEquals": {"aud": "sts.amazonaws.com"}}, ["R218"]),
        (BUILDKITE, {"StringLike": {"sub": "organization:acme:*"}}, ["R218"]),
        (BUILDKITE, {"StringLike": {"sub": "organization:acme:pipeline:shop:*"}}, []),
        (BUILDKITE, {"StringEquals": {"pipeline_id": "0f3a"}}, []),
    ],
)
def test_workflows_of_other_repositories_are_told_of_each_forge(
    tmp_path: Path, provider: str, condition: dict[str, dict[str, str]], found: list[str]
) -> None:
    assert found == rules(tmp_path, [trust(provider, **condition)])


@pytest.mark.parametrize(("claim", "found"), [("aud", ["R218"]), ("sub", [])])
@pytest.mark.parametrize("host", ["token.actions.githubusercontent.com", "gitlab.com"])
def test_the_conditions_tell_which_provider_a_template_makes(
    tmp_path: Path, host: str, claim: str, found: list[str]
) -> None:
    statement = trust(f"{PROVIDERS}/{host}", StringEquals={claim: "x"}) | {"Principal": {"Federated": {"Ref": "Own"}}}
    role = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    own = {"Type": "AWS::IAM::OIDCProvider", "Properties": {"Url": f"https://{host}", "ClientIdList": ["x"]}}
    template = {"Resources": {"Own": own, "Role": {"Type": "AWS::IAM::Role", "Properties": role}}}
    write(tmp_path, {"t.json": json.dumps(template)})
    printed = json.loads(remit("lint", "--json", str(tmp_path / "t.json")).out)
    assert [finding["rule"] for finding in printed] == found


@pytest.mark.parametrize("value", ["repo:${One}:*", "repo:${One}:ref:refs/heads/main", "repo:${Org}/${Repo}:*"])
def test_a_parameter_may_be_the_owner_and_the_repository(tmp_path: Path, value: str) -> None:
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [trust(GITHUB, StringLike={"sub": "X"})],
            }
        },
    }
    names = {name: {"Type": "String"} for name in ("One", "Org", "Repo")}
    text = json.dumps({"Parameters": names, "Resources": {"Role": role}}).replace('"X"', json.dumps({"Fn::Sub": value}))
    write(tmp_path, {"t.json": text})
    found = json.loads(remit("lint", "--json", str(tmp_path / "t.json")).out)
    assert not [finding for finding in found if finding["rule"] == "R218" and finding["severity"] != "note"]


def test_http_tasks_are_allowed_on_their_state_machine_with_their_keys(tmp_path: Path) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "states:InvokeHTTPEndpoint",
        "Resource": "arn:aws:states:us-east-1:111122223333:stateMachine:pay",
        "Condition": {
            "StringEquals": {"states:HTTPMethod": "POST"},
            "StringLike": {"states:HTTPEndpoint": "https://api.example.com/*"},
        },
    }
    assert [] == rules(tmp_path, [statement])
    wrong = {**statement, "Condition": {"StringEquals": {"states:StateMachineQualifier": "1"}}}
    assert ["R503"] == rules(tmp_path, [wrong])


@pytest.mark.parametrize("key", ["s3:prefix", "aws:PrincipalTag/team"])
def test_a_quantifier_on_a_key_of_one_value_is_told_of_global_keys_alone(key: str) -> None:
    """What a service lists of its own keys does not say surely whether they may hold several values."""
    condition = {"ForAnyValue:StringEquals": {key: "a"}}
    statement = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b", "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    told = [finding.rule for finding in lint_bytes(document.encode(), "policy.json")]
    assert (["R511"] if key.startswith("aws:") else []) == told
