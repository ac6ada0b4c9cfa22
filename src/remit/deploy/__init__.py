"""To AWS, through CloudFormation change sets."""
