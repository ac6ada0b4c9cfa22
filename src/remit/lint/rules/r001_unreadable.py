"""The file cannot be read: broken JSON or YAML, a repeated key, a tag that would run code, no UTF-8, endless nesting.

Readers that are more tolerant keep the last of two equal keys, turn NaN into something IAM refuses, or build objects
from YAML tags. remit reads what every reader understands alike, and says at which line it does not. After a repeated
key or an unknown tag the rest of the file is looked at, too. A file that is named and is neither a policy nor a
template is no better, nor is a folder that holds none, or a file too long to be looked at in whole: of a policy over
200,000 characters its shape and its size alone, of a template 1,500 policies, of YAML two million characters. It says
how far it came. The exit code is 2.

Flagged:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": "s3:GetObject", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::data/*"}
    ]}

Better:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::data/*"}
    ]}

Source: RFC 8259 (JSON); "CloudFormation template formats" (CloudFormation User Guide).
"""

from remit.lint.finding import ERROR

SEVERITY = ERROR
