"""Aliases on the local AWS: what calls a function reaches the version of the last deploy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

APP = """
from remit import App, on

app = App()


@app.function(on.http(auth="NONE"), alias="live")
def report(event, context):
    return {"statusCode": 200, "body": f"one of version {context.function_version}"}


@app.function(durable=3600, maximum_retry_attempts=0)
def slow(event, context):
    return context.function_version
"""


def test_callers_reach_the_version_of_the_last_deploy_and_older_ones_stay(
    remit: Remit, project: Path, elsewhere: Account
) -> None:
    (project / "app.py").write_text(APP)
    assert remit("deploy", "--yes")[0] == 0
    functions = elsewhere.client("lambda")
    url = functions.list_function_url_configs(FunctionName="orders-dev-report")["FunctionUrlConfigs"][0]["FunctionUrl"]
    with urlopen(url) as answer:  # noqa: S310 - of the local AWS
        assert answer.read() == b"one of version 1"
    (project / "app.py").write_text(APP.replace("one of", "two of"))
    code, _, err = remit("deploy", "--yes")
    assert (0, True) == (code, "  + 2 of AWS::Lambda::Version" in err), err
    with urlopen(url) as answer:  # noqa: S310 - of the local AWS
        assert answer.read() == b"two of version 2"
    assert "two of version 2" == json.loads(remit("invoke", "report")[1])["body"]
    assert "2" == json.loads(remit("invoke", "slow")[1])
    versions = functions.list_versions_by_function(FunctionName="orders-dev-report")["Versions"]
    assert {"$LATEST", "1", "2"} == {version["Version"] for version in versions}
    config = functions.get_function_event_invoke_config(FunctionName="orders-dev-slow", Qualifier="live")
    assert config["MaximumRetryAttempts"] == 0
