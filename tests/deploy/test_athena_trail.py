"""Logs that stay in AWS are summed up by Athena."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from remit.deploy.athena_trail import summed_up_by_athena
from remit.errors import RemitError

if TYPE_CHECKING:
    from conftest import Spoil
    from remit.deploy.session import Account

OUTPUT = "s3://results/"


def test_a_query_that_fails_is_told_with_its_reason(account: Account) -> None:
    with pytest.raises(RemitError, match="the query of Athena ended as FAILED"):
        summed_up_by_athena(account, "no_such_table", output=OUTPUT)


def test_a_query_that_aws_refuses_is_told(account: Account, spoil: Spoil) -> None:
    spoil.answer("athena.StartQueryExecution", 403, "AccessDeniedException")
    with pytest.raises(RemitError):
        summed_up_by_athena(account, "cloudtrail_logs", output=OUTPUT)
