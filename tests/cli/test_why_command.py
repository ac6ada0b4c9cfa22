"""`remit why`: from a pasted denial to its cause and the line to change."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from projects import SOURCE, Project, remit
from terminals import HANGS

if TYPE_CHECKING:
    from conftest import Make

EXAMPLE = Project(Path(__file__).parents[2] / "examples" / "orders")
ACCOUNT = "111122223333"
FEDERATED = (
    "let the trust policy of the role name the provider as Principal.Federated, and compare its conditions (sub, aud) "
    "with the token's"
)
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders-dev-DataTable-1ABC"


def session(function: str, stage: str = "dev") -> str:
    role = f"orders-{stage}-{function.capitalize()}Role-1ABCDEFGHIJK"
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/orders-{stage}-{function}"


def message(function: str, action: str, resource: str, ending: str = "", stage: str = "dev") -> str:
    return f"User: {session(function, stage)} is not authorized to perform: {action} on resource: {resource}{ending}"


def cause(*arguments: str, project: Project = EXAMPLE) -> dict[str, Any]:
    ran = project.remit("why", *arguments, "--json")
    assert (ran.status, ran.err) == (0, "")
    document: dict[str, Any] = json.loads(ran.out)
    return document


def test_what_the_role_lacks_is_told_with_the_line_that_grants_it() -> None:
    text = message(
        "report", "dynamodb:PutItem", TABLE, " because no identity-based policy allows the dynamodb:PutItem action"
    )
    ran = EXAMPLE.remit("why", text)
    assert (ran.status, ran.out) == (
        0,
        f"""\
who:       function report, as {session("report")}
action:    dynamodb:PutItem
resource:  {TABLE}
cause:     the role of report does not allow it

Not allowed: report may not dynamodb:PutItem on {TABLE}
  no statement of the role allows it
fix: at app.py:28:50
    policy=[grants.dynamodb.scan(Data.table), grants.dynamodb.put(Data.table)]
not visible from here: service and resource control policies, a session policy, the resource's own policy
""",
    )


def test_the_stage_is_the_one_of_the_role_that_asked() -> None:
    found = cause(message("ingest", "dynamodb:PutItem", TABLE.replace("-dev-", "-prod-"), stage="prod"))
    assert (found["function"], found["answers"][0]["verdict"]) == ("ingest", "Allowed")
    assert "deploy this folder: remit deploy --stage prod" in found["advice"]


def test_what_the_role_allows_here_was_denied_to_an_older_one() -> None:
    text = message(
        "ingest", "dynamodb:PutItem", TABLE, " because no identity-based policy allows the dynamodb:PutItem action"
    )
    assert cause(text)["cause"] == "the role of ingest as built from this folder allows it: the deployed one is older"


@pytest.mark.parametrize(
    ("ending", "conclusion", "advice"),
    [
        (
            " with an explicit deny in a service control policy: arn:aws:organizations::1:policy/p",
            "a service control policy of the organization denies it; the role of ingest allows it",
            (
                "no policy of the account can allow it: ask whoever owns the organization's policies"
                " (arn:aws:organizations::1:policy/p)"
            ),
        ),
        (
            " because no permissions boundary allows the dynamodb:PutItem action",
            "the permissions boundary does not allow it; the role of ingest allows it",
            "a boundary grants nothing and limits everything: whoever owns it must let the action through",
        ),
        (
            " because no session policy allows the dynamodb:PutItem action",
            "the session policy does not allow it; the role of ingest allows it",
            "whoever assumed the role passed a narrower policy along: widen it there",
        ),
        (
            " because no resource-based policy allows the dynamodb:PutItem action",
            "the resource's own policy does not allow it; the role of ingest allows it",
            "let the policy of the resource (key, bucket, queue, secret) allow the role, or the role's account",
        ),
        (
            " with an explicit deny in a VPC endpoint policy",
            "the policy of the VPC endpoint denies it; the role of ingest allows it",
            "no Allow outweighs a Deny of the VPC endpoint's policy: except this there, or call past it",
        ),
    ],
)
def test_a_layer_that_the_message_names_is_what_must_change(ending: str, conclusion: str, advice: str) -> None:
    found = cause(message("ingest", "dynamodb:PutItem", TABLE, ending))
    assert found["cause"] == conclusion
    assert found["advice"][0] == advice


@pytest.mark.parametrize(
    ("principal", "action", "resource", "conclusion", "advice"),
    [
        (
            "root",
            "sts:AssumeRole",
            "role/app",
            "it cannot be called with the credentials of a root user: see AssumeRole (AWS STS API Reference)",
            "call it as a user or a role",
        ),
        (
            "user/al",
            "iam:DeleteRole",
            "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_a",
            (
                "it cannot be done by anybody, since IAM Identity Center alone changes the roles under aws-reserved: "
                "see Manage AWS accounts with permission sets (IAM Identity Center User Guide)"
            ),
            "change the permission set in IAM Identity Center that the role is made of",
        ),
    ],
)
def test_what_no_policy_can_allow_has_its_reason_and_no_fix(
    principal: str, action: str, resource: str, conclusion: str, advice: str
) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}"
    found = cause(f"User: {arn}:{principal} is not authorized to perform: {action} on resource: {arn}:{resource}")
    assert (found["cause"], found["statement"], found["advice"], found["answers"]) == (conclusion, None, [advice], [])


def test_a_deny_of_the_roles_own_is_told_with_its_line(make: Make) -> None:
    deny = '{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}'
    project = make(config=f"config.lambda_.iam.policy = [{deny}]")
    text = message("hello", "s3:GetObject", "arn:aws:s3:::a/b", " with an explicit deny in an identity-based policy")
    found = cause(text, project=project)
    assert found["cause"] == "a Deny of the role of hello itself says no"
    assert (found["answers"][0]["statements"][0]["file"], found["answers"][0]["statements"][0]["line"]) == (
        "config/deploy.py",
        5,
    )


def test_a_deny_that_the_folder_does_not_have_is_somewhere_else() -> None:
    found = cause(message("ingest", "dynamodb:PutItem", TABLE, " with an explicit deny in an identity-based policy"))
    assert found["cause"] == "a Deny says no, which the role of ingest as built from this folder does not have"


def test_the_actions_case_of_a_service_is_put_right() -> None:
    resource = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:out"
    found = cause(message("web", "sqs:sendmessage", resource))
    assert found["actions"] == ["sqs:SendMessage"]
    assert found["answers"][0]["fix"]["item"] == 'grants.sqs.send("out")'


def test_a_role_whose_name_was_cut_is_recognised(make: Make) -> None:
    """IAM's names have 64 characters: CloudFormation cuts what stands before the random end."""
    name = "functionwithanamethatgoesonandonuntilitsend"
    project = make(app=f"@app.function\ndef {name}(event, context): ...\n")
    role = project.role(name).logical_id
    cut = f"orders-dev-{role}"[:51] + "-1ABCDEFGHIJK"
    assert len(cut) == 64
    text = (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{cut}/x is not authorized to perform: s3:GetObject on resource: *"
    )
    assert cause(text, project=project)["function"] == name


def test_a_failed_event_source_names_its_function(make: Make) -> None:
    config = 'config.lambda_.iam.default_policy = ["logs"]'
    project = make(config=config, app='@app.function(sqs("orders"))\ndef ingest(event, context): ...\n')
    text = (
        "CREATE_FAILED AWS::Lambda::EventSourceMapping IngestOrdersQueue Resource handler returned message: "
        '"The provided execution role does not have permissions to call ReceiveMessage on '
        'SQS (Service: Lambda, Status Code: 400, Request ID: 1)" (RequestToken: 2, HandlerErrorCode: InvalidRequest)'
    )
    found = cause(text, project=project)
    assert (found["function"], found["actions"], found["logical_id"]) == (
        "ingest",
        ["sqs:ReceiveMessage"],
        "IngestOrdersQueue",
    )
    assert found["cause"].startswith("the role of ingest does not allow it")


def test_s3s_bare_words_are_an_action_and_the_functions_that_have_it(make: Make) -> None:
    project = make(app='@app.function(policy=[s3.put("a")])\ndef hello(event, context): ...\n')
    found = cause(
        "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied", project=project
    )
    assert found["actions"] == ["s3:PutObject"]
    assert found["cause"] == "the message does not say who asked; of this app hello may s3:PutObject at all"
    assert found["advice"] == [
        'the function that calls it needs s3.put("bucket-name", "ObjectName") in the policy of its decorator'
    ]


def test_a_message_on_every_resource_and_functions_with_roles_of_their_own_leave_the_form_of_the_arn(
    make: Make,
) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/own"
    project = make(app=f'@app.function(properties={{"Role": "{role}"}})\ndef hello(event, context): ...\n')
    found = cause("not authorized to perform: dynamodb:PutItem on resource: *", project=project)
    assert found["answers"] == []
    assert found["advice"] == [
        'the function that calls it needs dynamodb.put("TableName") in the policy of its decorator'
    ]


def test_where_nobody_is_named_the_roles_are_told_in_a_line_with_one_fix() -> None:
    """An app of a hundred functions must not print a hundred fixes; its JSON has every answer."""
    text = (
        "upload failed: ./a to s3://their-bucket/in/a An error occurred (AccessDenied) when calling the PutObject "
        "operation: Access Denied"
    )
    found = cause(text)
    assert found["resource"] == "arn:aws:s3:::their-bucket/in/a"
    assert [one["verdict"] for one in found["answers"]] == ["ImplicitlyDenied"] * 3
    out = EXAMPLE.remit("why", text).out
    assert "cause:     the message does not say who asked; of this app no function may do it\n" in out
    assert out.count("needs grants.s3.put") == 1
    assert 'needs grants.s3.put("their-bucket", "in/a") in the policy of its decorator\n' in out


def test_an_arn_of_an_account_that_may_be_another_is_not_made_the_apps_own() -> None:
    text = "Is not authorized to perform: sts:AssumeRole on resource arn:aws:iam::444455556666:role/foreign"
    assert (
        'needs grants.allow("sts:AssumeRole", on="arn:aws:iam::444455556666:role/foreign")' in cause(text)["advice"][0]
    )


@pytest.mark.parametrize(
    ("text", "conclusion", "advice"),
    [
        (
            message(
                "ingest", "s3:GetObject", '"arn:aws:s3:::b/k"', " with an explicit deny in a resource-based policy"
            ),
            "the resource's own policy denies it; the role of ingest does not allow it either",
            "no Allow outweighs a Deny of the resource's policy: except the role there, or meet its conditions",
        ),
        (
            '{"Message": "User: anonymous is not authorized to perform: execute-api:Invoke with an explicit deny"}',
            "a Deny says no, and the message does not say of which layer",
            "nobody signed the request: sign it as somebody, or let the resource's policy allow everyone",
        ),
        (
            "Error: Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity",
            "the trust policy of the role that was to be assumed does not allow it",
            FEDERATED,
        ),
        (
            "(AccessDeniedException) Insufficient Lake Formation permission(s): Required Describe on orders",
            "a control that is not one of IAM's policies denies it",
            "Lake Formation denies this by grants of its own, apart from IAM's policies",
        ),
        (
            "NonExistentQueue: The specified queue does not exist or you do not have access to it.",
            "the message does not say who asked, nor which layer said no",
            "SQS answers alike for a queue that does not exist: check its name, region and account first",
        ),
    ],
)
def test_the_advice_fits_what_said_no(text: str, conclusion: str, advice: str) -> None:
    found = cause(text)
    assert (found["cause"], found["advice"][0], found["statement"]) == (conclusion, advice, None)


def test_what_a_replaced_default_took_away_is_said(make: Make) -> None:
    project = make(
        config='config.lambda_.iam.default_policy = ["logs"]\nconfig.lambda_.function.vpc_config = '
        '{"SecurityGroupIds": ["sg-0123456789abcdef0"], "SubnetIds": ["subnet-0123456789abcdef0"]}'
    )
    found = cause(
        "CREATE_FAILED AWS::Lambda::Function HelloFunction The provided execution role does not have permissions to "
        "call CreateNetworkInterface on EC2",
        project=project,
    )
    assert found["function"] == "hello"
    assert any(line.startswith("`config.lambda_.iam.default_policy` took it away: hello") for line in found["advice"])


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("ecr:GetAuthorizationToken", "arn:aws:ecr:eu-west-1:111122223333:x", "*"),
        ("dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:***********:table/t", None),
        ("dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1::table/t", None),
        ("s3:GetObject", "arn:aws:s3:::uploads/a", "arn:aws:s3:::uploads/a"),
        ("secretsmanager:GetSecretValue", "settings", None),
        ("iam:GetRole", "role worker", f"arn:aws:iam::{ACCOUNT}:role/worker"),
    ],
)
def test_a_statement_is_written_only_for_a_resource_that_iam_takes(
    action: str, resource: str, expected: str | None
) -> None:
    statement = cause(
        f"User: arn:aws:iam::{ACCOUNT}:user/ci is not authorized to perform: {action} on resource: {resource}"
    )
    assert (statement["statement"] or {}).get("Resource") == expected


def test_a_denial_by_the_boundary_names_the_boundary_of_the_app(make: Make) -> None:
    project = make(config=f'config.lambda_.iam.permissions_boundary = "arn:aws:iam::{ACCOUNT}:policy/limit"')
    ending = " because no permissions boundary allows the sqs:SendMessage action"
    advice = cause(message("hello", "sqs:SendMessage", "x", ending), project=project)["advice"]
    boundary = f"arn:${{AWS::Partition}}:iam::{ACCOUNT}:policy/limit"
    assert f"the boundary of this app's roles is {boundary}" in advice


def test_an_operation_of_several_services_is_taken_for_one_that_the_role_deals_with() -> None:
    """GetItem is DynamoDB's in an app that uses DynamoDB; PutItem alone would name it as well."""
    found = cause("An error occurred (AccessDeniedException) when calling the Scan operation: no")
    assert found["actions"] == ["dynamodb:Scan"]


def test_whoever_deploys_gets_a_statement_and_the_deployers_policy() -> None:
    text = (
        f"API: iam:CreateRole User: arn:aws:iam::{ACCOUNT}:user/ci is not authorized to perform: iam:CreateRole on "
        f"resource: arn:aws:iam::{ACCOUNT}:role/orders-dev-IngestRole-1"
    )
    found = cause(text)
    assert found["cause"] == "whoever asked is not a role of orders-dev"
    assert found["statement"] == {
        "Effect": "Allow",
        "Action": "iam:CreateRole",
        "Resource": f"arn:aws:iam::{ACCOUNT}:role/orders-dev-IngestRole-1",
    }
    assert found["advice"] == ["for whoever deploys, `remit policy deployer` writes the whole policy"]


@pytest.mark.parametrize(
    "text",
    [
        "API: s3:CreateBucket Access Denied",
        "CREATE_FAILED AWS::SQS::Queue DataQueue API: sqs:CreateQueue Access to the resource https://x is denied.",
        "CREATE_FAILED AWS::Lambda::Function ReportFunction API: lambda:CreateFunction Access Denied",
        "AccessDenied. User doesn't have permission to call iam:GetRole",
        (
            "Lambda was unable to configure access to your environment variables because the KMS key is invalid for "
            "CreateGrant. KMS Exception: AccessDeniedException"
        ),
    ],
)
def test_what_cloudformation_may_not_do_is_the_deployers_and_no_functions(text: str) -> None:
    found = cause(text)
    assert (found["function"], found["answers"]) == (None, [])
    assert found["cause"] == "whoever deploys may not do it: CloudFormation asks with their permissions"
    assert found["advice"] == ["for whoever deploys, `remit policy deployer` writes the whole policy"]


def test_what_cloudformation_may_not_do_is_not_asked_of_a_templates_roles(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("Resources:\n  A: {Type: AWS::IAM::Role}\n  B: {Type: AWS::IAM::Role}\n")
    file = str(tmp_path / "t.yaml")
    found = json.loads(remit("why", "--template", file, "API: s3:CreateBucket Access Denied", "--json").out)
    assert found["cause"] == "whoever deploys may not do it: CloudFormation asks with their permissions"
    assert found["answers"] == []
    text = "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied"
    found = json.loads(remit("why", "--template", file, text, "--json").out)
    assert found["cause"] == "the roles of the template do not allow it"


def test_a_call_of_a_deploy_by_nobody_in_particular_may_be_a_functions_or_the_deployers() -> None:
    first, second = cause("Warning: Not authorized to perform: lambda:GetFunction for at least one function.")["advice"]
    assert first.startswith('the function that calls it needs grants.allow("lambda:GetFunction"')
    assert second == "for whoever deploys, `remit policy deployer` writes the whole policy"


def test_a_function_that_others_call_is_no_deploy() -> None:
    caller = f"arn:aws:sts::{ACCOUNT}:assumed-role/machine/x"
    resource = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
    text = f"User: {caller} is not authorized to perform: lambda:InvokeFunction on resource: {resource}"
    assert cause(text)["advice"] == []


def test_a_metric_is_put_on_everything_though_a_data_set_may_be_named() -> None:
    action = "cloudwatch:PutMetricData"
    text = f"User: {session('report')} is not authorized to perform: {action} because no identity-based policy allows"
    assert cause(text)["answers"][0]["fix"]["item"] == f'"{action}"'


def test_a_service_is_let_in_by_the_resources_policy() -> None:
    text = (
        f"User: events.amazonaws.com is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:eu-west-1:"
        f"{ACCOUNT}:q"
    )
    found = cause(text)
    assert found["statement"] is None
    (advice,) = found["advice"]
    assert found["cause"] == "a service has no policies of its own"
    assert advice.startswith("let the policy of the resource")
    assert "Principal.Service events.amazonaws.com" in advice


def test_a_line_that_cannot_help_by_itself_is_not_called_the_fix() -> None:
    """Where a Deny, or another layer, said no, what the role lacks is needed, but does not let the request through."""
    lacking = message("report", "dynamodb:PutItem", TABLE)
    for ending in (" with an explicit deny in an identity-based policy", " because no session policy allows it"):
        lines = EXAMPLE.remit("why", lacking + ending).out.splitlines()
        assert "also needed: at app.py:28:50" in lines
        assert not any(line.startswith("fix") for line in lines)
    assert "fix: at app.py:28:50" in EXAMPLE.remit("why", lacking).out.splitlines()


def test_a_grant_on_a_resource_of_the_app_holds_in_the_account_of_the_one_who_asked(make: Make) -> None:
    """Nothing else is known of where the app runs; another account's topic would ask for a policy of its own."""
    shared = "from remit import Shared, resource\n\n\nclass Data(Shared):\n    topic = resource('AWS::SNS::Topic')\n"
    project = make(
        app="from shared.resources.data import Data\n\n\n@app.function(policy=[sns.publish(Data.topic)])\n"
        "def hello(event, context): ...\n",
        **{"shared/resources/data.py": shared},
    )
    event = {
        "eventSource": "sns.amazonaws.com",
        "eventName": "Publish",
        "errorCode": "AccessDenied",
        "userIdentity": {"arn": session("hello")},
    }
    found = cause(json.dumps(event), project=project)
    assert found["answers"][0]["verdict"] == "Allowed"
    assert found["answers"][0]["notes"] == []


def test_an_encoded_message_is_told_how_to_decode() -> None:
    encoded = "KzCTdjlfnw3kFnfFPzPDmpF530fFDONK9EnK5cZIRTaavlLqjLjyEeneWsxc"
    ran = EXAMPLE.remit(
        "why",
        "An error occurred (UnauthorizedOperation) when calling the RunInstances operation: You are not authorized to "
        f"perform this operation. Encoded authorization failure message: {encoded}",
    )
    assert ran.status == 0
    assert "cause:     the message is encoded: decode it to see what was denied" in ran.out.splitlines()
    assert f"aws sts decode-authorization-message --encoded-message {encoded} --query DecodedMessage" in ran.out


def test_a_role_that_lambda_may_not_assume_is_another_policys_affair() -> None:
    found = cause(
        "CREATE_FAILED AWS::Lambda::Function ReportFunction The role defined for the function cannot be assumed by "
        "Lambda."
    )
    assert (found["function"], found["answers"]) == ("report", [])
    assert found["cause"] == "the trust policy of the role that was to be assumed does not allow it"


def test_without_an_app_the_message_is_told_alone(tmp_path: Path) -> None:
    ran = remit("why", "-C", str(tmp_path), message("report", "dynamodb:PutItem", TABLE), "--json")
    found = json.loads(ran.out)
    assert (ran.status, found["function"], found["actions"]) == (0, None, ["dynamodb:PutItem"])
    assert "the permissions boundary" in found["unseen"]


def test_an_app_that_cannot_be_read_is_left_out_and_said_so(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import nothing_like_this\n")
    ran = remit("why", "-C", str(tmp_path), message("report", "dynamodb:PutItem", TABLE))
    assert ran.status == 0
    assert ran.err.startswith("the app in this folder is left out, since it cannot be read: app.py raised")


def test_standard_input_is_read_whatever_its_bytes() -> None:
    text = message("report", "dynamodb:PutItem", TABLE).encode()
    ran = subprocess.run(
        [sys.executable, "-c", "from remit.cli import script; script()", "why", "-C", str(EXAMPLE.folder), "--json"],
        input=b"\xff\xfe noise\n" + text + b"\n\x00",
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        check=True,
        timeout=HANGS,
    )
    assert json.loads(ran.stdout)["function"] == "report"


@pytest.mark.parametrize(
    "text", ["hello", "{}", "An error occurred (Throttling) when calling the Scan operation: slow"]
)
def test_a_text_without_a_denial_is_a_mistake(text: str) -> None:
    ran = EXAMPLE.remit("why", text)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: this text reports no denied access")


def test_an_app_without_functions_has_nothing_to_grant(make: Make) -> None:
    shared = 'from remit import Shared, resource\n\nclass Data(Shared):\n    queue = resource("AWS::SQS::Queue")\n'
    project = make(app="", **{"shared/resources/data.py": shared})
    found = cause(
        "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied", project=project
    )
    assert (found["answers"], found["advice"]) == ([], [])


def test_a_log_tells_which_function_it_is_of() -> None:
    """S3 names nobody in its bare denials; the log's own name does."""
    bare = "An error occurred (AccessDenied) when calling the GetObject operation: Access Denied"
    found = cause(json.dumps([{"@log": f"{ACCOUNT}:/aws/lambda/orders-dev-report", "@message": bare}]))
    assert (found["function"], found["actions"]) == ("report", ["s3:GetObject"])
    assert found["answers"][0]["fix"]["item"] == 'grants.s3.read("bucket-name", "ObjectName")'
    assert cause(bare)["function"] is None


def test_whoever_a_denial_names_asked_and_not_the_function_in_whose_log_it_stands() -> None:
    person = f"arn:aws:iam::{ACCOUNT}:user/ann"
    said = f"User: {person} is not authorized to perform: dynamodb:GetItem on resource: {TABLE}"
    found = cause(json.dumps([{"@log": f"{ACCOUNT}:/aws/lambda/orders-dev-report", "@message": said}]))
    assert (found["function"], found["actions"]) == (None, ["dynamodb:GetItem"])


OTHER = ", or a layer that is not visible from here says no"
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Properties: {Policies: [{Statement: {Effect: Allow, Action: "sqs:SendMessage", Resource: "*"}}]}
  Named:
    Type: AWS::IAM::Role
    Properties:
      RoleName: reader
      Policies:
        - PolicyName: p
          PolicyDocument: {Version: 2012-10-17, Statement: {Effect: Deny, Action: "s3:*", Resource: "*"}}
"""


def asked_of_template(folder: Path, principal: str, action: str, resource: str) -> dict[str, Any]:
    (folder / "t.yaml").write_text(TEMPLATE)
    told = f"User: {principal} is not authorized to perform: {action} on resource: {resource}"
    ran = remit("why", "--template", str(folder / "t.yaml"), "--json", told)
    assert (ran.status, ran.err) == (0, "")
    found: dict[str, Any] = json.loads(ran.out)
    return found


@pytest.mark.parametrize(
    ("who", "action", "cause", "askers"),
    [
        ("shop-WorkerRole-1ABCDEFGH/x", "ses:SendEmail", "the role WorkerRole does not allow it", ["WorkerRole"]),
        ("other/shop-Worker-1ABCDEFGH", "ses:SendEmail", "the role WorkerRole does not allow it", ["WorkerRole"]),
        ("reader/x", "s3:GetObject", "a Deny of the role Named itself says no", ["Named"]),
        (
            "shop-WorkerRole-1ABCDEFGH/x",
            "sqs:SendMessage",
            f"the role WorkerRole allows it: the deployed one is older{OTHER}",
            ["WorkerRole"],
        ),
        ("stranger/x", "s3:GetObject", "whoever asked is not a role of the template", []),
        ("shop-WorkerRole-copy_2/x", "ses:SendEmail", "whoever asked is not a role of the template", []),
    ],
)
def test_the_roles_of_a_template_are_asked(
    tmp_path: Path, who: str, action: str, cause: str, askers: list[str]
) -> None:
    place = f"eu-west-1:{ACCOUNT}"
    arns = {"ses": f"{place}:identity/a", "s3": "::bucket/a", "sqs": f"{place}:orders"}
    service = action.partition(":")[0]
    resource = f"arn:aws:{service}:{arns[service]}"
    found = asked_of_template(tmp_path, f"arn:aws:sts::{ACCOUNT}:assumed-role/{who}", action, resource)
    assert (found["cause"], [one["asker"] for one in found["answers"]]) == (cause, askers)


def test_the_answer_of_a_templates_role_is_printed(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/x"
    told = f"User: {who} is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::bucket/a"
    out = remit("why", "--template", str(tmp_path / "t.yaml"), told).out
    assert "cause:     a Deny of the role Named itself says no" in out
    assert "Denied: Named may not s3:GetObject" in out


def test_a_resource_whose_name_a_parameter_gives_may_be_what_was_asked_for(tmp_path: Path) -> None:
    template = TEMPLATE.replace("Resources:\n", LOG_OF_A_PARAMETER, 1)
    (tmp_path / "t.yaml").write_text(template)
    told = (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/writer/x is not authorized to perform: logs:PutLogEvents "
        f"on resource: arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:shop-log:log-stream:a"
    )
    answer = json.loads(remit("why", "--template", str(tmp_path / "t.yaml"), "--json", told).out)
    assert [("Unknown", ["${Uid}"])] == [(one["verdict"], one["depends_on"]) for one in answer["answers"]]


LOG_OF_A_PARAMETER = """Parameters: {Uid: {Type: String}}
Resources:
  Log: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub "${Uid}-log"}}
  Writer:
    Type: AWS::IAM::Role
    Properties:
      RoleName: writer
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: 2012-10-17
            Statement: {Effect: Allow, Action: "logs:PutLogEvents", Resource: !GetAtt Log.Arn}
"""


def test_whoever_deploys_a_template_is_sent_to_the_policy_for_it_and_told_that_they_are_not_in_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    told = (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/ci/x is not authorized to perform: iam:PassRole on resource: "
        f"arn:aws:iam::{ACCOUNT}:role/a because no identity-based policy allows the iam:PassRole action"
    )
    answer = json.loads(remit("why", "--template", str(tmp_path / "t.yaml"), "--json", told).out)
    assert answer["cause"].endswith("does not allow it; whoever asked is not a role of the template")
    (advice,) = answer["advice"]
    assert f"`remit policy deployer {tmp_path / 't.yaml'}`" in advice


def test_the_name_of_a_secret_is_not_explained_beside_a_fix_that_has_it(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/shop-WorkerRole-1ABCDEFGH/x"
    told = f"User: {who} is not authorized to perform: secretsmanager:GetSecretValue on resource: db"
    answer = json.loads(remit("why", "--template", str(tmp_path / "t.yaml"), "--json", told).out)
    (own,) = answer["answers"]
    assert ([], f"arn:aws:secretsmanager:*:{ACCOUNT}:secret:db-??????") == (
        answer["advice"],
        own["fix"]["statement"]["Resource"],
    )


def test_the_owner_of_what_lies_in_another_account_is_asked_beside_a_templates_answer(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    told = (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/shop-WorkerRole-1ABCDEFGH/x is not authorized to perform: "
        "sqs:SendMessage on resource: arn:aws:sqs:eu-west-1:444455556666:orders"
    )
    answer = json.loads(remit("why", "--template", str(tmp_path / "t.yaml"), "--json", told).out)
    assert 1 == len(answer["answers"])
    advice = "it belongs to another account, 444455556666: the resource's own policy must allow it as well"
    assert [advice] == answer["advice"]


PEOPLE = """
Resources:
  Ann:
    Type: AWS::IAM::User
    Properties:
      UserName: ann
      Groups: [!Ref Staff]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Statement: {Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::homes/${aws:username}/*"}
            Version: 2012-10-17
  Staff:
    Type: AWS::IAM::Group
    Properties:
      Policies:
        - PolicyName: all
          PolicyDocument:
            Version: 2012-10-17
            Statement:
              - {Effect: Deny, Action: "s3:DeleteObject", Resource: "*"}
              - Effect: Allow
                Action: "s3:PutObject"
                Resource: "*"
                Condition: {Bool: {"aws:MultiFactorAuthPresent": "true"}}
"""


@pytest.mark.parametrize(
    ("user", "action", "key", "cause"),
    [
        ("ann", "s3:GetObject", "bob/a", "the user Ann does not allow it"),
        ("team/ann", "s3:GetObject", "ann/a", f"the user Ann allows it: the deployed one is older{OTHER}"),
        ("ann", "s3:DeleteObject", "ann/a", "a Deny of the user Ann itself says no"),
        ("bob", "s3:GetObject", "bob/a", "whoever asked is not a user of the template"),
    ],
)
def test_the_users_of_a_template_are_asked_with_what_their_groups_give(
    tmp_path: Path, user: str, action: str, key: str, cause: str
) -> None:
    (tmp_path / "t.yaml").write_text(PEOPLE)
    person = f"arn:aws:iam::{ACCOUNT}:user/{user}"
    told = f"User: {person} is not authorized to perform: {action} on resource: arn:aws:s3:::homes/{key}"
    found = json.loads(remit("why", "--template", str(tmp_path / "t.yaml"), "--json", told).out)
    assert found["cause"] == cause


def test_where_a_condition_decides_meeting_it_comes_before_another_allow(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(PEOPLE)
    person = f"arn:aws:iam::{ACCOUNT}:user/ann"
    told = f"User: {person} is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::homes/ann/a"
    out = remit("why", "--template", str(tmp_path / "t.yaml"), told).out
    assert "\nfix: meet the condition, or add {" in out


def test_what_to_change_in_a_trust_policy_is_said_once(tmp_path: Path) -> None:
    found = cause("Not authorized to perform sts:AssumeRoleWithWebIdentity", project=Project(tmp_path))
    assert [advice.count("let the trust policy of the role name the provider") for advice in found["advice"]] == [1, 0]


def test_the_fix_names_the_account_of_the_one_who_asked_and_a_boundary_that_lacks_it_too(tmp_path: Path) -> None:
    boundary = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}},
    }
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "reader", "PermissionsBoundary": {"Ref": "Edge"}}}
    (tmp_path / "t.json").write_text(json.dumps({"Resources": {"Edge": boundary, "Reader": role}}))
    caller = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/x"
    told = f"User: {caller} is not authorized to perform: secretsmanager:GetSecretValue on resource: db"
    out = remit("why", "--template", str(tmp_path / "t.json"), told).out
    arn = f"arn:aws:secretsmanager:*:{ACCOUNT}:secret:db-??????"
    assert f'"Resource": "{arn}"}}\nfix: let its permissions boundary allow it, too\n' in out
    told = f"User: {caller} is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k"
    out = remit("why", "--template", str(tmp_path / "t.json"), told).out
    assert ("fix: add" in out, "fix: let its permissions boundary" in out) == (True, False)


USER = f"User: arn:aws:iam::{ACCOUNT}:user/ci is not authorized to perform"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (
            f"{USER}: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/reader",
            ["the trust policy of reader must let it in as well"],
        ),
        (
            f"{USER}: sqs:SendMessage on resource: arn:aws:sqs:eu-west-1:444455556666:orders",
            ["it belongs to another account, 444455556666: the resource's own policy must allow it as well"],
        ),
        (f"{USER}: sqs:SendMessage on resource: arn:aws:sqs:eu-west-1:{ACCOUNT}:orders", []),
    ],
)
def test_an_allow_alone_is_not_said_to_be_enough_where_the_other_side_decides_too(
    tmp_path: Path, text: str, advice: list[str]
) -> None:
    found = cause(text, project=Project(tmp_path))
    assert found["statement"]["Effect"] == "Allow"
    assert found["advice"] == advice


def test_of_several_services_with_an_operation_that_most_use_comes_first(tmp_path: Path) -> None:
    text = "An error occurred (AccessDenied) when calling the SendMessage operation: Access Denied"
    assert cause(text, project=Project(tmp_path))["actions"][0] == "sqs:SendMessage"


def test_what_is_allowed_on_everything_alone_has_a_fix_though_the_message_names_nothing(tmp_path: Path) -> None:
    text = f"{USER}: cloudwatch:GetMetricData because no identity-based policy allows the action"
    found = cause(text, project=Project(tmp_path))
    assert found["statement"] == {"Effect": "Allow", "Action": "cloudwatch:GetMetricData", "Resource": "*"}


def test_a_secret_by_its_bare_name_is_named_as_policies_name_it(tmp_path: Path) -> None:
    text = message("report", "secretsmanager:GetSecretValue", "db-password", " because no identity-based policy")
    ran = remit("why", text, "-C", str(tmp_path))
    assert f"secretsmanager:REGION:{ACCOUNT}:secret:db-password-??????: six signs of its own end its ARN" in ran.out


def test_whoever_deploys_has_no_part_in_what_lambda_asks_of_the_functions_role(tmp_path: Path) -> None:
    text = (
        "CREATE_FAILED AWS::Lambda::EventSourceMapping IngestOrders Resource handler returned message: "
        '"The provided execution role does not have permissions to call ReceiveMessage on SQS"'
    )
    assert "remit policy deployer" not in remit("why", text, "-C", str(tmp_path)).out


def test_what_a_state_machine_needs_to_wait_for_another_is_told(tmp_path: Path) -> None:
    text = "AccessDeniedException: 'arn:aws:iam::111122223333:role/ship' is not authorized to create managed-rule."
    assert "events:PutTargets, events:PutRule and events:DescribeRule" in remit("why", text, "-C", str(tmp_path)).out


@pytest.mark.parametrize(("layer", "whose"), [("VPC endpoint", "the VPC endpoint's"), ("session", "the session")])
def test_a_deny_of_a_layer_is_not_answered_with_an_allow(tmp_path: Path, layer: str, whose: str) -> None:
    text = message("report", "s3:GetObject", "arn:aws:s3:::a/b", f" with an explicit deny in a {layer} policy")
    out = remit("why", text, "-C", str(tmp_path)).out
    assert f"no Allow outweighs a Deny of {whose} policy" in out
    assert "for a key that does not exist" not in out


@pytest.mark.parametrize(
    ("action", "resource", "hint"),
    [
        ("sts:AssumeRole", "arn:aws:iam::111122223333:user/bob", "is no role, so nobody can assume it"),
        ("sqs:SendMessage", "arn:aws:sqs:eu-west-1::orders", "the ARN leaves out the account of the resource"),
        ("ssm:GetParameter", "arn:aws:ssm:eu-west-1:111122223333:*", "names no parameter that does not exist"),
        ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/<table name>", ""),
        ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/[table name]", ""),
    ],
)
def test_no_statement_is_proposed_that_cannot_help(action: str, resource: str, hint: str, tmp_path: Path) -> None:
    message = f"User: arn:aws:iam::111122223333:user/ann is not authorized to perform: {action} on resource: {resource}"
    ran = remit("why", "-C", str(tmp_path), f"{message} because no identity-based policy allows the {action} action")
    assert (f"resource:  {resource}\n" in ran.out, "fix: " in ran.out, hint in ran.out) == (True, False, True)
