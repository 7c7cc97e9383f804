// The report's page in a real browser: `node ci/gate/page.mjs REPORT.html [--pictures FOLDER]`.
//
// Speaks the DevTools protocol with a headless Chromium over two pipes, so that nothing but axe-core
// is installed. Fails on: a violation that axe finds, in light or dark; a request to anywhere; a
// message on the console; what the keyboard does not reach; a page that says nothing without
// scripts. Says how long the page takes until it can be used.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [file, option, folder] = process.argv.slice(2);
if (!file) {
  console.error("usage: node ci/gate/page.mjs REPORT.html [--pictures FOLDER]");
  process.exit(2);
}
const url = pathToFileURL(resolve(file)).href;
const axe = readFileSync(process.env.AXE ?? "target/tools/node/node_modules/axe-core/axe.min.js", "utf8");
const profile = mkdtempSync(join(tmpdir(), "page-"));
const browser = spawn(
  process.env.CHROMIUM ?? "chromium",
  ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank"],
  { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
);

let number = 0;
let rest = "";
const waiting = new Map();
const heard = [];
browser.stdio[4].setEncoding("utf8");
browser.stdio[4].on("data", (part) => {
  const parts = (rest + part).split("\0");
  rest = parts.pop();
  for (const message of parts.map((text) => JSON.parse(text))) {
    const then = waiting.get(message.id);
    if (!then) heard.push(message);
    else if (message.error) then[1](new Error(JSON.stringify(message.error)));
    else then[0](message.result);
    waiting.delete(message.id);
  }
});

let session;
function send(method, params = {}) {
  const id = ++number;
  browser.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: session })}\0`);
  return new Promise((fulfil, reject) => waiting.set(id, [fulfil, reject]));
}

async function evaluate(expression) {
  const answer = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
  if (answer.exceptionDetails) throw new Error(JSON.stringify(answer.exceptionDetails));
  return answer.result.value;
}

async function until(what, condition) {
  for (let tries = 0; tries < 2400; tries++) {
    if (await condition()) return;
    await new Promise((fulfil) => setTimeout(fulfil, 25));
  }
  throw new Error(`waited in vain: ${what}`);
}

async function open() {
  await send("Page.navigate", { url: "about:blank" });
  heard.length = 0;
  await send("Page.navigate", { url });
  const navigated = (event) => event.method === "Page.frameNavigated" && event.params.frame.url === url;
  const loaded = () => {
    const from = heard.findIndex(navigated);
    return from >= 0 && heard.slice(from).some((event) => event.method === "Page.loadEventFired");
  };
  await until("the page is loaded", loaded);
}

const wrong = [];
const check = (holds, what) => holds || wrong.push(what);

async function key(name, code, text) {
  const key = { key: name, windowsVirtualKeyCode: code, text };
  await send("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", ...key });
  await send("Input.dispatchKeyEvent", { type: "keyUp", ...key });
}

/** How long until the page can be used: parsed, its script run, and the browser idle again. */
async function opened() {
  const times = [];
  for (let round = 0; round < 5; round++) {
    await open();
    times.push(await evaluate(`new Promise((done) => requestAnimationFrame(() => setTimeout(() => {
      const t = performance.getEntriesByType("navigation")[0];
      done(Math.round(Math.max(t.loadEventEnd, performance.now())));
    })))`));
  }
  times.sort((a, b) => a - b);
  return times[2];
}

/** Of the current page, each violation with the place of the first element. */
async function violations(theme) {
  await send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: theme }] });
  // Before it is printed, the page shows what it had left inert.
  await evaluate(`dispatchEvent(new Event("beforeprint"))`);
  await evaluate(`document.querySelectorAll("details").forEach((one, place) => { one.open = place < 400; })`);
  await evaluate(`${axe}; true`);
  const found = await evaluate(`axe.run(document, { resultTypes: ["violations"] }).then((result) =>
    result.violations.map((one) => [one.id, one.nodes.length, one.nodes[0].target.join(" "), one.nodes[0].failureSummary]))`);
  for (const [id, times, target, summary] of found) {
    wrong.push(`axe (${theme}): ${id}, ${times} times, first at ${target}: ${summary.replaceAll("\n", " ")}`);
  }
}

async function keyboard() {
  await open();
  await key("Tab", 9);
  const first = await evaluate(`document.activeElement.className`);
  check(first === "skip", `the first Tab leads to "${first}", not to the link that skips`);
  await key("Enter", 13, "\r");
  const skipped = await evaluate(`document.activeElement.id || location.hash`);
  check(/findings/.test(skipped), `the link that skips leads to "${skipped}"`);
  const filter = await evaluate(`Boolean(document.querySelector("nav input"))`);
  if (filter) {
    await key("/", 191, "/");
    check(await evaluate(`document.activeElement.matches("nav input")`), "`/` does not lead to the filter");
    await evaluate(`document.activeElement.blur()`);
  }
  const seen = await evaluate(`[...document.querySelectorAll("a[href], button, summary, input, [tabindex]")]
    .filter((one) => one.tabIndex < 0 && !one.hasAttribute("tabindex")).length`);
  check(seen === 0, `${seen} elements cannot be reached by the keyboard`);
  const invisible = await evaluate(`(() => {
    const one = document.querySelector("summary") ?? document.querySelector("nav a");
    one.focus({ focusVisible: true });
    const style = getComputedStyle(one);
    return style.outlineStyle === "none" && style.boxShadow === "none";
  })()`);
  check(!invisible, "what has the focus does not show it");
}

async function withoutScripts() {
  await send("Emulation.setScriptExecutionDisabled", { value: true });
  await open();
  const { root } = await send("DOM.getDocument");
  const count = async (selector) =>
    (await send("DOM.querySelectorAll", { nodeId: root.nodeId, selector })).nodeIds.length;
  check((await count("h1")) === 1, "without scripts there is no headline");
  check((await count("main section")) >= 3, "without scripts there are no sections");
  const folded = (await count("details")) === 0 || (await count("details > summary")) > 0;
  check(folded, "without scripts nothing can be unfolded");
  check((await count(".filter:not([hidden]), .folds:not([hidden])")) === 0, "what needs scripts is shown without");
  await send("Emulation.setScriptExecutionDisabled", { value: false });
}

async function pictures() {
  mkdirSync(folder, { recursive: true });
  for (const width of [390, 820, 1440]) {
    for (const theme of ["light", "dark"]) {
      await send("Emulation.setDeviceMetricsOverride", { width, height: 1200, deviceScaleFactor: 1, mobile: width < 500 });
      await send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: theme }] });
      await open();
      const overflow = await evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`);
      check(overflow <= 0, `at ${width} px the page is ${overflow} px too wide`);
      const { data } = await send("Page.captureScreenshot", { format: "png" });
      writeFileSync(join(folder, `${width}-${theme}.png`), Buffer.from(data, "base64"));
    }
  }
}

try {
  const { targetInfos } = await send("Target.getTargets");
  const page = targetInfos.find((one) => one.type === "page");
  ({ sessionId: session } = await send("Target.attachToTarget", { targetId: page.targetId, flatten: true }));
  for (const domain of ["Page", "Runtime", "Network", "Log"]) await send(`${domain}.enable`);
  const ms = await opened();
  const asked = heard.filter((event) => event.method === "Network.requestWillBeSent")
    .map((event) => event.params.request.url).filter((one) => one !== url && !one.startsWith("data:"));
  check(asked.length === 0, `the page asks for ${asked.join(", ")}`);
  const said = heard.filter((event) => ["Log.entryAdded", "Runtime.exceptionThrown"].includes(event.method));
  check(said.length === 0, `the console says ${JSON.stringify(said[0]?.params)}`);
  await keyboard();
  await withoutScripts();
  await send("Page.setBypassCSP", { enabled: true });
  for (const theme of ["light", "dark"]) {
    await open();
    await violations(theme);
  }
  if (option === "--pictures") await pictures();
  console.log(`${file}: ${Math.round(statSync(file).size / 1024)} KB, can be used after ${ms} ms (median of 5)`);
} catch (error) {
  wrong.push(`the page could not be looked at: ${error.message}`);
} finally {
  browser.kill();
  await new Promise((fulfil) => browser.once("exit", fulfil));
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}
for (const one of wrong) console.log(`error: ${one}`);
process.exit(wrong.length > 0 ? 1 : 0);
