from remit import configure

with configure() as config:
    config.lambda_.function.memory_size = 256
    config.lambda_.function.log_retention = 14
