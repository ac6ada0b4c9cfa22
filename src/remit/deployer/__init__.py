"""The deployer's access: the least policy for a template's resources and remit's own calls."""
