from remit import configure

with configure() as config:
    # Every function gets its logs, and what its triggers and settings need, from the computed default.
    # `config.lambda_.iam.policy` adds to it for all functions; a decorator's `policy` adds for one.
    config.lambda_.function.memory_size = 256
    config.lambda_.function.log_retention = 14
