"""Functions on this machine, run as AWS Lambda runs them: their zip unpacked, in processes of their own."""
