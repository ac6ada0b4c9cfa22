"""A comment or setting allows a rule that nothing there breaks.

What it once excused is gone, or it stands at the wrong line, and would hide the next mistake.

Flagged:

    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement:
              # remit: allow R213 because the list was shorter
              - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}

Better:

    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
"""

from remit.lint.finding import WARNING

SEVERITY = WARNING
