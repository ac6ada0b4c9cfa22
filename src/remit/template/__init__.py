"""Files of others: policies, CloudFormation and SAM templates, Terraform plans; each part with its place."""
