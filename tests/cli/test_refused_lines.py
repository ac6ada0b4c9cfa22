"""Command lines whose parts do not go together are refused with what to do, before anything is loaded or written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from projects import remit

if TYPE_CHECKING:
    from pathlib import Path

ARN: Final = "arn:aws:iam::111122223333:role/deploys"
REFUSED: Final = (
    ("bootstrap --ci github", "--ci and --repository go together"),
    ("bootstrap --repository acme/shop", "--ci and --repository go together"),
    ("bootstrap --print", "--print goes with them"),
    ("check deployer", "choose one of --policy FILE and --live"),
    ("check deployer --live --policy p.json", "choose one of --policy FILE and --live"),
    ("check deployer --policy p.json --local", "--local and --profile go with --live"),
    ("check deployer --policy p.json --profile x", "--local and --profile go with --live"),
    ("delete --bucket --artefact-bucket mine", "--bucket removes remit's bucket, never one of your own"),
    ("delete --resume --empty", "--resume follows a delete that is agreed to: leave --empty out"),
    ("deploy --accept-drift --revert-drift", "choose one of --accept-drift and --revert-drift"),
    ("deploy --simulate-delays", "--simulate-delays is for the AWS on this machine: add --local"),
    ("deploy --strict", "--strict is for the AWS on this machine: add --local"),
    ("deploy --plan --json --markdown", "choose one of --json and --markdown"),
    ("deploy --markdown", "--markdown and --write go with --plan"),
    ("deploy --json --write x.json", "--markdown and --write go with --plan"),
    ("deploy --plan --write x.json", "--write is for the answer of --json or --markdown: add one"),
    ("deploy --plan --yes --skip A", "--plan changes nothing: leave out --yes and --skip, or --plan"),
    (
        "deploy --plan --resume --revert-drift",
        "--plan changes nothing: leave out --resume and --revert-drift, or --plan",
    ),
    ("deploy --plan --json --write none/x.json", "--write none/x.json: name a file in a folder that is there"),
    ("deploy --plan --json --write .", "--write .: name a file in a folder that is there"),
    ("rollback --plan --yes", "--plan changes nothing: leave out --yes, or --plan"),
    ("diff --base main --deployed", "choose one to compare with: --base or --deployed"),
    ("diff p.json p.json --live", "choose one to compare with: files or --live"),
    ("diff --stage a --stage b --live", "choose one to compare with: two stages or --live"),
    (
        "diff p.json p.json --stage a",
        "files are compared by themselves: --stage, --local and --accept are for a project",
    ),
    ("diff p.json p.json --accept x", "files are compared by themselves"),
    ("diff p.json none.json", "there is no file none.json"),
    ("diff a.json b.json", "there is no file a.json and no b.json"),
    ("diff p.json p.json p.json", "two are compared, an old and a new"),
    ("diff --stage a --stage b --stage c", "two are compared, an old and a new"),
    ("diff --base HEAD -", "a file that --base compares with itself is no standard input"),
    ("diff --base HEAD --local", "--local goes with the last deploy, --deployed or --live"),
    ("diff --stage a --stage b --local", "--local goes with the last deploy, --deployed or --live"),
    ("diff --region eu-west-1", "--region and --profile go with --deployed or --live"),
    ("diff --profile x", "--region and --profile go with --deployed or --live"),
    ("diff --accept", "requires an argument"),
    ("diff --json --markdown", "choose one of --json and --markdown"),
    ("evaluate", "takes a FILE of requests, or one request by --action"),
    ("evaluate p.json --action s3:GetObject", "takes a FILE of requests, or one request by --action"),
    ("--nonsense", "no such option '--nonsense'"),
    ("evaluate p.json --complete", "--complete go with --action"),
    ("evaluate p.json --policy p.json --complete", "--policy, --complete go with --action"),
    ("evaluate --action s3:GetObject --endpoint-type Gateway", "--endpoint-type goes with --endpoint-policy"),
    ("evaluate --action GetObject", "'GetObject' is not an action"),
    ("explain --policy p.json --template t.json", "--policy and --template cannot be explained at once"),
    ("explain", "`remit explain` takes something to explain"),
    ("explain --seen", "--seen takes one function of the app"),
    ("explain --stack x report", "--stack and --parameter go with a template"),
    ("explain --parameter A=1 report", "--stack and --parameter go with a template"),
    ("explain --parameter A --template t.json", "--parameter 'A' has no value"),
    ("explain AWS::SQS::Queue x", "'x' is more than `remit explain` takes here"),
    ("explain AWS::SQS::Queeu", "AWS::SQS::Queeu: CloudFormation has no such type"),
    ("explain arn:aws:iam::aws:policy/ReadOnlyAcces", "AWS has no managed policy ReadOnlyAcces"),
    ("explain arn:aws:nothing::1:x", "no resource that is known has such an ARN"),
    ("explain arn:x", "is not an ARN: one has six parts"),
    ("explain s3:GetObject x", "'x' is more than `remit explain` takes here"),
    ("explain p.json s3:GetObject x y", "'y' is more than `remit explain` takes here"),
    ("explain p.json --endpoint-policy p.json", "--endpoint-policy goes with a request"),
    ("explain p.json arn:aws:s3:::x", "'arn:aws:s3:::x' is not an action"),
    ("explain t.json None", "and no function, of the name `None`"),
    ("init", "a folder is missing"),
    ("init x --stage prod", "--stage and --owners go with --ci"),
    ("invoke report --example s3 --event {}", "--example is an event of its own"),
    ("invoke report --strict", "--strict is for the AWS on this machine: add --local"),
    ("jobs retry", "say which jobs: by their ids, or --all"),
    ("jobs purge 3f2a --all", "say which jobs: by their ids, or --all"),
    ("lint --allow R213", "--allow 'R213' gives no reason"),
    ("logs --since yesterday", "--since 'yesterday' is no time"),
    ("minimise p.json --limit 200 --for role", "--limit is a quota of your own"),
    ("minimise p.json --limit 200 --split", "--limit is a quota of your own"),
    ("minimise t.json", "t.json is a template: `remit minimise` takes a policy document"),
    ("policy deployer --split --explain", "are three ways to print it: choose one"),
    ("policy deployer --cloudformation --split", "are three ways to print it: choose one"),
    ("policy deployer --account 12", "--account '12' is not an account: it has 12 digits"),
    ("policy deployer --region nowhere", "there is no region 'nowhere'"),
    ("policy deployer --partition aws-ch", "there is no partition 'aws-ch'"),
    (
        "policy deployer --partition aws-cn --region eu-central-1",
        "region eu-central-1 is in partition aws, not in aws-cn",
    ),
    ("policy deployer --stack x", "--stack and --parameter go with a TEMPLATE"),
    ("policy deployer t.json --from t.json", "--from is for an app"),
    ("policy deployer t.json --for plan", "--for plan is for an app"),
    ("policy deployer --for plan --part works", "--for plan is for an app"),
    ("policy deployer --for bootstrap --live", "--for bootstrap is about no stack"),
    ("policy deployer --for bootstrap --boundary x", "--for bootstrap is about no stack"),
    ("policy deployer t.json --stack 1x", "'1x' is not a valid name for a stack"),
    ("policy deployer t.json --also lambda:Get*", "--also lambda:Get*: that is no action"),
    ("policy deployer t.json --part starts", "--part starts is about a service role, and there is none"),
    ("policy deployer p.json", "p.json is not a CloudFormation template: it has no Resources"),
    ("status --artefact-bucket x", "no such option"),
    ("deploy --artefact-bucket A_B", "'A_B' is not a valid name for a bucket"),
    ("releases --artefact-bucket s3://x", "'s3://x' is not a valid name for a bucket"),
    ("audit . --at yesterday", "--at 'yesterday' is no date"),
    ("dpeloy", "there is no command `dpeloy`"),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a policy and a template, and no project."""
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "REMIT_STAGE", "REMIT_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    (tmp_path / "p.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    (tmp_path / "t.json").write_text(json.dumps({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {}}}}))
    return tmp_path


@pytest.mark.parametrize(("line", "message"), REFUSED, ids=[line for line, _ in REFUSED])
def test_what_does_not_go_together_is_refused(folder: Path, line: str, message: str) -> None:
    before = sorted(folder.iterdir())

    ran = remit(*line.split())

    assert (ran.status, message in ran.out + ran.err) == (2, True), ran.out + ran.err
    assert sorted(folder.iterdir()) == before


ACCEPTED: Final = (
    ("policy deployer t.json --also lambda:GetRuntime --region eu-central-1", 0),
    ("policy deployer t.json --for revert-drift --account 111122223333", 0),
    (f"policy deployer t.json --part starts --service-role {ARN}", 0),
    ("explain s3:GetObject", 0),
    ("explain AWS::SQS::Queue", 0),
    ("explain arn:aws:s3:::bucket/key", 0),
    ("explain p.json s3:GetObject arn:aws:s3:::b/k", 0),
    ("explain p.json s3:PutObject arn:aws:s3:::b/k", 1),
    ("explain t.json", 2),
    ("minimise p.json --for session", 0),
    ("evaluate --policy p.json --action s3:GetObject", 0),
    ("evaluate --policy p.json --action s3:PutObject", 1),
    ("diff p.json p.json", 0),
    ("lint p.json --allow R213=known", 0),
)


@pytest.mark.parametrize(("line", "status"), ACCEPTED, ids=[line for line, _ in ACCEPTED])
def test_what_goes_together_is_answered(folder: Path, line: str, status: int) -> None:
    ran = remit(*line.split())

    assert ran.status == status, ran.out + ran.err
    assert folder.exists()
