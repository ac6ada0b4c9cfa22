"""What a deploy finds that runs already: code, names of buckets, log groups, roles of jobs, the place."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from answering import HERE, NUMBER, Refused, answering
from remit.app import App
from remit.deploy.aws_calls import CALLS, in_bucket, on_roles, only_planning
from remit.deploy.bucket_names import keep_bucket_names, kept_arns
from remit.deploy.ci_roles import ci_roles, make_roles
from remit.deploy.deployed_code import other_code
from remit.deploy.deployment_record import _last_build
from remit.deploy.drift import Drift, drift
from remit.deploy.imports import importable, with_imports
from remit.deploy.manual_changes import ManualChanges, revert
from remit.deploy.role_repairs import repair
from remit.deploy.session import _config, connect_as_configured, named_region
from remit.deploy.stack import describe
from remit.errors import Origin, RemitError
from remit.holders import Holder, by_arn
from remit.project.settings import AwsSection
from remit.triggers.s3 import UNIQUE

if TYPE_CHECKING:
    from pathlib import Path

ID: Final = f"arn:aws:cloudformation:eu-central-1:{NUMBER}:stack/orders-dev/1"
MADE: Final = datetime(2026, 3, 1, tzinfo=UTC)


def stack(**more: Any) -> dict[str, Any]:
    return {
        "Stacks": [
            {
                "StackName": "orders-dev",
                "StackId": ID,
                "StackStatus": "UPDATE_COMPLETE",
                "CreationTime": MADE,
                "Tags": [{"Key": "remit:namespace", "Value": "orders-dev"}],
                **more,
            }
        ]
    }


def listed(**types: str) -> dict[str, Any]:
    return {
        "StackResourceSummaries": [
            {
                "LogicalResourceId": name,
                "ResourceType": type_,
                "PhysicalResourceId": f"made-{name.lower()}",
                "ResourceStatus": "CREATE_COMPLETE",
                "LastUpdatedTimestamp": MADE,
            }
            for name, type_ in types.items()
        ]
    }


def digest(number: int) -> tuple[str, str]:
    """A SHA-256 as it stands in a key, and as Lambda writes it."""
    raw = bytes([number]) * 32
    return raw.hex(), base64.b64encode(raw).decode()


def function(name: str, number: int) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {"FunctionName": name, "Code": {"S3Bucket": "b", "S3Key": f"orders-dev/{digest(number)[0]}.zip"}},
    }


LAYER: Final = f"arn:aws:lambda:eu-central-1:{NUMBER}:layer:orders-dev-deps:7"
THEIRS: Final = "arn:aws:lambda:eu-central-1:1:layer:tracing:2"
TEMPLATE: Final = {
    "Resources": {
        "Web": function("orders-dev-web", 1),
        "Report": function("orders-dev-report", 2),
        "Other": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"FunctionName": "orders-dev-other", "Code": {"ZipFile": "x"}},
        },
        "Theirs": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"FunctionName": "orders-dev-theirs", "Code": {"S3Bucket": "b", "S3Key": "theirs.zip"}},
        },
        "Deps": {
            "Type": "AWS::Lambda::LayerVersion",
            "Properties": {
                "LayerName": {"Fn::Sub": "${AWS::StackName}-deps"},
                "Content": {"S3Bucket": "b", "S3Key": f"orders-dev/{digest(3)[0]}.zip"},
            },
        },
    }
}


@pytest.mark.parametrize(
    ("web", "report", "layer", "found"),
    [
        (1, 2, 3, []),
        (9, 2, 3, [("orders-dev-web", 1, 9, "")]),
        (1, None, 3, [("orders-dev-report", 2, None, "")]),
        (1, 2, 8, [("orders-dev-web", 3, 8, LAYER)]),
        (
            9,
            None,
            8,
            [("orders-dev-web", 1, 9, ""), ("orders-dev-report", 2, None, ""), ("orders-dev-web", 3, 8, LAYER)],
        ),
    ],
)
def test_functions_and_layers_that_run_other_code_are_found(
    web: int | None, report: int | None, layer: int, found: list[Any]
) -> None:
    running = {"orders-dev-web": web, "orders-dev-report": report}

    def got(FunctionName: str) -> Any:  # noqa: N803 - AWS's name
        number = running[FunctionName]
        if number is None:
            return Refused("ResourceNotFoundException", status=404)
        layers = [{"Arn": THEIRS}, {"Arn": LAYER}] if FunctionName.endswith("web") else []
        return {"Configuration": {"CodeSha256": digest(number)[1], "Layers": layers}}

    account, asked = answering(
        {"lambda.GetFunction": got, "lambda.GetLayerVersionByArn": {"Content": {"CodeSha256": digest(layer)[1]}}}
    )

    codes = other_code(account, "orders-dev", TEMPLATE)

    assert [(code.function, code.expected, code.actual, code.layer) for code in codes] == [
        (name, digest(expected)[1], None if actual is None else digest(actual)[1], arn)
        for name, expected, actual, arn in found
    ]
    assert [call["Arn"] for call in asked.calls("lambda.GetLayerVersionByArn")] == [LAYER]


def test_code_that_cannot_be_read_is_told_after_the_deploy() -> None:
    account, _ = answering({"lambda.GetFunction": Refused("AccessDenied", "no", 403)})

    with pytest.raises(
        RemitError, match="orders-dev is deployed, but whether its functions run what was built is not known"
    ):
        other_code(account, "orders-dev", TEMPLATE)


def bucket(name: str | None, **more: Any) -> dict[str, Any]:
    named = {} if name is None else {"BucketName": {"Fn::Sub": name}}
    return {"Type": "AWS::S3::Bucket", "Properties": {**named, **more}}


def express(name: str | None) -> dict[str, Any]:
    """A bucket of another type, which keeps whatever the template says."""
    return {**bucket(name), "Type": "AWS::S3Express::DirectoryBucket"}


GENERATED: Final = f"orders-{UNIQUE}"
NOTIFIES: Final = {"NotificationConfiguration": {"LambdaConfigurations": []}}


def test_a_deployed_bucket_keeps_its_name() -> None:
    account, _ = answering(
        {
            "cloudformation.DescribeStacks": stack(),
            "cloudformation.ListStackResources": listed(Data="AWS::S3::Bucket", Other="AWS::S3::Bucket"),
        }
    )
    found = describe(account, "orders-dev")
    named = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": f"x-{GENERATED}"}}}

    made_up = keep_bucket_names(
        account,
        found,
        {"Resources": {"Data": bucket(None)}},
        {"Resources": {"Data": bucket(GENERATED, **NOTIFIES), "Jobs": named}},
    )
    assert made_up["Resources"]["Data"]["Properties"] == NOTIFIES
    assert made_up["Resources"]["Jobs"]["Properties"] == {"QueueName": "x-made-data"}

    quiet = keep_bucket_names(
        account, found, {"Resources": {"Data": bucket(GENERATED)}}, {"Resources": {"Data": bucket(None, Tags=[])}}
    )
    properties = quiet["Resources"]["Data"]["Properties"]
    assert properties.pop("BucketName")["Fn::Sub"][0].startswith("orders-${")
    assert properties == {"Tags": []}

    for before, after in (
        (bucket(GENERATED), bucket(GENERATED)),
        (bucket("own"), bucket("other")),
        (bucket("own"), bucket(None)),
        (bucket(None), bucket("own")),
        (express(None), express(GENERATED)),
        (express(GENERATED), express(None)),
    ):
        template = {"Resources": {"Data": after}}
        assert keep_bucket_names(account, found, {"Resources": {"Data": before}}, template) == template
    new = {"Resources": {"Data": bucket(GENERATED)}}
    assert keep_bucket_names(account, found, {"Resources": {}}, new) == new
    assert keep_bucket_names(account, None, {}, new) == new


def test_a_bucket_that_has_no_name_in_the_template_is_referred_to_by_its_arn() -> None:
    account, asked = answering(
        {
            "cloudformation.DescribeStacks": stack(),
            "cloudformation.ListStackResources": listed(Data="AWS::S3::Bucket", Named="AWS::S3::Bucket"),
        }
    )
    template = {
        "Resources": {
            "Data": bucket(None, **NOTIFIES),
            "Quiet": bucket(None),
            "New": bucket(None, **NOTIFIES),
            "Named": bucket("own", **NOTIFIES),
        }
    }

    assert kept_arns(account, "orders-dev", template) == {"arn:${AWS::Partition}:s3:::made-data": "${Data.Arn}"}
    assert len(asked.asked) == 2
    assert kept_arns(account, "orders-dev", {"Resources": {"Quiet": bucket(None)}}) == {}
    assert len(asked.asked) == 2


def web(group: str = "Logs") -> dict[str, Any]:
    return {"Type": "AWS::Lambda::Function", "Properties": {"LoggingConfig": {"LogGroup": {"Ref": group}}}}


def logs(name: Any, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name, **more}}


IMPORTED: Final = {
    "Resources": {
        "Web": web(),
        "Logs": logs({"Fn::Sub": "/aws/lambda/${AWS::StackName}-web"}, RetentionInDays=30),
        "Mail": web("MailLogs"),
        "MailLogs": logs("/aws/lambda/orders-dev-mail"),
        "Hook": web("HookLogs"),
        "HookLogs": logs("/aws/lambda/orders-dev-webhook", RetentionInDays=14),
        "Audit": logs("audit"),
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}},
        "Late": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${Jobs}-x"}}},
        "Nameless": {"Type": "AWS::SQS::Queue", "Properties": {}},
    }
}
GROUPS: Final = [
    {"logGroupName": "/aws/lambda/orders-dev-web", "retentionInDays": 7},
    {"logGroupName": "/aws/lambda/orders-dev-webhook"},
]


@pytest.mark.parametrize(
    ("adopt", "take_over", "running", "found"),
    [
        (False, False, {}, {"Logs": 7, "HookLogs": None}),
        (False, True, {}, {"Logs": 7, "HookLogs": None, "MailLogs": None}),
        (True, False, {}, {"Audit": None, "HookLogs": None, "Jobs": None, "Logs": 7, "MailLogs": None}),
        (False, False, {"Logs": {}, "HookLogs": {}}, {}),
    ],
)
def test_what_exists_under_a_name_of_the_template_may_be_imported(
    running: dict[str, Any], found: dict[str, Any], *, adopt: bool, take_over: bool
) -> None:
    """A log group keeps the retention that it has."""
    account, asked = answering({"logs.DescribeLogGroups": {"logGroups": GROUPS}})

    imports = importable(account, IMPORTED, {"Resources": running}, "orders-dev", adopt=adopt, take_over=take_over)

    assert {name: properties.get("RetentionInDays") for name, properties in imports.items()} == found
    if "Logs" in imports:
        assert imports["Logs"]["LogGroupName"] == "/aws/lambda/orders-dev-web"
    assert [call["logGroupNamePrefix"] for call in asked.calls("logs.DescribeLogGroups")] == (
        ["/aws/lambda/orders-dev-"] if not running else ["/aws/lambda/orders-dev-mail"]
    )
    template = with_imports(IMPORTED, imports)
    assert {
        name
        for name, resource in template["Resources"].items()
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate"
    } == found.keys()
    assert "DeletionPolicy" not in IMPORTED["Resources"]["Logs"]


def test_without_the_right_to_list_log_groups_none_is_imported_and_a_policy_that_is_there_stays() -> None:
    account, _ = answering({"logs.DescribeLogGroups": Refused("AccessDeniedException", status=403)})

    assert importable(account, IMPORTED, {}, "orders-dev", adopt=False, take_over=False) == {}
    kept = {"Resources": {"Data": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {}}}}
    assert with_imports(kept, {"Data": {"BucketName": "x"}})["Resources"]["Data"] == {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "Properties": {"BucketName": "x"},
    }


PROVIDER: Final = f"arn:aws:iam::{NUMBER}:oidc-provider/token.actions.githubusercontent.com"


@pytest.mark.parametrize(
    ("running", "providers", "parameter"),
    [
        (None, [], ""),
        (None, [PROVIDER.replace("github", "gitlab"), PROVIDER], PROVIDER),
        ("", [PROVIDER], ""),
        (PROVIDER, [], PROVIDER),
    ],
)
def test_an_identity_provider_that_the_account_has_is_not_made_again(
    running: str | None, providers: list[str], parameter: str
) -> None:
    asked_for: list[Any] = []

    def create(**arguments: Any) -> Any:
        asked_for.append(arguments)
        return Refused("LimitExceededException", "enough")

    there = {
        "Stacks": [
            {
                **stack()["Stacks"][0],
                "StackName": "ci",
                "Tags": [{"Key": "remit:namespace", "Value": "ci"}],
                "Parameters": [{"ParameterKey": "Provider", "ParameterValue": running or ""}],
            }
        ]
    }
    account, _ = answering(
        {
            "cloudformation.DescribeStacks": Refused("ValidationError", "does not exist") if running is None else there,
            "cloudformation.GetTemplate": {"TemplateBody": "{}"},
            "cloudformation.CreateChangeSet": create,
            "iam.ListOpenIDConnectProviders": {"OpenIDConnectProviderList": [{"Arn": arn} for arn in providers]},
        }
    )

    with pytest.raises(RemitError, match="enough"):
        make_roles(account, "ci", ci_roles("github", ["repo:acme/shop:environment:prod"], {"DeployRole": [{}]}))

    assert asked_for[0]["Parameters"] == [{"ParameterKey": "Provider", "ParameterValue": parameter}]


def test_the_roles_of_jobs_are_told_as_the_variables_that_they_are_for() -> None:
    template = ci_roles("github", ["repo:acme/shop:environment:prod"], {"DeployRole": [{}]})
    there = {
        **stack()["Stacks"][0],
        "StackName": "ci",
        "Tags": [{"Key": "remit:namespace", "Value": "ci"}],
        "Parameters": [{"ParameterKey": "Provider", "ParameterValue": ""}],
        "Outputs": [{"OutputKey": "Role", "OutputValue": "arn:a", "Description": "AWS_ROLE_ARN"}],
    }
    account, _ = answering(
        {
            "cloudformation.DescribeStacks": {"Stacks": [there]},
            "cloudformation.GetTemplate": {"TemplateBody": json.dumps(template)},
            "iam.ListOpenIDConnectProviders": {"OpenIDConnectProviderList": []},
        }
    )
    assert make_roles(account, "ci", template) == {"AWS_ROLE_ARN": "arn:a"}


def test_a_plan_alone_writes_but_its_template_and_carries_nothing_out() -> None:
    planning = {call.operation: call for call in only_planning(CALLS)}

    assert "cloudformation.CreateChangeSet" in planning
    assert {
        "cloudformation.ExecuteChangeSet",
        "cloudformation.ContinueUpdateRollback",
        "cloudformation.DescribeStackEvents",
    } & planning.keys() == set()
    assert planning["s3.PutObject"].on.endswith("/{stack}/plans/*")
    assert planning["s3.GetObject"].on.endswith("/{stack}/*")
    assert all(
        call.on.startswith("arn:${AWS::Partition}:s3:::mine")
        for call in in_bucket(CALLS, "mine")
        if call.operation.startswith("s3.") and not call.of_type
    )


@pytest.mark.parametrize(
    ("path", "name", "end"),
    [
        (None, None, "role/{stack}-*"),
        ("/apps/", None, "role/apps/orders-dev-*"),
        (None, "x-{app}-{stage}-{role}", "role/x-orders-dev-*"),
        ("/apps/", "{role}", "role/apps/*"),
    ],
)
def test_calls_on_roles_are_on_the_path_and_the_names_that_the_app_gives_them(
    path: str | None, name: str | None, end: str
) -> None:
    app = App("orders", "dev", (), role_path=path, role_name=name)

    calls = on_roles(CALLS, app)

    roles = {call.on for call in calls if call.operation == "iam.GetRole"}
    assert [on.partition(":iam::${AWS::AccountId}:")[2] for on in roles] == [end]
    assert [call.on for call in calls if not call.operation.startswith("iam.")] == [
        call.on for call in CALLS if not call.operation.startswith("iam.")
    ]


def changed(*repairs: Any) -> Drift:
    return Drift("Web", "it was changed", repairs=tuple(repairs))


def test_changes_by_hand_are_undone_in_their_order_and_what_was_done_before_is_no_failure() -> None:
    account, asked = answering(
        {
            "iam.DeleteRolePolicy": Refused("NoSuchEntity", status=404),
            "iam.CreateRole": Refused("EntityAlreadyExists", status=409),
            "iam.GetRole": {
                "Role": {
                    "Path": "/",
                    "RoleName": "r",
                    "RoleId": "A" * 16,
                    "Arn": "arn:aws:iam::1:role/role-r",
                    "CreateDate": MADE,
                }
            },
            "cloudformation.DescribeStacks": Refused("ValidationError", "does not exist"),
        },
        local=True,
    )
    changes = ManualChanges(
        (
            changed(repair("iam.DeleteRolePolicy", RoleName="r", PolicyName="p")),
            changed(repair("iam.CreateRole", "role_exists", RoleName="r", AssumeRolePolicyDocument="{}")),
        )
    )
    told: list[str] = []

    revert(account, changes, "orders-dev", lambda each: told.append(each.operation))

    assert told == ["iam.DeleteRolePolicy", "iam.CreateRole"]
    assert [name for name, _ in asked.asked if name.startswith("iam.")] == [
        "iam.DeleteRolePolicy",
        "iam.CreateRole",
        "iam.GetRole",
    ]
    assert asked.calls("iam.GetRole") == [{"RoleName": "r"}]


def test_where_one_change_cannot_be_undone_nothing_is() -> None:
    account, asked = answering({"iam.DeleteRolePolicy": {}})

    with pytest.raises(RemitError, match="remit cannot undo this: it was changed") as raised:
        revert(
            account,
            ManualChanges((changed(repair("iam.DeleteRolePolicy", RoleName="r", PolicyName="p")), changed())),
            "orders-dev",
            lambda _: None,
        )

    assert (raised.value.exit_code, asked.asked) == (1, [])
    denied, _ = answering({"iam.DeleteRolePolicy": Refused("AccessDenied", "no", 403)})
    with pytest.raises(RemitError, match="no"):
        revert(
            denied,
            ManualChanges((changed(repair("iam.DeleteRolePolicy", RoleName="r", PolicyName="p")),)),
            "orders-dev",
            lambda _: None,
        )


GRANT: Final = {
    "statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"},
    "because": "it sends",
    "file": "app.py",
    "line": 3,
    "column": 5,
}


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        (
            json.dumps([{"role": "WebRole", "functions": ["web"], "grants": [GRANT, {**GRANT, "file": None}]}]),
            [Origin("app.py", 3, 5), None],
        ),
        ("no JSON", None),
        (json.dumps([{"role": "WebRole"}]), None),
        (json.dumps([{"role": "WebRole", "functions": [], "grants": [{**GRANT, "statement": {"Effect": "x"}}]}]), None),
        (None, None),
    ],
)
def test_the_roles_of_the_last_build_have_their_reasons_and_lines(
    tmp_path: Path, text: str | None, origins: Any
) -> None:
    if text is not None:
        folder = tmp_path / ".remit" / "build"
        folder.mkdir(parents=True)
        (folder / "roles.json").write_text(text)

    version = _last_build(tmp_path)

    assert (version is None) == (origins is None)
    if version is not None:
        (role,) = version.roles
        assert [(grant.because, grant.origin) for grant in role.grants] == [("it sends", origin) for origin in origins]
        assert (role.logical_id, role.functions) == ("WebRole", ("web",))


@pytest.mark.parametrize(
    ("variables", "config", "profile", "found"),
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}, "", None, ("eu-west-1", "AWS_REGION")),
        (
            {"AWS_DEFAULT_REGION": "us-east-1"},
            "[default]\nregion = eu-west-3\n",
            None,
            ("us-east-1", "AWS_DEFAULT_REGION"),
        ),
        ({}, "[default]\nregion = eu-west-3\n", None, ("eu-west-3", "profile default")),
        ({}, "[profile x]\nregion = eu-west-2\n", "x", ("eu-west-2", "profile x")),
        ({}, "[default]\n", None, ("", "profile default")),
        ({}, "", "none", ("", "")),
    ],
)
def test_the_region_is_named_by_a_variable_or_a_profile(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    config: str,
    profile: str | None,
    found: tuple[str, str],
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "config").write_text(config)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    assert named_region(profile) == found


def test_a_call_waits_and_is_tried_as_long_as_its_service_deserves() -> None:
    def of(service: str, **more: bool) -> tuple[Any, ...]:
        config = _config(service, **{"local": False, "once": False, **more})
        return config.retries["total_max_attempts"], config.read_timeout, config.proxies

    assert of("s3") == (5, 60, None)
    assert of("s3", local=True) == (3, 60, {})
    assert of("sts") == (3, 10, None)
    assert of("lambda", once=True) == (1, 910, None)


def test_a_setting_and_an_option_that_name_different_accounts_are_refused_before_anything_is_asked(
    tmp_path: Path,
) -> None:
    from remit.loading.load import configuration  # noqa: PLC0415 - for settings with lines

    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "deploy.py").write_text("from remit import config\nconfig.aws.account = '111122223333'\n")
    (tmp_path / "app.py").write_text("")
    settings = configuration(tmp_path).aws
    assert isinstance(settings, AwsSection)

    with pytest.raises(
        RemitError,
        match="--account or REMIT_ACCOUNT says 444455556666: nothing was done",
    ) as raised:
        connect_as_configured(settings, tmp_path, region="eu-west-1", profile=None, account="444455556666")

    assert raised.value.origin is not None
    assert (raised.value.origin.file, raised.value.origin.line) == ("config/deploy.py", 2)


def test_an_account_knows_where_it_is() -> None:
    far, near = answering({})[0], answering({}, local=True)[0]

    assert (far.local, near.local, near.endpoint) == (False, True, HERE)
    assert replace(far, endpoint="https://vpce.example.com").local is False
    assert replace(far, partition="aws-cn").pseudo_parameters("s")["${AWS::URLSuffix}"] == "amazonaws.com.cn"
    assert far.pseudo_parameters("s") == {
        "${AWS::AccountId}": NUMBER,
        "${AWS::Partition}": "aws",
        "${AWS::Region}": "eu-central-1",
        "${AWS::StackName}": "s",
        "${AWS::URLSuffix}": "amazonaws.com",
    }
    assert (far.preparing, replace(far, owner=near).preparing) == (far, near)


@pytest.mark.parametrize(
    ("known", "found"),
    [({}, []), ({"${Given}": "arn:aws:iam::1:policy/x"}, []), ({"${Given}": "arn:aws:iam::1:policy/y"}, ["y", "x"])],
)
def test_of_a_policy_that_the_deploy_alone_knew_nobody_says_that_it_was_detached(
    known: dict[str, str], found: list[str]
) -> None:
    declared = Holder("Web", tuple(by_arn(["${Given}"])))
    held = Holder("Web", tuple(by_arn(["arn:aws:iam::1:policy/x"])), name="web")

    changes = list(drift(declared, {}, held, "web", known))

    assert sorted(change.policy.rpartition("/")[2] for change in changes) == sorted(found)
