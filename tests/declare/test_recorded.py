"""Options are checked against their annotations, in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime
from itertools import product
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

import pytest

from random_cases import cases_of
from remit import on
from remit.declare.recorded import Recorded
from remit.declare.recording import Recorder, recording
from remit.declare.resource_references import QueueRef
from remit.errors import Mistakes, Origin, RemitError, UnreadError
from remit.project.late_bound import aws
from remit.triggers.trigger import BaseTrigger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Make


@dataclass(frozen=True, slots=True)
class Ses(BaseTrigger):
    """A trigger without any check of its own."""

    name: str
    recipients: tuple[str, ...] = ()
    _: KW_ONLY
    queue: QueueRef | None = None
    size: int | None = None
    share: float = 1.0
    kind: Literal["plain", "mime"] = "plain"
    kinds: Literal["plain", "mime"] | Sequence[Literal["plain", "mime"]] = "plain"
    filter: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    since: datetime | None = None
    is_on: bool = True
    anything: Any = None


WRONG = {
    "recipients": ("a@b.c", "recipients must be a list of strings, got str 'a@b.c'", "write ['a@b.c']"),
    "queue": (3, "queue must be a name, an ARN or a resource, got int '3'", None),
    "name": (3, "name must be a string, got int '3'", None),
    "size": (True, "size must be a whole number, got bool 'True'", None),
    "share": ("half", "share must be a number, got str 'half'", None),
    "kind": ("mine", "kind cannot be 'mine'", "did you mean `mime`?"),
    "kinds": (["plain", "x"], "kinds[1] cannot be 'x'", "it can be plain or mime"),
    "filter": ([{}, 3], "filter[1] must be a dict, got int '3'", None),
    "since": ("2026", "since must be a datetime with a time zone, got str '2026'", None),
    "is_on": (1, "is_on must be True or False, got int '1'", None),
}


@pytest.mark.parametrize("option", WRONG)
def test_a_value_of_another_type_is_refused(option: str) -> None:
    value, message, hint = WRONG[option]
    with pytest.raises(RemitError) as caught:
        Ses(**{"name": "mail", option: value})
    assert (message, hint, ()) == (caught.value.message, caught.value.hint, caught.value.further)


def test_all_values_of_other_types_are_refused_together() -> None:
    with pytest.raises(RemitError) as caught:
        Ses(**{option: value for option, (value, _, _) in WRONG.items()})
    assert sorted(message for _, message, _ in WRONG.values()) == sorted(each.message for each in caught.value.all)


def test_values_of_the_annotated_types_are_taken() -> None:
    options: dict[str, Any] = {
        "name": aws.region,
        "recipients": ["a@b.c"],
        "queue": "orders",
        "size": 3,
        "share": 2,
        "kind": "mime",
        "kinds": ("plain", "mime"),
        "filter": {"a": ["b"]},
        "since": datetime(2026, 1, 31, tzinfo=UTC),
        "is_on": False,
        "anything": object(),
    }
    assert isinstance(Ses(**options), Recorded)


LACKING = tuple(product(on.__all__, ("", "5", "None", "b'x'", "bogus=1", "'x', 5", "['x']")))


@pytest.mark.parametrize(("name", "arguments"), cases_of(LACKING, 40))
def test_a_trigger_that_lacks_what_its_checks_read_is_told_as_a_mistake(make: Make, name: str, arguments: str) -> None:
    project = make(
        app=f"from remit import App, on\napp = App()\napp.function(on.{name}({arguments}), handler='app.f')\n"
    )
    with pytest.raises(RemitError):
        project.load()


def test_an_option_that_is_missing_is_told_once(make: Make) -> None:
    error = make(app="@app.function(on.schedule())\ndef hello(event, context): ...\n").error()
    assert ("`on.schedule` lacks `expression`", ()) == (error.message, error.further)


@dataclass(frozen=True, slots=True)
class Checked(BaseTrigger):
    """A trigger whose checks read its options."""

    name: str = "a"
    queue: Any = None

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield a check of each option."""
        yield self._check_name
        yield self._check_queue

    def _check_queue(self) -> None:
        self.queue.checked()

    def _check_name(self) -> None:
        elsewhere = Origin("other.py", 5) if self.name == "elsewhere" else None
        raise RemitError(f"{self.name} is wrong", origin=elsewhere)


def test_what_is_wrong_elsewhere_is_not_read_and_each_mistake_keeps_its_line_or_has_the_triggers() -> None:
    queue = SimpleNamespace(checked=lambda: None)
    made = []
    with recording(Recorder(Mistakes())):
        made = [Checked("a", queue).at(Origin("app.py", 3)), Checked("elsewhere", queue).at(Origin("app.py", 4))]
    for trigger, line in zip(made, (Origin("app.py", 3), Origin("other.py", 5)), strict=True):
        judged = trigger.judged()
        assert ([line], False) == ([mistake.origin for mistake in judged.errors], judged.is_unread)
        without_queue = trigger.judged({id(queue)})
        assert ([line], True) == ([mistake.origin for mistake in without_queue.errors], without_queue.is_unread)


@dataclass(frozen=True, slots=True)
class Unchecked(BaseTrigger):
    """A trigger none of whose checks reads its size."""

    size: int = 1
    queue: Any = None

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield two checks that fail."""
        yield self._refuse
        yield self._read
        yield self._refuse

    def _refuse(self) -> None:
        raise RemitError("refused")

    def _read(self) -> None:
        if self.queue is not None:
            raise UnreadError


def test_each_check_is_made_and_it_is_known_whether_all_options_were_read() -> None:
    with recording(Recorder(Mistakes())):
        made = [Unchecked(), Unchecked(size="2"), Unchecked(queue=1)]  # type: ignore[arg-type] # which is what is tested
    refused = ["refused", "refused"]
    assert [
        (refused, False),
        (["size must be a whole number, got str '2'", *refused], True),
        (refused, True),
    ] == [
        ([mistake.message for mistake in judged.errors], judged.is_unread)
        for judged in (trigger.judged() for trigger in made)
    ]


def test_what_is_made_after_the_code_has_ended_is_judged_at_once() -> None:
    record = Recorder(Mistakes())
    with recording(record):
        record.is_over = True
        with pytest.raises(RemitError, match="refused"):
            Unchecked()
    assert [] == record.made
