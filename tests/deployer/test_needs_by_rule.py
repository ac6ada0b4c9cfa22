"""What a deploy needs of each kind of thing in a template, by CloudFormation's rules, one small template each."""

from __future__ import annotations

from typing import Any, Final

import pytest

from remit.deployer.deployer_policy import Deployer, bound, deployer, on_resources
from remit.deployer.needed_actions import DeployCall
from remit.deployer.planned_stack import is_retained, is_specific, stack_of
from remit.errors import RemitError
from remit.template.resolved_texts import UNKNOWN

PLACE: Final = "${AWS::Region}:${AWS::AccountId}"
HERE: Final = "arn:${AWS::Partition}"
ROLE: Final = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "web", "AssumeRolePolicyDocument": {}}}
QUEUE: Final = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}}
LIMIT: Final = f"{HERE}:iam::${{AWS::AccountId}}:policy/limit"
STARTS: Final = "arn:aws:iam::111122223333:role/works"


def need(
    resources: dict[str, Any],
    parameters: dict[str, str] | None = None,
    more: dict[str, Any] | None = None,
    **options: Any,
) -> Deployer:
    return deployer(stack_of("orders-dev", [{"Resources": resources, **(more or {})}], parameters or {}), **options)


def where(found: Deployer, action: str) -> set[str]:
    """The resources on which an action is granted."""
    statements = [grant.statement for grant in found.grants if action in grant.statement.actions.patterns]
    return {text for statement in statements if statement.resources for text in statement.resources.patterns}


def conditions(found: Deployer, action: str, resource: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (condition.operator, condition.key, condition.values)
        for grant in found.grants
        if action in grant.statement.actions.patterns
        and grant.statement.resources
        and resource in grant.statement.resources.patterns
        for condition in grant.statement.conditions
    ]


@pytest.mark.parametrize("reverts", [False, True])
def test_whoever_starts_a_service_role_needs_to_pass_it_and_no_handlers(*, reverts: bool) -> None:
    found = need({"Web": ROLE, "Jobs": QUEUE}, more={"Transform": "Macro"}, reverts=reverts, service_role=STARTS)

    assert where(found, "iam:PassRole") == {STARTS}
    assert conditions(found, "iam:PassRole", STARTS) == [
        ("StringEquals", "iam:PassedToService", ("cloudformation.amazonaws.com",))
    ]
    assert where(found, "sqs:CreateQueue") == where(found, "iam:CreateRole") == set()
    assert where(found, "cloudformation:CreateChangeSet") == {f"{HERE}:cloudformation:{PLACE}:transform/Macro"}
    assert where(found, "iam:DetachRolePolicy") == ({f"{HERE}:iam::${{AWS::AccountId}}:role/web"} if reverts else set())


@pytest.mark.parametrize(
    ("declared", "forced", "limit"),
    [
        (None, None, None),
        (LIMIT, None, LIMIT),
        (None, "arn:aws:iam::1:policy/forced", "arn:aws:iam::1:policy/forced"),
        (LIMIT, "arn:aws:iam::1:policy/forced", "arn:aws:iam::1:policy/forced"),
    ],
)
@pytest.mark.parametrize("kind", ["Role", "User"])
def test_roles_and_users_are_written_under_the_boundary_that_is_forced_or_that_they_have(
    kind: str, declared: str | None, forced: str | None, limit: str | None
) -> None:
    name = {"RoleName": "web", "AssumeRolePolicyDocument": {}} if kind == "Role" else {"UserName": "web"}
    properties = {
        **name,
        "Policies": [{"PolicyName": "p", "PolicyDocument": {}}],
        **({} if declared is None else {"PermissionsBoundary": declared}),
    }
    arn = f"{HERE}:iam::${{AWS::AccountId}}:{kind.lower()}/web"

    found = need({"Web": {"Type": f"AWS::IAM::{kind}", "Properties": properties}}, boundary=forced, reverts=True)

    expected = [] if limit is None else [("ArnEquals", "iam:PermissionsBoundary", (limit,))]
    for action in (f"iam:Create{kind}", f"iam:Put{kind}Policy"):
        assert where(found, action) == {arn}
        assert conditions(found, action, arn) == expected
    assert conditions(found, f"iam:Get{kind}", arn) == []
    if kind == "Role":
        assert (where(found, "iam:DeleteRolePermissionsBoundary") == {arn}) == (limit is None)
        assert ("iam:PutRolePermissionsBoundary" in str(found.policy)) == (limit is not None)
        assert conditions(found, "iam:DetachRolePolicy", arn) == expected


def test_policies_are_attached_to_a_role_as_the_template_says_and_to_any_in_no_case() -> None:
    """Whoever may attach any policy to a role can give it any access."""
    named, other = "arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::1:policy/own"
    arn = f"{HERE}:iam::${{AWS::AccountId}}:role/web"
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {**ROLE["Properties"], "ManagedPolicyArns": [named, {"Ref": "Given"}, other]},
    }

    found = need({"Web": role}, more={"Parameters": {"Given": {"Type": "String"}}})
    open_ = need(
        {
            "Web": {
                "Type": "AWS::IAM::Role",
                "Properties": {**ROLE["Properties"], "ManagedPolicyArns": [{"Ref": "Given"}]},
            }
        },
        more={"Parameters": {"Given": {"Type": "String"}}},
    )

    assert where(found, "iam:AttachRolePolicy") == where(found, "iam:DetachRolePolicy") == {arn}
    assert conditions(found, "iam:AttachRolePolicy", arn) == [("ArnEquals", "iam:PolicyARN", (named, other))]
    assert where(open_, "iam:AttachRolePolicy") == set()
    assert any("attaching it is not granted" in note for note in open_.notes)


def test_a_source_is_mapped_to_the_function_that_is_named_alone() -> None:
    mapping = {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {"FunctionName": {"Ref": "Web"}, "EventSourceArn": "arn:aws:sqs:eu-west-1:1:q"},
    }
    web = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"FunctionName": "web", "Role": "arn:aws:iam::1:role/r", "Code": {"ZipFile": "x"}},
    }

    found = need({"Web": web, "Source": mapping})
    grants = [grant for grant in found.grants if "lambda:CreateEventSourceMapping" in grant.statement.actions.patterns]

    assert [[(c.operator, c.key, c.values) for c in grant.statement.conditions] for grant in grants] == [
        [("ArnLike", "lambda:FunctionArn", (f"{HERE}:lambda:{PLACE}:function:web",))]
    ]


@pytest.mark.parametrize(
    ("token", "action", "resource"),
    [
        (
            "arn:aws:lambda:eu-west-1:1:function:make",
            "lambda:InvokeFunction",
            "arn:aws:lambda:eu-west-1:1:function:make",
        ),
        ("arn:aws:sns:eu-west-1:1:make", "sns:Publish", "arn:aws:sns:eu-west-1:1:make"),
        (
            "arn:aws:lambda:eu-west-1:1:function:sns-forward",
            "lambda:InvokeFunction",
            "arn:aws:lambda:eu-west-1:1:function:sns-forward",
        ),
        ({"Ref": "Given"}, "lambda:InvokeFunction", None),
    ],
)
def test_what_makes_a_custom_resource_is_called(token: Any, action: str, resource: str | None) -> None:
    found = need(
        {"Made": {"Type": "Custom::Made", "Properties": {"ServiceToken": token}}},
        more={"Parameters": {"Given": {"Type": "String"}}},
    )

    assert where(found, action) == (set() if resource is None else {resource})
    assert found.unknown == ()
    if resource is not None:
        (grant,) = [grant for grant in found.grants if action in grant.statement.actions.patterns]
        assert str(grant.reason.text) == "to create, update and delete Made (Custom::Made)"


@pytest.mark.parametrize(
    ("transform", "arns", "fetched"),
    [
        (
            "AWS::Serverless-2016-10-31",
            {f"{HERE}:cloudformation:${{AWS::Region}}:aws:transform/Serverless-2016-10-31"},
            set(),
        ),
        ("Mine", {f"{HERE}:cloudformation:{PLACE}:transform/Mine"}, set()),
        ("AWSome", {f"{HERE}:cloudformation:{PLACE}:transform/AWSome"}, set()),
        (
            ["Mine", {"Name": "AWS::Include", "Parameters": {"Location": "s3://parts/a/b.yaml"}}],
            {
                f"{HERE}:cloudformation:{PLACE}:transform/Mine",
                f"{HERE}:cloudformation:${{AWS::Region}}:aws:transform/Include",
            },
            {f"{HERE}:s3:::parts/a/*"},
        ),
        (
            [{"Name": "AWS::Include", "Parameters": {"Location": "https://parts.s3.amazonaws.com/b.yaml"}}],
            {f"{HERE}:cloudformation:${{AWS::Region}}:aws:transform/Include"},
            {f"{HERE}:s3:::parts/*"},
        ),
    ],
)
def test_transforms_are_expanded_and_what_they_include_is_fetched(
    transform: Any, arns: set[str], fetched: set[str]
) -> None:
    found = need({"Jobs": QUEUE}, more={"Transform": transform})

    assert where(found, "cloudformation:CreateChangeSet") == arns
    assert where(found, "s3:GetObject") == fetched


@pytest.mark.parametrize(
    ("reference", "action", "resource"),
    [
        ("{{resolve:ssm:/orders/size}}", "ssm:GetParameters", f"{HERE}:ssm:{PLACE}:parameter/orders/size"),
        ("{{resolve:ssm:/orders/size:3}}", "ssm:GetParameters", f"{HERE}:ssm:{PLACE}:parameter/orders/size"),
        ("{{resolve:ssm-secure:size:3}}", "ssm:GetParameters", f"{HERE}:ssm:{PLACE}:parameter/size"),
        (
            "{{resolve:ssm:/aws/service/ami}}",
            "ssm:GetParameters",
            f"{HERE}:ssm:${{AWS::Region}}::parameter/aws/service/ami",
        ),
        (
            "{{resolve:ssm:arn:aws:ssm:eu-west-1:1:parameter/x}}",
            "ssm:GetParameters",
            "arn:aws:ssm:eu-west-1:1:parameter/x",
        ),
        (
            "{{resolve:ssm:arn:aws-cn:ssm:cn-north-1:1:parameter/x}}",
            "ssm:GetParameters",
            "arn:aws-cn:ssm:cn-north-1:1:parameter/x",
        ),
        (
            {"Fn::Sub": "{{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-1:1:secret:${Given}}}"},
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:eu-west-1:1:secret:*",
        ),
        (
            "{{resolve:secretsmanager:db}}",
            "secretsmanager:GetSecretValue",
            f"{HERE}:secretsmanager:{PLACE}:secret:db-??????",
        ),
        (
            "{{resolve:secretsmanager:db:SecretString:password}}",
            "secretsmanager:GetSecretValue",
            f"{HERE}:secretsmanager:{PLACE}:secret:db-??????",
        ),
        (
            "{{resolve:secretsmanager:db::AWSCURRENT}}",
            "secretsmanager:GetSecretValue",
            f"{HERE}:secretsmanager:{PLACE}:secret:db-??????",
        ),
        (
            "{{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-1:1:secret:db-a1B2c3:SecretString:p}}",
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:eu-west-1:1:secret:db-a1B2c3",
        ),
        (
            "{{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-1:1:secret:db:SecretString:p}}",
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:eu-west-1:1:secret:db-??????",
        ),
    ],
)
def test_a_dynamic_reference_is_read_for_whoever_deploys(reference: Any, action: str, resource: str) -> None:
    properties = {
        "QueueName": "jobs",
        "Tags": [{"Key": "a", "Value": "plain"}, {"Key": "b", "Value": reference}],
    }

    assert where(need({"Jobs": {"Type": "AWS::SQS::Queue", "Properties": properties}}), action) == {resource}


def test_parameters_of_parameter_store_are_looked_up() -> None:
    parameters = {
        "Size": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/orders/size"},
        "Plain": {"Type": "String", "Default": "/x"},
    }

    found = need({"Jobs": QUEUE}, {"Size": "/other/size"}, {"Parameters": parameters})

    assert where(found, "ssm:GetParameters") == {f"{HERE}:ssm:{PLACE}:parameter/other/size"}


APPLICATION: Final = "arn:aws:serverlessrepo:us-east-1:1:applications/app"


def test_an_application_of_the_repository_is_fetched_under_both_spellings_of_its_arn() -> None:
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {
            "Location": {"ApplicationId": APPLICATION},
            "TemplateURL": "https://b.s3.amazonaws.com/x/t.json",
        },
    }

    found = need({"App": nested})

    both = {APPLICATION, "arn:aws:serverlessrepo:us-east-1:1:applications~app"}
    assert (
        where(found, "serverlessrepo:CreateCloudFormationTemplate")
        == where(found, "serverlessrepo:GetCloudFormationTemplate")
        == both
    )


def test_an_application_that_is_no_arn_is_not_fetched() -> None:
    location = {"Location": {"ApplicationId": {"Ref": "Given"}}}
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": location}

    assert where(need({"App": nested}), "serverlessrepo:GetCloudFormationTemplate") == set()


def test_a_managed_policy_of_the_stack_is_attached_to_the_role_that_it_names() -> None:
    properties = {"ManagedPolicyName": "own", "PolicyDocument": {}, "Roles": [{"Ref": "Web"}]}
    role, policy = (f"{HERE}:iam::${{AWS::AccountId}}:{name}" for name in ("role/web", "policy/own"))

    found = need({"Web": ROLE, "Own": {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}})

    assert where(found, "iam:AttachRolePolicy") == {role}
    assert conditions(found, "iam:AttachRolePolicy", role) == [("ArnEquals", "iam:PolicyARN", (policy,))]


def test_of_a_function_that_the_deploy_alone_knows_any_source_may_be_mapped() -> None:
    properties = {"FunctionName": {"Ref": "Given"}, "EventSourceArn": "arn:aws:sqs:eu-west-1:1:q"}
    mapping = {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}

    found = need({"Source": mapping}, more={"Parameters": {"Given": {"Type": "String"}}})

    (mapped,) = where(found, "lambda:CreateEventSourceMapping")
    assert conditions(found, "lambda:CreateEventSourceMapping", mapped) == []


def test_calls_are_on_the_stack_and_those_that_follow_it_on_the_stacks_inside() -> None:
    calls = [
        DeployCall(
            "cloudformation.DescribeStacks",
            ("cloudformation:DescribeStacks", "cloudformation:ValidateTemplate", "cloudformation:GetTemplate"),
            "arn:x:stack/{stack}/*",
            "to see",
        ),
        DeployCall(
            "cloudformation.DescribeStackEvents",
            ("cloudformation:DescribeStackEvents", "cloudformation:ListStacks"),
            "arn:x:stack/{stack}/*",
            "to follow",
            nested=True,
        ),
    ]
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": "https://b.s3.amazonaws.com/x/t.json"},
    }

    found = need({"Inner": nested}, calls=calls)

    inside = f"{HERE}:cloudformation:{PLACE}:stack/orders-dev-Inner-*/*"
    assert "arn:x:stack/orders-dev/*" in where(found, "cloudformation:DescribeStacks")
    for action in ("cloudformation:DescribeStackEvents", "cloudformation:ListStacks"):
        assert {"arn:x:stack/orders-dev/*", inside} <= where(found, action)
    assert where(found, "cloudformation:GetTemplate") >= {"arn:x:stack/orders-dev/*"}
    assert where(found, "cloudformation:ValidateTemplate") == {"arn:x:stack/orders-dev/*"}


@pytest.mark.parametrize(
    ("attributes", "is_kept"),
    [
        ({}, False),
        ({"DeletionPolicy": "Retain"}, False),
        ({"UpdateReplacePolicy": "Retain"}, False),
        ({"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}, True),
        ({"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Retain"}, False),
    ],
)
def test_of_what_stays_whatever_happens_nothing_is_deleted(attributes: dict[str, str], *, is_kept: bool) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "data"}, **attributes}
    call = DeployCall(
        "s3.DeleteObjects",
        ("s3:DeleteObject", "s3:ListBucketVersions"),
        "",
        "to empty",
        of_type="AWS::S3::Bucket",
        unless_kept=True,
    )
    stack = stack_of("orders-dev", [{"Resources": {"Data": bucket, "Same": bucket, "Jobs": QUEUE}}])

    calls = list(on_resources(stack, [call]))

    assert is_retained(stack.resources["Data"]) == is_kept
    assert [(each.actions, each.on, each.of_type) for each in calls] == (
        []
        if is_kept
        else [
            (("s3:DeleteObject",), f"{HERE}:s3:::data/*", ""),
            (("s3:ListBucketVersions",), f"{HERE}:s3:::data", ""),
        ]
    )
    assert (where(deployer(stack), "s3:DeleteBucket") == set()) == is_kept


def test_only_the_handlers_that_are_asked_for_count() -> None:
    found = need({"Jobs": QUEUE}, verbs=("create",))

    assert where(found, "sqs:CreateQueue") == {f"{HERE}:sqs:{PLACE}:jobs"}
    assert where(found, "sqs:DeleteQueue") == set()


def test_a_type_that_nobody_knows_is_told_and_a_custom_one_is_not() -> None:
    resources = {
        "New": {"Type": "AWS::Brand::New", "Properties": {}},
        "Made": {"Type": "Custom::Made", "Properties": {"ServiceToken": "arn:aws:sns:eu-west-1:1:make"}},
    }

    assert need(resources).unknown == (("New", "AWS::Brand::New"),)


@pytest.mark.parametrize(
    ("place", "name", "arn"),
    [
        (("aws", "eu-west-1", "111122223333"), "q-111122223333", "arn:aws:sqs:eu-west-1:111122223333:q-111122223333"),
        (("aws-cn", "*", "*"), "q-${aws:PrincipalAccount}", "arn:aws-cn:sqs:*:*:q-${aws:PrincipalAccount}"),
    ],
)
def test_the_place_is_put_into_arns_and_the_callers_account_into_names(
    place: tuple[str, str, str], name: str, arn: str
) -> None:
    late = need({"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "q-${AWS::AccountId}"}}}})

    found = bound(late, *place)

    assert where(found, "sqs:CreateQueue") == {arn}
    assert name in arn
    assert bound(late).grants == bound(late, "aws", "*", "*").grants
    assert (found.doing, need({}).doing, deployer(stack_of("", [{"Resources": {}}])).doing) == (
        "deploys orders-dev",
        "deploys orders-dev",
        "runs `remit bootstrap`",
    )


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ({}, "this is not a CloudFormation template: it has no `Resources`"),
        ([], "this is not a CloudFormation template"),
        ({"Resources": []}, "this is not a CloudFormation template"),
        ({"Resources": {"A": {}}}, "resource `A` of the template has no `Type`"),
        ({"Resources": {"A": {"Type": 1}}}, "resource `A` of the template has no `Type`"),
        (
            {"Resources": {"A": {"Type": "AWS::SQS::Queue", "Properties": []}}},
            "`Properties` in the template must be an object, got list",
        ),
        ({"Resources": {}, "Parameters": []}, "`Parameters` in the template must be an object, got list"),
        ({"Resources": {}, "Mappings": "x"}, "`Mappings` in the template must be an object, got str"),
    ],
)
def test_what_is_no_template_is_refused(template: Any, words: str) -> None:
    with pytest.raises(RemitError, match=words.replace("(", "\\(")):
        stack_of("orders-dev", [template])


def test_of_two_templates_all_resources_are_there_and_what_macros_make_is_not() -> None:
    before = {
        "Resources": {
            "Jobs": QUEUE,
            "Old": QUEUE,
            "Fn::Transform": {},
            "Fn::ForEach::X": [],
            "Made": {"Fn::Transform": {"Name": "M"}},
        },
        "Mappings": {"Old": {"a": {"b": "c"}}},
        "Transform": "Before",
    }
    after = {
        "Resources": {
            "Jobs": {**QUEUE, "Properties": {"QueueName": "others"}},
            "Old": QUEUE,
            "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {}, "UpdatePolicy": {"A": 1}},
            "Bare": {"Type": "AWS::AutoScaling::AutoScalingGroup", "UpdatePolicy": {"A": 2}},
        },
        "Mappings": {"New": {"a": {"b": "c"}}},
        "Transform": ["After", "Before"],
        "Parameters": {
            "Given": {"Type": "String", "Default": "usual"},
            "Other": {"Type": "String", "Default": "usual"},
        },
    }

    stack = stack_of("orders-dev", [before, after], {"Given": "mine", "Elsewhere": "x"})

    assert sorted(stack.resources) == ["Bare", "Group", "Jobs", "Jobs'", "Old"]
    assert stack.parameters == {"Given": "mine", "Other": "usual", "Elsewhere": "x"}
    assert sorted(stack.mappings) == ["New", "Old"]
    names = [transform.name for transform in stack.transforms]
    assert [name for name in names if name in ("Before", "After")] == ["Before", "After"]
    assert stack.resources["Bare"].properties == {"UpdatePolicy": {"A": 2}}
    assert stack.resources["Jobs'"].properties == {"QueueName": "others"}
    assert stack.resources["Group"].properties == {"UpdatePolicy": {"A": 1}}


@pytest.mark.parametrize(
    ("text", "specific"),
    [
        ("arn:aws:iam::1:role/web", True),
        (f"arn:aws:iam::1:role/shop-{UNKNOWN}", True),
        (f"arn:aws:iam::1:role/{UNKNOWN}/shop-web", True),
        (f"arn:aws:iam::1:role/{UNKNOWN}-web", False),
        (f"arn:aws:iam::{UNKNOWN}:role/web", False),
        (f"arn:{UNKNOWN}:iam::1:role/web", False),
        (UNKNOWN, False),
        (f"web{UNKNOWN}", True),
        ("web", True),
    ],
)
def test_a_text_is_specific_that_tells_whose_resource_it_is(text: str, *, specific: bool) -> None:
    assert is_specific(text) == specific


def test_a_subscription_is_a_part_of_its_topic_and_the_topics_policy_is_none() -> None:
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}}
    policy = {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": [{"Ref": "News"}], "PolicyDocument": {}}}
    endpoint = {"TopicArn": {"Ref": "News"}, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:eu-west-1:1:q"}
    subscription = {"Type": "AWS::SNS::Subscription", "Properties": endpoint}
    arn = f"{HERE}:sns:{PLACE}:news"

    found = need({"News": topic, "Policy": policy, "Sub": subscription})

    assert where(found, "sns:SetTopicAttributes") == {arn}
    assert where(found, "sns:Unsubscribe") == {arn, f"{arn}:*"}


QUALIFIED = {
    "a function": ({"Ref": "Web"}, {"{}"}),
    "an alias": ({"Ref": "Live"}, {"{}", "{}:*"}),
}


@pytest.mark.parametrize("called", QUALIFIED)
def test_what_calls_an_alias_is_permitted_on_parts_of_the_function(called: str) -> None:
    web = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"FunctionName": "web", "Role": "arn:aws:iam::1:role/r", "Code": {"ZipFile": "x"}},
    }
    alias = {
        "Type": "AWS::Lambda::Alias",
        "Properties": {"FunctionName": {"Ref": "Web"}, "Name": "live", "FunctionVersion": "7"},
    }
    named, arns = QUALIFIED[called]
    properties = {"FunctionName": named, "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}

    found = need({"Web": web, "Live": alias, "May": {"Type": "AWS::Lambda::Permission", "Properties": properties}})

    assert where(found, "lambda:AddPermission") == {text.format(f"{HERE}:lambda:{PLACE}:function:web") for text in arns}
