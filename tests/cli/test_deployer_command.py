"""`remit policy deployer`: what it prints, for an app and for templates, and how it ends."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cfn_lint import findings
from projects import Ran, remit
from random_cases import cases_of
from remit.catalogue.quotas import quota
from remit.iam.decide.evaluate import evaluate
from remit.iam.length import policy_length
from remit.iam.policy import parse
from remit.iam.request import Request

if TYPE_CHECKING:
    from conftest import Make
    from remit.iam.policy import Policy

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders"
DEPLOYER = Path(__file__).parents[1] / "deployer"
SHOP = DEPLOYER / "templates" / "shop.json"
PLACE = ("--region", "eu-central-1", "--account", "111122223333")
FUNCTION = "arn:aws:lambda:eu-central-1:111122223333:function:orders-dev-report"
WIDE = """
@app.function(schedule("rate(1 day)"), vpc_config={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
              properties={"KmsKeyArn": "arn:aws:kms:eu-central-1:111122223333:key/1"})
def report(event, context): ...

@app.job
def mail(to): ...
"""


def deployer(*arguments: str) -> Ran:
    return remit("policy", "deployer", *arguments)


def of_example(*arguments: str) -> Ran:
    return deployer("-C", str(EXAMPLE), *arguments)


def document(ran: Ran) -> Any:
    assert ran.status == 0, ran.err
    return json.loads(ran.out)


def cfn_lint(template: str, folder: Path) -> list[str]:
    """What cfn-lint says of a template; nothing when it is fine."""
    path = folder / "template.json"
    path.write_text(template)
    return findings(path)


def test_the_policy_of_the_example_is_as_it_was_reviewed() -> None:
    golden = json.loads((DEPLOYER / "golden" / "deployer-orders.json").read_text())
    assert golden == document(of_example(*PLACE))


def test_it_is_a_document_and_what_to_know_beside_it_is_said_on_stderr() -> None:
    ran = of_example()
    assert len(parse(document(ran)).statements) == 18
    assert ran.err.splitlines() == [
        "note: the functions' own roles are not in it: `remit policy function NAME` prints each",
        (
            "note: who writes IngestRole, ReportRole, WebRole, ReportSchedulerRole decides what may be done under it, "
            "unless a permissions boundary limits that: `--boundary ARN` here, "
            "`config.lambda_.iam.permissions_boundary` in an app"
        ),
        (
            "note: on every resource of their kind, since AWS makes up the ids: "
            "IngestDataQueueQueue (AWS::Lambda::EventSourceMapping)"
        ),
        "note: it leaves open where the stack is, which --region and --account would say",
    ]
    placed = of_example("--region", "eu-central-1")
    assert placed.err.splitlines()[-1] == "note: it leaves open where the stack is, which --account would say"


def test_lint_finds_nothing_in_what_is_printed(tmp_path: Path) -> None:
    printed = tmp_path / "deployer.json"
    printed.write_text(of_example(*PLACE).out)
    ran = remit("lint", str(printed))
    assert (ran.status, ran.out) == (0, "nothing found\n")


def test_the_same_app_gives_the_same_bytes() -> None:
    assert of_example() == of_example()


def test_the_stage_names_the_stack() -> None:
    text = of_example("--stage", "prod", *PLACE).out
    assert "stack/orders-prod/*" in text
    assert "orders-dev" not in text


def test_without_a_place_every_region_and_the_callers_account_are_meant() -> None:
    resources = {str(statement["Resource"]) for statement in document(of_example())["Statement"]}
    assert "arn:aws:cloudformation:*:*:stack/orders-dev/*" in resources
    assert "arn:aws:s3:::remit-artefacts-${aws:PrincipalAccount}-*" in resources


def test_the_region_tells_the_partition() -> None:
    text = of_example("--region", "cn-north-1").out
    assert "arn:aws-cn:cloudformation:cn-north-1:*:stack/orders-dev/*" in text
    assert "arn:aws:" not in text


@pytest.mark.parametrize("place", cases_of((PLACE, (), ("--partition", "aws-us-gov")), 1))
def test_cfn_lint_accepts_it_as_managed_policies(place: tuple[str, ...], tmp_path: Path) -> None:
    ran = of_example("--cloudformation", *place)
    (policy,) = document(ran)["Resources"].values()
    assert policy["Type"] == "AWS::IAM::ManagedPolicy"
    assert cfn_lint(ran.out, tmp_path) == []


def test_the_template_leaves_the_account_to_cloudformation() -> None:
    (policy,) = document(of_example("--cloudformation"))["Resources"].values()
    place = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/orders-dev/*"
    assert policy["Properties"]["PolicyDocument"]["Statement"][0]["Resource"] == {"Fn::Sub": place}


def test_what_a_managed_policy_cannot_hold_is_told_and_parted(tmp_path: Path) -> None:
    ran = deployer(str(SHOP), *PLACE)
    assert "characters, and a managed policy holds 6,144: `--split` parts it" in ran.err
    template = deployer(str(SHOP), "--cloudformation")
    parts = document(template)["Resources"]
    assert len(parts) > 1
    assert list(parts) == [f"Deployer{number}" for number in range(1, len(parts) + 1)]
    assert document(template)["Outputs"] == {name: {"Value": {"Ref": name}} for name in parts}
    assert cfn_lint(template.out, tmp_path) == []


def test_the_parts_fit_are_few_and_allow_the_same(tmp_path: Path) -> None:
    many: dict[str, Any] = {}
    for number in range(50):
        trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "a"}}]}
        properties = {"AssumeRolePolicyDocument": trust, "Policies": [{"PolicyName": "a", "PolicyDocument": trust}]}
        many[f"Role{number}"] = {"Type": "AWS::IAM::Role", "Properties": properties}
        role = {"Fn::GetAtt": [f"Role{number}", "Arn"]}
        many[f"Fn{number}"] = {"Type": "AWS::Lambda::Function", "Properties": {"Role": role}}
    (tmp_path / "many.json").write_text(json.dumps({"Resources": many}))
    for file in (SHOP, tmp_path / "many.json"):
        whole = parse(document(deployer(str(file), *PLACE)))
        parts = [parse(part) for part in document(deployer(str(file), *PLACE, "--split"))]
        most = quota("iam.managed").most
        assert all(policy_length(part) <= most for part in parts)
        assert len(parts) <= policy_length(whole) // most + 1 > 1
        assert pairs(*parts) == pairs(whole)


def pairs(*policies: Policy) -> set[tuple[str, str, Any]]:
    """What is allowed where, on which conditions."""
    return {
        (name, place, statement.conditions)
        for policy in policies
        for statement in policy.statements
        if statement.resources is not None
        for name in statement.actions.patterns
        for place in statement.resources.patterns
    }


def test_explain_tells_the_reason_of_each_statement() -> None:
    ran = of_example("--explain", *PLACE)
    assert (0, "") == (ran.status, ran.err)
    assert ran.out.startswith("Whoever deploys orders-dev needs 18 statements, ")
    assert (
        """\
  Allow iam:PassRole
      on arn:aws:iam::111122223333:role/orders-dev-IngestRole-*
      on arn:aws:iam::111122223333:role/orders-dev-ReportRole-*
      on arn:aws:iam::111122223333:role/orders-dev-WebRole-*
      if StringEquals iam:PassedToService = lambda.amazonaws.com
      because to pass IngestRole to IngestFunction, ReportRole to ReportFunction, WebRole to WebFunction \
(AWS::Lambda::Function)
  Allow iam:PassRole
      on arn:aws:iam::111122223333:role/orders-dev-ReportSchedulerRole-*
      if StringEquals iam:PassedToService = scheduler.amazonaws.com
      because to pass ReportSchedulerRole to ReportScheduled (AWS::Scheduler::Schedule)
note: the functions' own roles are not in it"""
        in ran.out
    )


def test_explain_as_json_has_the_statements_of_the_policy_with_their_reasons() -> None:
    explained = document(of_example("--explain", "--json", *PLACE))
    assert document(of_example(*PLACE))["Statement"] == [item["statement"] for item in explained["statements"]]
    assert all(item["because"] for item in explained["statements"])
    assert (explained["stack"], explained["unknown"]) == ("orders-dev", [])


def test_the_app_with_vpc_key_and_jobs_asks_for_what_these_need(make: Make) -> None:
    config = (
        'config.job.enable = True\nconfig.lambda_.iam.permissions_boundary = "arn:aws:iam::111122223333:policy/edge"'
    )
    ran = make(config=config, app=WIDE).remit("policy", "deployer", *PLACE)
    statements = document(ran)["Statement"]
    found = {name: statement for statement in statements for name in _listed(statement["Action"])}
    assert found["ec2:DescribeSubnets"]["Resource"] == "*"
    assert found["kms:Decrypt"]["Resource"] == "arn:aws:kms:eu-central-1:111122223333:key/1"
    assert len(_listed(found["sqs:CreateQueue"]["Resource"])) == 2
    under = {"ArnEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/edge"}}
    assert found["iam:CreateRole"]["Condition"] == found["iam:PutRolePolicy"]["Condition"] == under
    assert "iam:DeleteRolePermissionsBoundary" not in found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_a_boundary_that_the_app_does_not_set_is_told() -> None:
    ran = of_example("--boundary", "arn:aws:iam::111122223333:policy/edge", *PLACE)
    assert "are declared without the boundary arn:aws:iam::111122223333:policy/edge" in ran.err


def test_any_template_is_taken_with_its_stack_named_after_the_file(tmp_path: Path) -> None:
    path = tmp_path / "Shop.template.json"
    shutil.copy(SHOP, path)
    ran = deployer(str(path), *PLACE)
    assert "note: the stack is taken to be `Shop`, as the file is named: `--stack NAME` gives it" in ran.err
    assert "left out" not in ran.err
    assert "stack/Shop/*" in ran.out
    assert "remit-artefacts" not in ran.out
    told = deployer(str(path), "--stack", "Other", "--parameter", "Name=orders", *PLACE)
    assert "stack/Other/*" in told.out
    assert "table/orders" in told.out
    assert "is taken to be" not in told.err


def buckets(policy: Any) -> list[str]:
    """Where the policy lets versions of objects be listed."""
    return [
        statement["Resource"] for statement in policy["Statement"] if "s3:ListBucketVersions" in statement["Action"]
    ]


def test_a_template_of_remits_own_has_the_artefact_bucket(make: Make) -> None:
    project = make()
    assert project.remit("build", "--no-package").status == 0
    own = str(project.folder / ".remit" / "build" / "template.json")
    for templates in ((own,), (own, str(SHOP)), (str(SHOP), own)):  # the one that is deployed, and the new one
        ran = deployer(*templates, "--stack", "orders-dev", *PLACE)
        assert buckets(document(ran)) == ["arn:aws:s3:::remit-artefacts-111122223333-eu-central-1"]


def test_a_template_may_come_from_standard_input() -> None:
    code = f"from remit.cli import main; main(['policy', 'deployer', '-', '--stack', 'shop', *{PLACE!r}])"
    ran = subprocess.run((sys.executable, "-c", code), input=SHOP.read_bytes(), capture_output=True, check=True)
    assert ran.stdout.decode() == deployer(str(SHOP), "--stack", "shop", *PLACE).out


REFUSED = (
    (("--account", "1234"), "error: --account '1234' is not an account: it has 12 digits"),
    (("--region", "nowhere"), "error: there is no region 'nowhere'"),
    (("--partition", "aws-chn"), "error: there is no partition 'aws-chn'\nhint: did you mean `aws-cn`?"),
    (("--partition", "aws-cn", "--region", "eu-west-1"), "error: region eu-west-1 is in partition aws, not in aws-cn"),
    (("--split", "--explain"), "error: --cloudformation, --split and --explain are three ways to print it: choose one"),
    (("--for", "bootstrap", "--live"), "error: --for bootstrap is about no stack: it goes"),
    (("--for", "bootstrap", str(SHOP)), "error: --for bootstrap is about no stack: it goes"),
    (("--for", "plan", "--part", "works"), "error: --for plan is for an app, whose plan makes nothing"),
    (("--stack", "x"), "error: --stack and --parameter go with a TEMPLATE"),
    ((str(SHOP), "--parameter", "Env"), "error: --parameter 'Env' has no value"),
    ((str(SHOP), "--stack", "1 2"), "error: '1 2' is not a valid name for a stack"),
    (("missing.json",), "error: missing.json cannot be read: No such file or directory"),
    (("missing.yaml",), "error: missing.yaml cannot be read: No such file or directory"),
)


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_a_mistake_is_told_and_nothing_is_printed(arguments: tuple[str, ...], message: str) -> None:
    ran = of_example(*arguments)
    assert (2, "") == (ran.status, ran.out)
    assert ran.err.startswith(message)


@pytest.mark.parametrize(
    "text", ["", "[]", "3", "{", '{"Resources": 3}', '{"Resources": {"A": 3}}', '{"A": 1, "A": 2}']
)
def test_what_is_no_template_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    ran = deployer(str(path), "--stack", "a")
    assert (2, "") == (ran.status, ran.out)
    assert ran.err.startswith("error: ")


SAM = Path(__file__).parents[1] / "template" / "data" / "sam"


def test_a_template_of_sam_in_yaml_is_taken_as_what_it_becomes() -> None:
    """The whole policy is held against the translator's expansion in tests/template."""
    ran = deployer(str(SAM / "policies.yaml"), "--stack", "shop", *PLACE)
    assert ran.status == 0
    assert "role/shop-EverythingRole-*" in ran.out
    assert "transform/Serverless-2016-10-31" in ran.out
    assert "left out" not in ran.err


@pytest.mark.parametrize(
    ("options", "configuration"),
    [((), "CodeDeployDefault.LambdaAllAtOnce"), (("--parameter", "Shift=Slowly"), "Slowly")],
)
def test_sam_reads_the_values_of_parameters(tmp_path: Path, options: tuple[str, ...], configuration: str) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(
        "Parameters: {Shift: {Type: String, Default: AllAtOnce}}\n"
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        "      AutoPublishAlias: live\n      DeploymentPreference: {Type: !Ref Shift}\n"
    )
    ran = deployer(str(path), "--stack", "shop", *PLACE, *options)
    assert f":deploymentconfig:{configuration}" in ran.out


def test_code_that_sam_uploads_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(
        "Resources:\n  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: ./src}}\n"
        "  Link: {Type: AWS::Serverless::Connector}\n"
    )
    ran = deployer(str(path), "--stack", "shop", *PLACE)
    assert "note: the bucket that `sam` puts the code of F into is not in it\n" in ran.err
    assert "note: what Link (AWS::Serverless::Connector) becomes is not known here\n" in ran.err


def test_a_terraform_plan_is_refused() -> None:
    ran = deployer(str(SAM.parent / "plan.json"), "--stack", "shop")
    assert (ran.status, ran.out) == (2, "")
    assert "is a Terraform plan: a deployer's policy is made for CloudFormation templates only" in ran.err


def test_live_adds_the_reading_of_roles_and_nothing_that_writes() -> None:
    plain, live = document(of_example(*PLACE)), document(of_example(*PLACE, "--live"))

    def actions(policy: Any) -> set[str]:
        listed = [statement["Action"] for statement in policy["Statement"]]
        return {name for one in listed for name in ([one] if isinstance(one, str) else one)}

    assert actions(live) - actions(plain) == {"iam:GetPolicy", "iam:GetPolicyVersion"}
    assert actions(plain) <= actions(live)


def test_for_revert_drift_it_may_also_detach_policies_and_take_boundaries_off_the_stacks_roles() -> None:
    plain, more = (parse(document(of_example(*PLACE, *options))) for options in ((), ("--for", "revert-drift")))
    own = "arn:aws:iam::111122223333:role/orders-dev-IngestRole-abcdefghijkl"
    for action in ("iam:DetachRolePolicy", "iam:DeleteRolePermissionsBoundary"):
        request = Request(action, own, context={"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"})
        assert [evaluate(request, policy).allowed for policy in (plain, more)] == [False, True], action
        assert not evaluate(replace(request, resource=own.replace("orders", "bills")), more).allowed
    edge = "arn:aws:iam::111122223333:policy/edge"
    bounded = parse(document(of_example(*PLACE, "--for", "revert-drift", "--boundary", edge)))
    assert not evaluate(Request("iam:DeleteRolePermissionsBoundary", own), bounded).allowed
    put = Request("iam:PutRolePermissionsBoundary", own, context={"iam:PermissionsBoundary": edge})
    assert evaluate(put, bounded).allowed


def test_the_reasons_of_a_plans_policy_are_those_of_a_plan() -> None:
    reasons = {
        line for line in of_example("--for", "plan", "--explain", *PLACE).out.splitlines() if "because to" in line
    }
    assert any("to have CloudFormation plan changes of the stack" in line for line in reasons)
    of_deploys = ("carry out", "that failed", "upload", "to import log groups", "to keep what was deployed")
    assert [] == [line for line in reasons for words in of_deploys if words in line]


def test_for_a_plan_it_makes_and_throws_away_change_sets_and_reads(tmp_path: Path) -> None:
    ran = of_example("--for", "plan", *PLACE)
    granted: dict[str, set[str]] = {}
    for statement in document(ran)["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        for action in actions:
            granted.setdefault(action.partition(":")[0], set()).add(action.partition(":")[2])
    reads = {"Describe", "Get", "List"}
    writes = {
        f"{service}:{name}"
        for service, names in granted.items()
        for name in names
        if not any(name.startswith(read) for read in reads)
    }
    assert writes == {
        "cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet", "cloudformation:DeleteStack",
        "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject",
    }  # fmt: skip
    policy = parse(document(ran))
    bucket = "arn:aws:s3:::remit-artefacts-111122223333-eu-central-1/orders-dev"
    for key, is_allowed in ((f"{bucket}/plans/1/2.json", True), (f"{bucket}/2.zip", False)):
        assert evaluate(Request("s3:PutObject", key), policy).allowed is is_allowed
    stack = "arn:aws:cloudformation:eu-central-1:111122223333:stack/orders-dev/1"
    assert not evaluate(Request("cloudformation:ExecuteChangeSet", stack), policy).allowed
    assert cfn_lint(of_example("--for", "plan", "--cloudformation").out, tmp_path) == []


def test_for_bootstrap_it_is_about_the_artefact_bucket_alone(tmp_path: Path) -> None:
    ran = deployer("--for", "bootstrap", *PLACE)
    (statement,) = document(ran)["Statement"]
    assert (ran.err, statement["Resource"]) == ("", "arn:aws:s3:::remit-artefacts-111122223333-eu-central-1")
    assert {"s3:CreateBucket", "s3:PutBucketPolicy"} <= set(statement["Action"])
    explained = document(deployer("--for", "bootstrap", "--explain", "--json", *PLACE))
    assert [item["statement"] for item in explained["statements"]] == [statement]
    assert explained["stack"] is None
    text = deployer("--for", "bootstrap", "--explain", *PLACE).out
    assert text.startswith("Whoever runs `remit bootstrap` needs 1 statement, ")
    assert cfn_lint(deployer("--for", "bootstrap", "--cloudformation").out, tmp_path) == []


def test_with_a_bucket_of_ones_own_the_policy_names_that_and_no_other(make: Make) -> None:
    own = ("--artefact-bucket", "our-artefacts")
    text = of_example(*own, *PLACE).out
    assert "remit-artefacts" not in text
    assert '"arn:aws:s3:::our-artefacts"' in text
    assert '"arn:aws:s3:::our-artefacts/orders-dev/*"' in text
    project = make()
    assert project.remit("build", "--no-package", *own).status == 0
    template = str(project.folder / ".remit" / "build" / "template.json")
    ran = deployer(template, "--stack", "orders-dev", *own, *PLACE)
    assert buckets(document(ran)) == ["arn:aws:s3:::our-artefacts"]


def test_who_deploys_cannot_make_or_change_the_artefact_bucket() -> None:
    policy = parse(document(of_example(*PLACE)))
    bucket = "arn:aws:s3:::remit-artefacts-111122223333-eu-central-1"
    for action in document(deployer("--for", "bootstrap", *PLACE))["Statement"][0]["Action"]:
        assert evaluate(Request(action, bucket), policy).allowed is (action == "s3:ListBucket"), action


def test_an_app_whose_role_is_parted_into_policies_can_be_deployed_with_its_deployer(make: Make) -> None:
    """The managed policies that its template makes: to make, change, attach and delete them, and only them."""
    statement = (
        '{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:*:*:q{n:03}",'
        ' "Condition": {"StringEquals": {"aws:PrincipalTag/team": f"t{n:03}"}}}'
    )
    project = make(app=f"@app.function(policy=[{statement} for n in range(80)])\ndef ingest(event, context): ...\n")
    policy = parse(document(deployer("-C", str(project.folder), *PLACE)))
    own = "arn:aws:iam::111122223333:policy/orders-dev-IngestRolePolicy1-abcdefghijkl"
    role = "arn:aws:iam::111122223333:role/orders-dev-IngestRole-abcdefghijkl"
    needed = ("CreatePolicy", "CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion", "GetPolicy")
    for action in needed:
        assert evaluate(Request(f"iam:{action}", own), policy).verdict == "Allowed", action
        assert evaluate(Request(f"iam:{action}", own.replace("orders", "bills")), policy).verdict != "Allowed"
    for attached, verdict in ((own, "Allowed"), ("arn:aws:iam::aws:policy/AdministratorAccess", "ImplicitlyDenied")):
        for action in ("iam:AttachRolePolicy", "iam:DetachRolePolicy"):
            asked = Request(action, role, context={"iam:PolicyARN": attached})
            assert evaluate(asked, policy).verdict == verdict, action


def test_an_update_may_delete_what_is_deployed_and_no_more_declared(make: Make, tmp_path: Path) -> None:
    """A schedule that an earlier remit made as a rule of EventBridge."""
    app = '@app.function(schedule("rate(1 day)"))\ndef report(event, context): ...\n'
    rule = {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)"}}
    deployed = tmp_path / "deployed.json"
    deployed.write_text(json.dumps({"Resources": {"ReportSchedule": rule}}))
    project = make(app=app)
    arn = "arn:aws:events:eu-central-1:111122223333:rule/orders-dev-ReportSchedule-abcdefghijkl"
    for options, verdict in ((("--from", str(deployed)), "Allowed"), ((), "ImplicitlyDenied")):
        policy = parse(document(deployer("-C", str(project.folder), *PLACE, *options)))
        for action in ("events:DeleteRule", "events:RemoveTargets"):
            assert verdict == evaluate(Request(action, arn), policy).verdict
        assert evaluate(Request("lambda:CreateFunction", FUNCTION), policy).verdict == "Allowed"


def test_versions_and_aliases_are_named_for_actions_that_take_them_alone(make: Make) -> None:
    project = make(app='@app.function(alias="live")\ndef report(event, context): ...\n')
    policy = parse(document(deployer("-C", str(project.folder), *PLACE)))
    for action, of_alias in (("CreateAlias", False), ("PublishVersion", False), ("UpdateAlias", True)):
        assert evaluate(Request(f"lambda:{action}", FUNCTION), policy).verdict == "Allowed", action
        assert of_alias is evaluate(Request(f"lambda:{action}", f"{FUNCTION}:live"), policy).allowed, action


def test_the_template_that_is_deployed_goes_with_an_app(tmp_path: Path) -> None:
    ran = deployer(str(SHOP), "--from", str(tmp_path / "deployed.json"))
    assert (2, True) == (ran.status, "error: --from is for an app\n" in ran.err)


@pytest.mark.parametrize("file", ["my-shop.yaml", "my-shop.v2.yaml"])
def test_a_stack_is_named_after_a_file_whose_name_a_stack_may_have(file: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text("Resources: {Topic: {Type: AWS::SNS::Topic}}")
    ran = deployer(str(tmp_path / file))
    assert (ran.status, "the stack is taken to be `my-shop`, as the file is named" in ran.err) == (0, True)


def test_what_a_loop_makes_is_in_it(tmp_path: Path) -> None:
    template = {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "a"}},
        "Resources": {
            "Fn::ForEach::Queues": [
                "Name",
                {"Ref": "Names"},
                {"Queue${Name}": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "q-${Name}"}}}},
            ]
        },
    }
    file = tmp_path / "loop.json"
    file.write_text(json.dumps(template))
    ran = deployer(str(file), "--parameter", "Names=a,b", *PLACE)
    found = parse(document(ran))
    for name, expected in (("q-a", True), ("q-b", True), ("q-c", False)):
        place = f"arn:aws:sqs:eu-central-1:111122223333:{name}"
        assert evaluate(Request("sqs:CreateQueue", place), found).allowed is expected
    assert "loop" not in ran.err.replace("loop.json", "").replace("`loop`", "")


def test_a_file_whose_name_is_none_of_a_stack_gets_a_placeholder(tmp_path: Path) -> None:
    for file in ("template.yaml", "my shop.yaml", "123.yaml", "123abc.yaml", "my_stack.yaml", "-a.yaml"):
        (tmp_path / file).write_text("Resources: {Topic: {Type: AWS::SNS::Topic}}")
        ran = deployer(str(tmp_path / file))
        said = "the file's name is none of a stack, so STACK-NAME stands for it: `--stack NAME` gives it"
        assert (ran.status, said in ran.err, ":STACK-NAME-Topic-*" in ran.out) == (0, True, True), file


def test_a_template_of_others_gets_no_advice_about_settings_of_remit(tmp_path: Path) -> None:
    path = tmp_path / "Shop.template.json"
    shutil.copy(SHOP, path)
    ran = deployer(str(path), "--explain", *PLACE)
    assert (ran.status, "config." in ran.out + ran.err, "remit policy function" in ran.out + ran.err) == (
        0,
        False,
        False,
    )


def test_a_statement_explained_has_an_action_a_line() -> None:
    lines = of_example("--explain", *PLACE).out.splitlines()
    first = next(number for number, line in enumerate(lines) if line == "  Allow iam:CreateRole")
    assert lines[first + 1] == "        iam:DeleteRole"


def test_what_sam_adds_for_gradual_deployments_and_domains_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    shutil.copy(Path(__file__).parents[1] / "template" / "data" / "sam" / "deployments.yaml", path)
    ran = deployer(str(path), *PLACE)
    granted = {name for statement in document(ran)["Statement"] for name in _listed(statement["Action"])}
    needed = {
        "codedeploy:CreateApplication", "codedeploy:CreateDeployment", "codedeploy:CreateDeploymentGroup",
        "apigateway:AddCertificateToDomain", "route53:ChangeResourceRecordSets",
    }  # fmt: skip
    assert (set(), False) == (needed - granted, "is not looked at" in ran.err)


def test_actions_of_types_that_remit_does_not_know_are_added_by_name(make: Make) -> None:
    made = make(app="@app.function\ndef hello(event, context): ...\n")
    added = made.remit("policy", "deployer", "--also", "datadog:CreateMonitor", "--also", "lambda:GetRuntime")
    statements = json.loads(added.out)["Statement"]
    allowed = [statement["Action"] for statement in statements if statement["Resource"] == "*"]
    assert {"datadog:CreateMonitor", "lambda:GetRuntime"} <= {
        action for item in allowed for action in ([item] if isinstance(item, str) else item)
    }
    explained = made.remit("policy", "deployer", "--also", "datadog:CreateMonitor", "--explain").out
    assert "as --also says" in explained
    refused = made.remit("policy", "deployer", "--also", "CreateMonitor")
    assert (2, True) == (refused.status, "--also CreateMonitor: that is no action" in refused.err)
