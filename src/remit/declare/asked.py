"""A grant as it was asked for (`s3.read("uploads")`): recorded while a project loads, and made when it is judged."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import GenericAlias
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias

from remit.declare.field_types import kinds_of, type_mistakes
from remit.declare.fitting import fitted
from remit.declare.recording import current, is_recording, judging_now
from remit.declare.unread import Unread, unknown
from remit.errors import Mistakes, Origin, RemitError, judging, writer

if TYPE_CHECKING:
    from remit.app import Grant

    Grants: TypeAlias = tuple[Grant, ...]

P = ParamSpec("P")


def verb(function: Callable[P, Grants]) -> Callable[P, Grants]:
    """A function that grants something: recorded while a project loads, and judged at once anywhere else."""
    module = sys.modules[function.__module__]

    def __getattr__(name: str) -> Any:  # noqa: N807 - of the module
        verbs = sorted(verb for verb, value in vars(module).items() if hasattr(value, "__wrapped__"))
        service = module.__name__.rpartition(".")[2]
        return unknown(f"there is no grant `{service}.{name}`", name, module, verbs)

    # Python asks a module for names that it lacks (PEP 562): the first verb of a file gives it that function.
    vars(module).setdefault("__getattr__", __getattr__)

    @functools.wraps(function)
    def asked(*arguments: P.args, **options: P.kwargs) -> Any:
        """Record the call, or, where nothing records, give its grants at once.

        Arguments that do not fit are mistakes of the record.
        """
        record = current() if is_recording() else None
        misfits: tuple[RemitError, ...] = ()
        try:
            bound = _parameters(function)[0].bind(*arguments, **options)
        except TypeError:
            if record is None:
                return function(*arguments, **options)  # whose own TypeError names it
            fit = fitted(function, arguments, options)
            misfits = fit.mistakes
            bound = _parameters(function)[0].bind(*fit.arguments, **fit.options)
        made = AskedGrant(function, bound.arguments, writer(), misfits)
        if record is None:
            return made.grants()
        record.made.append(made)
        return made

    return asked


@functools.cache
def _parameters(function: Callable[..., Grants]) -> tuple[inspect.Signature, Mapping[str, tuple[Any, ...]]]:
    """A verb's signature, and the kinds of values that each parameter takes by its annotation.

    Of `*keys`, a tuple of them.
    """
    signature = inspect.signature(function, eval_str=True)
    kinds: dict[str, tuple[Any, ...]] = {}
    for name, parameter in signature.parameters.items():
        annotation = parameter.annotation
        if parameter.kind is parameter.VAR_POSITIONAL:
            annotation = GenericAlias(tuple, (annotation, ...))
        kinds[name] = kinds_of(annotation)
    return signature, kinds


@dataclass(frozen=True, eq=False)
class AskedGrant(Sequence["Grant"]):
    """What a verb was asked for, unchecked, and where.

    It reads as the tuple of grants that the verb gives, which is empty where something is wrong.
    """

    function: Callable[..., Grants]
    arguments: Mapping[str, Any]
    """By the names of the verb's parameters."""
    written: Origin
    misfits: tuple[RemitError, ...] = ()
    """What is wrong with its arguments as such: options that it does not have, and those that are missing."""

    def judged(self, _wrong: Collection[int] = ()) -> Mistakes:
        """Return everything that is wrong with the arguments. What reads one of a wrong type says nothing."""
        return self._made[1]

    def grants(self) -> Grants:
        """A grant for each statement that the verb takes. RemitError: something is wrong with the arguments."""
        grants, mistakes = self._made
        mistakes.refuse()
        return grants

    @functools.cached_property
    def _made(self) -> tuple[Grants, Mistakes]:
        """The grants of the call, and everything that is wrong with its arguments."""
        grants: Grants = ()
        mistakes = Mistakes(list(self.misfits))
        signature, kinds = _parameters(self.function)
        readable = dict(self.arguments)
        with judging(self.written):
            for name, value in self.arguments.items():
                with mistakes.noted():
                    is_unread = type(value) is Unread
                    wrong_types = [] if is_unread else list(type_mistakes(f"{self}: {name}", value, kinds[name]))
                    if wrong_types:
                        is_open = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
                        readable[name] = (Unread(),) if is_open else Unread()
                        mistakes.errors += wrong_types
            bound = inspect.BoundArguments(signature, readable)
            with mistakes.noted():
                grants = self.function(*bound.args, **bound.kwargs)
        return grants, mistakes

    @property
    def _grants_of_verb(self) -> Grants:
        """The value that the project's own code reads of it."""
        with judging_now():
            return self._made[0]

    def __getitem__(self, index: Any) -> Any:
        return self._grants_of_verb[index]

    def __len__(self) -> int:
        return len(self._grants_of_verb)

    def __add__(self, others: object) -> Grants:
        return (*self, *others) if isinstance(others, tuple | AskedGrant) else NotImplemented

    def __radd__(self, others: object) -> Grants:
        return (*others, *self) if isinstance(others, tuple) else NotImplemented

    def __repr__(self) -> str:
        service = self.function.__module__.rpartition(".")[2]
        return self.function.__name__ if service == "typed" else f"{service}.{self.function.__name__}"
