"""The SAM transform: its types as plain CloudFormation; held against AWS's own translator in the tests.

Source: "Generated AWS CloudFormation resources" (AWS SAM Developer Guide).
"""
