from remit import configure

with configure() as config:
    config.lambda_.function.log_retention = 14
    config.api.throttling_rate_limit = 50
    config.api.throttling_burst_limit = 100
    config.api.access_log = True
