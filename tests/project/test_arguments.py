"""Each argument of a trigger, a grant, a resource or a setting is checked, whatever is wrong with the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import at

if TYPE_CHECKING:
    from conftest import Make

HEAD = "from remit import App, config, existing, grants, on, output, parameter, resource, secret\napp = App()\n"
POLICIES = "Delete, Retain, RetainExceptOnCreate, Snapshot"
FUNCTION = "\ndef hello(event, context): ...\n"

ONE_CALL = {
    "a trigger": (
        "@app.function(on.s3('shop', evnts=['x'], prefix=5))",
        [
            (15, "events[0] cannot be 'x'"),
            (15, "prefix must be a string, got int '5'"),
            (29, "`on.s3` has no option `evnts`"),
        ],
    ),
    "two triggers": (
        "@app.function(on.sqs('q', batch_sise=1), on.sns('t', fliter={}), timeout=0)",
        [
            (27, "`on.sqs` has no option `batch_sise`"),
            (42, "filter is empty, and so matches nothing"),
            (54, "`on.sns` has no option `fliter`"),
            (74, "`timeout` is 0 seconds; it can be 1 to 900"),
        ],
    ),
    "a grant": (
        "@app.function(policy=[grants.s3.read('b', prefx='x', key=on.missn), grants.s3.red('b'), 's3:GetObjct'])",
        [
            (43, "`grants.s3.read` has no option `prefx`"),
            (58, "there is no trigger `missn`"),
            (69, "there is no grant `s3.red`"),
            (89, "s3 has no action 'GetObjct': IAM accepts it, and it grants nothing"),
        ],
    ),
    "what is wrong with the arguments of what does not exist": (
        "@app.function(on.sqss(grants.s3.read('b', kye=1)))",
        [
            (15, "there is no trigger `sqss`"),
            (43, "`grants.s3.read` has no option `kye`"),
        ],
    ),
    "options in a dict": (
        "options = {'batch_sise': 1}; app.function(on.sqs('q', **options, fliter=2), handler='app.hello')",
        [
            (43, "filter must be a dict or a list of dicts, got int '2'"),
            (57, "`on.sqs` has no option `batch_sise`"),
            (66, "`on.sqs` has no option `fliter`"),
        ],
    ),
    "what is missing": (
        "@app.function(on.sqs(batch_sise=1), on.sqs(), on.sqs(quee='q'))",
        [
            (15, "`on.sqs` lacks `queue`"),
            (22, "`on.sqs` has no option `batch_sise`"),
            (37, "`on.sqs` lacks `queue`"),
            (54, "`on.sqs` has no option `quee`"),
        ],
    ),
    "an argument too many": (
        "@app.function(on.sqs('q', 'other', 'third', batch_sise=1))",
        [(27, "`on.sqs` takes one argument without a name"), (45, "`on.sqs` has no option `batch_sise`")],
    ),
    "a job": (
        "@app.job(quue='x', timeout=0, retries=on.missn)",
        [
            (2, "job `hello` is declared, but jobs are off"),
            (10, "`app.job` has no option `quue`"),
            (28, "`timeout` is 0 seconds; it can be 1 to 900"),
            (39, "there is no trigger `missn`"),
        ],
    ),
    "a web app": (
        "app.web(auht='NONE', interfce='asgi')",
        [
            (1, "`app.web` lacks `target`"),
            (9, "`app.web` has no option `auht`"),
            (22, "`app.web` has no option `interfce`"),
        ],
    ),
    "a group": (
        "group = app.group('g', polic=[3], policy=[on.missn])",
        [(24, "`app.group` has no option `polic`"), (43, "there is no trigger `missn`")],
    ),
    "a secret": (
        "@app.function(environment={'A': secret('/a', ky='12'), 'B': parameter(), 'C': existing.parameter('/c', x=1)})",
        [
            (27, "`environment` has the name 'A', which Lambda refuses"),
            (27, "`environment` has the name 'B', which Lambda refuses"),
            (27, "`environment` has the name 'C', which Lambda refuses"),
            (46, "`secret` has no option `ky`"),
            (61, "`parameter` lacks `name`"),
            (104, "`existing.parameter` has no option `x`"),
        ],
    ),
    "a setting": (
        "config.lambda_.iam.polcy = [grants.s3.read('b', kye=1)]",
        [(1, "there is no setting `config.lambda_.iam.polcy`"), (49, "`grants.s3.read` has no option `kye`")],
    ),
    "what is added to a setting": (
        "config.lambda_.iam.polcy += [grants.s3.read('b', kye=1)]",
        [(1, "there is no setting `config.lambda_.iam.polcy`"), (50, "`grants.s3.read` has no option `kye`")],
    ),
    "what a loop declares": (
        "for name in 'a': app.function(on.sqs(name, batch_sise=1), nmae=name, timeout=0, handler='app.hello')",
        [
            (44, "`on.sqs` has no option `batch_sise`"),
            (59, "`app.function` has no option `nmae`"),
            (78, "`timeout` is 0 seconds; it can be 1 to 900"),
        ],
    ),
}


@pytest.mark.parametrize("kind", ONE_CALL)
def test_every_argument_of_a_call_is_checked(make: Make, kind: str) -> None:
    call, expected = ONE_CALL[kind]
    error = make(**{"app.py": f"{HEAD}{call}{FUNCTION}"}).error()
    on_its_line = [(each.origin.column, each.message) for each in error.all if each.origin and each.origin.line == 3]
    assert expected == on_its_line


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        ("on.s3('shop', evnts='s3:ObjectCreated:*')", "did you mean `events`?"),
        ("on.schedule('cron(0 8 * * ? *)', timezon='UTC')", "did you mean `timezone`?"),
        ("app.web('app:app', auht='NONE')", "did you mean `auth`?"),
        ("app.function(polcy=[])", "did you mean `policy`?"),
        ("app.function(memory=1)", "did you mean `memory_size`?"),
        ("app.function(batch_size=1)", "it is an option of `on.dynamodb(…)`, `on.kinesis(…)`, `on.sqs(…)`"),
        ("app.function(fifo=1)", "anything that CloudFormation takes goes into `properties`"),
        ("on.sqs('a', 'b')", "what it takes with a name: batch_size, batch_window, max_concurrency"),
        ("grants.s3.read('b', prefx='a')", "it takes bucket, *keys, key"),
    ],
)
def test_an_option_that_does_not_exist_comes_with_the_one_that_was_meant(make: Make, call: str, hint: str) -> None:
    assert str(make(**{"app.py": f"{HEAD}{call}\n"}).error().hint).startswith(hint)


def test_every_argument_of_a_resource_is_checked_in_its_class(make: Make) -> None:
    """An argument may name what the class has made before."""
    data = (
        "from remit import Shared, on, output, resource\nclass Data(Shared):\n"
        "    queue = resource('AWS::SQS::Queue')\n"
        "    url = output(queue.url, descripton=on.missing_)\n"
        "    topic = resource('AWS::SNS::Topic', depends_on=[3], deletion_policy='Kep', delletion_policy='Retain')\n"
    )
    error = make(app=f"@app.function{FUNCTION}", **{"shared/resources/data.py": data}).error()
    expected = [
        ("shared/resources/data.py:4:29", "`output` has no option `descripton`"),
        ("shared/resources/data.py:4:40", "there is no trigger `missing_`"),
        ("shared/resources/data.py:5:13", "`depends_on` takes a resource, or a list of them"),
        (
            "shared/resources/data.py:5:13",
            f"`deletion_policy` cannot be 'Kep'; it can be {POLICIES}",
        ),
        ("shared/resources/data.py:5:13", "`resource` has no option `delletion_policy`"),
    ]
    assert sorted(expected) == sorted((at(each), each.message) for each in error.all)


def test_what_a_failed_argument_would_have_said_is_not_missed(make: Make) -> None:
    """A filter that failed is no filter that is missing, and the queue of a trigger that failed is nobody's."""
    app = (
        "from remit import on\n"
        "@app.function(on.sns('t', filter_scope='MessageBody', filter=on.miss), on.event(detail=on.miss, input={1}))"
        f"{FUNCTION}queue = on.sqs(on.miss)\n@app.function(queue)\ndef other(event, context): ...\n"
    )
    places = [at(each) for each in make(app=app).error().all]
    assert ["app.py:10:62", "app.py:10:72", "app.py:10:88", "app.py:12:16"] == places


def test_calls_of_other_packages_are_left_as_they_are(make: Make) -> None:
    """Their errors end them, as Python says, and what they ask about their caller is as it was."""
    app = (
        "from collections import namedtuple\nfrom json import dumps\nfrom enum import Enum\n"
        "Order = namedtuple('Order', 'id')\nColor = Enum('Color', 'RED')\n"
        "assert (Order.__module__, Color.__module__) == ('app', 'app')\n"
        "try:\n    dumps(missing_, indnt=1)\nexcept NameError:\n    pass\n"
        f"@app.function{FUNCTION}"
        "text = dumps(1, indnt=missing_)\n"
    )
    assert [("app.py:21:23", "app.py raised NameError: name 'missing_' is not defined")] == [
        (at(each), each.message) for each in make(app=app).error().all
    ]


def test_a_property_that_is_spelled_almost_like_an_option_is_a_property(make: Make) -> None:
    data = """from remit import Shared, resource
class Data(Shared):
    source = resource("AWS::Bedrock::DataSource", name="docs", knowledge_base_id="ABCDEFGHIJ",
        data_source_configuration={"Type": "S3", "S3Configuration": {"BucketArn": "arn:aws:s3:::docs"}},
        data_deletion_policy="RETAIN")
"""
    (source,) = make(**{"shared/resources/data.py": data}).load().resources
    assert "RETAIN" == source.properties["DataDeletionPolicy"]


HELPER = """
from remit import on


def bucket(name):
    "A bucket of the shop."
    return on.s3(name, evnts=["x"], prefix=5)


def tried(name):
    try:
        return on.s3(name, evnts=1)
    except TypeError:
        return on.sqs(name)
"""


def test_a_function_that_makes_triggers_is_checked_like_the_module(make: Make) -> None:
    """Also where another module calls it, and where it tries: an option is a mistake, and no TypeError."""
    app = (
        "from helper_ import bucket, tried\n"
        f"@app.function(bucket('shop'), bucket('other'), tried('orders'), timeout=0){FUNCTION}"
    )
    errors = make(app=app, **{"helper_.py": HELPER}).error().all
    expected = [
        ("app.py:10:73", "`timeout` is 0 seconds; it can be 1 to 900"),
        ("helper_.py:7:12", "events[0] cannot be 'x'"),
        ("helper_.py:7:12", "prefix must be a string, got int '5'"),
        ("helper_.py:7:24", "`on.s3` has no option `evnts`"),
        ("helper_.py:12:16", "events must be a string or a list of strings, got int '1'"),
        ("helper_.py:12:28", "`on.s3` has no option `evnts`"),
    ]
    assert expected == [(at(error), error.message) for error in errors]
