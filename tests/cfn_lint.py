"""What cfn-lint says of templates, asked in this process: as a program it takes a second to begin, each time."""

from __future__ import annotations

import dataclasses
import json
import sys
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cfnlint.runner import Runner

BY_THE_DAY = ("E2531", "E2533", "W2531")
"""Findings that a runtime's support has ended: they come with a day, not with a change of remit."""
_fields = cache(dataclasses.fields)
_CHANGED = "configuration.json"
"""The one resource that a rule adds to."""


def findings(*templates: Path, regions: tuple[str, ...] = ()) -> list[str]:
    """Each finding of any severity, as cfn-lint prints it; none where all is fine in these regions."""
    options = ["--ignore-checks", *BY_THE_DAY, *(["--regions", *regions] if regions else [])]
    runner = _runner(*options, "--template", *map(str, templates))
    with _classes_made_once():
        return [str(match) for match in runner.run()]


def _runner(*options: str) -> Runner:
    """A runner with rules of its own. Their modules, and the megabytes that they read, are read once for all."""
    from cfnlint import helpers  # noqa: PLC0415 - half a second, for each process that collects tests
    from cfnlint.config import ConfigMixIn  # noqa: PLC0415 - as above
    from cfnlint.rules.jsonschema import CfnLintJsonSchema  # noqa: PLC0415 - as above
    from cfnlint.runner import Runner  # noqa: PLC0415 - as above

    read = helpers.load_resource

    def read_once(package: Any, filename: str = "us-east-1.json") -> Any:
        return read(package, filename) if filename == _CHANGED else _made_once(read, package, filename)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(helpers, "load_resource", read_once)
        patch.setattr(sys.modules[CfnLintJsonSchema.__module__], "load_resource", read_once)
        patch.setattr(helpers, "import_filename", partial(_made_once, helpers.import_filename))
        return Runner(ConfigMixIn(list(options)))


@contextmanager
def _classes_made_once() -> Iterator[None]:
    """In it, cfn-lint makes each class of validators once, in place of hundreds of times, and lists fields once."""
    from cfnlint.context import context  # noqa: PLC0415 - as above
    from cfnlint.jsonschema import validators  # noqa: PLC0415 - as above

    make, made = validators.create, {}

    def create(**of: Any) -> Any:
        filtered = repr(of["function_filter"])
        key = (tuple(of["validators"].items()), filtered, tuple(of["fn_resolvers"].items()))
        if key not in made:
            made[key] = make(**of)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(validators, "create", create)
        for module in (context, validators):
            patch.setattr(module, "fields", _fields)
        yield


@cache
def _made_once(make: Callable[..., Any], *of: Any) -> Any:
    return make(*of)


def read_rules(template: Path) -> None:
    """Read what rules need: processes that are forked after that have it."""
    template.write_text(json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}), "utf-8")
    findings(template)
