"""Each setting of a function becomes its property, the nearest one wins, and what Lambda refuses together is told.

Sources: the page of AWS::Lambda::Function (CloudFormation); "Improving startup performance with Lambda SnapStart",
"Configuring provisioned concurrency for a function", "Lambda durable functions" (AWS Lambda Developer Guide).
"""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from projects import APP, Project, configuration, write
from random_cases import cases
from remit.errors import Mistakes, RemitError, Span
from remit.judge.publication import check_publication
from remit.project import app_setting_values as checks
from remit.project import job_setting_values as job_checks
from remit.project import setting_values
from remit.project.setting_values import plain
from remit.project.shared import resource
from remit.project.stored_values import secret

if TYPE_CHECKING:
    from collections.abc import Callable

Values = dict[str, Any]
VERSIONS: Final = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
DIRECT: Final[dict[str, tuple[st.SearchStrategy[Any], str, Callable[[Any], Any]]]] = {
    "timeout": (st.integers(1, 900), "Timeout", lambda value: value),
    "memory_size": (st.integers(128, 10_240), "MemorySize", lambda value: value),
    "runtime": (st.sampled_from([f"python{version}" for version in VERSIONS]), "Runtime", lambda value: value),
    "architectures": (st.sampled_from([["arm64"], ["x86_64"]]), "Architectures", lambda value: value),
    "reserved_concurrency": (st.integers(0, 9) | st.none(), "ReservedConcurrentExecutions", lambda value: value),
    "ephemeral_storage": (st.integers(512, 10_240), "EphemeralStorage", lambda value: {"Size": value}),
    "tracing": (st.sampled_from(["Active", "PassThrough"]), "TracingConfig", lambda value: {"Mode": value}),
    "layers": (
        st.lists(st.sampled_from([f"arn:aws:lambda:eu-west-1:111122223333:layer:a:{n}" for n in (1, 2)]), max_size=1),
        "Layers",
        lambda value: value or None,
    ),
    "vpc_config": (
        st.sampled_from([None, {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}]),
        "VpcConfig",
        lambda value: value,
    ),
}
"""The values of a setting, its property, and what that is; None: there is none."""
ADDED: Final = {
    "environment": st.dictionaries(st.sampled_from(["AA", "BB"]), st.sampled_from(["x", "y"]), max_size=2),
    "properties": st.dictionaries(
        st.sampled_from(["KmsKeyArn", "Description"]), st.sampled_from(["a", "b"]), max_size=2
    ),
}
"""What adds up, name by name."""
LAYER: Final = st.fixed_dictionaries(
    {},
    optional={
        **{name: values for name, (values, *_) in DIRECT.items()},
        **ADDED,
        "log_retention": st.sampled_from([1, 7, None]),
    },
)
START: Final[Values] = {"Timeout": 30, "MemorySize": 256, "Runtime": "python3.13", "Architectures": ["x86_64"]}


def written(layer: Values) -> str:
    return "".join(f", {name}={value!r}" for name, value in layer.items())


@settings(max_examples=cases(12, deep=150))
@given(LAYER, LAYER, LAYER)
def test_the_nearest_setting_wins_and_each_becomes_its_property(configured: Values, group: Values, own: Values) -> None:
    app = (
        f"billing = app.group('billing'{written(group)})\n"
        f"@billing.function(name='pay'{written(own)})\ndef pay(event, context): ...\n"
        "@app.function\ndef other(event, context): ...\n"
    )
    lines = [f"config.lambda_.function.{name} = {value!r}" for name, value in configured.items()]
    with TemporaryDirectory() as folder:
        write(Path(folder), {"app.py": APP + app, "config/deploy.py": configuration("\n".join(lines))})
        template = Project(Path(folder)).template()
    for name, layers in (("Pay", (configured, group, own)), ("Other", (configured,))):
        expected = dict(START)
        retention: Any = 30
        variables: Values = {}
        for layer in layers:
            for setting, (_, prop, made) in DIRECT.items():
                if setting in layer:
                    expected[prop] = made(layer[setting])
            retention = layer.get("log_retention", retention)
            expected |= layer.get("properties", {})
            variables |= layer.get("environment", {})
        found = template["Resources"][f"{name}Function"]["Properties"]
        told = {
            prop: found.get(prop) for prop in {prop for _, prop, _ in DIRECT.values()} | {"KmsKeyArn", "Description"}
        }
        assert told == {prop: expected.get(prop) for prop in told}
        environment = found.get("Environment", {}).get("Variables", {})
        assert {key: environment.get(key) for key in ("AA", "BB")} == {key: variables.get(key) for key in ("AA", "BB")}
        group_properties = template["Resources"][f"{name}LogGroup"]["Properties"]
        assert group_properties.get("RetentionInDays") == retention


@settings(max_examples=cases(60, deep=3_000))
@given(
    st.sampled_from(VERSIONS),
    st.booleans(),
    st.sampled_from([None, 512, 513]),
    st.booleans(),
    st.sampled_from([None, 0, 1, 2]),
    st.sampled_from([None, 1, 2, 3]),
    st.booleans(),
)
def test_what_lambda_refuses_together_is_told_and_nothing_else(
    version: str,
    snaps: bool,
    storage: int | None,
    mounts: bool,
    reserved: int | None,
    provisioned: int | None,
    durable: bool,
) -> None:
    properties: Values = {"Runtime": f"python{version}"}
    if snaps:
        properties["SnapStart"] = {"ApplyOn": "PublishedVersions"}
    if storage:
        properties["EphemeralStorage"] = {"Size": storage}
    if mounts:
        properties["FileSystemConfigs"] = [{"Arn": "arn", "LocalMountPath": "/mnt/a"}]
    if reserved is not None:
        properties["ReservedConcurrentExecutions"] = reserved
    if durable:
        properties["DurableConfig"] = {"ExecutionTimeout": 60}
    minor = int(version.partition(".")[2])
    expected = [
        *(["snap_start, which"] if snaps and minor < 12 else []),
        *(["both snap_start and provisioned"] if snaps and provisioned else []),
        *(["no file system"] if snaps and (mounts or storage == 513) else []),
        *([f"keeps {provisioned}"] if provisioned and reserved is not None and reserved < provisioned else []),
        *(["is durable"] if durable and minor < 13 else []),
    ]
    beside = {} if provisioned is None else {"provisioned_concurrency": provisioned}
    event(f"refused: {len(expected)}")
    mistakes = Mistakes()
    check_publication("pay", properties, beside, Span("app.py", 1, 0, 1, 0), mistakes)
    for mistake, words in zip(mistakes.errors, expected, strict=True):
        assert words in mistake.message


KEYS: Final = st.lists(st.sampled_from(["a", "b-", "${AWS::Region}", "${Data.Arn}"]), min_size=1, max_size=3).map(
    "".join
)


@settings(max_examples=cases(30, deep=500))
@given(st.dictionaries(KEYS | st.integers(0, 2), st.just(1), max_size=3))
def test_a_key_that_cloudformation_would_have_to_fill_in_is_refused_wherever_the_reference_stands(
    value: dict[Any, int],
) -> None:
    wrong = [key for key in value if not isinstance(key, str) or "${" in key]
    if not wrong:
        assert plain(("properties",), value) == value
        return
    with pytest.raises(RemitError) as refused:
        plain(("properties",), value)
    assert refused.value.path == ("properties", str(wrong[0]))


def named(name: str) -> str:
    """What names a secret where a module of an app does it."""
    scope: dict[str, Any] = {"secret": secret, "name": name}
    exec("text = secret(name)", scope)  # noqa: S102 - a function that does it gets the value
    return str(scope["text"])


SECRET_NAMES: Final = st.lists(
    st.sampled_from(["a", "/", ".", "@", " ", "://", ":", "é", "\t"]), min_size=1, max_size=4
)


@settings(max_examples=cases(40, deep=500))
@given(SECRET_NAMES.map("".join))
def test_what_looks_like_a_value_is_no_name_of_a_secret_and_no_other_sign_is_taken(name: str) -> None:
    """Source: "CreateSecret" (Secrets Manager API Reference): letters, digits and /_+=.@-."""
    if re.fullmatch(r"[A-Za-z0-9/_+=.@-]{1,512}", name):
        assert named(name) == name
        return
    with pytest.raises(RemitError) as refused:
        named(name)
    is_value = "://" in name or any(sign.isspace() for sign in name)
    assert ("looks like a value" in refused.value.message) == is_value


FUNCTION_NAMES: Final = {"": 0, "a b": 0, "ok": 1, "ä": 0, "a.b": 0, "A-b_9": 1, "9": 1, "-": 0, "a/b": 0}
"""Names of functions, and whether Lambda takes them."""


def test_each_name_of_a_function_that_lambda_does_not_take_is_told_at_its_line() -> None:
    app = "".join(
        f"@app.function(name={name!r})\ndef f{place}(e, c): ...\n" for place, name in enumerate(FUNCTION_NAMES)
    )
    with TemporaryDirectory() as folder:
        write(Path(folder), {"app.py": APP + app})
        mistakes = Project(Path(folder)).error().all
    lines = [9 + 2 * place for place, is_name in enumerate(FUNCTION_NAMES.values()) if not is_name]
    assert [mistake.origin and mistake.origin.line for mistake in mistakes] == lines


@pytest.mark.parametrize(("target", "is_right"), [("site.app.asgi", True), ("site.asgi", False), ("site.other", False)])
def test_the_object_of_a_web_app_is_known_by_the_first_name_of_its_path(target: str, *, is_right: bool) -> None:
    target = target.replace("site.", "site:")
    with TemporaryDirectory() as folder:
        write(Path(folder), {"app.py": APP + f'app.web("{target}")\n', "site.py": "class app:\n    asgi = print\n"})
        project = Project(Path(folder))
        if is_right:
            assert project.template()
        else:
            assert f"the web app `{target}` of function `web`" in project.error().message


QUEUE: Final = {"QueueName": "queue_name", "DelaySeconds": "delay_seconds", "KmsMasterKeyId": "kms_master_key_id"}
GIVEN: Final = st.dictionaries(st.sampled_from(sorted(QUEUE)), st.sampled_from(["a", "b"]))


@settings(max_examples=cases(15, deep=200))
@given(GIVEN, GIVEN)
def test_a_keyword_is_its_property_and_wins_over_the_mapping(mapping: Values, keywords: Values) -> None:
    declared = resource("AWS::SQS::Queue", mapping, **{QUEUE[name]: value for name, value in keywords.items()})
    assert declared.properties == {**mapping, **keywords}


def nested(depth: int) -> list[Any]:
    """A list in a list, so many deep, with a number in the last."""
    return [1] if depth == 0 else [nested(depth - 1)]


LIMITS: Final[list[tuple[Any, Any, Any]]] = [
    (checks.tags, {f"k{number}": "v" for number in range(50)}, {f"k{number}": "v" for number in range(51)}),
    (checks.tags, {"k" * 128: "v" * 256}, {"k" * 129: "v"}),
    (checks.tags, {"laws:x": "v"}, {"AWS:x": "v"}),
    (checks.tags, {"k": "v" * 256}, {"k": "v" * 257}),
    (checks.rate, 0.5, True),
    (checks.rate, 1_000_000, 1_000_001),
    (checks.rate, 0, -0.5),
    (checks.region, "eu-west-9", "eu-nowhere-1"),
    (checks.region, "us-gov-west-1", "eu-west"),
    (checks.stages, ["a" * 20], ["a" * 21]),
    (checks.role_name, "{stage}-{role}", "{app}-{role}"),
    (checks.role_name, "{stage}+=,.@-{role}", "{stage}-{role}-{user}"),
    (checks.cors_configuration, {"AllowOrigins": ["*"]}, {"AllowOrigins": ["*"], "AllowCredentials": True}),
    (checks.cors_configuration, {"allow_origins": ["app://x"]}, {"allow_origins": ["https://x/"]}),
    (checks.cors_configuration, {"AllowMethods": ["*", "PUT"]}, {"AllowMethods": ["TRACE"]}),
    (checks.cors_configuration, {"MaxAge": 86_400}, {"MaxAge": 86_401}),
    (checks.rest_cors, {"AllowOrigins": ["*"]}, {"AllowOrigins": ["https://a", "https://b"]}),
    (checks.usage_plans, {"a" * 128: {"keys": ["b" * 128]}}, {"a" * 129: {}}),
    (checks.usage_plans, {"a": {"quota": {"limit": 1, "period": "DAY"}}}, {"a": {"keys": ["-b"]}}),
    (checks.domain_name, "*.shop.example", "https://shop.example"),
    (
        checks.certificate_arn,
        "arn:aws:acm:eu-west-1:111122223333:certificate/a",
        "arn:aws:sns:eu-west-1:111122223333:certificate/a",
    ),
    (checks.certificate_arn, "${Certificate}", "arn:aws:acm:eu-west-1:111122223333:certificate/"),
    (checks.stage_variables, {"a": "b"}, {"a": 1}),
    (checks.stage_variables, {}, "a"),
    (checks.rest_properties, {"Name": ["a", {"b": 1}]}, ["Name"]),
    (checks.rest_properties, {"Name": "a"}, {"Name": {1}}),
    (checks.role_arn, "arn:aws-cn:iam::111122223333:role/a/b", "arn:aws:iam::111122223333:user/a"),
    (checks.role_path, "/", "/teams"),
    (checks.role_path, "/" + "a" * 510 + "/", "/" + "a" * 511 + "/"),
    (checks.route_selection_expression, "$request.body.a.b", "$request.header.a"),
    (setting_values.retention, 3653, 2),
    (setting_values.one_of(("a", "b")), "b", "c"),
    (setting_values.between(1, 3, "days"), 3, True),
    (setting_values.between(1, 3, "days"), 1, 4),
    (setting_values.texts, ("a", "b"), {"a"}),
    (setting_values.texts, "a", ["a", ""]),
    (setting_values.python_runtime, "python3.15", "python2.7"),
    (setting_values.python_runtime, "python3.9", "nodejs22.x"),
    (setting_values.flag, False, 0),
    (setting_values.logical_id, "A" * 255, "A" * 256),
    (setting_values.logical_id, "Pending1", "Pending0"),
    (setting_values.reasons("{}"), {"a": "so"}, {"a": "…"}),
    (setting_values.reasons("{}"), {}, {"": "so"}),
    (setting_values.plain, 2**63 - 1, 2**63),
    (setting_values.plain, [{"a": 1.5}], [float("nan")]),
    (setting_values.plain, {"${aws:username}": 1}, {"${AWS::Region}": 1}),
    (setting_values.plain, nested(31), nested(32)),
    (job_checks.topic, "a" * 256, "a" * 257),
    (job_checks.queues, {"mail": {"retries": 100, "alarm": None}}, {"mail": {"retries": 101}}),
    (job_checks.queues, {"mail.fifo": {"concurrency": 2}}, {"mail": {"concurrency": 1}}),
]


@pytest.mark.parametrize(("check", "accepted", "refused"), LIMITS)
def test_a_setting_takes_what_is_within_its_limit_and_nothing_beyond(
    check: Callable[[tuple[str, ...], Any], Any], accepted: Any, refused: Any
) -> None:
    check(("setting",), accepted)
    with pytest.raises(RemitError):
        check(("setting",), refused)
