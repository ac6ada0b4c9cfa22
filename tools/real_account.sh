#!/usr/bin/env bash
# Try remit in a real account, in at most ten minutes: bootstrap, deploy, invoke, a denied call, diff, delete.
#
#   AWS_PROFILE=sandbox AWS_REGION=eu-central-1 tools/real_account.sh
#
# It makes one stack, remit-trial-dev, and deletes it again, also when a step fails. The bucket for uploads stays. With
# --local it tries the same steps on the AWS on this machine. The report goes to standard output.
set -uo pipefail
where=("$@")
folder="$(mktemp -d)"
log="$folder/log" failed=0
mkdir -p "$folder/remit-trial/config"
cd "$folder/remit-trial"
cat > config/deploy.py <<'PYTHON'
from remit import configure

with configure() as config:
    config.tags = {"purpose": "remit-trial"}
PYTHON
mkdir -p shared/resources
cat > shared/resources/data.py <<'PYTHON'
from remit import Shared, resource


class Data(Shared):
    orders = resource(
        "AWS::DynamoDB::Table",
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
PYTHON
cat > app.py <<'PYTHON'
import os

import boto3
from remit import App, grants
from shared.resources.data import Data

app = App()


@app.function(policy=[grants.dynamodb.put(Data.orders)], environment={"TABLE": Data.orders.ref})
def keep(event, context):
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    table.put_item(Item={"id": "1"})
    if event.get("delete"):
        table.delete_item(Key={"id": "1"})  # nothing allows this
    return "kept"
PYTHON

step() { # NAME EXPECTED-EXIT-CODE COMMAND...
  local name="$1" expected="$2" began="$SECONDS" code=0
  shift 2
  timeout 300 "$@" > "$log" 2>&1 < /dev/null || code=$?
  if [ "$code" = "$expected" ]; then printf '| %s | as expected | %s s |\n' "$name" "$((SECONDS - began))"; return; fi
  failed=1
  printf '| %s | exit code %s, expected %s | %s s |\n' "$name" "$code" "$expected" "$((SECONDS - began))"
  sed 's/^/    /' "$log" | tail -n 20 >&2
}

clean() {
  [ -d "$folder/remit-trial" ] || return 0
  remit delete "${where[@]}" --yes --yes-delete all > /dev/null 2>&1 || true
  if [ "${where[*]:-}" = --local ]; then remit local stop > /dev/null 2>&1 || true; fi
  rm -rf "$folder"
}
trap clean EXIT

echo "remit: $(remit --version), $(date -u +%Y-%m-%d), ${where[*]:-AWS}, ${AWS_REGION:-the configured region}"
echo
echo "| step | result | took |"
echo "| --- | --- | --- |"
if [ "${where[*]:-}" != --local ]; then step bootstrap 0 remit bootstrap --yes; fi
step "first deploy" 0 remit deploy "${where[@]}" --yes
step "a call that is granted" 0 remit invoke keep "${where[@]}"
step "a call that is not granted" 1 remit invoke keep --event '{"delete": true}' "${where[@]}"
if ! grep -q 'dynamodb:DeleteItem' "$log"; then failed=1; echo "| the denied action is named | no | |"; fi
step "diff with what runs" 0 remit diff --live "${where[@]}"
sed -i.bak 's/grants.dynamodb.put(Data.orders)/grants.dynamodb.put(Data.orders), grants.dynamodb.delete(Data.orders)/' app.py
step "diff with one more grant" 1 remit diff --live "${where[@]}"
step "a deploy that adds access, unapproved" 1 remit deploy "${where[@]}"
step "the same, approved" 0 remit deploy "${where[@]}" --yes
step "the call, granted now" 0 remit invoke keep --event '{"delete": true}' "${where[@]}"
step "delete" 0 remit delete "${where[@]}" --yes --yes-delete all
echo
echo "Took $SECONDS s. Costs: two deploys, three calls, two items and a few log lines, less than 0.01 USD."
exit "$failed"
