"""The functions of this app. What each may do stands in its decorator, or in config/deploy.py for all of them."""

import json

from remit import App, on

app = App()


@app.function(on.http(auth="NONE"))  # auth="AWS_IAM", the default, answers signed requests only
def hello(event, context):
    """Greet whoever asks: GET /?name=you."""
    name = (event.get("queryStringParameters") or {}).get("name", "world")
    return {"statusCode": 200, "body": json.dumps({"hello": name})}


# Access is granted where it is needed, such as policy=[grants.s3.list("backups")] with `from remit import grants`.
@app.function(on.schedule("rate(1 day)"))
def tidy(event, context):
    """Run once a day."""
    print("tidied up")
