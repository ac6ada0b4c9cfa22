"""What each of botocore's sessions reads and works out anew is the same: here all sessions of a test run share it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from botocore import hooks, useragent
from botocore.client import ClientCreator
from botocore.errorfactory import ClientExceptionsFactory
from botocore.hooks import EventAliaser
from botocore.loaders import JSONFileLoader, Loader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def read_once() -> Iterator[None]:
    """While this is open, each session gets what the first one found.

    That is models (files of megabytes) and what is made of them: operations, methods of clients, exceptions. Also names
    of services, names of events without aliases, clean parts of user agents, and whether a handler takes any keyword.
    """
    load_file, list_services = JSONFileLoader.load_file, Loader.list_available_services
    resolve_event_name = EventAliaser._alias_event_name
    services: dict[tuple[str, ...], list[str]] = {}
    event_names: dict[str, str] = {}
    made: dict[tuple[Any, str], Any] = {}

    @cache
    def loaded(path: str) -> Any:
        return load_file(JSONFileLoader(), path)

    def available(loader: Loader, type_name: str) -> list[str]:
        question = (type_name, *loader.search_paths)
        if question not in services:
            services[question] = list_services(loader, type_name)
        return services[question]

    def made_once(make: Callable[..., Any]) -> Callable[..., Any]:
        def of_service(maker: Any, service: Any, *further: Any) -> Any:
            question = make, getattr(service, "service_name", service)  # of a name, or of the model with that name
            if question not in made:
                made[question] = make(maker, service, *further)
            return made[question]

        return of_service

    def event_name_of(events: EventAliaser, name: str) -> str:
        if name not in event_names:
            event_names[name] = resolve_event_name(events, name)
        return event_names[name]

    create_methods = made_once(ClientCreator._create_methods)
    create_exceptions = made_once(ClientExceptionsFactory._create_client_exceptions)
    sanitize = cache(useragent.sanitize_user_agent_string_component)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: loaded(path))
        patch.setattr(Loader, "list_available_services", available)
        patch.setattr(EventAliaser, "_alias_event_name", event_name_of)
        patch.setattr(hooks, "accepts_kwargs", cache(hooks.accepts_kwargs))
        patch.setattr(ClientCreator, "_load_service_model", made_once(ClientCreator._load_service_model))
        patch.setattr(ClientCreator, "_create_methods", lambda *of: dict(create_methods(*of)))
        patch.setattr(ClientExceptionsFactory, "_create_client_exceptions", create_exceptions)
        patch.setattr(useragent, "sanitize_user_agent_string_component", sanitize)
        yield
