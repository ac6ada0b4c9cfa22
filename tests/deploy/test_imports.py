"""What exists already under a name of the app's: logs of its functions are imported, the rest with --adopt."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from projects import write
from random_cases import cases_of
from remit.deploy.imports import importable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

LOGS = "/aws/lambda/orders-dev-report"
AUDIT = """from remit import Shared, aws, resource

class Data(Shared):
    audit = resource("AWS::Logs::LogGroup", log_group_name=f"audit-{aws.account}")
    news = resource("AWS::SNS::Topic", topic_name="orders-news")
"""


@pytest.mark.parametrize("after_delete", cases_of((True, False), 1))
def test_logs_that_a_function_left_are_imported_and_the_deploy_after_the_next_changes_nothing(
    elsewhere: Account, remit: Remit, *, after_delete: bool
) -> None:
    if after_delete:
        assert (remit("deploy", "--yes")[0], remit("delete", "--yes")[0]) == (0, 0)
    logs = elsewhere.client("logs")
    logs.create_log_group(logGroupName=LOGS)
    logs.create_log_stream(logGroupName=LOGS, logStreamName="old")
    code, _, err = remit("deploy", "--yes")
    assert code == 0, err
    assert "> AWS::Logs::LogGroup    ReportLogGroup  (imported, since it exists)\n" in err
    assert "old" in {stream["logStreamName"] for stream in logs.describe_log_streams(logGroupName=LOGS)["logStreams"]}
    code, _, err = remit("deploy", "--yes")
    assert code == 0, err
    code, _, err = remit("deploy", "--yes")
    assert (code, "no changes" in err) == (0, True)
    assert remit("delete", "--yes")[0] == 0
    assert logs.describe_log_groups(logGroupNamePrefix=LOGS)["logGroups"] == []


def test_what_exists_under_a_name_that_the_app_gives_is_imported_with_the_word_alone(
    elsewhere: Account, remit: Remit, project: Path
) -> None:
    write(project, {"shared/resources/data.py": AUDIT})
    logs, name = elsewhere.client("logs"), f"audit-{elsewhere.account}"
    logs.create_log_group(logGroupName=name)
    code, _, err = remit("deploy", "--yes")
    assert (code, "error: deploying orders-dev failed" in err) == (1, True)
    assert "  --> shared/resources/data.py:4:13\n" in err
    code, _, err = remit("deploy", "--yes", "--adopt")
    assert code == 0, err
    assert "DataAudit  (imported, since it exists)\n" in err
    assert "4 to add, 0 to change, 0 to remove, 1 to import; " in err
    code, _, err = remit("delete", "--yes-delete", "all")
    assert (code, err.count(" stays, as the deletion policy of ")) == (0, 1), err
    assert [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]] == [name]


NAMED = {
    "Report": {"Type": "AWS::Lambda::Function", "Properties": {"LoggingConfig": {"LogGroup": {"Ref": "ReportLogs"}}}},
    "ReportLogs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": LOGS, "RetentionInDays": 7}},
    "Audit": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "audit"}},
    "Late": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::GetAtt": ["Report", "Arn"]}}},
}


@pytest.mark.parametrize(
    ("are_there", "adopt", "take_over", "imported"),
    [
        (False, False, False, {}),
        (True, False, False, {"ReportLogs": {"LogGroupName": LOGS}}),
        # The function runs already, and makes its log group at any moment.
        (False, False, True, {"ReportLogs": {"LogGroupName": LOGS, "RetentionInDays": 7}}),
        (True, False, True, {"ReportLogs": {"LogGroupName": LOGS}}),
        (True, True, False, {"Audit": {"LogGroupName": "audit"}, "ReportLogs": {"LogGroupName": LOGS}}),
    ],
)
def test_what_may_be_imported_is_named_in_the_template_and_new_in_the_stack(
    account: Account, *, are_there: bool, adopt: bool, take_over: bool, imported: dict[str, dict[str, object]]
) -> None:
    if are_there:
        account.client("logs").create_log_group(logGroupName=LOGS)
    may = partial(importable, account, {"Resources": NAMED}, stack="orders-dev", adopt=adopt, take_over=take_over)
    assert may(running={}) == imported
    running = {"Resources": {"ReportLogs": NAMED["ReportLogs"]}}
    assert may(running=running) == {name: values for name, values in imported.items() if name != "ReportLogs"}
