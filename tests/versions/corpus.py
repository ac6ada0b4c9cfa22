"""The inputs that two versions are compared on, and the command lines that each is put to."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HERE = Path(__file__).parent
TESTS = HERE.parent
EXAMPLES = TESTS.parent / "examples"
DOCUMENTS = frozenset({".json", ".yaml", ".yml", ".template"})

Job = dict[str, Any]
"""One input, as `worker.py` reads it: {"files": {path: text}, "steps": [step, …]}."""

COMMANDS = (
    "build", "data", "delete", "deploy", "diff", "evaluate", "explain", "init", "invoke", "lint",
    "local", "local reset", "local start", "local status", "local stop", "minimise", "policy", "policy deployer",
    "policy function", "status", "why",
)  # fmt: skip
ACTIONS = (
    "s3:GetObject", "s3:Get*", "dynamodb:PutItem", "dynamodb:BatchGetItem", "sqs:SendMessage", "iam:PassRole",
    "lambda:Invoke", "lambda:InvokeFunction", "kms:Decrypt", "ec2:RunInstances", "sts:AssumeRole",
    "states:StartExecution", "logs:*", "s3:GetObjct", "s3:ListObjectsV2", "cloudwatch:PutMetricData",
    "secretsmanager:GetSecretValue", "execute-api:Invoke", "es:ESHttpGet", "arn:aws:iam::aws:policy/ReadOnlyAccess",
    "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", "AWSLambdaBasicExecutionRole", "arn:aws:s3:::uploads/a.csv",
    "arn:aws:dynamodb:eu-central-1:111122223333:table/orders", "nonsense",
)  # fmt: skip
TYPES = (
    "ApiGateway::RestApi", "ApiGateway::Stage", "ApiGatewayV2::Api", "AppSync::GraphQLApi", "Athena::WorkGroup",
    "Batch::JobQueue", "CertificateManager::Certificate", "CloudFront::Distribution", "CloudTrail::Trail",
    "CloudWatch::Alarm", "CodeBuild::Project", "Cognito::UserPool", "DynamoDB::GlobalTable", "DynamoDB::Table",
    "EC2::Instance", "EC2::SecurityGroup", "EC2::Subnet", "EC2::VPC", "ECR::Repository", "ECS::Cluster",
    "ECS::Service", "ECS::TaskDefinition", "EFS::AccessPoint", "EFS::FileSystem", "EKS::Cluster",
    "ElastiCache::ReplicationGroup", "ElasticLoadBalancingV2::LoadBalancer", "ElasticLoadBalancingV2::TargetGroup",
    "Events::EventBus", "Events::Rule", "Glue::Database", "Glue::Job", "IAM::Group", "IAM::InstanceProfile",
    "IAM::ManagedPolicy", "IAM::Policy", "IAM::Role", "IAM::User", "Kinesis::Stream",
    "KinesisFirehose::DeliveryStream", "KMS::Alias", "KMS::Key", "Lambda::Alias", "Lambda::EventSourceMapping",
    "Lambda::Function", "Lambda::LayerVersion", "Lambda::Permission", "Lambda::Url", "Lambda::Version",
    "Logs::LogGroup", "MSK::Cluster", "OpenSearchService::Domain", "Pipes::Pipe", "RDS::DBCluster", "RDS::DBInstance",
    "Redshift::Cluster", "Route53::HostedZone", "S3::AccessPoint", "S3::Bucket", "S3::BucketPolicy",
    "SNS::Subscription", "SNS::Topic", "SQS::Queue", "SQS::QueuePolicy", "SSM::Parameter", "SageMaker::Endpoint",
    "Scheduler::Schedule", "SecretsManager::Secret", "Serverless::Function", "Serverless::SimpleTable",
    "StepFunctions::Activity", "StepFunctions::StateMachine", "WAFv2::WebACL", "XRay::Group",
)  # fmt: skip
ASKED = (("dynamodb:PutItem", "arn:aws:dynamodb:eu-central-1:111122223333:table/orders"), ("s3:GetObject",))
"""What each function and role is asked for."""
REVIEWED = 6
"""Every sixth project is put into a repository and compared with the next one, which takes half a second."""
FUNCTIONS = 2
"""Functions or roles of one input that are asked, at most."""
FOR_PEOPLE = ((), ("--markdown",))
FOR_TOOLS = ("sarif", "github")
LONGEST_READ = 100_000
"""Characters of a template whose roles are asked, at most: they are found by a second reader, which is slow."""
GIT = (
    ["git", "init", "--quiet"],
    ["git", "add", "--all", "--force"],
    ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "--message=before"],
)


def step(*arguments: str, name: str = "", **more: Any) -> dict[str, Any]:
    """One command line; its name tells what was asked, and is what `CHANGES.md` speaks of."""
    return {"name": name or " ".join(arguments), "arguments": list(arguments), **more}


def jobs(folders: Iterable[Path] = (), *, stored: bool = True) -> dict[str, Job]:
    """Every input by its name: what the repository holds, and the documents of further folders."""
    made: dict[str, Job] = {}
    if stored:
        made.update(_without_input())
        made.update(_data())
        made.update(_projects())
        made.update(_documents(_stored_documents()))
    for folder in folders:
        made.update(_documents(_documents_of(folder)))
    return made


def warm() -> list[Job]:
    """An input of each kind, which the worker runs first: what these look up, the others find looked up."""
    files = _read_folder(EXAMPLES / "orders")
    text = (TESTS / "template/data/template.yaml").read_text(encoding="utf-8")
    policy = json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
    documents = dict(_documents({"template.yaml": text, "policy.json": policy}))
    return [_job(files, [*_project_steps(files, turn=0), *_review_steps(files)]), *documents.values()]


def _without_input() -> Iterator[tuple[str, Job]]:
    yield "help", _job({}, [step("--help"), *(step(*command.split(), "--help") for command in COMMANDS)])
    yield "data", _job({}, [step("data"), step("data", "--json"), step("lint", "--rules")])
    init = step("init", "orders", read=["orders/**/*"])
    yield "init", _job({}, [init, step("init", "orders"), step("init", "--json", "a-b")])
    questions = [*ACTIONS, *(f"AWS::{name}" for name in TYPES)]
    for question in questions:
        yield (
            question,
            _job(
                {},
                [
                    step("explain", question, name="explain WORD"),
                    step("explain", question, "--json", name="explain WORD --json"),
                ],
            ),
        )
    managed = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    yield "explain managed", _job({}, [step("explain", managed, "s3:GetObject", "uploads/a.csv")])


def _data() -> Iterator[tuple[str, Job]]:
    """The tables of the tests: cases for `evaluate`, texts for `why`, pages for `lint --explain`."""
    orders = _read_folder(EXAMPLES / "orders")
    for file in sorted((TESTS / "data").glob("*-cases.jsonl")):
        files = {"cases.jsonl": file.read_text(encoding="utf-8")}
        yield file.name, _job(files, [step("evaluate", "cases.jsonl"), step("evaluate", "cases.jsonl", "--json")])
    denials = (TESTS / "data" / "denials.jsonl").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(denials, 1):
        text = json.loads(line)["text"]
        steps = [step("why", name="why", input=text), step("why", "--json", name="why --json", input=text)]
        yield f"denials.jsonl:{number}", _job(orders, steps)
    for rule in re.findall(r"^### (R\d+) ", (TESTS.parent / "docs/lint-rules.md").read_text("utf-8"), re.MULTILINE):
        yield f"rule {rule}", _job({}, [step("lint", "--explain", rule, name="lint --explain")])


def _projects() -> Iterator[tuple[str, Job]]:
    """Every example and every project that a test wrote, some of them compared with the next one."""
    projects = {f"examples/{path.name}": _read_folder(path) for path in sorted(EXAMPLES.iterdir()) if path.is_dir()}
    for number, stored in enumerate(_stored(), 1):
        if stored["kind"] == "project":
            projects[f"inputs.jsonl:{number} {stored['name']}"] = stored["files"]
    names = list(projects)
    for number, (name, following) in enumerate(zip(names, [*names[1:], names[0]], strict=True)):
        steps = _project_steps(projects[name], turn=number % 2)
        if number % REVIEWED == 0:
            steps += _review_steps(projects[following])
        yield name, _job(projects[name], steps)


def _project_steps(files: dict[str, str], *, turn: int) -> list[dict[str, Any]]:
    made = [".remit/build/*.json"]
    steps = [
        step("build", "--no-package", name="build", read=made),
        (
            step("build", "--no-package", "--json", name="build --json"),
            step("build", "--no-package", "--stage", "prod", name="build --stage", read=made),
        )[turn],
        step("lint", *([], ["--json"])[turn]),
        step("policy", "deployer", *(["--explain"], ["--cloudformation"])[turn]),
        step("why", "--json", name="why --json", input=_denial("orders-dev-hello")),
    ]
    for function in _functions(files)[:FUNCTIONS]:
        steps += [
            step("policy", "function", function, name="policy function"),
            step("policy", "function", function, "--explain", name="policy function --explain"),
            step("policy", "function", function, "--explain", "--json", name="policy function --explain --json"),
            step("explain", function, name="explain function"),
            step("explain", function, "--json", name="explain function --json"),
        ]
        steps += [step("explain", function, *asked, name="explain function action") for asked in ASKED]
    return steps


def _review_steps(following: dict[str, str]) -> list[dict[str, Any]]:
    return [
        step("diff", "--base", "HEAD", name="diff --base", before=GIT, write=following),
        step("diff", "--base", "HEAD", "--json", name="diff --base --json"),
        step("diff", "--base", "HEAD", "--markdown", name="diff --base --markdown"),
    ]


def _denial(role: str) -> str:
    return (
        f"User: arn:aws:sts::111122223333:assumed-role/{role}/hello is not authorized to perform: dynamodb:PutItem "
        "on resource: arn:aws:dynamodb:eu-central-1:111122223333:table/orders because no identity-based policy allows "
        "the dynamodb:PutItem action"
    )


def _functions(files: dict[str, str]) -> list[str]:
    """The functions of an app, those with decorators."""
    try:
        tree = ast.parse(files.get("app.py", ""))
    except (SyntaxError, ValueError):
        return []
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return [node.name for node in ast.walk(tree) if isinstance(node, kinds) and node.decorator_list]


def _stored() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / "inputs.jsonl").read_text(encoding="utf-8").splitlines()]


def _stored_documents() -> dict[str, str]:
    """Templates and policies by their names, with a suffix that says what they are written in."""
    documents: dict[str, str] = {}
    for folder in ("template/data", "deployer/templates", "deployer/golden"):
        for name, text in _documents_of(TESTS / folder).items():
            documents[f"{folder}/{name}"] = text
    for number, stored in enumerate(_stored(), 1):
        if stored["kind"] == "document":
            [(path, text)] = stored["files"].items()
            documents[f"inputs.jsonl:{number} {stored['name']}{Path(path).suffix}"] = text
    return documents


def _documents_of(folder: Path) -> dict[str, str]:
    documents = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in DOCUMENTS and path.is_file():
            documents[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8", errors="replace")
    return documents


def _documents(documents: dict[str, str]) -> Iterator[tuple[str, Job]]:
    """Every template and policy, compared with itself changed and with the next one.

    What is asked in several formats is printed as JSON each time, and in the others by turns.
    """
    names = list(documents)
    for number, (name, following) in enumerate(zip(names, [*names[1:], *names[:1]], strict=True)):
        text = documents[name]
        suffix = Path(name).suffix
        next_suffix = Path(following).suffix
        old, new, after = f"document{suffix}", f"changed{suffix}", f"next{next_suffix}"
        steps = [step("lint", old, name="lint FILE"), step("lint", old, "--json", name="lint FILE --json")]
        if "Resources" in text:
            steps += _template_steps(text, old, new, turn=number % 2)
        else:
            steps += _policy_steps(old, new, turn=number % 2)
        steps.append(step("diff", old, after, "--json", name="diff FILE NEXT --json"))
        yield name, _job({old: text, new: changed(text), after: documents[following]}, steps)


def _template_steps(text: str, old: str, new: str, *, turn: int) -> list[dict[str, Any]]:
    steps = [
        step("explain", old, name="explain FILE"),
        step("explain", old, "--json", name="explain FILE --json"),
        step("policy", "deployer", old, "--explain", name="policy deployer FILE --explain"),
        step("policy", "deployer", old, new, "--json", "--explain", name="policy deployer OLD NEW --explain --json"),
        step("diff", old, new, "--json", name="diff FILE --json"),
        step("diff", old, new, *FOR_PEOPLE[turn], name=" ".join(["diff FILE", *FOR_PEOPLE[turn]])),
        step("lint", old, "--format", FOR_TOOLS[turn], name=f"lint FILE {FOR_TOOLS[turn]}"),
        step("why", "--template", old, name="why --template", input=_denial("report")),
    ]
    for role in _roles(text)[:FUNCTIONS]:
        steps += [step("explain", old, role, *asked, name="explain FILE ROLE") for asked in ASKED]
    return steps


def _policy_steps(old: str, new: str, *, turn: int) -> list[dict[str, Any]]:
    return [
        step("explain", old, name="explain POLICY"),
        step("explain", old, *ASKED[0], name="explain POLICY ACTION"),
        step("minimise", old, name="minimise"),
        step("minimise", old, "--split", "--for", "role", name="minimise --split"),
        step("diff", old, new, "--json", name="diff POLICY --json"),
        step("diff", old, new, *FOR_PEOPLE[turn], name=" ".join(["diff POLICY", *FOR_PEOPLE[turn]])),
        step("lint", old, "--kind", "control", name="lint POLICY control"),
        step("lint", old, "--kind", "resource", "--format", "github", name="lint POLICY resource github"),
    ]


_ACTION = re.compile(r"\b([a-z][a-z0-9-]+):(?:Get|Describe|List|Put|Create|Send|Invoke|Query)\w*")


def changed(text: str) -> str:
    """A document with more access in one place and less in another."""
    matches = list(_ACTION.finditer(text))
    if not matches:
        return text.replace("Allow", "Deny", 1)
    first, last = matches[0], matches[-1]
    narrowed = f"{text[: last.start()]}{last[1]}:TagResource{text[last.end() :]}"
    return f"{narrowed[: first.start()]}{first[1]}:*{narrowed[first.end() :]}"


class _Loader(yaml.CSafeLoader):
    """YAML whose tags are left aside."""


_Loader.add_multi_constructor("", lambda loader, tag, node: str(tag))  # noqa: ARG005 - PyYAML's signature


def _roles(text: str) -> list[str]:
    """The roles and functions of a template, as its author wrote them; none where it cannot be read."""
    if len(text) > LONGEST_READ:
        return []
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError):
        return []
    resources = document.get("Resources") if isinstance(document, dict) else None
    if not isinstance(resources, dict):
        return []
    wanted = {"AWS::IAM::Role", "AWS::Lambda::Function", "AWS::Serverless::Function", "AWS::ECS::TaskDefinition"}
    roles = []
    for name, body in resources.items():
        if (
            isinstance(name, str)
            and isinstance(body, dict)
            and isinstance(body.get("Type"), str)
            and body["Type"] in wanted
        ):
            roles.append(name)
    return roles


def _read_folder(folder: Path) -> dict[str, str]:
    files = {}
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith((".", "__pycache__")) for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            files[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
    return files


def _job(files: dict[str, str], steps: list[dict[str, Any]]) -> Job:
    return {"files": files, "steps": steps}
