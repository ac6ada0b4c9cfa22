"""Of a log group, each filter that a person made or turned elsewhere is told; only one of theirs is taken away."""

from __future__ import annotations

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.app import Resource
from remit.deploy.live_resources.reading import ROWS
from remit.deploy.live_resources.resource_row import LiveResource, LiveStack, Subject
from remit.deploy.live_resources.senders import _filters

GROUP: Final = "/aws/lambda/orders-dev-report"
FILTERS: Final = st.dictionaries(
    st.sampled_from(("alarms", "search")),
    st.sampled_from(("arn:aws:lambda:eu-west-1:1:function:a", "arn:aws:lambda:eu-west-1:2:function:a")),
)


@settings(max_examples=cases(15, deep=300))
@given(FILTERS, FILTERS, FILTERS)
def test_a_filter_is_told_unless_the_template_leads_it_there(
    declared: dict[str, str], of_another_group: dict[str, str], held: dict[str, str]
) -> None:
    resources, physical = [], {}
    for group, filters in ((GROUP, declared), ("/another", of_another_group)):
        for name, target in filters.items():
            logical_id = f"{name}{len(resources)}"
            properties = {"LogGroupName": group, "DestinationArn": target, "FilterPattern": ""}
            resources.append(Resource(logical_id, "AWS::Logs::SubscriptionFilter", properties))
            physical[logical_id] = f"{group}|{name}"
    stack = LiveStack("111122223333", {}, physical, tuple(resources), {}, is_local=False)
    log_group = LiveResource(ROWS["AWS::Logs::LogGroup"], "Logs", Subject(GROUP, "arn", (GROUP,)), {}, {}, stack)
    answer = [{"filterName": name, "destinationArn": target} for name, target in held.items()]
    found = list(_filters(log_group, {"subscriptionFilters": answer}))
    foreign = {name: target for name, target in held.items() if declared.get(name) != target}
    assert list(foreign.values()) == [drift.what.rpartition(" to ")[2] for drift in found]
    for name, drift in zip(foreign, found, strict=True):
        removed = [dict(repair.parameters)["filterName"] for repair in drift.repairs]
        assert removed == ([] if name in declared else [name])
