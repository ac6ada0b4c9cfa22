"""A comment allows a rule without saying why, or names no rule.

`# remit: allow R213 because …` is for whoever reads it in a year. Without a reason it does not count.

Flagged:

    Resources:
      Policy:
        Type: AWS::IAM::ManagedPolicy
        Properties:
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                NotResource: arn:aws:s3:::secrets/*  # remit: allow R213

Better:

    Resources:
      Policy:
        Type: AWS::IAM::ManagedPolicy
        Properties:
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                NotResource: arn:aws:s3:::secrets/*  # remit: allow R213 because the auditors read all other buckets
"""

from remit.lint.finding import WARNING

SEVERITY = WARNING
