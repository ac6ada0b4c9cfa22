"""What changes only by references that stay what they are is no change, however long the chain."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from remit.deploy.plan import Detail, ResourceChange, StackPlan


@given(st.integers(1, 6), st.booleans())
def test_a_chain_of_references_changes_nothing_unless_its_head_is_replaced(length: int, is_replaced: bool) -> None:
    head = ResourceChange("Modify", "R0", "AWS::SQS::Queue", "True" if is_replaced else "False", ("Properties",))
    chain = [
        ResourceChange(
            "Modify",
            f"R{place}",
            "AWS::SQS::Queue",
            "Conditional",
            ("Properties",),
            (Detail("RedrivePolicy", f"R{place - 1}.Arn", "Conditionally"),),
        )
        for place in range(1, length + 1)
    ]
    plan = StackPlan("shop", "id", "set", "UPDATE", (head, *chain), {}, {})
    assert plan.real == ((head, *chain) if is_replaced else (head,))
