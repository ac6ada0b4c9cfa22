"""Verbs of grants record what they are asked for while a project loads, and are judged afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from projects import at
from remit import grants
from remit.declare.asked import AskedGrant, verb
from remit.declare.recording import Recorder, judging_now, recording
from remit.errors import Mistakes, RemitError
from remit.grants import s3, sqs, typed

if TYPE_CHECKING:
    from conftest import Make

FUNCTION = "\ndef hello(event, context): ...\n"


@verb
def stamp(letter: str, *, times: int = 1, kinds: tuple[str, ...] = ()) -> typed.Grants:
    """Grant something, without any check of its own."""
    return typed.grant(("post:Stamp",) * times, (letter,), "".join(kinds))


def test_a_key_of_a_wrong_type_hides_nothing_that_is_wrong_with_the_bucket() -> None:
    with pytest.raises(RemitError) as caught:
        s3.read("No Bucket", 5)  # type: ignore[arg-type] # which is what is tested
    assert ["s3.read: keys[0] must be a string, got int '5'", "s3.read: nothing can be named 'No Bucket'"] == [
        mistake.message for mistake in caught.value.all
    ]
    keys: Any = (5, "a", 6)
    with pytest.raises(RemitError) as caught:
        s3.read("bucket", *keys)
    assert ["s3.read: keys[0] must be a string, got int '5'", "s3.read: keys[2] must be a string, got int '6'"] == [
        mistake.message for mistake in caught.value.all
    ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"letter": 3}, "test_asked.stamp: letter must be a string, got int '3'"),
        ({"letter": "a", "times": "2"}, "test_asked.stamp: times must be a whole number, got str '2'"),
        ({"letter": "a", "kinds": "b"}, "test_asked.stamp: kinds must be a list of strings, got str 'b'"),
    ],
)
def test_a_verb_without_checks_refuses_what_its_annotations_do_not_name(wrong: dict[str, str], message: str) -> None:
    with pytest.raises(RemitError) as caught:
        stamp(**wrong)  # type: ignore[arg-type] # which is what is tested
    assert (message, __file__) == (caught.value.message, caught.value.origin and caught.value.origin.file)


def test_all_arguments_of_a_wrong_type_are_told_at_once() -> None:
    with pytest.raises(RemitError) as caught:
        stamp(3, times="2")  # type: ignore[arg-type] # as above
    assert 2 == len(caught.value.all)
    with pytest.raises(RemitError) as caught:
        stamp(("a",), kinds="b")  # type: ignore[arg-type] # as above
    assert 2 == len(caught.value.all)


def test_outside_of_a_load_a_verb_gives_a_tuple_of_grants_and_raises_at_once() -> None:
    assert isinstance(s3.read("shop"), tuple)
    ended = Recorder(Mistakes(), is_over=True)
    with recording(ended):
        assert isinstance(s3.read("shop"), tuple)
    assert [] == ended.made
    with pytest.raises(RemitError):
        s3.read("Shop")
    with pytest.raises(TypeError, match=r"read\(\) got an unexpected keyword argument 'kye'"):
        s3.read("shop", kye=1)  # type: ignore[call-arg] # as above


def test_a_wrong_grant_hides_nothing_of_its_file(make: Make) -> None:
    """The name that it is assigned to is there, and so is what uses that."""
    app = (
        "READ = s3.read('Shop')\nSEND = queue.send(3)\n"
        f"@app.function(policy=[READ, SEND, 's3:GetObjct'], timeout=0){FUNCTION}"
    )
    errors = make(app=app).error().all
    assert ["app.py:9:8", "app.py:10:8", "app.py:11:35", "app.py:11:59"] == [at(error) for error in errors]


def test_a_wrong_grant_that_nobody_takes_is_still_a_mistake(make: Make) -> None:
    error = make(app=f"s3.read(3)\n@app.function{FUNCTION}").error()
    assert ("app.py:9:1", ()) == (at(error), error.further)


HELPER = """
import functools
from remit import grants

def loud(function):
    @functools.wraps(function)
    def called(*arguments):
        return function(*arguments)
    return called

@loud
def read(bucket):
    return grants.s3.read(bucket)
"""


def test_the_place_of_a_grant_is_the_users_line_that_calls_the_verb(make: Make) -> None:
    app = f"from helper_ import read\n@app.function(policy=[read('shop'), read('Shop')]){FUNCTION}"
    project = make(app=app, **{"helper_.py": HELPER})
    assert "helper_.py:13:12" == at(project.error())
    right = make(app=app.replace("Shop", "shop"), **{"helper_.py": HELPER})
    assert ["helper_.py:13:12"] * 2 == [f"{grant.origin}" for grant in right.function().policy]


@pytest.mark.parametrize(
    "policy",
    [
        "[*s3.read('a', key='alias/k'), 'logs']",
        "s3.read('a', key='alias/k') + queue.consume('b')",
        "(s3.list('b'),) + s3.read('a', key='alias/k')",
        "[grant for grant in s3.read('a', key='alias/k') if grant.because] + ['logs']",
        "[s3.read('a', key='alias/k')[0], *s3.read('a', key='alias/k')[1:], 'logs']",
    ],
)
def test_what_a_verb_gives_reads_as_a_tuple_of_grants(make: Make, policy: str) -> None:
    assert 3 == len(make(app=f"@app.function(policy={policy}){FUNCTION}").function().policy)


def test_what_is_read_of_a_wrong_grant_is_nothing_and_the_mistake_is_told_once(make: Make) -> None:
    error = make(app=f"READ = [*s3.read(3), *s3.read('b')]\n@app.function(policy=READ){FUNCTION}").error()
    assert ("app.py:9:10", ()) == (at(error), error.further)


@pytest.mark.parametrize(
    "config",
    [
        "config.lambda_.iam.policy = grants.s3.read('Shop')",
        "config.lambda_.iam.policy += [grants.s3.read('Shop')]",
        "config.lambda_.iam.policy = grants.s3.read('Shop') + config.lambda_.iam.policy",
        "config.lambda_.iam.default_policy = ['logs', grants.s3.read('Shop')]",
    ],
)
def test_the_configuration_takes_what_a_verb_was_asked_for(make: Make, config: str) -> None:
    head = "from remit import config, grants\n"
    wrong = make(app=f"@app.function{FUNCTION}", config=f"{head}{config}").error()
    assert ("s3.read: nothing can be named 'Shop'", "config/deploy.py", ()) == (
        wrong.message,
        at(wrong).partition(":")[0],
        wrong.further,
    )
    right = make(app=f"@app.function{FUNCTION}", config=f"{head}{config.replace('Shop', 'shop')}")
    assert "s3:GetObject" in str(right.statements())


def test_groups_jobs_and_links_take_what_a_verb_was_asked_for(make: Make) -> None:
    app = (
        "shop = app.group('shop', policy=s3.read('shop'))\n@shop.function(link=queue.send('Q!'), policy=s3.put('S'))\n"
        "def hello(event, context): ...\n@app.job(policy=[dynamodb.get('t!')])\ndef later(): ...\n"
    )
    errors = make(app=app).error().all
    assert ["app.py:10:21", "app.py:10:46", "app.py:12:2", "app.py:12:18"] == [at(error) for error in errors]


def test_a_grant_of_an_installed_package_is_refused_in_each_load(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is imported once for several loads of one process, and the grant is recorded in the first alone."""
    project = make(
        app=f"from policies_ import READ\n@app.function(policy=READ){FUNCTION}",
        **{"site-packages/policies_.py": "from remit import grants\nREAD = grants.s3.read('Shop')\n"},
    )
    monkeypatch.syspath_prepend(str(project.folder / "site-packages"))
    assert [["s3.read: nothing can be named 'Shop'"]] * 2 == [
        [error.message for error in project.error().all] for _ in range(2)
    ]


def test_a_grant_is_no_managed_policy_and_no_trigger(make: Make) -> None:
    errors = make(app=f"@app.function(s3.read('b'), managed_policy=[s3.read('b')]){FUNCTION}").error().all
    assert [
        "a grant is not a trigger: it says what the function may do, not what runs it",
        "managed_policy[0] must be a policy's name or ARN, got AskedGrant 's3.read'",
    ] == [error.message for error in errors]
    assert grants.s3 is s3


def test_what_a_verb_gives_is_added_to_others_in_the_order_that_is_written() -> None:
    send, outside = sqs.send("orders"), s3.delete("files")
    record = Recorder(Mistakes())
    with recording(record):
        asked: Any = s3.read("files")
        other: Any = s3.put("files")
        with judging_now():
            at_once = s3.read("files")
        assert [asked, other] == record.made
        assert (AskedGrant, AskedGrant, tuple) == (type(asked), type(other), type(at_once))
        assert ("s3.read", "allow") == (repr(asked), repr(grants.allow("s3:GetObject", on="*")))
        sums = (asked + other, asked + outside, outside + asked + send)
    read, written = asked.grants(), other.grants()
    assert ((*read, *written), (*read, *outside), (*outside, *read, *send)) == sums
    assert [grant.statement for grant in read] == [grant.statement for grant in at_once]
    of_no_grants: tuple[Any, ...] = ([], "x", 3)
    for others in of_no_grants:
        with pytest.raises(TypeError):
            asked + others
        with pytest.raises(TypeError):
            others + asked
