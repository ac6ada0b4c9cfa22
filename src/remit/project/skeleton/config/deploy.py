from remit import configure

with configure() as config:
    # Added for every function to what remit computes from what it uses (its logs, VPC, queues, …):
    config.lambda_.iam.policy = []
    config.lambda_.function.runtime = "python3.14"
    config.lambda_.function.timeout = 30
    config.lambda_.function.memory_size = 256
