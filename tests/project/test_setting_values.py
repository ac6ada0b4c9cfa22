"""What each setting takes, and the words, the hint and the place for a value that it does not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final

import pytest

from remit.errors import RemitError
from remit.project import app_setting_values as of_app
from remit.project import job_setting_values as of_jobs
from remit.project import setting_values as values
from remit.project.existing import parameter
from remit.project.late_bound import StoredText, aws

SETTINGS: Final = values.FUNCTION_SETTINGS
LAYER: Final = "arn:aws:lambda:eu-west-1:111122223333:layer:a{}:1"


@pytest.mark.parametrize(
    ("check", "value", "kept"),
    [
        (of_app.region, "eu-west-9", "eu-west-9"),
        (of_app.role_name, "{stage}{role}", "{stage}{role}"),
        (of_app.rate, 0, 0),
        (of_app.rate, 1000000, 1000000),
        (of_app.cors_configuration, {"allow_origins": "*", "max_age": 5}, {"AllowOrigins": ["*"], "MaxAge": 5}),
        (
            of_app.cors_configuration,
            {"AllowOrigins": [f"https://{aws.region}/b"]},
            {"AllowOrigins": ["https://${AWS::Region}/b"]},
        ),
        (of_app.rest_cors, {"AllowOrigins": ["*"]}, {"AllowOrigins": ["*"]}),
        (
            of_app.usage_plans,
            {"a": {"keys": ["x", f"{aws.region} x"], "quota": {"limit": 3}}},
            {"a": {"Keys": ["x", "${AWS::Region} x"], "Quota": {"Limit": 3}}},
        ),
        (of_app.domain_name, f"api.{aws.region}.x", "api.${AWS::Region}.x"),
        (of_app.domain_name, "api.shop.example", "api.shop.example"),
        (of_app.certificate_arn, "${X}", "${X}"),
        (of_jobs.topic, "${X}", "${X}"),
        (of_jobs.topic, SimpleNamespace(arn="${X.TopicArn}", ref="${X}"), "${X.TopicArn}"),
        (of_jobs.topic, "alerts", "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:alerts"),
        (SETTINGS["timeout"].check, 900, 900),
        (values.texts, ("a", "b"), ("a", "b")),
        (values.texts, "a", ("a",)),
        (values.retention, 7, 7),
        (SETTINGS["tracing"].check, False, "PassThrough"),
        (SETTINGS["tracing"].check, True, "Active"),
        (SETTINGS["environment"].check, {"remit_X": "a", "aws_region": "b"}, {"remit_X": "a", "aws_region": "b"}),
        (SETTINGS["layers"].check, ["${X}"], ("${X}",)),
        (SETTINGS["durable"].check, {"ExecutionTimeout": 3}, {"ExecutionTimeout": 3}),
        (SETTINGS["durable"].check, 5, {"ExecutionTimeout": 5}),
        (SETTINGS["on_success"].check, "${X.Arn}", "${X.Arn}"),
        (SETTINGS["properties"].check, {"SnapStart": {"ApplyOn": "None"}}, {"SnapStart": {"ApplyOn": "None"}}),
        (values.plain, 2**63 - 1, 9223372036854775807),
        (values.reasons("x"), {"a": "b"}, {"a": "b"}),
        (of_app.tags, {"a" * 128: "b" * 256}, {"a" * 128: "b" * 256}),
        (of_app.tags, {str(n): "v" for n in range(50)}, {str(n): "v" for n in range(50)}),
        (SETTINGS["layers"].check, [LAYER.format(n) for n in range(5)], tuple(LAYER.format(n) for n in range(5))),
        (SETTINGS["layers"].check, [LAYER.format(1)] * 2, (LAYER.format(1),) * 2),
    ],
)
def test_a_value_is_kept_as_aws_takes_it(check: values.Check, value: Any, kept: Any) -> None:
    assert check(("s",), value) == kept


@pytest.mark.parametrize(
    ("check", "value", "messages", "hint", "place"),
    [
        (
            of_app.tags,
            {"AWS:x": "y"},
            ["`s['AWS:x']` cannot be set: AWS reserves keys that start with aws:"],
            "",
            ("AWS:x",),
        ),
        (
            of_app.tags,
            {"a" * 129: "b"},
            ["`s['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
            "",
            (
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            ),
        ),
        (of_app.tags, {"a": "b" * 257}, ["`s['a']` has a value of 257 characters; AWS allows 256"], "", ("a",)),
        (of_app.tags, {3: "b"}, ["`s` has the key 3, which is not a string"], "", (3,)),
        (of_app.tags, {str(n): "v" for n in range(51)}, ["`s` has 51 tags; AWS allows 50 on a resource"], "", ()),
        (of_app.region, "eu-west-x", ["`s` is 'eu-west-x', which is no region"], "did you mean `eu-west-1`?", ()),
        (of_app.region, "eu-wset-1", ["`s` is 'eu-wset-1', which is no region"], "did you mean `eu-west-1`?", ()),
        (
            of_app.stages,
            ["dev", "Prod"],
            ["`s[1]` is 'Prod', which is not a stage's name"],
            "it starts with a lower-case letter and has at mo",
            (1,),
        ),
        (
            of_app.role_name,
            "{app}-{role}",
            ["`s` is '{app}-{role}', without {stage}"],
            "{role} tells the roles of a stage apart, and {st",
            (),
        ),
        (
            of_app.role_name,
            "{stage}-x",
            ["`s` is '{stage}-x', without {role}"],
            "{role} tells the roles of a stage apart, and {st",
            (),
        ),
        (
            of_app.role_name,
            "{stage} {role}",
            ["`s` is '{stage} {role}', which makes no names of roles"],
            'such as "{app}-{stage}-{role}", of letters, digi',
            (),
        ),
        (of_app.rate, True, ["`s` must be a number of requests a second, got bool 'True'"], "", ()),
        (of_app.rate, -1, ["`s` is -1 requests a second; it can be 0 to 1000000"], "", ()),
        (
            of_app.cors_configuration,
            {"allow_origins": "*", "AllowCredentials": True},
            ["`s` allows credentials from every origin, which browsers and API Gateway refuse"],
            "name the origins whose pages may send cookies",
            (),
        ),
        (
            of_app.cors_configuration,
            {"AllowOrigins": ["https://a/b"]},
            ["`s` has the origin 'https://a/b'"],
            'a scheme and a host without a path, such as "htt',
            (),
        ),
        (
            of_app.cors_configuration,
            {"AllowMethods": ["GETT"]},
            ["`s` has the method 'GETT'"],
            "did you mean `GET`?",
            (),
        ),
        (
            of_app.cors_configuration,
            {"AllowMethods": ["x"]},
            ["`s` has the method 'x'"],
            "known: *, DELETE, GET, HEAD, OPTIONS, PATCH, POS",
            (),
        ),
        (
            of_app.cors_configuration,
            {"AllowOrigin": ["*"]},
            ["`s` has no key 'AllowOrigin'"],
            "did you mean `AllowOrigins`?",
            ("AllowOrigin",),
        ),
        (
            of_app.rest_cors,
            {"AllowOrigins": []},
            ["`s` has 0 origins; a REST API answers preflights with one"],
            'name one origin or "*", or answer preflights you',
            (),
        ),
        (
            of_app.rest_cors,
            {"AllowOrigins": ["https://a", "https://b"]},
            ["`s` has 2 origins; a REST API answers preflights with one"],
            'name one origin or "*", or answer preflights you',
            (),
        ),
        (of_app.rest_properties, [1], ["`s` must be a dict of CloudFormation properties, got list '[1]'"], "", ()),
        (of_app.usage_plans, {3: {}}, ["`s` has the name 3"], "letters, digits, - _ and .", ("3",)),
        (
            of_app.usage_plans,
            {"a": {"keys": ["a b"]}},
            ["`s['a']['keys'][0]` is 'a b'"],
            "letters, digits, - _ and .",
            ("a", "keys", 0),
        ),
        (
            of_app.domain_name,
            "https://Api.Shop.example/x",
            ["`s` is 'https://Api.Shop.example/x', which is no domain"],
            "a domain reads 'api.shop.example'",
            (),
        ),
        (of_app.domain_name, "x", ["`s` is 'x', which is no domain"], "a domain reads 'api.shop.example'", ()),
        (
            of_app.certificate_arn,
            "arn:aws:iam::111122223333:server-certificate/x",
            ["`s` is 'arn:aws:iam::111122223333:server-certificate/x', which is no certificate's ARN"],
            "a certificate of ACM in the API's region: arn:aw",
            (),
        ),
        (
            of_app.certificate_arn,
            "arn:aws:iam::111122223333:certificate/x",
            ["`s` is 'arn:aws:iam::111122223333:certificate/x', which is no certificate's ARN"],
            "a certificate of ACM in the API's region: arn:aw",
            (),
        ),
        (
            of_jobs.topic,
            "a.fifo",
            ["`s` is 'a.fifo', which is no SNS topic"],
            "a name, an ARN, or a resource: `Data.alerts`",
            (),
        ),
        (of_jobs.topic, 3, ["`s` must be an SNS topic, got int '3'"], "", ()),
        (of_jobs.queues, [1], ['`s` must be a dict such as {"mail": {"retries": 2}}, got list \'[1]\''], "", ()),
        (
            of_jobs.queues,
            {3: {"retries": 1}},
            ["`s[3]` 3 is not a valid name for a job queue"],
            "a lower-case letter, then a-z, 0-9 and -; `.fifo",
            (3,),
        ),
        (
            of_jobs.queues,
            {"Mail": {"retries": 1}},
            ["`s['Mail']` 'Mail' is not a valid name for a job queue"],
            "a lower-case letter, then a-z, 0-9 and -; `.fifo",
            ("Mail",),
        ),
        (
            of_jobs.queues,
            {"mail": {"retires": 1}},
            ["`s['mail']` has no key 'retires'"],
            "did you mean `retries`?",
            ("mail", "retires"),
        ),
        (
            of_jobs.queues,
            {"mail": {"x": 1}},
            ["`s['mail']` has no key 'x'"],
            "it can have retries, backoff, concurrency, timeo",
            ("mail", "x"),
        ),
        (
            of_jobs.queues,
            {"mail": {"retries": 101, "concurrency": None}},
            ["`s['mail']['retries']` is 101 retries; it can be 0 to 100"],
            "",
            ("mail", "retries"),
        ),
        (SETTINGS["timeout"].check, True, ["`s` must be a whole number of seconds, got bool 'True'"], "", ()),
        (SETTINGS["timeout"].check, 901, ["`s` is 901 seconds; it can be 1 to 900"], "", ()),
        (SETTINGS["timeout"].check, 2**63, ["`s` is too large a number of seconds; it can be 1 to 900"], "", ()),
        (
            SETTINGS["timeout"].check,
            None,
            ["`s` must be a whole number of seconds, got None"],
            "usually os.environ.get() of a variable that is n",
            (),
        ),
        (
            SETTINGS["runtime"].check,
            "python3.99",
            ["`s` cannot be 'python3.99'; it can be python3.9"],
            "did you mean `python3.9`?",
            (),
        ),
        (
            SETTINGS["runtime"].check,
            "python2.7",
            ["`s` cannot be 'python2.7'; it can be python3.9"],
            "did you mean `python3.9`?",
            (),
        ),
        (
            SETTINGS["runtime"].check,
            "pyhton3.13",
            ["`s` cannot be 'pyhton3.13'; it can be python3.9"],
            "did you mean `python3.13`?",
            (),
        ),
        (values.text, "", ["`s` is an empty string"], "", ()),
        (
            values.text,
            "\udcff",
            ["`s` holds half of a character ('\\udcff'), which no file and no request can hold"],
            "it was read with errors='surrogateescape', or fr",
            (),
        ),
        (values.texts, {"a"}, ["`s` is a set, whose order changes from run to run"], "use a list", ()),
        (values.texts, frozenset("a"), ["`s` is a set, whose order changes from run to run"], "use a list", ()),
        (values.texts, ["a", "", 3], ["`s[1]` is an empty string", "`s[2]` must be a string, got int '3'"], "", (2,)),
        (SETTINGS["architectures"].check, [], ["`s` takes one architecture, got 0"], "", ()),
        (SETTINGS["architectures"].check, ["arm64", "x86_64"], ["`s` takes one architecture, got 2"], "", ()),
        (
            values.retention,
            True,
            ["`s` must be a number of days, or None to keep logs for ever, got bool 'True'"],
            "",
            (),
        ),
        (values.retention, 6, ["`s` cannot be 6 days"], "CloudWatch Logs knows 1, 3, 5, 7, 14, 30, 60, 90", ()),
        (values.retention, 4, ["`s` cannot be 4 days"], "CloudWatch Logs knows 1, 3, 5, 7, 14, 30, 60, 90", ()),
        (
            SETTINGS["environment"].check,
            {"REMIT_X": "a"},
            ["`s['REMIT_X']` cannot be set: remit reserves names that start with REMIT_"],
            "choose another name",
            ("REMIT_X",),
        ),
        (
            SETTINGS["environment"].check,
            {"AWS_REGION": "a"},
            ["`s['AWS_REGION']` cannot be set: Lambda reserves it"],
            "choose another name",
            ("AWS_REGION",),
        ),
        (
            SETTINGS["environment"].check,
            {"A": "a"},
            ["`s` has the name 'A', which Lambda refuses"],
            "Lambda wants a letter, then at least one more of",
            ("A",),
        ),
        (SETTINGS["environment"].check, {"AA": 3}, ["`s['AA']` must be a string, got int '3'"], "", ("AA",)),
        (
            SETTINGS["environment"].check,
            {"AA": "{{resolve:ssm-secure:x}}"},
            ["`s['AA']` refers to a secure parameter, which CloudFormation does not resolve in an environment"],
            'write parameter("/its/name"): the function fetch',
            ("AA",),
        ),
        (
            SETTINGS["vpc_config"].check,
            {"subnet_ids": ["subnet-1"]},
            ["`s` has no SecurityGroupIds"],
            "a function in a VPC needs a subnet and a securit",
            (),
        ),
        (
            SETTINGS["vpc_config"].check,
            {"SecurityGroupIds": ["sg-1"]},
            ["`s` has no SubnetIds"],
            "a function in a VPC needs a subnet and a securit",
            (),
        ),
        (
            SETTINGS["vpc_config"].check,
            {"subnet_ids": ["subnet-1", "sg-1"], "security_group_ids": ["sg-1"]},
            ["`s` has 'sg-1' among its SubnetIds"],
            "subnets' ids begin with subnet-, security groups",
            ("subnet_ids", 1),
        ),
        (
            SETTINGS["vpc_config"].check,
            {"subnet_ids": ["subnet-1"], "security_group_ids": ["subnet-1"]},
            ["`s` has 'subnet-1' among its SecurityGroupIds"],
            "subnets' ids begin with subnet-, security groups",
            ("security_group_ids", 0),
        ),
        (
            SETTINGS["vpc_config"].check,
            {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"], "ipv6_allowed_for_dual_stack": 1},
            ["`s['ipv6_allowed_for_dual_stack']` must be True or False, got int '1'"],
            "",
            ("ipv6_allowed_for_dual_stack",),
        ),
        (
            SETTINGS["vpc_config"].check,
            {"subnets": ["subnet-1"]},
            ["`s` has no key 'subnets'"],
            "did you mean `SubnetIds`?",
            ("subnets",),
        ),
        (
            SETTINGS["layers"].check,
            [f"arn:aws:lambda:eu-west-1:111122223333:layer:a{n}:1" for n in range(6)],
            ["`s` has 6 layers; Lambda allows 5"],
            "",
            (),
        ),
        (
            SETTINGS["layers"].check,
            [f"arn:aws:lambda:eu-west-1:111122223333:layer:a:{n}" for n in (1, 2)],
            ["`s` has two versions of arn:aws:lambda:eu-west-1:111122223333:layer:a"],
            "a function takes one version of a layer",
            (),
        ),
        (
            SETTINGS["layers"].check,
            ["arn:aws:lambda:eu-west-1:111122223333:layer:a"],
            ["`s[0]` is 'arn:aws:lambda:eu-west-1:111122223333:layer:a', which is not the ARN of a layer's version"],
            "a function takes one version of a layer, such as",
            (0,),
        ),
        (
            SETTINGS["layers"].check,
            ["x"],
            ["`s[0]` is 'x', which is not the ARN of a layer's version"],
            "it reads arn:PARTITION:lambda:REGION:ACCOUNT:lay",
            (0,),
        ),
        (
            SETTINGS["durable"].check,
            {"RetentionPeriodInDays": 3},
            ["`s` has no ExecutionTimeout"],
            "the longest that an execution takes, in seconds",
            (),
        ),
        (
            SETTINGS["on_success"].check,
            "x",
            ["`s` must be an ARN, or a shared resource (a queue, topic, function or event bus), got str 'x'"],
            "",
            (),
        ),
        (
            SETTINGS["properties"].check,
            {"FunctionName": "x"},
            ["`s` sets FunctionName, which remit sets itself"],
            "write function_name=",
            ("FunctionName",),
        ),
        (SETTINGS["properties"].check, {"Code": "x"}, ["`s` sets Code, which remit sets itself"], "", ("Code",)),
        (
            SETTINGS["properties"].check,
            {"SnapStart": {"ApplyOn": "PublishedVersions"}},
            ["`s` sets SnapStart, which by itself does nothing"],
            "write snap_start=True, which makes what else tha",
            ("SnapStart",),
        ),
        (
            SETTINGS["properties"].check,
            {"FileSystemConfigs": [{}, 3]},
            ["`s['FileSystemConfigs'][1]` must be a dict, got int '3'"],
            "",
            ("FileSystemConfigs", 1),
        ),
        (
            SETTINGS["properties"].check,
            {"TracingConfig": 3},
            ["`s['TracingConfig']` must be a dict, got int '3'"],
            "",
            ("TracingConfig",),
        ),
        (
            SETTINGS["properties"].check,
            {"Environment": {"Variables": {"A": "x"}}},
            ["`s['Environment']['Variables']` has the name 'A', which Lambda refuses"],
            "Lambda wants a letter, then at least one more of",
            ("Environment", "Variables", "A"),
        ),
        (values.plain, {"a": float("inf")}, ["`s['a']` is inf: that is not valid JSON"], "", ("a",)),
        (values.plain, -(2**63), ["`s` is too large a number"], "", ()),
        (
            values.plain,
            {f"{aws.region}": 1},
            ["`s` has the key '${AWS::Region}', and CloudFormation fills in values, never keys"],
            "write the key whole, or decide by `project.stage",
            ("${AWS::Region}",),
        ),
        (values.plain, {3: 1}, ["`s` has a key that is not a string: 3"], "", ("3",)),
        (
            values.plain,
            ("a", 1.5, None),
            ["`s[2]` must be text, a number, True or False, a list or a dict, got None"],
            "usually os.environ.get() of a variable that is n",
            (2,),
        ),
        (
            values.plain,
            {"a": object},
            ["`s['a']` must be text, a number, True or False, a list or a dict, got type \"<class 'object'>\""],
            "",
            ("a",),
        ),
        (values.reasons("x"), {"": "y"}, ["`s` has the key '', which is not a name"], "", ("",)),
        (values.reasons("x"), {"a": "--"}, ["`s['a']` is '--', which is not a reason"], "say why, in words", ("a",)),
        (
            values.flag,
            None,
            ["`s` must be True or False, got None"],
            "usually os.environ.get() of a variable that is n",
            (),
        ),
        (values.flag, "x", ["`s` must be True or False, got str 'x'"], "", ()),
    ],
)
def test_a_value_that_is_none_is_told_with_what_to_write_at_its_place(
    check: values.Check, value: Any, messages: list[str], hint: str, place: tuple[Any, ...]
) -> None:
    with pytest.raises(RemitError) as caught:
        check(("s",), value)
    mistakes = caught.value.all
    assert [mistake.message[: len(message)] for mistake, message in zip(mistakes, messages, strict=True)] == messages
    assert (mistakes[0].hint or "")[: len(hint) or None] == hint
    assert mistakes[-1].path[1:] == place


def test_a_number_that_only_the_deploy_knows_is_told_as_it_is_written() -> None:
    with pytest.raises(RemitError, match=r"and only the deploy knows `aws\.region`"):
        SETTINGS["timeout"].check(("s",), aws.region)


def test_the_nearest_number_of_days_is_proposed_of_two_the_smaller() -> None:
    for days, nearest in ((6, 5), (4, 3), (10, 7), (370, 365), (10_000, 3653), (-3, 1)):
        with pytest.raises(RemitError) as caught:
            SETTINGS["log_retention"].check(("s",), days)
        assert (caught.value.hint or "").endswith(f"; the nearest is {nearest}")


def test_a_domain_is_proposed_from_what_was_written() -> None:
    for written, proposed in (("https://Www.Other.example/x", "www.other.example"), ("no host", "api.shop.example")):
        with pytest.raises(RemitError) as caught:
            of_app.domain_name(("s",), written)
        assert caught.value.hint == f"a domain reads {proposed!r}"


def test_one_string_is_a_list_of_one_and_checked_as_such() -> None:
    arn = LAYER.format(1)
    assert SETTINGS["layers"].check(("s",), arn) == (arn,)
    with pytest.raises(RemitError, match="is not the ARN of a layer's version"):
        SETTINGS["layers"].check(("s",), "x")
    assert values.Texts(("a",)) + "bc" == ("a", "bc")
    assert values.Texts(("a",)) + ["b", "c"] == ("a", "b", "c")  # noqa: RUF005 - what the class adds is tried


def test_a_value_nests_as_deep_as_properties_do_and_no_deeper() -> None:
    def nested(depth: int) -> Any:
        value: Any = 1
        for level in range(depth):
            value = [value] if level % 2 else {"a": value}
        return value

    assert values.plain(("s",), nested(32)) == nested(32)
    itself: list[Any] = []
    itself.append(itself)
    for value in (nested(33), itself):
        with pytest.raises(RemitError, match="nests deeper than 32, or contains itself"):
            values.plain(("s",), value)


def test_a_list_of_the_account_s_subnets_is_split_by_the_deploy() -> None:
    config = SETTINGS["vpc_config"].check(("s",), {"subnet_ids": parameter("/a"), "security_group_ids": {"Ref": "G"}})
    assert config["SubnetIds"]["Fn::Split"][0] == ","
    assert config["SecurityGroupIds"] == {"Ref": "G"}


def test_the_name_of_a_secret_stays_one_in_an_environment_and_is_none_in_a_property() -> None:
    name = StoredText("/shop/db")
    kept = SETTINGS["environment"].check(("s",), {"DATABASE": name, "PLAIN": "x"})
    assert [type(value) for value in kept.values()] == [StoredText, str]
    with pytest.raises(RemitError, match="names a secret or a parameter, which the function could not read") as caught:
        SETTINGS["properties"].check(("s",), {"Environment": {"Variables": {"DATABASE": name}}})
    assert caught.value.path == ("s", "Environment", "Variables", "DATABASE")
