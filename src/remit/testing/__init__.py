"""What an app's own tests need: its jobs kept or run at once, and the app as it runs on this machine.

from remit.testing import SentJob

def test_an_order_sends_its_mail(recorded_jobs):
place_order("anna@example.com")
assert recorded_jobs == [SentJob("send_mail", ("anna@example.com",))]

def test_the_report_counts_orders(remit):
remit.client("dynamodb").put_item(TableName="orders", Item={"id": {"S": "1"}})
assert remit.invoke("report") == {"orders": 1}
"""

from __future__ import annotations

from remit.testing.jobs import SentJob, jobs_run_at_once, recorded_jobs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.testing.local_app import FunctionFailed, LocalApp

__all__ = ["FunctionFailed", "LocalApp", "SentJob", "jobs_run_at_once", "recorded_jobs"]


def __getattr__(name: str) -> object:
    """Import what needs a deploy when it is first asked for. AttributeError: there is nothing of that name."""
    if name not in ("FunctionFailed", "LocalApp"):
        raise AttributeError(f"remit.testing has no `{name}`")
    from remit.testing import local_app  # noqa: PLC0415 - tests of handlers alone do not wait for what deploys

    return getattr(local_app, name)
