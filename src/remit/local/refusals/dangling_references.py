"""A template cannot refer to what it does not have; the emulator takes the name itself for the value."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from remit.local.refusals.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CLOUDFORMATION: Final = "ministack.services.cloudformation"
_PSEUDO: Final = "AWS::"


def _unresolved(section: Any, known: frozenset[str]) -> list[str]:
    """The names in a section of a template that are no resource and no parameter, sorted."""
    engine: Any = importlib.import_module(f"{_CLOUDFORMATION}.engine")
    names = {name for name, _ in engine._intrinsic_references(section)}  # noqa: SLF001 - it finds what it will resolve
    return sorted(name for name in names if name not in known and not name.startswith(_PSEUDO))


def _dependencies(resources: Mapping[str, Any]) -> Iterator[str]:
    for resource in resources.values():
        depends_on = resource.get("DependsOn", ()) if isinstance(resource, dict) else ()
        yield from [depends_on] if isinstance(depends_on, str) else depends_on


def _check(template: Mapping[str, Any]) -> None:
    """ValueError, as the emulator raises for a template that it refuses."""
    resources = template.get("Resources") or {}
    known = frozenset({*resources, *(template.get("Parameters") or {})})
    missing = {*_unresolved(resources, known), *(name for name in _dependencies(resources) if name not in resources)}
    if missing:
        raise ValueError(_message(sorted(missing), "Resources"))
    of_outputs = _unresolved(template.get("Outputs") or {}, known)
    if of_outputs:
        raise ValueError(_message(of_outputs, "Outputs"))


def _message(names: list[str], block: str) -> str:
    return (
        f"Template format error: Unresolved resource dependencies [{', '.join(names)}] in the {block} block of the "
        "template"
    )


def _install() -> None:
    for name in ("handlers", "changesets"):
        module: Any = importlib.import_module(f"{_CLOUDFORMATION}.{name}")
        validate = module.validate_template_support

        def validated(template: Mapping[str, Any], *arguments: Any, validate: Any = validate, **options: Any) -> Any:
            result = validate(template, *arguments, **options)
            if not template.get("Transform"):  # a macro may add what is missing
                _check(template)
            return result

        module.validate_template_support = validated


REFUSAL: Final = Refusal(
    what="A template refers to a resource or parameter that it does not have.",
    source="ValidationError: `Template format error: Unresolved resource dependencies […] in the Resources block`, "
    "Troubleshooting CloudFormation",
    install=_install,
)
