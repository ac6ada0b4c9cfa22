"""What of a deployer's need some policies lack: the same as was taken out, and enough once it is put back."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.deploy.aws_calls import CALLS
from remit.deployer.deployer_policy import bound, deployer
from remit.deployer.lacking_access import check_deployer
from remit.deployer.planned_stack import stack_of
from remit.iam.decide.evaluate import Layers, evaluate
from remit.iam.policy import Condition, Globs, Policy, allow

if TYPE_CHECKING:
    from remit.deployer.deployer_policy import Deployer
    from remit.iam.policy import Statement

ACCOUNT = "111122223333"
TEMPLATES = sorted((Path(__file__).parent / "templates").glob("*.json"))


@cache
def need(template: Path) -> Deployer:
    late = deployer(stack_of("shop-dev", [json.loads(template.read_text())]), CALLS)
    return bound(late, region="eu-central-1", account=ACCOUNT)


def rights(statement: Statement) -> set[tuple[str, str]]:
    assert statement.resources is not None
    return {(action, resource) for action in statement.actions.patterns for resource in statement.resources.patterns}


@settings(max_examples=cases(8, deep=80))
@given(template=st.sampled_from(TEMPLATES), data=st.data())
def test_what_is_taken_out_of_the_need_is_what_is_lacking_and_putting_it_back_is_enough(
    template: Path, data: st.DataObject
) -> None:
    whole = need(template)
    allowed = Counter(pair for grant in whole.grants for pair in rights(grant.statement))
    statements = []
    taken_out: set[tuple[str, str]] = set()
    for grant in whole.grants:
        statement = grant.statement
        # What stands in two statements, under several conditions, or behind a wildcard may be allowed by the others.
        own = sorted({action for action, _ in rights(statement) if "*" not in action})
        alone = [name for name in own if all(allowed[pair] == 1 for pair in rights(statement) if pair[0] == name)]
        gone = data.draw(st.sets(st.sampled_from(alone), max_size=2)) if alone else set()
        kept = tuple(name for name in statement.actions.patterns if name not in gone)
        taken_out |= {pair for pair in rights(statement) if pair[0] in gone}
        if kept:
            statements.append(replace(statement, actions=Globs(kept)))
    check = check_deployer(Layers((Policy(tuple(statements)),)), whole, ACCOUNT)
    lacking = {pair for item in check.lacking for pair in rights(item.grant.statement)}
    assert check.undecided == ()
    assert lacking <= taken_out
    assert {action for action, _ in lacking} == {action for action, _ in taken_out}
    smaller = Policy(tuple(statements))
    assert not any(evaluate(item.request, smaller).allowed for item in check.lacking)
    added = Policy((*statements, *(item.grant.statement for item in check.lacking)))
    assert check_deployer(Layers((added,)), whole, ACCOUNT).is_enough


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_the_need_itself_is_enough_and_nothing_at_all_lacks_all_of_it(template: Path) -> None:
    whole = need(template)
    assert check_deployer(Layers((whole.policy,)), whole, ACCOUNT).is_enough
    lacking = check_deployer(Layers(()), whole, ACCOUNT).lacking
    expected = {name for grant in whole.grants for name in grant.statement.actions.patterns}
    assert expected == {name for item in lacking for name in item.grant.statement.actions.patterns}


def test_a_condition_that_the_need_says_nothing_of_makes_it_undecided_and_never_lacking() -> None:
    here = Condition("StringEquals", "aws:RequestedRegion", ("eu-central-1",))
    check = check_deployer(Layers((Policy((allow("*", when=(here,)),)),)), need(TEMPLATES[0]), ACCOUNT)
    assert (check.lacking, check.is_enough) == ((), False)
    assert all(text.startswith("aws:RequestedRegion") for text in check.undecided)


def test_within_a_boundary_only_what_that_allows_is_there() -> None:
    whole = need(TEMPLATES[0])
    everything, only_s3 = Policy((allow("*"),)), Policy((allow("s3:*"),))
    lacking = check_deployer(Layers((everything,), boundary=(only_s3,)), whole, ACCOUNT).lacking
    services = {name.partition(":")[0] for grant in whole.grants for name in grant.statement.actions.patterns}
    missing = {name.partition(":")[0] for item in lacking for name in item.grant.statement.actions.patterns}
    assert missing == services - {"s3"}


def test_the_callers_own_account_is_put_where_a_policy_has_a_variable_for_it() -> None:
    late = deployer(stack_of("shop-dev", [json.loads(TEMPLATES[0].read_text())]), CALLS)
    of_any_account = Layers((bound(late).policy,))
    assert "${aws:PrincipalAccount}" in str(of_any_account)
    assert check_deployer(of_any_account, need(TEMPLATES[0]), ACCOUNT).is_enough
