"""botocore's models, files of megabytes: they are read once for all sessions of a test run, not once for each."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import JSONFileLoader, Loader

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def read_once() -> Iterator[None]:
    """While this is open, each session gets the models and the names of services that the first one found."""
    load_file, list_services = JSONFileLoader.load_file, Loader.list_available_services
    services: dict[tuple[str, ...], list[str]] = {}

    @cache
    def loaded(path: str) -> Any:
        return load_file(JSONFileLoader(), path)

    def available(loader: Loader, type_name: str) -> list[str]:
        question = (type_name, *loader.search_paths)
        if question not in services:
            services[question] = list_services(loader, type_name)
        return services[question]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: loaded(path))
        patch.setattr(Loader, "list_available_services", available)
        yield
