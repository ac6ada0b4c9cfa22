"""What each of botocore's sessions reads and works out anew is the same: here all sessions of a test run share it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore import endpoint_provider, hooks, useragent, utils
from botocore.client import ClientCreator
from botocore.errorfactory import ClientExceptionsFactory
from botocore.hooks import EventAliaser
from botocore.loaders import JSONFileLoader, Loader
from botocore.model import ServiceModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OF_MOST_TESTS = ("cloudformation", "dynamodb", "events", "iam", "lambda", "logs", "s3", "sns", "sqs", "sts")


def _made_once(make: Callable[..., Any]) -> Callable[..., Any]:
    """Make something for each service once."""
    made: dict[str, Any] = {}

    def of_service(maker: Any, service: Any, *further: Any) -> Any:
        name = getattr(service, "service_name", service)  # a name, or the model with that name
        if name not in made:
            made[name] = make(maker, service, *further)
        return made[name]

    return of_service


_load_file, _list_services = JSONFileLoader.load_file, Loader.list_available_services
_resolve_event_name = EventAliaser._alias_event_name
_services: dict[tuple[str, ...], list[str]] = {}
_event_names: dict[str, str] = {}
_accepts_kwargs = cache(hooks.accepts_kwargs)
_sanitize = cache(useragent.sanitize_user_agent_string_component)
_service_model = _made_once(ClientCreator._load_service_model)
_create_methods = _made_once(ClientCreator._create_methods)
_create_exceptions = _made_once(ClientExceptionsFactory._create_client_exceptions)


@cache
def _loaded(path: str) -> Any:
    return _load_file(JSONFileLoader(), path)


class _OwnFiles(JSONFileLoader):
    load_file = _load_file


def model_as_published(service: str) -> ServiceModel:
    """A service's model that no client has changed: one of S3 takes the bucket out of the paths of its model."""
    return ServiceModel(Loader(file_loader=_OwnFiles()).load_service_model(service, "service-2"), service)


def _available(loader: Loader, type_name: str) -> list[str]:
    question = (type_name, *loader.search_paths)
    if question not in _services:
        _services[question] = _list_services(loader, type_name)
    return _services[question]


def _event_name_of(events: EventAliaser, name: str) -> str:
    if name not in _event_names:
        _event_names[name] = _resolve_event_name(events, name)
    return _event_names[name]


_read_rules = endpoint_provider.RuleSet
_rules: dict[int, tuple[Any, Any]] = {}


def _rules_of(**ruleset: Any) -> Any:
    """The rules for a service's endpoints, by the document of them: `_loaded` keeps it, and so its identity."""
    document = ruleset["rules"]
    if id(document) not in _rules:
        _rules[id(document)] = document, _read_rules(**ruleset)
    return _rules[id(document)][1]


def _copy_of_handlers(handlers: Any) -> Any:
    copied = type(handlers)()
    copied._root = _copy_of_node(handlers._root)
    return copied


def _copy_of_node(node: dict[str, Any]) -> dict[str, Any]:
    """A node of the tree of handlers, as botocore copies it for each client, in a third of the time."""
    children, values = node["children"], node["values"]
    return {
        "chunk": node["chunk"],
        "children": {name: _copy_of_node(child) for name, child in children.items()} if children else {},
        "values": values and type(values)(*map(list, values)),
    }


_parse_time = utils._parse_timestamp_with_tzinfo
_parse_text_as_time = lru_cache(_parse_time)


def _time_of(value: Any, tzinfo: Any) -> Any:
    return (_parse_text_as_time if isinstance(value, str) else _parse_time)(value, tzinfo)


@contextmanager
def read_once() -> Iterator[None]:
    """While this is open, each session gets what the first one found.

    That is models (files of megabytes) and what is made of them: operations, methods of clients, exceptions, rules for
    endpoints. Also names of services, names of events without aliases, clean parts of user agents, times of texts, and
    whether a handler takes any keyword.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: _loaded(path))
        patch.setattr(Loader, "list_available_services", _available)
        patch.setattr(EventAliaser, "_alias_event_name", _event_name_of)
        patch.setattr(hooks, "accepts_kwargs", _accepts_kwargs)
        patch.setattr(hooks._PrefixTrie, "__copy__", _copy_of_handlers)
        patch.setattr(endpoint_provider, "RuleSet", _rules_of)
        patch.setattr(ClientCreator, "_load_service_model", _service_model)
        patch.setattr(ClientCreator, "_create_methods", lambda *of: dict(_create_methods(*of)))
        patch.setattr(ClientExceptionsFactory, "_create_client_exceptions", _create_exceptions)
        patch.setattr(useragent, "sanitize_user_agent_string_component", _sanitize)
        patch.setattr(utils, "_parse_timestamp_with_tzinfo", _time_of)
        yield


def read_most() -> None:
    """Read what most tests need: processes that are forked after that have it."""
    with read_once():
        keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
        session = boto3.Session(region_name="eu-central-1", **keys)
        for service in _OF_MOST_TESTS:
            session.client(service).close()
