"""Who may do what in the AWS on this machine, decided as IAM does by the policies that it stores."""
