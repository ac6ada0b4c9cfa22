"""A function is run as its configuration says, and as CreateFunction's defaults where it says nothing."""

from __future__ import annotations

from typing import Any

import pytest

from remit.local.functions.deployed_function import DeployedFunction

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:web"
NAMED = {"FunctionName": "web", "FunctionArn": ARN}
LAYER = "arn:aws:lambda:eu-west-1:111122223333:layer:l:1"


@pytest.mark.parametrize(
    ("configuration", "name", "value"),
    [
        ({}, "place", ("111122223333", "eu-west-1", "web")),
        ({}, "version", "$LATEST"),
        ({"Version": "3"}, "version", "3"),
        ({}, "memory_mb", 128),
        ({"MemorySize": 512}, "memory_mb", 512),
        ({}, "timeout", 3.0),
        ({"Timeout": 900}, "timeout", 900.0),
        ({}, "storage_mb", 512),
        ({"EphemeralStorage": {"Size": 1024}}, "storage_mb", 1024),
        ({"EphemeralStorage": None}, "storage_mb", 512),
        ({}, "log_group", "/aws/lambda/web"),
        ({"LoggingConfig": {"LogGroup": "all"}}, "log_group", "all"),
        ({"LoggingConfig": {"LogFormat": "JSON"}}, "log_group", "/aws/lambda/web"),
        ({}, "log_format", "Text"),
        ({"LoggingConfig": {"LogFormat": "JSON"}}, "log_format", "JSON"),
        ({"LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "WARN"}}, "log_level", "WARN"),
        ({"LoggingConfig": {"LogFormat": "JSON"}}, "log_level", ""),
        ({"TracingConfig": {"Mode": "Active"}}, "traced", True),
        ({"TracingConfig": {"Mode": "PassThrough"}}, "traced", False),
        ({}, "traced", False),
        ({"SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}}, "snap_start", False),
        ({"SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}}, "snap_start", True),
        ({"Environment": {"Variables": {"A": "1", "B": 2}}}, "variables", (("A", "1"), ("B", "2"))),
        ({"Environment": {}}, "variables", ()),
        ({"Layers": [{"Arn": LAYER}, LAYER]}, "layers", (LAYER, LAYER)),
        ({"Version": ""}, "version", "$LATEST"),
        ({"MemorySize": 0}, "memory_mb", 128),
        ({"Timeout": 0}, "timeout", 3.0),
        ({"EphemeralStorage": {}}, "storage_mb", 512),
        ({"Role": None, "Handler": None}, "role", ""),
    ],
)
def test_a_setting_is_what_the_configuration_says_or_the_default(
    configuration: dict[str, Any], name: str, value: object
) -> None:
    assert value == getattr(DeployedFunction.of({**NAMED, **configuration}), name)


def test_functions_that_differ_in_what_a_worker_needs_share_none() -> None:
    plain = DeployedFunction.of(NAMED)
    assert plain == DeployedFunction.of({**NAMED, "Description": "other", "Timeout": 3})
    for configuration in ({"CodeSha256": "a"}, {"LastModified": "now"}, {"Role": "r"}, {"Layers": [LAYER]}):
        assert plain != DeployedFunction.of({**NAMED, **configuration})
