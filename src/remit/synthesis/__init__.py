"""From an app and its roles to a CloudFormation template, and the checks before a deploy."""
