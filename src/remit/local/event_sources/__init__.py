"""How services reach functions on this machine: as on AWS, only with the permissions that this takes.

`service_calls` decides, `mappings` is about what Lambda reads for a function, `deliveries` about who invokes it.
"""
