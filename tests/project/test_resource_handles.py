"""The attributes of shared resources: those of the common types are written out, any other is what Fn::GetAtt gives."""

from __future__ import annotations

import inspect
import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_overloads

import pytest
from botocore import xform_name

from projects import at
from remit.catalogue.types import resource_type
from remit.errors import Span
from remit.project import resource_handles, shared
from remit.project.resource_handles import HANDLES, Attribute, NoAttribute

if TYPE_CHECKING:
    from conftest import Make

DATA = """
from remit import Shared, resource
class Data(Shared):
    queue = resource("AWS::SQS::Queue")
    topic = resource("AWS::SNS::Topic")
    table = resource("AWS::DynamoDB::Table", key_schema=[{"AttributeName": "id", "KeyType": "HASH"}],
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}], billing_mode="PAY_PER_REQUEST")
    cache = resource("AWS::ElastiCache::ServerlessCache", engine="redis", serverless_cache_name="x")
"""
APP = """
from shared.resources.data import Data
@app.function(environment={{"IT": {value}}})
def hello(event, context): ...
"""


@pytest.mark.parametrize("name", HANDLES)
def test_what_is_written_out_of_a_type_is_what_cloudformation_gives(name: str) -> None:
    kind = resource_type(name)
    assert kind is not None
    for handle in HANDLES[name].__mro__:
        sources = {attribute.source for attribute in vars(handle).values() if isinstance(attribute, Attribute)}
        assert set() == {source for source in sources if source != "Ref" and not kind.has_attribute(source)}


@pytest.mark.parametrize("type_name", HANDLES)
def test_a_slip_in_the_name_of_an_attribute_is_told_with_the_name(type_name: str) -> None:
    handle = HANDLES[type_name](type_name, {}, {}, Span("data.py", 1, 0, 1, 9), "It", "Data.it")
    kind = resource_type(type_name)
    assert kind is not None
    written = [name for name, value in inspect.getmembers_static(type(handle)) if isinstance(value, Attribute)]
    given = ["_".join(map(xform_name, re.findall(r"\w+", name))) for name in kind.attributes]
    for name in ("arn", "ref", *written, *given):
        with pytest.raises(NoAttribute) as caught:
            getattr(handle, name + name[-1] * 2)
        assert caught.value.hint == f"did you mean `{name}`?"


def test_type_checkers_are_told_the_same_handle_of_each_type() -> None:
    told: dict[str, object] = {}
    # What stands under the name in a protocol is not the function by which Python keeps the overloads.
    call: Any = SimpleNamespace(__module__=shared.__name__, __qualname__="ByType.__call__")
    *typed, _ = get_overloads(call)
    for overload in typed:
        type_name = overload.__annotations__["type"].removeprefix("handles.")
        handle_name, _, _ = overload.__annotations__["return"].removeprefix("handles.").partition("[")
        types = getattr(resource_handles, type_name)
        names = get_args(types.__bound__ if isinstance(types, TypeVar) else types)
        told |= dict.fromkeys(names, getattr(resource_handles, handle_name))
    assert HANDLES == told


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Data.queue.url", {"Ref": "DataQueue"}),
        ("Data.queue.name", {"Fn::GetAtt": ["DataQueue", "QueueName"]}),
        ("Data.topic.name", {"Fn::GetAtt": ["DataTopic", "TopicName"]}),
        ("Data.table.name", {"Ref": "DataTable"}),
        ("Data.cache.reader_endpoint_address", {"Fn::GetAtt": ["DataCache", "ReaderEndpoint.Address"]}),
    ],
)
def test_an_attribute_becomes_ref_or_getatt(make: Make, value: str, expected: object) -> None:
    project = make(app=APP.format(value=value), **{"shared/resources/data.py": DATA})
    function = project.resources("AWS::Lambda::Function")["HelloFunction"]
    assert expected == function["Environment"]["Variables"]["IT"]


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        ("Data.queue.urll", "`Data.queue` (AWS::SQS::Queue) has no `urll`", "did you mean `url`?"),
        (
            "Data.table.steam_arn",
            "`Data.table` (AWS::DynamoDB::Table) has no `steam_arn`",
            "did you mean `stream_arn`?",
        ),
        (
            "Data.topic.zzz",
            "`Data.topic` (AWS::SNS::Topic) has no `zzz`",
            "there are `.arn`, `.ref`, or `.attribute(…)`",
        ),
    ],
)
def test_a_name_that_does_not_exist_is_an_error_at_its_line(make: Make, value: str, message: str, hint: str) -> None:
    error = make(app=APP.format(value=value), **{"shared/resources/data.py": DATA}).error()
    assert (message, "app.py:11:34") == (error.message, at(error))
    assert str(error.hint).startswith(hint)


def test_hasattr_says_no_to_what_a_resource_does_not_have(make: Make) -> None:
    body = f"{DATA}\nassert [hasattr(Data.queue, name) for name in ('url', 'urll')] == [True, False]\n"
    make(**{"shared/resources/data.py": body}).load()
