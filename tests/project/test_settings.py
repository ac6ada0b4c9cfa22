"""Settings of functions: for all, per group, per function; how they add up, and what they refuse where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from projects import at
from remit.errors import RemitError
from remit.project.settings import Config, Iam, NoSetting, may_be_among

if TYPE_CHECKING:
    from conftest import Make


VPC = {"SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-1", "subnet-2"]}
DEFAULTS = {"Timeout": 30, "MemorySize": 256, "Runtime": "python3.13", "Architectures": ["x86_64"]}
SETTINGS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "timeout": ("timeout", "900", {"Timeout": 900}),
    "memory": ("memory_size", "10_240", {"MemorySize": 10_240}),
    "runtime": ("runtime", '"python3.12"', {"Runtime": "python3.12"}),
    "architecture": ("architectures", '["arm64"]', {"Architectures": ["arm64"]}),
    "architecture, bare": ("architectures", '"arm64"', {"Architectures": ["arm64"]}),
    "environment": ("environment", '{"MODE": "x"}', {"Environment": {"Variables": {"MODE": "x"}}}),
    "layers": ("layers", '["arn:aws:lambda:eu-west-1:111122223333:layer:x:1"]',
               {"Layers": ["arn:aws:lambda:eu-west-1:111122223333:layer:x:1"]}),
    "vpc": ("vpc_config", str(VPC), {"VpcConfig": VPC}),
    "vpc in snake_case": ("vpc_config", '{"security_group_ids": "sg-1", "subnet_ids": ("subnet-1", "subnet-2")}',
                          {"VpcConfig": VPC}),
    "vpc with IPv6": ("vpc_config", str({**VPC, "ipv6_allowed_for_dual_stack": True}),
                      {"VpcConfig": {**VPC, "Ipv6AllowedForDualStack": True}}),
    "concurrency": ("reserved_concurrency", "5", {"ReservedConcurrentExecutions": 5}),
    "no concurrency": ("reserved_concurrency", "0", {"ReservedConcurrentExecutions": 0}),
    "no limit of concurrency": ("reserved_concurrency", "None", {}),
    "storage": ("ephemeral_storage", "1024", {"EphemeralStorage": {"Size": 1024}}),
    "tracing": ("tracing", "True", {"TracingConfig": {"Mode": "Active"}}),
    "tracing by name": ("tracing", '"PassThrough"', {"TracingConfig": {"Mode": "PassThrough"}}),
    "no tracing": ("tracing", "False", {"TracingConfig": {"Mode": "PassThrough"}}),
    "properties": ("properties", '{"Description": "x", "SnapStart": {"ApplyOn": "None"}}',
                   {"Description": "x", "SnapStart": {"ApplyOn": "None"}}),
}  # fmt: skip


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("level", ["app", "group", "function"])
def test_each_setting_can_be_given_at_each_level(make: Make, setting: str, level: str) -> None:
    name, value, expected = SETTINGS[setting]
    given = f"{name}={value}"
    project = make(
        config=f"config.lambda_.function.{name} = {value}" if level == "app" else None,
        app=f'g = app.group("g", {given if level == "group" else ""})\n'
        f"@g.function({given if level == 'function' else ''})\ndef hello(event, context): ...\n",
    )
    assert {**DEFAULTS, **expected} == project.function().properties


def test_a_function_wins_over_its_groups_and_they_over_the_app(make: Make) -> None:
    project = make(
        config="config.lambda_.function.timeout = 1\nconfig.lambda_.function.memory_size = 128",
        app="""
outer = app.group("outer", timeout=2, memory_size=256, runtime="python3.11")
inner = outer.group("inner", timeout=3, memory_size=512)
@inner.function(timeout=4)
def hello(event, context): ...
@inner.function
def other(event, context): ...
@app.function
def third(event, context): ...
""",
    )
    functions = project.load().functions
    assert [
        ("hello", 4, 512, "python3.11"),
        ("other", 3, 512, "python3.11"),
        ("third", 1, 128, "python3.13"),
    ] == [(one.name, *(one.properties[key] for key in ("Timeout", "MemorySize", "Runtime"))) for one in functions]


def test_environments_add_up_and_the_nearer_value_wins(make: Make) -> None:
    project = make(
        config='config.lambda_.function.environment = {"ALL": "app", "MODE": "app"}',
        app='g = app.group("g", environment={"MODE": "group", "GROUP": "group"})\n'
        '@g.function(environment={"OWN": "function", "GROUP": "function"})\ndef hello(event, context): ...\n',
    )
    expected = {"ALL": "app", "MODE": "group", "GROUP": "function", "OWN": "function"}
    assert {"Variables": expected} == project.function().properties["Environment"]


def test_a_vpc_of_a_function_replaces_the_one_of_the_app(make: Make) -> None:
    own = {"SecurityGroupIds": ["sg-9"], "SubnetIds": ["subnet-9"]}
    project = make(
        config=f"config.lambda_.function.vpc_config = { ({**VPC, 'Ipv6AllowedForDualStack': True}) }",
        app=f"@app.function(vpc_config={own})\ndef hello(event, context): ...\n"
        "@app.function(vpc_config=None)\ndef outside(event, context): ...\n",
    )
    assert own == project.function().properties["VpcConfig"]
    assert "VpcConfig" not in project.function("outside").properties


def test_properties_are_merged_deeply(make: Make) -> None:
    project = make(
        config='config.lambda_.function.properties = {"LoggingConfig": {"LogFormat": "JSON"}, "Tags":'
        ' [{"Key": "a", "Value": "b"}]}',
        app='@app.function(properties={"LoggingConfig": {"SystemLogLevel": "WARN"}, "Tags": []})\n'
        "def hello(event, context): ...\n",
    )
    logging = {"LogFormat": "JSON", "SystemLogLevel": "WARN"}
    assert {**DEFAULTS, "LoggingConfig": logging} == project.function().properties
    assert {
        **logging,
        "LogGroup": {"Ref": "HelloLogGroup"},
    } == project.resources("AWS::Lambda::Function")["HelloFunction"]["LoggingConfig"]


def test_logs_stay_thirty_days_unless_said_otherwise(make: Make) -> None:
    project = make(
        config="config.lambda_.function.log_retention = 14",
        app="@app.function\ndef a1(event, context): ...\n@app.function(log_retention=None)\n"
        "def a2(event, context): ...\n@app.function(log_retention=365)\ndef a3(event, context): ...\n",
    )
    groups = project.resources("AWS::Logs::LogGroup")
    assert [14, None, 365] == [groups[f"A{n}LogGroup"].get("RetentionInDays") for n in (1, 2, 3)]
    assert make().resources("AWS::Logs::LogGroup")["HelloLogGroup"]["RetentionInDays"] == 14
    assert make(config="pass").resources("AWS::Logs::LogGroup")["HelloLogGroup"]["RetentionInDays"] == 30


def test_lists_and_dicts_of_settings_can_be_added_to(make: Make) -> None:
    """Assigning replaces, `+=` and `|=` add; what was a default before is not changed for the next load."""
    project = make(
        config="""
        config.package.exclude += ["docs/*"]
        config.package.exclude += ("tests/*",)
        config.lambda_.function.environment |= {"ONE": "1"}
        config.lambda_.function.environment |= {"TWO": "2"}
        config.lambda_.function.layers += ["arn:aws:lambda:eu-west-1:111122223333:layer:x:1"]
        config.job.enable = True
        config.job.additional_queues += ["urgent"]
        """,
        app="@app.function\ndef hello(event, context): ...\n@app.job\ndef one(): ...\n"
        "@app.job(queue='urgent')\ndef other(): ...\n",
    )
    app = project.load()
    assert ("docs/*", "tests/*") == app.exclude
    assert ["default", "urgent"] == [queue.name for queue in app.queues]
    assert {"ONE": "1", "TWO": "2"} == app.functions[0].properties["Environment"]["Variables"]
    bare = make(config="pass").load()
    assert ((), (), DEFAULTS) == (bare.exclude, bare.queues, bare.functions[0].properties)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ('config.lambda_.function.environment["MODE"] = "x"', "write `|= {'MODE': …}`"),
        ('config.lambda_.function.environment.update(MODE="x")', "write `|= {…}`"),
        ('config.lambda_.function.properties.setdefault("Tags", [])', "write `|= {…}`"),
        ('config.package.exclude.append("docs")', "write `+= […]`"),
        ('config.job.additional_queues.extend(["x"])', "write `+= […]`"),
    ],
)
def test_a_change_in_place_is_refused_since_it_would_be_lost(make: Make, written: str, hint: str) -> None:
    error = make(config=written).error()
    kind = "dict" if "|=" in hint else "list"
    expected = (f"this {kind} cannot be changed in place", hint, "config/deploy.py:5:5")
    assert expected == (error.message, error.hint, at(error))


WRONG: dict[str, tuple[str, str]] = {
    "timeout = '30'": ("`{}timeout` must be a whole number of seconds, got str '30'", ""),
    "timeout = True": ("`{}timeout` must be a whole number of seconds, got bool 'True'", ""),
    "timeout = 1.5": ("`{}timeout` must be a whole number of seconds, got float '1.5'", ""),
    "timeout = 0": ("`{}timeout` is 0 seconds; it can be 1 to 900", ""),
    "timeout = 901": ("`{}timeout` is 901 seconds; it can be 1 to 900", ""),
    "timeout = 10 ** 5000": ("`{}timeout` is too large a number of seconds; it can be 1 to 900", ""),
    "timeout = None": (
        "`{}timeout` must be a whole number of seconds, got None",
        "usually os.environ.get() of a variable that is not set",
    ),
    "memory_size = 127": ("`{}memory_size` is 127 MB; it can be 128 to 10240", ""),
    "runtime = 'pyhton3.13'": (
        (
            "`{}runtime` cannot be 'pyhton3.13'; it can be python3.9, python3.10, python3.11, python3.12, python3.13, "
            "python3.14"
        ),
        "did you mean `python3.13`?",
    ),
    "runtime = 'python3.31'": (
        (
            "`{}runtime` cannot be 'python3.31'; it can be python3.9, python3.10, python3.11, python3.12, python3.13, "
            "python3.14"
        ),
        "did you mean `python3.13`?",
    ),
    "runtime = 3.13": ("`{}runtime` must be a string, got float '3.13'", ""),
    "architectures = ['arm64', 'x86_64']": ("`{}architectures` takes one architecture, got 2", ""),
    "architectures = 'arm46'": (
        "`{}architectures` cannot be 'arm46'; it can be x86_64, arm64",
        "did you mean `arm64`?",
    ),
    "environment = ['A=b']": ("`{}environment` must be a dict of strings, got list \"['A=b']\"", ""),
    "environment = {'PORT': 80}": ("`{}environment['PORT']` must be a string, got int '80'", ""),
    "environment = {'KEY': None}": (
        "`{}environment['KEY']` must be a string, got None",
        "usually os.environ.get() of a variable that is not set",
    ),
    "environment = {'AWS_REGION': 'x'}": (
        "`{}environment['AWS_REGION']` cannot be set: Lambda reserves it",
        "choose another name",
    ),
    "environment = {'REMIT_STACK': 'x'}": (
        "`{}environment['REMIT_STACK']` cannot be set: remit reserves names that start with REMIT_",
        "choose another name",
    ),
    "environment = {'X': 'y'}": (
        "`{}environment` has the name 'X', which Lambda refuses",
        "Lambda wants a letter, then at least one more of letters, digits and _",
    ),
    "environment = {'A-B': 'y'}": (
        "`{}environment` has the name 'A-B', which Lambda refuses",
        "Lambda wants a letter, then at least one more of letters, digits and _",
    ),
    "layers = ['arn:aws:lambda:eu-west-1:111122223333:layer:x']": (
        "`{}layers[0]` is 'arn:aws:lambda:eu-west-1:111122223333:layer:x', which is not the ARN of a layer's version",
        "a function takes one version of a layer, such as arn:aws:lambda:eu-west-1:111122223333:layer:x:1",
    ),
    "layers = ['numpy']": (
        "`{}layers[0]` is 'numpy', which is not the ARN of a layer's version",
        "it reads arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME:VERSION",
    ),
    "layers = ['arn:aws:lambda:eu-west-1:111122223333:layer:x:0']": (
        "`{}layers[0]` is 'arn:aws:lambda:eu-west-1:111122223333:layer:x:0', which is not the ARN of a layer's version",
        "it reads arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME:VERSION",
    ),
    "layers = ['arn:aws:lambda:eu-west-1:1111:layer:x:1']": (
        "`{}layers[0]` is 'arn:aws:lambda:eu-west-1:1111:layer:x:1', which is not the ARN of a layer's version",
        "it reads arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME:VERSION",
    ),
    "layers = [f'arn:aws:lambda:eu-west-1:123456789012:layer:x:{n}' for n in (1, 2)]": (
        "`{}layers` has two versions of arn:aws:lambda:eu-west-1:123456789012:layer:x",
        "a function takes one version of a layer",
    ),
    "layers = ['arn:aws:lambda:eu-west-1:111122223333:layer:x:1'] * 6": (
        "`{}layers` has 6 layers; Lambda allows 5",
        "",
    ),
    "layers = {'arn'}": ("`{}layers` is a set, whose order changes from run to run", "use a list"),
    "layers = [None]": (
        "`{}layers[0]` must be a string, got None",
        "usually os.environ.get() of a variable that is not set",
    ),
    "vpc_config = 'vpc-1'": (
        "`{}vpc_config` must be a dict with SecurityGroupIds and SubnetIds, got str 'vpc-1'",
        "",
    ),
    "vpc_config = {'SubnetIds': ['s']}": (
        "`{}vpc_config` has no SecurityGroupIds",
        "a function in a VPC needs a subnet and a security group",
    ),
    "vpc_config = {'SubnetIds': [], 'SecurityGroupIds': ['g']}": (
        "`{}vpc_config` has no SubnetIds",
        "a function in a VPC needs a subnet and a security group",
    ),
    "vpc_config = {'SubnetId': ['s']}": ("`{}vpc_config` has no key 'SubnetId'", "did you mean `SubnetIds`?"),
    "reserved_concurrency = -1": ("`{}reserved_concurrency` is -1 instances; it can be 0 to 1000000", ""),
    "ephemeral_storage = 100": ("`{}ephemeral_storage` is 100 MB; it can be 512 to 10240", ""),
    "tracing = 'On'": ("`{}tracing` cannot be 'On'; it can be Active, PassThrough", ""),
    "log_retention = 31": (
        "`{}log_retention` cannot be 31 days",
        (
            "CloudWatch Logs knows 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, "
            "2557, 2922, 3288, 3653; the nearest is 30"
        ),
    ),
    "properties = []": ("`{}properties` must be a dict of CloudFormation properties, got list '[]'", ""),
    "properties = {'Handler': 'x.y'}": ("`{}properties` sets Handler, which remit sets itself", ""),
    "properties = {'Tags': None}": (
        "`{}properties['Tags']` must be text, a number, True or False, a list or a dict, got None",
        "usually os.environ.get() of a variable that is not set",
    ),
    "properties = {'Timeout': float('nan')}": ("`{}properties['Timeout']` is nan: that is not valid JSON", ""),
    "properties = {'Environment': {'Variables': {'AWS_REGION': 'x'}}}": (
        "`{}properties['Environment']['Variables']['AWS_REGION']` cannot be set: Lambda reserves it",
        "choose another name",
    ),
}


def test_a_number_that_is_too_low_by_far_is_not_spelled_out_either(make: Make) -> None:
    error = make(config="config.lambda_.function.timeout = -(10 ** 5000)").error()
    assert "`config.lambda_.function.timeout` is too large a number of seconds; it can be 1 to 900" == error.message


def test_each_wrong_value_is_told_at_the_line_that_assigns_it_whatever_else_is_wrong(make: Make) -> None:
    config = "\n".join(f"config.lambda_.function.{written}" for written in WRONG)
    assert {at(mistake): (mistake.message, mistake.hint or "") for mistake in make(config=config).error().all} == {
        f"config/deploy.py:{line}:5": (message.format("config.lambda_.function."), hint)
        for line, (message, hint) in enumerate(WRONG.values(), 5)
    }


def test_each_wrong_value_is_told_at_its_line_of_the_decorator_whatever_else_is_wrong(make: Make) -> None:
    app, expected = "", {}
    for number, (written, (message, hint)) in enumerate(WRONG.items()):
        keyword = written.replace(" = ", "=", 1)
        app += f"@app.function(\n    http(),\n    {keyword},\n)\ndef f{number}(event, context): ...\n"
        place = f"app.py:{11 + 5 * number}:{5 + len(keyword.split('=')[0]) + 1}"
        expected[place] = (message.format(""), hint)
    found = make(app=app).error().all
    assert {at(mistake): (mistake.message, mistake.hint or "") for mistake in found} == expected


@pytest.mark.parametrize("module", [r"\x00", "../..", "é" * 300, "shop..main", "a" + ".a" * 2_000])
def test_a_module_of_the_app_that_no_file_can_be_is_told_at_its_line(make: Make, module: str) -> None:
    error = make(config=f"config.app = '{module}'").error()
    assert ("`config.app` is ", "config/deploy.py:5:5") == (error.message[:16], at(error))
    assert error.hint == 'the name of a module: "app", "shop.main"'


@pytest.mark.parametrize("loop", ["loop = {}\nloop['x'] = loop", "loop = {'x': []}\nloop['x'].append(loop['x'])"])
def test_a_dict_or_a_list_that_contains_itself_is_refused(make: Make, loop: str) -> None:
    error = make(app=f"{loop}\n@app.function(properties=loop)\ndef hello(event, context): ...\n").error()
    assert (True, "app.py:11:26") == ("contains itself" in error.message, at(error))


UNKNOWN = {
    "config.lamda.iam.policy = []": ("config.lamda", "did you mean `config.lambda_`?"),
    "config.lambda_.iam.polcy = ['logs']": ("config.lambda_.iam.polcy", "did you mean `config.lambda_.iam.policy`?"),
    "config.lambda_.iam.polcy += ['logs']": ("config.lambda_.iam.polcy", "did you mean `config.lambda_.iam.policy`?"),
    "config.lambda_.function.tiemout = 3": (
        "config.lambda_.function.tiemout",
        "did you mean `config.lambda_.function.timeout`?",
    ),
    "config.job.enabled = True": ("config.job.enabled", "did you mean `config.job.enable`?"),
    "config.zzz = 1": (
        "config.zzz",
        "known: app, stack_name, tags, stages, alarms, lambda_, api, rest, websocket, job, aws, lint, package",
    ),
}


@pytest.mark.parametrize("written", UNKNOWN)
def test_an_unknown_setting_is_told_on_its_own_line(make: Make, written: str) -> None:
    name, hint = UNKNOWN[written]
    error = make(config=f"pass\n{written}").error()
    assert (f"there is no setting `{name}`", hint, "config/deploy.py:6:5") == (error.message, error.hint, at(error))


@pytest.mark.parametrize("written", ["config.lambda_ = 3", "config.lambda_.iam = {}", "config.job = True"])
def test_a_group_of_settings_is_not_assigned(make: Make, written: str) -> None:
    error = make(config=written).error()
    assert ("is a group of settings, not a setting" in error.message, "config/deploy.py:5:5") == (True, at(error))


@pytest.mark.parametrize("level", ["group", "function"])
def test_an_unknown_setting_of_a_decorator_is_told_at_its_name(make: Make, level: str) -> None:
    bad = "\n    tiemout=3,\n"
    group, function = (bad, "") if level == "group" else ("", bad)
    project = make(
        app=f'g = app.group("g", {group})\n@g.function({function})\ndef hello(event, context): ...\n',
    )
    error = project.error()
    line, called = (10, "app.group") if level == "group" else (11, "g.function")
    assert (f"`{called}` has no option `tiemout`", "did you mean `timeout`?", f"app.py:{line}:5") == (
        error.message,
        error.hint,
        at(error),
    )


def test_a_layer_that_is_listed_twice_is_no_second_version(make: Make) -> None:
    layers = ["arn:aws:lambda:eu-west-1:111122223333:layer:x:1"] * 2
    assert layers == make(config=f"config.lambda_.function.layers = {layers}").function().properties["Layers"]


def test_members_of_enumerations_are_taken_for_what_they_stand_for(make: Make) -> None:
    project = make(
        app="""
import enum
class Word(enum.StrEnum):
    ACTIVE = "Active"
class Size(enum.IntEnum):
    BIG = 1024
class Old(str, enum.Enum):
    NONE = "None"
@app.function(
    memory_size=Size.BIG, properties={"TracingConfig": {"Mode": Word.ACTIVE}, "SnapStart": {"ApplyOn": Old.NONE}}
)
def hello(event, context): ...
"""
    )
    properties = project.resources("AWS::Lambda::Function")["HelloFunction"]
    assert (1024, {"Mode": "Active"}, {"ApplyOn": "None"}) == (
        properties["MemorySize"],
        properties["TracingConfig"],
        properties["SnapStart"],
    )


def test_late_bound_parts_may_stand_in_an_environment(make: Make) -> None:
    project = make(
        config='config.lambda_.function.environment = {"TABLE": f"{project.namespace}-{aws.region}", '
        '"ROLE": aws.account, "PATTERN": "${aws:username}"}'
    )
    variables = project.resources("AWS::Lambda::Function")["HelloFunction"]["Environment"]["Variables"]
    assert {
        "TABLE": {"Fn::Sub": "orders-dev-${AWS::Region}"},
        "ROLE": {"Ref": "AWS::AccountId"},
        "PATTERN": "${aws:username}",
        "REMIT_STACK": {"Ref": "AWS::StackId"},
        "REMIT_STAGE": "dev",
    } == variables


def test_an_environment_over_four_kilobytes_is_refused(make: Make) -> None:
    error = make(config='config.lambda_.function.environment = {"BIG": "x" * 5000}').error()
    assert "Lambda allows 4,096" in error.message


def test_a_property_that_cloudformation_does_not_know_is_told_where_it_is_set(make: Make) -> None:
    line = 'config.lambda_.function.properties = {"SnapStrt": {"ApplyOn": "None"}}'
    ran = make(config=line).remit("build", "--no-package")
    told = "error: [R802] `HelloFunction` (AWS::Lambda::Function) has no property 'SnapStrt'"
    hint = "did you mean `SnapStart`?\n  or, if AWS has it, write `# remit: allow R802 because …` at the line"
    assert (2, f"{told}\n  --> config/deploy.py:5:5\nhint: {hint}\n") == (ran.status, ran.err)


def test_a_wrong_entry_of_a_long_dict_is_told_at_its_own_line(make: Make) -> None:
    written = 'config.lambda_.function.environment = {\n    "TABLE": "orders",\n    "AWS_REGION": "x",\n}'
    error = make(config=f"config.job.enable = False\n{written}").error()
    assert ("config/deploy.py:8:9", True) == (at(error), "Lambda reserves it" in error.message)


def test_a_wrong_entry_of_a_decorator_is_told_at_its_own_line(make: Make) -> None:
    app = '@app.function(\n    environment={\n        "TABLE": "orders",\n        "AWS_REGION": "x",\n    },\n)\n'
    error = make(app=f"{app}def hello(event, context): ...\n").error()
    assert ("app.py:12:9", True) == (at(error), "Lambda reserves it" in error.message)


@pytest.mark.parametrize(
    ("ids", "strange"),
    [
        ("{'SecurityGroupIds': ['subnet-1'], 'SubnetIds': ['subnet-2']}", "'subnet-1' among its SecurityGroupIds"),
        ("{'SecurityGroupIds': ['sg-1'], 'SubnetIds': ['subnet-2', 'sg-3']}", "'sg-3' among its SubnetIds"),
    ],
)
def test_ids_of_the_other_kind_are_refused(make: Make, ids: str, strange: str) -> None:
    error = make(config=f"config.lambda_.function.vpc_config = {ids}").error()
    assert f"`config.lambda_.function.vpc_config` has {strange}" == error.message


def test_a_key_of_vpc_config_that_is_no_text_is_told(make: Make) -> None:
    error = make(config='config.lambda_.function.vpc_config = {3: ["subnet-1"]}').error()
    assert ("`config.lambda_.function.vpc_config` has no key 3", None) == (error.message, error.hint)


def test_outside_of_a_load_a_setting_is_checked_where_it_is_assigned_and_an_unknown_name_is_refused() -> None:
    config = Config()
    config.lambda_.function.timeout = 5
    with pytest.raises(RemitError, match="is 1000 seconds; it can be 1 to 900"):
        config.lambda_.function.timeout = 1000
    assert (5, 256) == (config.lambda_.function.timeout, config.lambda_.function.memory_size)
    config.stages = ["dev", "prod"]
    assert ["dev", "prod"] == [*config.stages]
    assert not hasattr(config, "nothing")
    for assigned, hint in (
        ("tagz", "did you mean `config.tags`?"),
        ("aws", "assign to one of account, region, service_role, releases"),
    ):
        with pytest.raises(NoSetting) as refused:
            setattr(config, assigned, {})
        assert hint == refused.value.hint
    with pytest.raises(NoSetting) as profile:
        config.aws.profile = "mine"  # type: ignore[attr-defined] # what is tried
    assert "a profile is a person's" in profile.value.message
    with pytest.raises(NoSetting, match=r"there is no setting `config\.aws\.acount`") as misspelt:
        config.aws.acount = "1"  # type: ignore[attr-defined] # what is tried
    assert "did you mean `config.aws.account`?" == misspelt.value.hint
    assert {"policy", "role_name", "share_roles"} < {*Iam.names()}


def test_a_computed_policy_has_no_value_to_add_to() -> None:
    for name in ("default_policy", "default_vpc_policy"):
        with pytest.raises(RemitError) as refused:
            getattr(Config().lambda_.iam, name)
        message = f"`config.lambda_.iam.{name}` has no value here: remit computes it for each function"
        assert message == refused.value.message
        assert "assign it to replace it, or add to `config.lambda_.iam.policy`" == refused.value.hint
    assert 0 == len(Config().lambda_.iam.policy)


@pytest.mark.parametrize(
    ("failed", "names", "is_among"),
    [([], ("app",), False), (["*"], ("app",), True), (["ap"], ("app",), True), (["tags"], ("app", "layer"), False)],
)
def test_a_setting_that_failed_may_be_one_that_was_meant(
    failed: list[str], names: tuple[str], *, is_among: bool
) -> None:
    assert is_among is may_be_among(failed, iter(names))
