"""What a function is after its app, its groups and it itself have said what it is, and settings that need others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from remit.errors import RemitError

if TYPE_CHECKING:
    from conftest import Make

CONFIG = """
config.lambda_.iam.policy = ["logs"]
config.lambda_.function.timeout = 10
config.lambda_.function.memory_size = 256
config.lambda_.function.environment = {"VA": "app", "VB": "app", "VC": "app"}
config.lambda_.function.properties = {"LoggingConfig": {"LogFormat": "JSON", "SystemLogLevel": "INFO"}}
"""
APP = """
outer = app.group("outer", timeout=20, environment={"VB": "outer", "VC": "outer"}, policy=["sqs:SendMessage"])
inner = outer.group("inner", timeout=30, environment={"VC": "inner"})

@inner.function(
    memory_size=512, layers=[], policy=["s3:GetObject"],
    properties={"LoggingConfig": {"SystemLogLevel": "WARN"}},
)
def work(event, context): ...

@app.function(log_retention=None)
def plain(event, context): ...
"""


def test_the_functions_own_settings_win_over_its_groups_and_those_over_the_apps(make: Make) -> None:
    plain, work = sorted(make(config=CONFIG, app=APP).load().functions, key=lambda function: function.name)
    assert {
        "Timeout": 30,
        "MemorySize": 512,
        "Environment": {"Variables": {"VA": "app", "VB": "outer", "VC": "inner"}},
        "LoggingConfig": {"LogFormat": "JSON", "SystemLogLevel": "WARN"},
    } == without_defaults(work.properties)
    assert {
        "Timeout": 10,
        "MemorySize": 256,
        "Environment": {"Variables": {"VA": "app", "VB": "app", "VC": "app"}},
        "LoggingConfig": {"LogFormat": "JSON", "SystemLogLevel": "INFO"},
    } == without_defaults(plain.properties)
    assert (30, None) == (work.log_retention, plain.log_retention)
    granted = [[grant.statement.actions.patterns for grant in function.policy] for function in (work, plain)]
    assert [[("s3:GetObject",), ("sqs:SendMessage",), ("logs:*",)], [("logs:*",)]] == granted


def without_defaults(properties: Any) -> dict[str, Any]:
    """The properties but for those that every function has."""
    return {name: value for name, value in properties.items() if name not in ("Runtime", "Architectures")}


CERTIFICATE = "config.api.certificate_arn = 'arn:aws:acm:eu-west-1:111122223333:certificate/0a1b'"


@pytest.mark.parametrize(
    ("config", "messages"),
    [
        ("config.api.domain_name = 'a.example'", ["domain_name` is 'a.example', and there is no certificate for it"]),
        (CERTIFICATE, ["certificate_arn` has no domain to be used for"]),
        (f"config.api.domain_name = 'a.example'\n{CERTIFICATE}", []),
        (
            "config.api.disable_execute_api_endpoint = True",
            ["disable_execute_api_endpoint` leaves the API without an address: it has no domain"],
        ),
        ("config.api.disable_execute_api_endpoint = False", []),
        ("config.api.access_log_retention = None", ["access_log_retention` is set, and the API writes no access log"]),
        (
            "config.api.access_log = False\nconfig.api.access_log_retention = 7",
            ["access_log_retention` is set, and the API writes no access log"],
        ),
        ("config.api.access_log = True\nconfig.api.access_log_retention = None", []),
    ],
)
def test_a_setting_of_an_api_needs_the_one_that_it_is_for(make: Make, config: str, messages: list[str]) -> None:
    project = make(config=config)
    try:
        project.load()
        actual = []
    except RemitError as error:
        actual = [mistake.message for mistake in error.all]
    assert [f"`config.api.{message}" for message in messages] == actual


@pytest.mark.parametrize(("length", "is_taken"), [(64, True), (65, False)])
def test_a_name_is_as_long_as_lambda_takes_it(make: Make, length: int, *, is_taken: bool) -> None:
    """With the stack's name before it, `orders-dev-`."""
    name = "n" * (length - len("orders-dev-"))
    project = make(app=f"@app.function(name={name!r})\ndef hello(event, context): ...\n")
    if is_taken:
        project.load()
        return
    error = project.error()
    assert f"function name `orders-dev-{name}` has 65 characters; Lambda allows 64" == error.message
    assert "shorten it by 1, with `name=`" == error.hint


@pytest.mark.parametrize(("length", "is_taken"), [(128, True), (129, False)])
def test_a_handler_is_as_long_as_lambda_takes_it(make: Make, length: int, *, is_taken: bool) -> None:
    function = "f" * (length - len("code."))
    app = f"app.function(name='hello', handler='code_.{function[1:]}')\n"
    project = make(app=app, **{"code_.py": f"def {function[1:]}(event, context): ...\n"})
    if is_taken:
        project.load()
    else:
        assert "function `hello` has the handler" in project.error().message
