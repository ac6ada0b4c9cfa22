"""Events of developing an app, for people and for programs: one value for each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from remit.errors import RemitError


@dataclass(frozen=True, slots=True)
class DevEvent:
    """One thing that happened. `kind` is its name for programs."""

    kind: ClassVar[str]

    def document(self) -> dict[str, Any]:
        """The event for programs: its `kind` as `event`, and each field by its name."""
        return {"event": self.kind, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Waiting(DevEvent):
    """Something that `remit dev` waits for, in a short sentence."""

    kind: ClassVar[str] = "waiting"
    text: str


@dataclass(frozen=True, slots=True)
class Deployed(DevEvent):
    """The stack is as the app declares it; `changed` tells whether it had to be changed."""

    kind: ClassVar[str] = "deployed"
    namespace: str
    changed: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Serving(DevEvent):
    """A URL, an API or a web app answers at this address, by the name of its output."""

    kind: ClassVar[str] = "serving"
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class FilesChanged(DevEvent):
    """Files were saved, by their paths from the project's folder."""

    kind: ClassVar[str] = "changed"
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodeServed(DevEvent):
    """The next invocation runs the code as it was saved; nothing had to be deployed."""

    kind: ClassVar[str] = "served"
    seconds: float


@dataclass(frozen=True, slots=True)
class Logged(DevEvent):
    """A line that a function logged."""

    kind: ClassVar[str] = "log"
    time: str
    function: str
    message: str


@dataclass(frozen=True, slots=True)
class CallDenied(DevEvent):
    """A call that the function's role does not allow: where it stands in the code, and the item that would allow it.

    `file` is empty and `line` 0 where the place is not known; `item` is empty where no grant would help, as `because`
    says.
    """

    kind: ClassVar[str] = "denied"
    function: str
    action: str
    resource: str
    file: str
    line: int
    item: str
    because: str


@dataclass(frozen=True, slots=True)
class CallUnknown(DevEvent):
    """A call of which nobody could tell whether AWS would allow it: let through, or refused (`--strict`)."""

    kind: ClassVar[str] = "unknown"
    function: str
    operation: str
    because: str
    refused: bool


@dataclass(frozen=True, slots=True)
class GrantWritten(DevEvent):
    """The item of a denied call was written into a file."""

    kind: ClassVar[str] = "written"
    file: str
    diff: str


@dataclass(frozen=True, slots=True)
class DebuggerWaits(DevEvent):
    """The next invocation of the function waits for a debugger (DAP) at this port of this machine."""

    kind: ClassVar[str] = "debugger"
    function: str
    port: int


@dataclass(frozen=True, slots=True)
class WentWrong(DevEvent):
    """A mistake in the project, or a refusal: what runs goes on as it was."""

    kind: ClassVar[str] = "error"
    message: str
    hint: str | None
    file: str | None
    line: int | None

    @classmethod
    def of(cls, error: RemitError) -> WentWrong:
        """The event of one error."""
        origin = error.origin
        file, line = (None, None) if origin is None else (origin.file, origin.line)
        return cls(error.message, error.hint, file, line)
