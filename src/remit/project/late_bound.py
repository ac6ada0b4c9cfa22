"""Values that only the deploy knows: `aws.region`, `Data.queue.arn`. They make text, and fail where they are read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from remit.did_you_mean import did_you_mean
from remit.errors import Origin, RemitError, is_own_code, writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.app import StoredValue


class LateBound(str):
    """A value that is known at the deploy only, as text in the spelling of `iam.tokens`: `${AWS::Region}`.

    f-strings, `+`, `%`, `.format()`, `str()` and `join` make plain text of it. Whatever has to know the value (`==`,
    `in`, `if`, a key of a dict, an index, a method of str) is a RemitError at the user's line. Type checkers see a
    string, which it is where functions run. Text that was made of it is plain: comparing that is not noticed. A search
    for it in a string asks that string alone, so the source is read for it (`late_reads`).
    """

    __slots__ = ("written",)
    written: str
    """How the user's code spells the value: `aws.region`."""

    def __new__(cls, text: str, written: str) -> Self:
        """Return the value of a text, as the user's code spells it."""
        value = super().__new__(cls, text)
        value.written = written
        return value

    def __repr__(self) -> str:
        return f"<{self.written}>"  # a placeholder, so that it is noticed in a resource: f"{aws.region!r}"

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # what copy and pickle call __new__ with
        return str(self), self.written

    def __format__(self, spec: str) -> str:
        if spec:
            _refuse(self, f"cannot be padded or cut by the format {spec!r}", f"write `{{{self.written}}}`")
        return str(self)


_BY_STAGE: Final = "decide by `project.stage`, which is known now, or in a stage's file, such as config/deploy/prod.py"
_WHOLE: Final = "put it into text as a whole, by an f-string; where the function runs, its value is known"

_REFUSED: Final = {
    "cannot be compared": (_BY_STAGE, ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")),
    "is neither true nor false": (f"it is never empty; {_BY_STAGE}", ("__bool__",)),
    "cannot be searched": (_BY_STAGE, ("__contains__",)),
    "cannot be a key of a dict or a member of a set": (_BY_STAGE, ("__hash__",)),
    "has no length yet": (_WHOLE, ("__len__",)),
    "cannot be taken apart": (_WHOLE, ("__getitem__", "__iter__")),
    "is not a number yet": (_WHOLE, ("__int__", "__float__", "__index__")),
}
"""What cannot be done, what to do instead, and the methods by which Python does it."""
_TEXT_MAKING: Final = frozenset({"join"})


def _refuse(value: LateBound, problem: str, hint: str) -> NoReturn:
    """Raise RemitError (2) at the user's line: there the value would have to be known."""
    raise RemitError(f"`{value.written}` {problem}: only the deploy knows its value", hint=hint, origin=_users_line())


def _users_line() -> Origin | None:
    """The user's line that is executed; None where remit itself asks, which knows better what line is meant."""
    frame = sys._getframe(1)  # noqa: SLF001 - the only way to know who asks
    while frame.f_code.co_filename == __file__ and frame.f_back is not None:
        frame = frame.f_back
    return None if is_own_code(frame) else writer()


def _failing_method(problem: str, hint: str) -> Callable[..., NoReturn]:
    """A method of LateBound that refuses whatever it is called with."""

    def method(self: LateBound, *_arguments: object, **_options: object) -> NoReturn:
        _refuse(self, problem, hint)

    return method


# LateBound gets the methods that fail behind the type checkers' back, to which it is a string like any other.
for _problem, (_hint, _names) in _REFUSED.items():
    for _name in _names:
        setattr(LateBound, _name, _failing_method(_problem, _hint))
for _name in dir(str):
    if not _name.startswith("_") and _name not in _TEXT_MAKING:
        setattr(LateBound, _name, _failing_method(f"has no `{_name}` yet", _WHOLE))


class StoredText(str):
    """The name of a secret or parameter, as an environment holds it, with what reading its value takes."""

    __slots__ = ("stored",)
    stored: StoredValue


class LateBoundParameter(LateBound):
    """A late-bound text that may be a list, as a StringList of Parameter Store is: `split(",")` gives the list."""

    __slots__ = ()

    def split(self, separator: str | None = None, _most: object = None) -> Any:
        """Its items, where a template takes a list.

        RemitError (2): no separator is given, since spaces do not part it.
        """
        if separator is None:
            _refuse(self, "cannot be split at spaces", f'write `{self.written}.split(",")`')
        name = str(self).removeprefix("${").removesuffix("}")
        return {"Fn::Split": [separator, {"Ref": name}]}


class NoText:
    """Base of what holds texts and is none itself: in an f-string, `+`, `%` or `str()` it is a RemitError."""

    __slots__ = ()

    def _as_text(self) -> tuple[str, str]:
        """How the user's code spells it, and what to write in its place."""
        raise NotImplementedError

    def __str__(self) -> NoReturn:  # noqa: PLE0307 - it never returns
        self._refuse_text()

    def __format__(self, _spec: str) -> NoReturn:
        self._refuse_text()

    def _refuse_text(self, *_other: Any) -> NoReturn:
        """Raise RemitError (2) at the user's line, which joins it with text."""
        name, hint = self._as_text()
        raise RemitError(f"`{name}` itself is not text", hint=hint, origin=_users_line())

    if not TYPE_CHECKING:
        __add__ = __radd__ = __mod__ = __rmod__ = _refuse_text


class Aws(NoText):
    """The region, account, partition and URL suffix of the deploy; a template with them serves everywhere."""

    __slots__ = ()

    region: Final = LateBound("${AWS::Region}", "aws.region")
    account: Final = LateBound("${AWS::AccountId}", "aws.account")
    partition: Final = LateBound("${AWS::Partition}", "aws.partition")
    url_suffix: Final = LateBound("${AWS::URLSuffix}", "aws.url_suffix")

    def _as_text(self) -> tuple[str, str]:
        return "aws", f"there are {_KNOWN}"

    def __getattr__(self, name: str) -> NoReturn:
        """Refuse a name that `aws` does not have.

        RemitError (2), at the line that asks; for Python's own names, AttributeError.
        """
        if name.startswith("__"):
            raise AttributeError(name)
        hint = did_you_mean(name, _ATTRIBUTES) or f"there are {_KNOWN}"
        raise RemitError(f"there is no `aws.{name}`", hint=hint, origin=_users_line())


_ATTRIBUTES: Final = ("region", "account", "partition", "url_suffix")
_KNOWN: Final = ", ".join(f"`aws.{name}`" for name in _ATTRIBUTES)

aws: Final = Aws()
