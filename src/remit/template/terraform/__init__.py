"""The roles of a Terraform plan or state, as `terraform show -json` prints it."""
