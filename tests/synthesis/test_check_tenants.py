"""A function that keeps tenants apart takes only what can name the tenant of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import at

if TYPE_CHECKING:
    from conftest import Make

TENANTS = 'properties={"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}'
EXCLUDED = {
    "on.sqs('orders')": "event sources (`HelloOrdersQueue`)",
    "on.http()": "a function URL (`HelloUrl`)",
    "on.schedule('rate(1 day)')": "schedules (`HelloScheduled`)",
    "on.s3('box')": "calls by events.amazonaws.com (`HelloBoxBucketPermission`)",
    "on.sns('news')": "calls by sns.amazonaws.com (`HelloNewsTopicPermission`)",
    "snap_start=True": "SnapStart (`HelloFunction`)",
    "alias='live', provisioned_concurrency=1": "provisioned concurrency (`HelloAlias`)",
}


def app(options: str) -> str:
    return f"@app.function({options}, {TENANTS})\ndef hello(event, context): ...\n"


@pytest.mark.parametrize("options", EXCLUDED)
def test_what_cannot_name_a_tenant_is_told_at_its_line(make: Make, options: str) -> None:
    error = make(app=app(options)).error()
    assert (f"`HelloFunction` keeps tenants apart, which excludes {EXCLUDED[options]}", "app.py:9") == (
        error.message,
        at(error).rpartition(":")[0],
    )


def test_a_function_behind_an_alias_is_the_same(make: Make) -> None:
    error = make(app=app("on.sqs('orders'), alias='live'")).error()
    assert "`HelloFunction` keeps tenants apart, which excludes event sources (`HelloOrdersQueue`)" == error.message


def test_an_api_and_whoever_invokes_the_function_can_name_one(make: Make) -> None:
    make(app=app("on.api('GET /orders')")).built()
    make(app=app("timeout=5").replace("}}", '}, "SnapStart": {"ApplyOn": "None"}}')).built()
    other = "\n@app.function(on.sqs('orders'), snap_start=True)\ndef other(event, context): ...\n"
    make(app=app("alias='live'") + other).built()
