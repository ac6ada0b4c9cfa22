"""While a project loads, AWS's SDK is imported when the project first uses it, and not by `import boto3` itself.

Handlers use it, and no handler runs here: of `remit build` or `remit lint` on a small app, importing boto3 would take
the larger half. A stand-in takes the module's name; whoever asks it for anything, be it a submodule, gets the real
module, which is imported then in the ordinary way, so that threads, errors and monkeypatching are Python's own affair.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

SDK: Final = frozenset({"boto3"})
"""Nothing but what is known to do nothing on import that an app could see: other modules register, patch, or fail."""
_OWN: Final = frozenset({"__cached__", "__class__", "__file__", "__loader__", "__name__", "__package__", "__spec__"})
"""What Python's import statement itself asks of a module that is there."""


class _StandIn(ModuleType):
    """Has the name of a module that is not imported yet, and hands on whatever it is asked to the real one."""

    def __getattribute__(self, name: str) -> Any:
        return super().__getattribute__(name) if name in _OWN else getattr(_real(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            super().__setattr__(name, value)
        else:
            setattr(_real(self), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_real(self), name)


def _real(stand_in: ModuleType) -> ModuleType:
    """The module that a stand-in stands for, imported now if nobody has done it."""
    name = stand_in.__name__
    if sys.modules.get(name) is stand_in:
        del sys.modules[name]
    return importlib.import_module(name)


@dataclass(eq=False)
class _Finder:
    """Finds each module of the SDK once, and has a stand-in made of it; the second time others find it."""

    stand_ins: dict[str, ModuleType] = field(default_factory=dict)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The specification of a stand-in for a module of the SDK, the first time it is imported.

        Of one that the real SDK has imported meanwhile, a specification that hands it out. None: others find it.
        """
        imported = sys.modules.get(name)
        if imported is not None and target is None and name.partition(".")[0] in self.stand_ins:
            return ModuleSpec(name, _Imported(imported))  # type: ignore[arg-type] # the import system asks for its methods alone
        if name not in SDK or name in self.stand_ins:
            return None
        for finder in sys.meta_path:
            real_spec = None if finder is self else finder.find_spec(name, path, target)
            if real_spec is not None:
                spec = ModuleSpec(name, self, origin=real_spec.origin)  # type: ignore[arg-type] # as above
                spec.has_location = True
                spec.submodule_search_locations = real_spec.submodule_search_locations
                return spec
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty module."""
        module = ModuleType(spec.name)
        self.stand_ins[spec.name] = module
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Make a stand-in of the module, now that the import statement has filled in what it knows."""
        module.__class__ = _StandIn


class _Imported:
    """Hands out a module that is there already: `import boto3.session` had the real boto3 imported, and that did it."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:  # noqa: ARG002 - as Python calls it
        """The module itself."""
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its own specification back."""
        module.__spec__ = self.spec


@contextlib.contextmanager
def deferred_sdk() -> Iterator[None]:
    """Defer imports of the SDK inside of the `with` block; what nobody has used by the end was never imported."""
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name, stand_in in finder.stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]
