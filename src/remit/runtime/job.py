"""`Job`: a function that is also sent to a queue, whose worker runs it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


RETRIES = 4
"""How often a job that failed runs again, where neither it nor its queue says otherwise."""

LONGEST_WAIT = 31_536_000
"""Seconds that a job can wait: a year."""


class Job:
    """A function that can run later: `job.perform_later(…)` sends it to its queue; calling it runs it now."""

    def __init__(
        self,
        function: Callable[..., Any],
        queue: str = "default",
        *,
        timeout: float | None = None,
        retries: int | None = None,
        once: bool = False,
    ) -> None:
        self.function = function
        self.queue = queue
        self.timeout = timeout
        self.retries = retries
        self.once = once
        self.__name__ = getattr(function, "__name__", "job")
        self.__qualname__ = getattr(function, "__qualname__", self.__name__)
        self.__module__ = str(getattr(function, "__module__", ""))
        self.__doc__ = getattr(function, "__doc__", None)
        self.__wrapped__ = function

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self.function(*arguments, **options)

    @property
    def path(self) -> str:
        """Its module and qualified name, by which messages name it: `app:send_mail`."""
        return f"{self.__module__}:{self.__qualname__}"

    def perform_now(self, *arguments: Any, **options: Any) -> Any:
        """Run the job here and now, and give what it returns."""
        return self.function(*arguments, **options)

    def perform_later(self, *arguments: Any, **options: Any) -> str:
        """Send the job to its queue; give the message's id.

        Arguments are what JSON holds, dates, Decimal, UUID and tuples (else TypeError). On a FIFO queue `group=` names
        the jobs that run one after the other; the job's own name where it is left out.
        """
        self._check(arguments, options)
        return sender(self, arguments, options, 0)

    def perform_in(self, seconds: float, /, *arguments: Any, **options: Any) -> str:
        """Send the job so that it runs after some seconds: up to 900, or up to a year with `config.job.scheduler`.

        It never runs earlier: part of a second counts as one. ValueError: a time that is over or that is more than a
        year away, or one to come for a job of a FIFO queue.
        """
        if seconds < 0:
            raise ValueError(f"{self.__name__}: {seconds} s from now is in the past")
        if not seconds <= LONGEST_WAIT:  # nor is it when it is no number
            raise ValueError(f"{self.__name__}: {seconds} s from now is not within a year")
        if seconds and self.queue.endswith(".fifo"):
            raise ValueError(f"{self.__name__} cannot wait: a FIFO queue delays no single message")
        self._check(arguments, options)
        return sender(self, arguments, options, seconds)

    def _check(self, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """TypeError, where the job is sent, for arguments that its function does not take.

        On a FIFO queue `group` is of the sending, and no argument.
        """
        without_group = {name: value for name, value in options.items() if name != "group"}
        is_fifo = self.queue.endswith(".fifo")
        problem = call_problem(self.function, arguments, without_group if is_fifo else options)
        if problem is None:
            return
        if "group" in options and not is_fifo and call_problem(self.function, arguments, without_group) is None:
            problem = f"group= goes with a FIFO queue, and `{self.queue}` is none"
        raise TypeError(f"{self.__name__}: {problem}")


def call_problem(function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> str | None:
    """Why a function does not take a call, in Python's words; None: it does, or nobody knows what it takes."""
    import inspect

    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*arguments, **options)
    except TypeError as error:
        return str(error)
    return None


def _send(job: Job, arguments: tuple[Any, ...], options: dict[str, Any], seconds: float) -> str:
    """Send a job to its queue."""
    from . import job_queue

    return job_queue.send(job.path, job.queue, arguments, options, seconds)


sender: Callable[[Job, tuple[Any, ...], dict[str, Any], float], str] = _send
"""What sends jobs; `remit.testing` puts another one here."""
