"""What functions log, as people see it."""

from __future__ import annotations

from remit.report.function_logs import without_sdk_frames

TRACEBACK = """[ERROR] AccessDeniedException: An error occurred
Traceback (most recent call last):
\xa0\xa0File "/var/task/app.py", line 10, in visit
\xa0\xa0\xa0\xa0boto3.client("ssm").put_parameter(Name="/visits")
\xa0\xa0File "/var/runtime/botocore/client.py", line 606, in _api_call
\xa0\xa0\xa0\xa0return self._make_api_call(operation_name, kwargs)
  File "/var/task/botocore/client.py", line 1094, in _make_api_call
    raise error_class(parsed_response, operation_name)
"""


def test_a_traceback_is_shown_without_the_insides_of_the_sdk() -> None:
    expected = TRACEBACK[: TRACEBACK.index('\n\xa0\xa0File "/var/runtime')]
    assert expected == without_sdk_frames(TRACEBACK)


def test_what_is_no_traceback_stays() -> None:
    assert 'reading "/botocore/" in 5 ms' == without_sdk_frames('reading "/botocore/" in 5 ms')
