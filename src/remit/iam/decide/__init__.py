"""Decide one request against policies as IAM does: `evaluate` gives the verdict and its reasons.

`prepared_statements` compiles statements, `evaluation_logic` combines the layers, `decision` finds the reasons.
"""
