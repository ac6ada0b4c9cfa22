"""What `remit import` reads of a source and writes of it, whole: nothing is built here.

`REMIT_RECORD=1` writes the files of `written/` anew. They were reviewed; `test_import.py` builds such apps, and
`test_value_laws.py` has CloudFormation's rules.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from projects import write
from remit.errors import RemitError
from remit.importing.python_text import flat, written
from remit.importing.sources import read_source
from remit.importing.template_app import app_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.importing.app_model import ImportedApp, PythonStatement

WRITTEN: Final = Path(__file__).parent / "written"
RARE: Final = Path(__file__).parent / "sources"
"""Sources that say what few people write."""

SAM: Final = """
Transform: AWS::Serverless-2016-10-31
Conditions: {Is: !Equals [!Ref "AWS::Region", eu-west-1]}
Resources:
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      Cors: {AllowMethods: "'GET,PUT'", MaxAge: "'600'"}
      Auth:
        ApiKeyRequired: true
        UsagePlan: {CreateUsagePlan: SHARED, Quota: {Limit: 5, Period: DAY}}
        DefaultAuthorizer: Asked
        Authorizers:
          Asked: {FunctionArn: !GetAtt One.Arn, AuthorizationScopes: [all]}
          Users:
            UserPoolArn: "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/x"
            AuthorizationScopes: [all]
          Node: {FunctionArn: !GetAtt Node.Arn}
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        Authorizers:
          Simple:
            {FunctionArn: !GetAtt One.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true}
          Policy: {FunctionArn: !GetAtt One.Arn, AuthorizerPayloadFormatVersion: "2.0"}
  Node: {Type: AWS::Serverless::Function, Properties: {Runtime: nodejs22.x, Handler: a.b, CodeUri: s3://a/b}}
  OneLambdaFunction:
    Type: AWS::Serverless::Function
    DependsOn: [Queue, Value]
    Properties:
      Runtime: python3.13
      Handler: app.one
      CodeUri: build/code.jar
      Timeout: 9
      MemorySize: 256
      Environment: {Variables: {EMPTY: , QUEUE: !Ref Queue}}
      Tags: {"lambda:createdBy": SAM, team: shop}
      FunctionUrlConfig: {AuthType: NONE, InvokeMode: RESPONSE_STREAM}
      Policies: [{Statement: [{Sid: First, Effect: Allow, Action: "s3:GetObject", Resource: "*"}]}]
      Events:
        Slash: {Type: Api, Properties: {Path: /a/, Method: get, RestApiId: !Ref Rest}}
        Valid:
          Type: Api
          Properties:
            Path: /v
            Method: any
            RestApiId: !Ref Rest
            Auth: {Authorizer: Users, AuthorizationScopes: [some]}
            RequestModel: {Model: M, ValidateParameters: true}
            RequestParameters:
              - {method.request.querystring.q: {Required: true}}
              - method.request.querystring.page
              - {method.request.querystring.size: {Required: false}}
        OfNode: {Type: Api, Properties: {Path: /n, Method: get, RestApiId: !Ref Rest, Auth: {Authorizer: Node}}}
        Old: {Type: HttpApi, Properties: {Path: /a/, Method: get, ApiId: !Ref Http, PayloadFormatVersion: "1.0"}}
        New:
          Type: HttpApi
          Properties: {Path: /b, Method: get, ApiId: !Ref Http, PayloadFormatVersion: "2.0", Auth: {Authorizer: Simple}}
        Refused: {Type: HttpApi, Properties: {Path: /c, Method: get, ApiId: !Ref Http, Auth: {Authorizer: Policy}}}
        Queue:
          Type: SQS
          Properties:
            Queue: !GetAtt Queue.Arn
            Enabled: true
            FilterCriteria: {Filters: [{Pattern: '{"body": ["a"]}'}, {Pattern: '{"body": ["b"]}'}]}
        Switch: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn, Enabled: !If [Is, true, false]}}
  One:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.13, Handler: app.two, CodeUri: lib.zip, Timeout: 9}
  Topic: {Type: AWS::SNS::Topic, DependsOn: Later, UpdateReplacePolicy: Retain}
  Later: {Type: AWS::SQS::Queue}
  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: Retain, UpdateReplacePolicy: Retain}
  Value: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: a}}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties: {Definition: {StartAt: A, States: {A: {Type: Pass, Result: null, End: true}}}}
  Plain:
    Type: AWS::Serverless::StateMachine
    Properties: {Definition: {StartAt: A, States: {A: {Type: Pass, End: true}}}}
Outputs:
  Queue: {Value: !Ref Queue}
"""
PLAIN: Final = """
Transform: [AWS::Serverless-2016-10-31]
Parameters:
  Zero: {Type: Number, Default: 0}
  Empty: {Type: String, Default: ""}
  Stored: {Type: "AWS::SSM::Parameter::Value<String>", Default: /shop/key}
  Several: {Type: "AWS::SSM::Parameter::Value<CommaDelimitedList>", Default: /shop/keys}
  Hidden: {Type: String, Default: x, NoEcho: true}
  Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
Resources:
  Rest: {Type: AWS::Serverless::Api, Properties: {StageName: live}}
  Further: {Type: AWS::Serverless::Api, Properties: {StageName: live}}
  Written:
    Type: AWS::Serverless::Api
    Properties: {StageName: live, DefinitionBody: {openapi: 3.0.1, paths: {}}, GatewayResponses: {DEFAULT_4XX: {}}}
  Queue: {Type: AWS::SQS::Queue}
  Polling:
    Type: AWS::Serverless::Function
    Condition: IsProd
    Properties:
      Runtime: python3.13
      Handler: app.a
      CodeUri: s3://a/b
      FunctionName: !Sub "${AWS::StackName}-polling"
      Environment:
        Variables:
          TEXT: !Sub "${!Literal}-${AWS::Region}"
          JOINED: !Join ["-", [!Ref Stage, !GetAtt Queue.Arn]]
      Events: {Sqs: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}
  ByHand:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.b
      CodeUri: s3://a/b
      FunctionName: !Sub "${AWS::Region}-b"
      Tags: {team: shop}
      Events:
        Sqs: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn, Enabled: !If [IsProd, true, false]}}
        Written: {Type: Api, Properties: {Path: /a, Method: get, RestApiId: !Ref Written}}
  Later: {Type: AWS::SQS::Queue, Condition: Nowhere, Metadata: {A: b}}
  Macro: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: {"Fn::Transform": {Name: Made}}}}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties: {Role: !GetAtt Role.Arn, Definition: {StartAt: A, States: {A: {Type: Pass, End: true}}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: states.amazonaws.com}, Action: "sts:AssumeRole"}]
Outputs:
  Queue: {Value: !Ref Queue, Description: "", Export: {Name: !Sub "${AWS::StackName}-queue"}}
  Arn: {Value: !GetAtt Queue.Arn, Description: where orders wait, Condition: IsProd}
"""
SERVERLESS: Final = """
service: shop
custom: {place: eu-west-1, size: 300, flag: true, other: "${file(more.yml)}"}
params: {default: {a: all, b: all}, dev: {a: mine}}
provider:
  name: aws
  runtime: python3.13
  stage: prod
  environment: {ALL: x, BOTH: provider}
  iam:
    role:
      statements: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]
      managedPolicies: [arn:aws:iam::aws:policy/ReadOnlyAccess]
      permissionBoundary: arn:aws:iam::111122223333:policy/limit
  httpApi: {cors: {allowedOrigins: https://a.example, allowedMethods: [GET], maxAge: 5}}
functions:
  get-order_one:
    handler: app.one
    url: {authorizer: aws_iam}
    environment:
      {BOTH: own, A: "${param:a}", B: "${param:b}", S: "${sls:stage}", D: "${opt:stage}", F: "${self:custom.flag}-x",
       M: "${self:custom.other.key}", P: "${ssm:/shop/key~true}", N: "${file(none.yml):x, 'else'}"}
    memorySize: "${self:custom.size}"
    iamRoleStatements: [{Effect: Allow, Action: "sqs:SendMessage", Resource: "*"}]
    iamRoleStatementsInherit: true
    frobnicate: 1
    events:
      - schedule: {rate: [rate(1 day), rate(2 days)], enabled: false}
      - stream: {arn: "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks"}
      - stream: {type: kinesis, arn: {Fn::GetAtt: [Clicks, Arn]}, batchSize: 5}
      - stream: {arn: "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/1"}
      - s3: photos-in
      - s3: {bucket: theirs, existing: true}
      - http: {path: orders, method: get, private: true}
      - httpApi: "*"
      - sns: news-in
  two:
    handler: app.two
    url: {cors: true}
    iamRoleStatements: [{Effect: Allow, Action: "sqs:SendMessage", Resource: "*"}]
  three:
    handler: app.three
    iam: {role: {name: of-its-own}}
    environment: {NEST: {"Fn::Sub": "${env:Q}-${AWS::Region}"}}
    events:
      - sns: {arn: {"Fn::Sub": "arn:aws:sns:${self:custom.place}:111122223333:${opt:stage}"}}
      - http: {path: iam, method: get, authorizer: aws_iam}
      - http: {path: named, method: get, authorizer: {name: two, arn: "arn:aws:lambda:eu-west-1:1:function:x"}}
      - http: {path: query, method: get, authorizer: {name: two, type: request, identitySource: "header.A, query.q"}}
      - httpApi: {path: /two, method: get, authorizer: {functionName: two, type: token}}
resources:
  - Resources: {Clicks: {Type: AWS::Kinesis::Stream, Properties: {ShardCount: 1}}}
  - Resources: {Other: {Type: AWS::SQS::Queue}}
    Description: x
"""
CHALICE: Final = """
from chalice import Chalice, Cron, Rate, CognitoUserPoolAuthorizer
app = Chalice(app_name="shop")
users = CognitoUserPoolAuthorizer("users", provider_arns=["arn:aws:cognito-idp:eu-west-1:1:userpool/x"])
twice = CognitoUserPoolAuthorizer("users", provider_arns=["arn:aws:cognito-idp:eu-west-1:1:userpool/x"])
twice = 3

@app.route("/orders/{id}/")
def get_order(id): ...

@app.route("/", methods=["POST", "PUT"], authorizer=users)
def post(): ...

@app.route("/a", authorizer=twice)
def other(): ...

@app.route(PATH)
def somewhere(): ...

@app.route("/b", methods=METHODS)
def somehow(): ...

@app.route("/c", methods={[]: 1})
def unhashable(): ...

@app.route(path="/d", methods=("DELETE",))
def by_name(): ...

parts.register_blueprint(below, url_prefix="/below")
parts.register_blueprint(anywhere, url_prefix=PREFIX)

@below.route("/e")
def prefixed(): ...

@anywhere.route("/f")
def lost(): ...

@app.on_sqs_message(queue="orders", batch_size=3)
def ingest(event): ...

@app.on_sns_message(topic="arn:aws:sns:eu-west-1:111122223333:news", name="told")
def tell(event): ...

@app.lambda_function()
def clean_up(event, context): ...

@app.schedule(Rate(1, unit=Rate.HOURS))
def hourly(event): ...

@app.schedule(Rate(5, unit=Rate.MINUTES))
def often(event): ...

@app.schedule(Cron(0, 8, "*", "*", "?", "*"))
def daily(event): ...
"""
CONFIG: Final = """
{"app_name": "shop", "lambda_timeout": 9, "stages": {"dev": {
  "autogen_policy": false, "lambda_functions": {"ingest": {"lambda_memory_size": 256}}}}}
"""
POLICY: Final = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'
)
ZAPPA: Final = """{
  // a comment
  "prod": {"app_function": "shop.app", "memory_size": 1024},
  "base": {"memory_size": 256, "timeout_seconds": 5, "runtime": "python3.12"},
  "mid": {"extends": "base", "memory_size": 300, "environment_variables": {"A": 1}},
  "dev": {"extends": "mid", "django_settings": "shop.settings.dev", "timeout_seconds": 7, "project_name": "9 Shops",
     "payload_minimum_compression_size": 100,
     "events": [{"function": "shop.jobs.clean", "expressions": ["rate(1 day)", "rate(2 days)"]},
                {"function": "shop.jobs.tidy", "expression": "rate(3 days)"}],
  },
}"""
EDGES_OF_ZAPPA: Final = """{
  "later": {"app_function": "a.b"},
  "dev": {"app_function": "shop.sub.app", "django_settings": "other.settings", "iam_authorization": true,
    "api_key_required": false, "cognito": {"a": 1}, "runtime": "python3.10",
    "layers": ["arn:aws:lambda:eu-west-1:1:layer:a:1"],
    "role_arn": "arn:aws:iam::111122223333:role/own", "payload_minimum_compression_size": 7, "xray_tracing": false,
    "aws_environment_variables": {"A": 1, "B": 2},
    "events": [
      {"function": "jobs.my-clean", "expressions": ["rate(1 day)"], "expression": "rate(9 days)"},
      {"function": "jobs.clean", "event_source": {"arn": "arn:a"}, "expression": "rate(2 days)"},
      "no event"]},
  "note": "no stage"
}"""
RARE_CHALICE: Final = """
import boto3
from chalice import Blueprint, Chalice, Cron, IAMAuthorizer, Rate
from chalicelib.jobs import jobs
app = Chalice(app_name="shop")
signed = IAMAuthorizer()

@app.authorizer(ttl_seconds=30)
def check_token(request): ...

@app.authorizer(header=HEADER, name="other_name")
def computed_header(request): ...

@app.authorizer(header="X-Key", name="check_key")
def key_check(request): ...

@app.route("/computed", authorizer=computed_header)
def by_computed(): ...

@app.route("/key", authorizer=key_check)
def by_key(): ...

@app.route("/signed", authorizer=signed, cors=True, api_key_required=False)
def signed_(): ...

@app.route("/asked//", authorizer=check_token, methods=["GET", "POST"])
def asked(): ...

@app.route("no-slash", cors=CORS)
def plain(): ...

@app.on_ws_connect()
def connect(event): ...

@app.on_s3_event(bucket="in", events=["s3:ObjectRemoved:*"], prefix="a/", suffix=".csv")
def objects(event): ...

@app.on_s3_event("in-box")
def created(event): ...

@app.on_cw_event({"source": ["shop"]})
def told(event): ...

@app.on_kinesis_record(stream="clicks", starting_position="TRIM_HORIZON")
def clicked(event): ...

@app.on_dynamodb_record(stream_arn=os.getenv("STREAM", "x"), batch_size=5)
def changed(event): ...

@app.on_dynamodb_record(stream_arn=os.environ.get("NOWHERE"))
def unknown(event): ...

@app.on_sqs_message(queue=QUEUE, batch_size=SIZE)
def computed(event): ...

@app.on_sqs_message(queue_arn="arn:aws:sqs:eu-west-1:111122223333:jobs", colour="red")
def jobs_of(event): ...

@app.schedule(Cron(0, 8, "*", "*", "?"))
def five_fields(event): ...

@app.schedule("rate(2 days)", description=TEXT)
def by_text(event): ...

@app.lambda_function(name=NAME)
@other
def twice(event, context): ...

@app.middleware("all")
def middle(event, get): ...

@app.route
def bare(): ...
"""
CHALICE_JOBS: Final = """
from chalice import Blueprint, Rate
jobs = Blueprint(__name__)

@jobs.schedule(Rate(value=2, unit=Rate.DAYS))
def tidy(event): ...
"""
EDGES_OF_CHALICE: Final = """
import boto3
from chalice import Chalice, CustomAuthorizer, CognitoUserPoolAuthorizer
from chalicelib.b import later
from chalicelib.a import earlier
app = Chalice(app_name="shop")
pool = CognitoUserPoolAuthorizer("pool", provider_arns=["arn:aws:cognito-idp:eu-west-1:1:userpool/x"], header="X-Key")
computed = CognitoUserPoolAuthorizer("pool", provider_arns=["arn:aws:cognito-idp:eu-west-1:1:userpool/y"],
    header=HEADER)
empty = CognitoUserPoolAuthorizer("pool", provider_arns=[])
other = CustomAuthorizer("other", authorizer_uri="x")
app.register_blueprint(later)
app.register_blueprint(moved.earlier, None, "/earlier/")
app.register_blueprint(blueprint=named, url_prefix="/named")
app.other(unrelated, url_prefix="/unrelated")

@app.route("/pool", authorizer=pool, api_key_required=True)
def by_pool(): ...

@app.route("/computed", authorizer=computed)
def by_computed(): ...

@app.route("/empty", authorizer=empty)
def by_empty(): ...

@app.route("/other", authorizer=other)
def by_other(): ...

@app.route("/key", api_key_required=NEEDED)
def by_key(): ...

@app.route("/more", **MORE)
def with_more(): ...

@app.on_s3_event(bucket="in", prefix="a/")
def uploaded(event): ...

@app.on_s3_event(bucket="in", events=["s3:ObjectRemoved:*"])
def removed(event): ...

@app.on_sqs_message("orders", maximum_batching_window_in_seconds=5, maximum_concurrency=2)
def positional(event): ...

@app.on_sns_message("news")
def news(event): ...

@app.schedule("cron(0 8 * * ? *)", name="a_clock")
def clock(event): ...

@app.schedule(Rate(1, unit=Rate.DAYS))
def daily(event): ...

@app.schedule(Rate(2, unit=Rate.HOURS, more=1))
def odd_rate(event): ...

@app.schedule(Cron("0", 8, day_of_month="*", month="*", day_of_week="?", year="*"))
def by_names(event): ...

class Kept:
    @app.lambda_function()
    def method(self): ...

@lambda_function()
def none_of_an_object(): ...

async def waits(): ...
"""
EDGES_OF_CONFIG: Final = """
{"app_name": "my_shop", "stages": {"beta": {
 "lambda_functions": {"news": {"lambda_timeout": 9, "iam_role_arn": "arn:a"}},
 "autogen_policy": false, "iam_policy_file": "own.json", "manage_iam_role": false, "lambda_memory_size": 1024,
 "websocket_api_custom_domain": {}, "api_gateway_endpoint_vpce": "vpce-1", "environment_variables": {"A": "beta"}},
 "alpha": {"lambda_memory_size": 1}}, "lambda_memory_size": 512, "environment_variables": {"A": "all", "B": "all"}}
"""
SOURCES: Final = {
    "template.yaml": {"template.yaml": SAM},
    "template.yml": {"template.yml": PLAIN},
    "serverless.yml": {"serverless.yml": SERVERLESS, "more.yml": "key: from-file\n"},
    "app.py": {"app.py": CHALICE, ".chalice/config.json": CONFIG, ".chalice/policy-dev.json": POLICY},
    "zappa_settings.json": {"zappa_settings.json": ZAPPA},
    "rare.yaml": {
        "rare.yaml": (RARE / "rare.yaml").read_text("utf-8"),
        "api.json": '{"openapi": "3.0.1", "paths": {}}',
        "http.yaml": "openapi: 3.0.1\npaths: {}\n",
        "flow.asl.yaml": "StartAt: A\nStates: {A: {Type: Pass, End: true}}\n",
        "broken.json": "{",
    },
    "apis.yaml": {"apis.yaml": (RARE / "apis.yaml").read_text("utf-8")},
    "roles.yaml": {"roles.yaml": (RARE / "roles.yaml").read_text("utf-8")},
    "edges.yaml": {"edges.yaml": (RARE / "edges.yaml").read_text("utf-8")},
    "private.yaml": {"private.yaml": (RARE / "private.yaml").read_text("utf-8")},
    "shared.yaml": {"shared.yaml": (RARE / "shared.yaml").read_text("utf-8")},
    "rare-serverless.yml": {"rare-serverless.yml": (RARE / "rare-serverless.yml").read_text("utf-8")},
    "chalicelib": {
        ".chalice/policy-live.json": POLICY,
        "app.py": RARE_CHALICE,
        "chalicelib/jobs.py": CHALICE_JOBS,
        ".chalice/config.json": (RARE / "chalice-config.json").read_text("utf-8"),
    },
    "edges-of-chalice": {
        "app.py": EDGES_OF_CHALICE,
        "chalicelib/b.py": "@later.route('/later')\ndef later_route(): ...\n",
        "chalicelib/a.py": "@earlier.route('/')\ndef earlier_route(): ...\n\n@unrelated.route('/x/')\ndef x(): ...\n\n"
        "@named.route('/')\ndef named_route(): ...\n",
        "chalicelib/sub/c.py": "@app.lambda_function()\ndef deep(event, context): ...\n",
        ".chalice/own.json": POLICY,
        ".chalice/policy-beta.json": POLICY.replace("s3:GetObject", "s3:PutObject"),
        ".chalice/config.json": EDGES_OF_CONFIG,
    },
    "zappa_settings_edges.json": {"zappa_settings_edges.json": EDGES_OF_ZAPPA},
    "zappa_settings_live.json": {"zappa_settings_live.json": (RARE / "zappa_settings_live.json").read_text("utf-8")},
}


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], ImportedApp]:
    def app(name: str) -> ImportedApp:
        folder = tmp_path / "shop"
        write(folder, {".git/HEAD": "", **SOURCES[name]})
        return app_of(read_source(folder / name if name in SOURCES[name] else folder))

    return app


def lines(app: ImportedApp) -> list[str]:
    statements = (*app.constants, *app.settings, *app.functions, *app.resources)
    return [f"{statement.name} = {flat(statement.value)}" for statement in statements]


def text_of(statement: PythonStatement) -> Iterator[str]:
    """The lines of a statement, with its construct at the first, and at each other that stands for another."""
    yield from (f"# {line}" for line in statement.comment.splitlines())
    if statement.condition is not None:
        yield f"if {statement.condition}:"
    what = ""
    for line in written(statement.value, 0, f"{statement.name} = " if statement.name else "", what=statement.what):
        yield line.text + (f"  <-- {line.what}" if line.what != what else "")
        what = line.what


def whole_text(app: ImportedApp) -> str:
    """All that is read of a source, a line for each part."""
    lines = [f"{app.name}, from {app.file}: {app.of} constructs", f"to fill in: {', '.join(app.to_fill_in)}"]
    for statements in (app.constants, app.settings, app.functions, app.resources):
        lines += ["", *(line for statement in statements for line in text_of(statement))]
    lines.append("")
    for code in app.code:
        source = "nothing" if code.folder is None else f"the folder {code.folder.name}"
        lines.append(f"{code.target}: {source if code.text is None else repr(code.text)}, {code.handler or 'a layer'}")
    lines.append("")
    for left in app.left:
        assert left.origin is not None
        place = f"{Path(left.origin.file).name}:{left.origin.line}:{left.origin.column}"
        lines.append(f"left at {place}: {left.what}, because {left.because}" + (f" [{left.part}]" if left.part else ""))
    return "\n".join((*lines, ""))


@pytest.mark.parametrize("name", SOURCES)
def test_all_of_a_source_is_written_as_remit_says_it_or_left_with_its_reason(
    read: Callable[[str], ImportedApp], name: str
) -> None:
    golden = WRITTEN / f"{name}.txt"
    text = whole_text(read(name))
    if "REMIT_RECORD" in os.environ:
        golden.write_text(text, "utf-8")
    assert golden.read_text("utf-8") == text


def test_a_resource_stands_after_what_it_waits_for_and_none_is_made_of_one_that_exists(
    read: Callable[[str], ImportedApp],
) -> None:
    names = [statement.name for statement in read("template.yaml").resources]
    assert names.index("later") < names.index("topic")
    service = read("serverless.yml")
    assert "theirs" not in str([statement.name for statement in service.resources])
    (three,) = (line for line in lines(service) if 'name="three"' in line)
    assert " policy=" not in three


@pytest.mark.parametrize(
    ("event", "logical_id"),
    [
        ("s3: photos-in.v2", "S3BucketPhotosinv2"),
        ("sns: _newsIn", "SNSTopicNewsIn"),
        ("cognitoUserPool: {pool: my users, trigger: PreSignUp}", "CognitoUserPoolMyusers"),
    ],
)
def test_a_resource_that_serverless_makes_of_a_name_keeps_its_logical_id(
    tmp_path: Path, event: str, logical_id: str
) -> None:
    """Serverless drops all signs and writes the first letter large: "Resources" (Serverless Framework's guide)."""
    functions = f"functions: {{one: {{handler: app.one, events: [{event}]}}}}"
    write(tmp_path, {"serverless.yml": f"service: shop\nprovider: {{name: aws, runtime: python3.13}}\n{functions}\n"})
    (made,) = app_of(read_source(tmp_path / "serverless.yml")).resources
    assert f'logical_id="{logical_id}"' in flat(made.value)


def test_functions_in_parts_are_joined_and_a_stage_that_only_the_deploy_knows_is_to_be_filled_in(
    tmp_path: Path,
) -> None:
    source = """
service: shop
provider: {name: aws, runtime: python3.13, stage: "${env:STAGE}"}
functions: [{one: {handler: app.one}}, {two: {handler: app.two}}]
"""
    write(tmp_path, {"serverless.yml": source})
    app = app_of(read_source(tmp_path / "serverless.yml"))
    assert 2 == len(app.functions)
    assert ("ENV_STAGE",) == app.to_fill_in
    assert all('function_name=f"shop-{ENV_STAGE}-' in flat(one.value) for one in app.functions)


def test_each_construct_is_counted_once_stands_under_its_condition_and_is_told_at_its_line(
    read: Callable[[str], ImportedApp],
) -> None:
    app = read("template.yml")
    conditions = [statement.condition for statement in (*app.functions, *app.resources)]
    assert ["is_prod", *[None] * (len(conditions) - 2), "is_prod"] == conditions
    assert all(left.origin is not None and left.origin.line > 1 for left in app.left)
    places = [(left.what, left.origin and left.origin.line) for left in read("serverless.yml").left]
    assert ("frobnicate of get-order_one", 26) == places[0]
    assert places[1][1] != places[2][1]
    of_polling = [item.what for item in app.functions[0].value.items if item.prefix == "function_name="]
    assert ["FunctionName of Polling"] == of_polling


def test_what_a_build_refuses_is_left_with_its_message_and_nothing_else_goes(tmp_path: Path) -> None:
    write(tmp_path, SOURCES["template.yml"])
    source = read_source(tmp_path / "template.yml")
    whole, rest = app_of(source), app_of(source, {"output Queue": "it is too long", "Tags of ByHand": "so they are"})
    without = {"output Queue": "it is too long", "Tags of ByHand": "so they are"}
    assert without == {left.what: left.because for left in set(rest.left) - set(whole.left)}
    assert set() == set(whole.left) - set(rest.left)
    gone = set(lines(whole)) - set(lines(rest))
    assert ["by_hand", "queue_"] == sorted(name for name in ("by_hand", "queue_", "polling") if name in str(gone))
    assert whole.of == rest.of


def test_an_app_of_chalice_has_the_settings_of_its_one_stage_and_a_module_that_is_no_python_is_told(
    tmp_path: Path,
) -> None:
    live = '{"live": {"environment_variables": {"B": "own"}}}'
    config = f'{{"environment_variables": {{"A": "all", "B": "all"}}, "stages": {live}}}'
    code = "from chalice import Chalice\napp = Chalice(app_name='shop')\n\n@app.lambda_function()\ndef one(e, c): ...\n"
    write(tmp_path, {".chalice/config.json": config, "app.py": code})
    (one,) = app_of(read_source(tmp_path)).functions
    assert (one,) == app_of(read_source(tmp_path / ".chalice/config.json")).functions
    assert 'function_name="app-live-one"' in flat(one.value)
    assert 'environment={"A": "all", "B": "own"}' in flat(one.value)
    for content, line in ((b"x = 1\ny = (\n", 2), (b"x = 1\0", 1), ("x = 'ü'".encode("latin-1"), 1)):
        (tmp_path / "app.py").write_bytes(content)
        with pytest.raises(RemitError, match="is no Python") as refused:
            read_source(tmp_path)
        assert line == (refused.value.origin and refused.value.origin.line)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("{}", ["autogen_policy"]),
        ('{"autogen_policy": true, "manage_iam_role": true}', ["autogen_policy"]),
        ('{"autogen_policy": false}', []),
        ('{"manage_iam_role": false}', []),
    ],
)
def test_access_that_chalice_guesses_is_told_where_it_makes_the_policy_of_a_role_of_its_own(
    tmp_path: Path, config: str, told: list[str]
) -> None:
    """Chalice guesses with `autogen_policy`, and makes a role with `manage_iam_role`: "Configuration File"."""
    code = "import boto3\n\n@app.lambda_function()\ndef one(e, c): ...\n"
    write(tmp_path, {".chalice/config.json": config, "app.py": code})
    assert told == [left.what for left in app_of(read_source(tmp_path)).left]


@pytest.mark.parametrize("place", ["Handler", "CodeUri", "app_function"])
@pytest.mark.parametrize(("name", "is_left"), [("é" * 125, False), ("é" * 125 + "a", True), ("a/" * 200 + "b", False)])
def test_code_is_left_where_a_part_of_its_name_has_more_bytes_than_a_file_system_takes(
    tmp_path: Path, place: str, name: str, *, is_left: bool
) -> None:
    """A name of a file has 255 bytes at most: "ext4 Data Structures and Algorithms" (kernel.org)."""
    function = {"Handler": "app.run", "CodeUri": "s3://a/b", place: {"Handler": f"{name}.run"}.get(place, name)}
    sam = f"""
Transform: AWS::Serverless-2016-10-31
Resources:
  One: {{Type: AWS::Serverless::Function, Properties: {{Runtime: python3.13, Handler: "{function["Handler"]}",
         CodeUri: "{function["CodeUri"]}"}}}}
"""
    zappa = f'{{"dev": {{"app_function": "{name}.app"}}}}'
    write(tmp_path, {"template.yaml": sam, "zappa_settings.json": zappa})
    app = app_of(read_source(tmp_path / ("zappa_settings.json" if place == "app_function" else "template.yaml")))
    because = ["its code has a name that is too long for a file"] if is_left else []
    assert (because, len(app.functions)) == ([left.because for left in app.left], int(not is_left))
