"""What whoever deploys needs: the least policy for a template's resources and remit's own calls."""
