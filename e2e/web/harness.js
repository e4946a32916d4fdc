// A real Chromium in front of a real server.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { PASSWORD } from "../server.js";

export { OUT, PASSWORD, Server } from "../server.js";

const run = promisify(execFile);
const require = createRequire(import.meta.url);

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROME ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export const byId = (page, id) => page.getByTestId(id);

/**
 * A fresh visitor. What must never happen on any page is collected in `visitor.faults`: a violation of the content
 * security policy, an error in the console, a crash of the app, a request to another origin.
 */
export class Visitor {
  static async arrive(browser, server, options = {}) {
    const visitor = new Visitor();
    visitor.server = server;
    visitor.faults = [];
    visitor.context = await browser.newContext({
      baseURL: server.root,
      viewport: { width: 1440, height: 900 },
      locale: "en",
      acceptDownloads: true,
      ...options,
    });
    visitor.context.setDefaultTimeout(15_000);
    visitor.page = await visitor.context.newPage();
    visitor.page.on("pageerror", (error) => visitor.faults.push(`page error: ${error.message}`));
    visitor.page.on("console", (message) => {
      // An expected 4xx is also an "error" of the console; its text names the status, not the policy.
      const expected = /Failed to load resource: the server responded with a status of 4\d\d/.test(message.text());
      if (message.type() === "error" && !expected) visitor.faults.push(`console: ${message.text()}`);
    });
    visitor.page.on("request", (request) => {
      const url = new URL(request.url());
      if (/^https?:$/.test(url.protocol) && url.origin !== server.root) visitor.faults.push(`left for ${url.origin}`);
    });
    return visitor;
  }

  /** Goes to a path of the app and waits until it has settled. */
  async open(path) {
    await this.page.goto(path);
    await this.settled();
  }

  async settled() {
    await this.page.locator("body[data-app=ready]").waitFor({ state: "attached" });
    await this.page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
  }

  get path() {
    const url = new URL(this.page.url());
    return url.pathname + url.search;
  }

  async signIn(username, path = "/login?returnUrl=/products") {
    await this.open(path);
    await byId(this.page, "login-username").fill(username);
    await byId(this.page, "login-password").fill(PASSWORD);
    await this.page.keyboard.press("Enter");
    await this.page.waitForURL((url) => url.pathname !== "/login");
    await this.settled();
  }

  /** Ends the visit; nothing that must never happen may have happened. */
  async leave() {
    await this.context.close();
    assert.deepEqual(this.faults, []);
  }
}

/** What axe-core finds wrong with the page as it is now, one line each. */
export async function accessibilityFaults(page) {
  // Not as a script element: the content security policy would refuse it, rightly.
  await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
    `${id} at ${target.join(" ")}: ${failureSummary.replaceAll("\n", " ")}`));
}

/** The members of a zip file, as the system's own `unzip` sees them. */
export async function unzip(path) {
  await run("unzip", ["-tqq", path]);
  const { stdout } = await run("unzip", ["-Z1", path]);
  const members = new Map();
  for (const name of stdout.split("\n").filter(Boolean)) {
    // Brackets are wildcards to unzip.
    const pattern = name.replaceAll(/[[\]*?\\]/g, "\\$&");
    const { stdout: content } = await run("unzip", ["-p", path, pattern], { encoding: "buffer", maxBuffer: 1 << 28 });
    members.set(name, content);
  }
  return members;
}
