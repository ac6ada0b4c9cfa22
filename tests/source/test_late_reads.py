"""Python that looks for a value in a text which only the deploy knows is told at its line."""

from __future__ import annotations

import pytest

from remit.errors import RemitError
from remit.source.late_reads import check_late_reads

AWS = "from remit import aws as here\n"
DATA = "from shared.resources.data import Data\n"


@pytest.mark.parametrize(
    ("line", "operand"),
    [
        (AWS + "x = here.region in 'us-east-1'", "here.region"),
        (AWS + "x = here.region not in TEXT", "here.region"),
        (AWS + "if 'a' + 'b' and here.account in TEXT: pass", "here.account"),
        (AWS + "x = TEXT.startswith(here.region)", "here.region"),
        (AWS + "x = TEXT.count('a', here.partition)", "here.partition"),
        (DATA + "x = Data.orders.arn in TEXT", "Data.orders.arn"),
        (DATA + "x = Data.orders.attribute('StreamArn') in TEXT", "Data.orders.attribute('StreamArn')"),
        ("import remit, shared.resources as data\nx = data.Data.orders.name in TEXT", "data.Data.orders.name"),
        (DATA + "@d(Data.orders.arn in TEXT)\ndef f(): pass", "Data.orders.arn"),
    ],
)
def test_a_late_bound_value_that_is_looked_for_is_told(line: str, operand: str) -> None:
    with pytest.raises(RemitError) as told:
        check_late_reads(line.encode(), "app.py", functions=False)
    assert told.value.message == f"`{operand}` cannot be looked for in a text: only the deploy knows its value"
    assert told.value.origin is not None
    place = line.splitlines()[told.value.origin.line - 1][told.value.origin.column - 1 :]
    assert place.startswith(operand)


@pytest.mark.parametrize(
    "line",
    [
        AWS + "x = 'eu' in here.region",
        AWS + "x = here.region == 'eu-west-1'",
        AWS + "x = aws.region in TEXT",
        AWS + "x = here.other in TEXT",
        AWS + "x = TEXT.replace(here.region, '')",
        AWS + "x = startswith(here.region)",
        AWS + "x = f(here.region).arn in TEXT",
        "from other import aws\nx = aws.region in TEXT",
        DATA + "x = Data.orders in TEXT",
        DATA + "x = (1 < 2) in TEXT",
        DATA + "x = (",
    ],
)
def test_what_is_not_looked_for_and_what_the_file_has_not_of_remit_is_fine(line: str) -> None:
    check_late_reads(line.encode(), "app.py", functions=True)


def test_bodies_of_functions_count_where_they_run_while_the_project_loads() -> None:
    source = (AWS + "def f():\n    return here.region in TEXT\n").encode()
    check_late_reads(source, "app.py", functions=False)
    with pytest.raises(RemitError, match=r"here\.region"):
        check_late_reads(source, "app.py", functions=True)
