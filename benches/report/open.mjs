// How long pages take to open: `node benches/report/open.mjs [ROUNDS] PAGE.html...`
//
// Opens every page in turn in one headless Chromium, over the DevTools protocol, and beside them a
// page that says nothing, so that what the machine was doing meanwhile can be told from the page.
// Prints medians in milliseconds: `parsed` and `idle` are wall time from the start of the navigation
// until the document is parsed, and until the page is loaded, drawn and has nothing to do; `busy` is
// the processor time of the page's own thread, of which `style`, `layout` and `script` are parts.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const given = process.argv.slice(2);
const rounds = /^\d+$/.test(given[0] ?? "") ? Number(given.shift()) : 15;
if (given.length === 0) {
  console.error("usage: node benches/report/open.mjs [ROUNDS] PAGE.html...");
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "open-"));
const nothing = join(folder, "nothing.html");
writeFileSync(nothing, "<!doctype html><html lang=en><title>nothing</title><h1>nothing</h1>");
const pages = [nothing, ...given].map((path) => pathToFileURL(resolve(path)));

const browser = spawn(
  process.env.CHROMIUM ?? "chromium",
  ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-renderer-backgrounding", "--no-first-run", "--remote-debugging-pipe",
    `--user-data-dir=${join(folder, "profile")}`, "about:blank"],
  { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
);
const waiting = new Map();
let number = 0;
let rest = "";
let session;
browser.stdio[4].setEncoding("utf8");
browser.stdio[4].on("data", (part) => {
  const messages = (rest + part).split("\0");
  rest = messages.pop();
  for (const message of messages.map((text) => JSON.parse(text))) {
    const then = waiting.get(message.id ?? message.method);
    if (!then) continue;
    waiting.delete(message.id ?? message.method);
    if (message.error) then[1](new Error(JSON.stringify(message.error)));
    else then[0](message.result);
  }
});

function send(method, params = {}) {
  const id = ++number;
  const answer = new Promise((fulfil, reject) => waiting.set(id, [fulfil, reject]));
  browser.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: session })}\0`);
  return answer;
}

/** Seconds by name since the page's process began. */
async function spent() {
  const { metrics } = await send("Performance.getMetrics");
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

/** Opens `url` in a tab of its own, which is closed again. */
async function open(url) {
  session = undefined;
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  ({ sessionId: session } = await send("Target.attachToTarget", { targetId, flatten: true }));
  await send("Page.enable");
  await send("Performance.enable", { timeDomain: "threadTicks" });
  const before = await spent();
  const loaded = new Promise((fulfil) => waiting.set("Page.loadEventFired", [fulfil]));
  await send("Page.navigate", { url: url.href });
  await loaded;
  const { result } = await send("Runtime.evaluate", {
    awaitPromise: true,
    returnByValue: true,
    expression: `new Promise((done) => requestAnimationFrame(() => requestIdleCallback(() => {
      const idle = performance.now();
      const [page] = performance.getEntriesByType("navigation");
      const nodes = document.querySelectorAll("*").length;
      done({ parsed: page.domContentLoadedEventEnd, idle, nodes });
    })))`,
  });
  const after = await spent();
  const ms = (name) => 1000 * (after[name] - (before[name] ?? 0));
  session = undefined;
  await send("Target.closeTarget", { targetId });
  return {
    ...result.value,
    busy: ms("TaskDuration"),
    style: ms("RecalcStyleDuration"),
    layout: ms("LayoutDuration"),
    script: ms("ScriptDuration"),
  };
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return Math.round(sorted[(sorted.length - 1) >> 1]);
}

try {
  for (const url of pages) await open(url);
  const seen = pages.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [place, url] of pages.entries()) seen[place].push(await open(url));
  }
  const columns = ["parsed", "idle", "busy", "style", "layout", "script", "nodes"];
  console.log(`| page | KB | ${columns.join(" | ")} |`);
  console.log(`|---|${"---|".repeat(columns.length + 1)}`);
  for (const [place, url] of pages.entries()) {
    const cells = columns.map((column) => median(seen[place].map((one) => one[column])));
    const kb = Math.round(statSync(url).size / 1024);
    console.log(`| ${basename(url.pathname)} | ${kb} | ${cells.join(" | ")} |`);
  }
} finally {
  browser.kill();
  await new Promise((fulfil) => browser.once("exit", fulfil));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
