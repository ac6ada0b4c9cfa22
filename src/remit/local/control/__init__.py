"""What remit asks of the AWS on this machine while it runs: a module for each kind of request to its server."""
