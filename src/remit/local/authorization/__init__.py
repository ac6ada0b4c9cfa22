"""Authorization in the AWS on this machine: each request is decided by the stored policies, as IAM does."""
