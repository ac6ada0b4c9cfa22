"""`DeclaredJob`: a `Job` as type checkers see it, which is sent with what its function takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # nothing of it is there when a project is loaded
    from typing import Any, Generic, ParamSpec, TypeVar, overload

    from remit.runtime.job import Job

    P = ParamSpec("P")
    R_co = TypeVar("R_co", covariant=True)

    class DeclaredJob(Job, Generic[P, R_co]):
        """What `@app.job` makes of a function; where functions run, it is a `Job`."""

        def __call__(self, *arguments: P.args, **options: P.kwargs) -> R_co:
            """Run the job here and now."""

        def perform_now(self, *arguments: P.args, **options: P.kwargs) -> R_co:
            """Run the job here and now."""

        @overload
        def perform_later(self, *arguments: P.args, **options: P.kwargs) -> str: ...
        @overload
        def perform_later(self, *arguments: Any, group: str, **options: Any) -> str: ...
        def perform_later(self, *arguments: Any, **options: Any) -> str:
            """Send the job to its queue, in a group if that is a FIFO queue."""

        def perform_in(self, seconds: float, /, *arguments: P.args, **options: P.kwargs) -> str:
            """Send the job so that it runs after some seconds."""
