"""What declarations and settings note of a load, compared whole and without a project on disk."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any, Final

import pytest

from remit import App as Declared
from remit import existing, on, parameter, project, resource, secret
from remit.app import App, ExistingValue, Function, Grant, JobQueue, Output, Reason, Resource
from remit.errors import Origin, RemitError
from remit.iam.policy import allow
from remit.project import setting_values as values
from remit.project.app_setting_values import cors_configuration
from remit.project.current_load import LoadEndError, loading
from remit.project.lambda_environment import (
    declared_parts,
    explain_placeholders,
    lambda_environment,
    placeholder_of,
)
from remit.project.layer_folders import layer
from remit.project.plain_files import content, is_there
from remit.project.settings import Items, judged
from remit.project.shared import Shared, output


def handler(event: Any, context: Any) -> None:
    """A function of a module's own."""


class Handlers:
    """Functions of a class, which Lambda can call as well."""

    @staticmethod
    def hello(event: Any, context: Any) -> None:
        """One of them."""


@functools.wraps(handler)
def wrapped(*arguments: Any) -> None:
    """The function behind a wrapper."""


def test_a_declaration_has_the_names_and_the_function_of_what_is_decorated(tmp_path: Path) -> None:
    def inner(event: Any, context: Any) -> None: ...

    app = Declared()
    with loading(tmp_path, "dev") as state:
        app.function(handler)
        app.function(name="other")(wrapped)
        app.function(on.schedule("rate(1 day)"), on.schedule("rate(2 days)"))(Handlers.hello)
        app.function(inner)
        app.function(handler="web.api.serve")
        app.function(name="site", handler="web.api.serve")
    module = handler.__module__
    assert [(each.name, each.handler, len(each.triggers), each.nested) for each in state.declarations] == [
        ("handler", f"{module}.handler", 0, False),
        ("other", f"{module}.handler", 0, False),
        ("hello", f"{module}.Handlers.hello", 2, False),
        ("inner", f"{module}.{inner.__qualname__}", 0, True),
        ("serve", "web.api.serve", 0, False),
        ("site", "web.api.serve", 0, False),
    ]
    assert [each.function for each in state.declarations[:4]] == [handler, handler, Handlers.hello, inner]


def test_the_settings_and_access_of_a_function_come_before_those_of_its_groups(tmp_path: Path) -> None:
    app = Declared()
    with loading(tmp_path, "dev") as state:
        outer = app.group("outer", policy=["a"], timeout=1)
        inner = outer.group("inner", policy=["b"], memory_size=128, link=())
        inner.function(policy=["c"], timeout=2)(handler)
    (declaration,) = state.declarations
    assert [(each.kind, each.name, each.policy) for each in declaration.access] == [
        ("function", "handler", ["c"]), ("group", "inner", ["b"]), ("group", "outer", ["a"]),
    ]  # fmt: skip
    assert [given for _, given in declaration.settings] == [{"timeout": 2}, {"memory_size": 128}, {"timeout": 1}]


def test_an_output_is_called_by_its_class_and_its_reference_is_that_of_the_resource(tmp_path: Path) -> None:
    with loading(tmp_path, "dev"):

        class Stock(Shared):
            jobs = resource("AWS::SQS::Queue", depends_on=[])
            news = resource("AWS::SNS::Topic", depends_on=[jobs, jobs])
            url = output(f"{jobs.url} and ${{Pending0990}}", "its URL", export="stock-url")

    assert (Stock.url.owner, Stock.url.name) == ("Stock", "url")
    assert [(each.logical_id, each.type, each.properties, each.attributes) for each in Stock.resources] == [
        ("StockJobs", "AWS::SQS::Queue", {}, {"DependsOn": []}),
        ("StockNews", "AWS::SNS::Topic", {}, {"DependsOn": ["StockJobs", "StockJobs"]}),
    ]
    assert [(each.name, each.value, each.description, each.export) for each in Stock.outputs] == [
        ("StockUrl", "${StockJobs} and ${Pending0990}", "its URL", "stock-url")
    ]


QUEUE_KEY: Final = "arn:aws:kms:eu-west-1:111122223333:key/own"


def test_a_secret_of_the_app_has_the_key_that_is_given_or_else_its_own(tmp_path: Path) -> None:
    with loading(tmp_path, "dev"):

        class Data(Shared):
            login = resource("AWS::SecretsManager::Secret", kms_key_id=QUEUE_KEY)

        own: Any = secret(Data.login)
        other: Any = secret(Data.login, key=QUEUE_KEY.replace("own", "other"))
        far: Any = parameter("/shop/url")
        late: Any = parameter("${AWS::StackName}-url")
    assert [(each.stored.store, each.stored.name, each.stored.key, each.stored.own) for each in (own, other, far)] == [
        ("secretsmanager", "${DataLogin}", QUEUE_KEY, True),
        ("secretsmanager", "${DataLogin}", QUEUE_KEY.replace("own", "other"), True),
        ("ssm", "/shop/url", None, False),
    ]
    assert late == "${AWS::StackName}-url"


def test_what_is_looked_up_is_noted_once_with_the_line_that_asked_first(tmp_path: Path) -> None:
    with loading(tmp_path, "dev") as state:
        first, second = existing.parameter("/shop/url"), existing.parameter("/shop/url")
        existing.vpc("prod", security_group="web")
        existing.vpc("prod", security_group="api")
    assert str(first) == str(second)
    looked_up = list(state.existing.values())
    assert [(each.kind, each.name, each.group) for each in looked_up] == [
        ("parameter", "/shop/url", ""), ("subnets", "prod", ""),
        ("security group", "prod", "web"), ("security group", "prod", "api"),
    ]  # fmt: skip
    assert all(isinstance(each, ExistingValue) for each in looked_up)


def test_a_layer_is_made_once_and_at_the_line_that_names_it_first(tmp_path: Path) -> None:
    for name in ("ffmpeg", "fonts"):
        (tmp_path / "layers" / name).mkdir(parents=True)
    with loading(tmp_path, "dev") as state:
        first = layer("layers/ffmpeg")
        again, fonts = layer("layers/../layers/ffmpeg/"), layer("layers/fonts")
        layer("layers/..")
    assert [str(first), str(again), str(fonts)] == [f"${{Layers{name}Layer}}" for name in ("Ffmpeg", "Ffmpeg", "Fonts")]
    assert [each.message for each in state.mistakes.errors] == ["a layer cannot be the project's own folder"]
    lines = [each.origin.line for each in state.layers.values() if each.origin is not None]
    assert [(each.folder, each.logical_id) for each in state.layers.values()] == [
        ("layers/ffmpeg", "LayersFfmpegLayer"),
        ("layers/fonts", "LayersFontsLayer"),
    ]
    assert [lines[0] + 1] == lines[1:]


@pytest.mark.parametrize(("given", "expected"), [(None, "shop-prod"), ("Own", "Own"), (3, "shop-prod")])
def test_the_namespace_is_the_name_of_the_stack_that_is_given_or_else_of_project_and_stage(
    tmp_path: Path, given: Any, expected: str
) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    with loading(tmp_path, "prod") as state:
        if given is not None:
            state.config.stack_name = given
        assert (project.name, project.stage, project.namespace) == ("shop", "prod", expected)


def test_a_test_of_an_app_is_in_the_project_of_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMIT_STAGE", "prod")
    assert (project.name, project.stage, project.namespace) == ("shop", "prod", "shop-prod")
    with pytest.raises(AttributeError, match=r"there is no `project\.region`; there are name, stage and namespace"):
        project.__getattr__("region")


def test_what_ends_a_load_leaves_with_the_mistakes_until_then_from_the_projects_folder(tmp_path: Path) -> None:
    def end_a_load() -> None:
        with loading(tmp_path, "dev") as state:
            state.mistakes.add("it is wrong", origin=Origin(str(tmp_path / "app.py"), 3))
            raise LoadEndError

    with pytest.raises(RemitError) as caught:
        end_a_load()
    assert [(each.message, each.origin) for each in caught.value.all] == [("it is wrong", Origin("app.py", 3))]


def line(number: int) -> Origin:
    return Origin("app.py", number)


def test_each_part_of_an_app_that_is_deployed_is_known_with_its_line() -> None:
    grants = [Grant(allow(f"sqs:{name}"), Reason("text", name), line(number)) for number, name in enumerate("abc", 1)]
    function = Function(
        "web", "Web", "app.web", {"Timeout": 3, "Layers": ["x"]}, policy=(grants[0],), origin=line(10),
        written={"Timeout": line(11)}, managed_written={"arn:a": line(12), "arn:b": None},
    )  # fmt: skip
    queue = Resource("Jobs", "AWS::SQS::Queue", {}, {}, line(20))
    url = Output("Url", "x", "", line(21), "Data")
    jobs: tuple[JobQueue, ...] = ()
    app = App(
        "shop", "dev", (function,), resources=(queue,), outputs=(url,), queues=jobs, queues_origin=line(22),
        default_policy=(grants[1],), default_vpc_policy=(grants[2],), boundary="arn:limit", boundary_origin=line(23),
    )  # fmt: skip
    assert list(declared_parts(app)) == [
        (grants[0].statement, line(1)), (3, line(11)), (["x"], line(10)), ("arn:a", line(12)), ("arn:b", line(10)),
        (("web", "app.web", ()), line(10)), (queue, line(20)), (url, line(21)),
        (grants[1].statement, line(2)), (grants[2].statement, line(3)), ("arn:limit", line(23)), (jobs, line(22)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("set_", "module", "name", "value"),
    [
        ({}, "botocore.session", "AWS_DEFAULT_REGION", placeholder_of("AWS_DEFAULT_REGION")),
        ({"AWS_REGION": "eu-west-3"}, "botocore.session", "AWS_DEFAULT_REGION", "eu-west-3"),
        ({}, "botocore", "AWS_REGION", None),
        ({}, "boto3.session", "AWS_EC2_METADATA_DISABLED", "true"),
        ({}, "boto3.session", "AWS_SOMETHING", None),
        ({}, "botocore_extras", "AWS_DEFAULT_REGION", None),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "botocore", "AWS_DEFAULT_REGION", "eu-west-1"),
    ],
)
def test_the_sdk_alone_finds_a_region_where_none_is_set(
    set_: dict[str, str], module: str, name: str, value: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import botocore.session  # noqa: F401, PLC0415 - the SDK is there when it asks

    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_EC2_METADATA_DISABLED"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(variable, str(tmp_path / "none"))
    for variable, content_ in set_.items():
        monkeypatch.setenv(variable, content_)
    scope: dict[str, Any] = {"__name__": module, "os": os}
    with lambda_environment():
        exec(f"try: found = os.environ[{name!r}]\nexcept KeyError: found = None", scope)  # noqa: S102
    assert scope["found"] == value


def test_what_is_read_is_noted_and_the_folder_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_URL", "x")
    monkeypatch.setenv("SHOP_NAME", "y")
    before = Path.cwd()
    with loading(tmp_path, "dev") as state, lambda_environment():
        assert (os.environ["SHOP_URL"], os.environ.get("SHOP_NAME"), os.environ.get("SHOP_NONE")) == ("x", "y", None)
        os.chdir(tmp_path)
    assert Path.cwd() == before
    assert {"SHOP_URL", "SHOP_NAME"} <= state.read_variables
    assert "SHOP_NONE" not in state.read_variables


def test_a_mistake_is_explained_once_by_the_variable_that_it_shows() -> None:
    text = placeholder_of("SHOP_URL")
    shown, named, other = RemitError(f"{text[:20]!r} is no URL"), RemitError(text, hint="SHOP_URL?"), RemitError("no")
    placeholders = {text.casefold(): "SHOP_URL"}
    explain_placeholders(placeholders, [shown, named, other])
    hint = (
        f"{text!r} stands for the environment variable SHOP_URL, which is not set where remit runs: write the value "
        "that the function's `environment` gives to SHOP_URL, or set the variable before the build"
    )
    assert [each.hint for each in (shown, named, other)] == [hint, hint, None]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0, "`size` is 0 MB; it can be 1 to 9"),
        (10, "`size` is 10 MB; it can be 1 to 9"),
        (-(2**70), "`size` is too large a number of MB; it can be 1 to 9"),
        (2**70, "`size` is too large a number of MB; it can be 1 to 9"),
        (True, "`size` must be a whole number of MB, got bool 'True'"),
        (1, None),
        (9, None),
    ],
)
def test_a_number_is_taken_up_to_its_limits_and_a_wrong_one_is_told(value: Any, message: str | None) -> None:
    check = values.between(1, 9, "MB")
    if message is None:
        assert check(("size",), value) == value
    else:
        with pytest.raises(RemitError) as caught:
            check(("size",), value)
        assert caught.value.message == message


def test_each_setting_becomes_its_properties() -> None:
    both: dict[str, Any] = {
        "timeout": (3, {"Timeout": 3}), "durable": (None, {"DurableConfig": {}}),
        "snap_start": (False, {"SnapStart": {}}), "vpc_config": (None, {"VpcConfig": None}),
        "code": ("functions/a", {}), "layers": (values.Texts(("arn",)), {"Layers": ["arn"]}),
        "function_name": ("web", {"FunctionName": "web"}),
        "reserved_concurrency": (0, {"ReservedConcurrentExecutions": 0}),
        "ephemeral_storage": (512, {"EphemeralStorage": {"Size": 512}}),
        "tracing": ("Active", {"TracingConfig": {"Mode": "Active"}}),
    }  # fmt: skip
    made = {name: values.FUNCTION_SETTINGS[name].properties(value) for name, (value, _) in both.items()}
    assert made == {name: properties for name, (_, properties) in both.items()}


def test_credentials_are_refused_from_every_origin_alone() -> None:
    every = {"allow_origins": ["*"], "allow_credentials": False, "max_age": 3}
    assert cors_configuration(("cors",), every) == {"AllowOrigins": ["*"], "AllowCredentials": False, "MaxAge": 3}
    with pytest.raises(RemitError, match="allows credentials from every origin"):
        cors_configuration(("cors",), {**every, "allow_credentials": True})


def test_items_keep_their_order_and_what_is_assigned_is_copied() -> None:
    assert [part for part, _ in ("before" + (Items() + "one" + "two")).parts] == ["before", "one", "two"]


def test_the_last_right_value_of_a_setting_counts_and_mistakes_are_told_of_each_section(tmp_path: Path) -> None:
    names, tags = ["a"], {"team": "shop"}
    with loading(tmp_path, "dev") as state:
        config = state.config
        config.job.additional_queues = names
        config.tags = tags
        config.lambda_.function.layers = "not-yet"  # type: ignore[assignment]  # as people write it
        assert config.lambda_.function.layers == ("not-yet",)
        config.lambda_.function.timeout = 3
        config.lambda_.function.timeout = 4
        config.lambda_.function.timeout = 5000
        config.api.access_log = config.rest.access_log = "yes"  # type: ignore[assignment]  # wrong
        config.tags |= {"stage": "dev"}
        names.append("b")
        tags["later"] = "x"
    settings, mistakes, failed = judged(config)
    assert (settings.lambda_.function.timeout, settings.aws.releases) == (4, 10)
    assert settings.job.additional_queues == ("a",)
    assert settings.tags == {"team": "shop", "stage": "dev"}
    assert failed == {"timeout", "layers", "access_log"}
    assert sorted(each.message.partition("`")[2].partition("`")[0] for each in mistakes) == [
        "config.api.access_log", "config.lambda_.function.layers", "config.lambda_.function.timeout",
        "config.rest.access_log",
    ]  # fmt: skip
    assert [each.path for each in mistakes] == [()] * 4
    assert {each.origin.file for each in mistakes if each.origin} == {__file__}


def test_a_folder_is_there_and_has_no_content(tmp_path: Path) -> None:
    assert (is_there(tmp_path), is_there(tmp_path / "none"), content(tmp_path / "none")) == (True, False, None)
    with pytest.raises(RemitError, match="cannot read it: Is a directory"):
        content(tmp_path)
