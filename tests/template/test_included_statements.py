"""Statements that a macro puts in at the deploy: the others are read, and what is not is said."""

from __future__ import annotations

from role_readers import read_roles

TEMPLATE = b"""\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: orders
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://shared/statement.json}}
              - Sid: !Sub "Orders${AWS::Region}"
                Effect: Allow
                Action: sqs:SendMessage
                Resource: "*"
"""


def test_statements_beside_an_included_one_are_read_and_it_is_told() -> None:
    (role,) = read_roles(TEMPLATE, "template.yaml").roles
    assert [(one.statement.sid, one.origin.line) for one in role.grants if one.origin] == [("Orders${AWS::Region}", 11)]
    (note,) = role.notes
    assert note.startswith('some of its inline policies are known at the deploy only: ${{"Fn::Transform":')
