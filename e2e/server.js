// A real server on a free port, and people who use it through the API.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const BINARY = process.env.PZ_SERVER_BINARY ?? "pz-server";
export const OUT = join(import.meta.dirname, "out");
export const PASSWORD = "correct horse battery staple";
const READY_WITHIN_MS = 30_000;
const run = promisify(execFile);

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** One `pz-server` with the demonstration data and three more people: ana and bruno, and chefe the admin. */
export class Server {
  /** `settings` are further environment variables, or make them from the server's address. */
  static async start(name, settings = {}) {
    const server = new Server();
    server.directory = mkdtempSync(join(tmpdir(), "pz-e2e-"));
    const port = await freePort();
    server.root = `http://127.0.0.1:${port}`;
    const own = Object.entries(process.env).filter(([key]) => !/^(PZ_|DATABASE_)/.test(key));
    server.environment = {
      ...Object.fromEntries(own),
      PZ_DATA_DIR: server.directory,
      PZ_LISTEN: `127.0.0.1:${port}`,
      // Tests ask as fast as they can.
      PZ_RATE_LIMITS: "off",
      PZ_WEB_DIR: process.env.PZ_WEB_DIR,
      ...(typeof settings === "function" ? settings(server.root) : settings),
    };
    await server.run(["seed", "demo"]);
    for (const username of ["ana", "bruno"]) await server.addUser(username);
    await server.addUser("chefe", "--admin");

    mkdirSync(OUT, { recursive: true });
    const log = openSync(join(OUT, `${name}.log`), "w");
    server.process = spawn(BINARY, ["serve"], { env: server.environment, stdio: ["ignore", log, log] });
    server.ended = new Promise((resolve) => server.process.on("exit", resolve));
    const deadline = Date.now() + READY_WITHIN_MS;
    for (;;) {
      assert.equal(server.process.exitCode, null, `the server ended at once: see out/${name}.log`);
      const answer = await fetch(`${server.root}/health/ready`).catch(() => null);
      if (answer?.ok) return server;
      assert.ok(Date.now() < deadline, `the server was not ready in time: see out/${name}.log`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Runs one of the program's commands and gives back what it printed. */
  async run(words, input = "") {
    const running = run(BINARY, words, { env: this.environment });
    // A program that ends without reading tells why by its exit code, not by a broken pipe.
    running.child.stdin.on("error", () => {});
    running.child.stdin.end(input);
    return (await running).stdout;
  }

  async addUser(username, ...flags) {
    await this.run(["user", "add", "--username", username, "--password-stdin", ...flags], PASSWORD);
  }

  /** Somebody with a token; `scopes` as the command takes them. */
  async person(username, scopes) {
    const flags = scopes ? ["--scopes", scopes] : [];
    return new Person(this, (await this.run(["token", "new", "--username", username, ...flags])).trim());
  }

  async stop() {
    this.process.kill("SIGTERM");
    assert.equal(await this.ended, 0, "the server did not end cleanly");
    rmSync(this.directory, { recursive: true });
  }
}

/** Somebody with a token, who prepares through the API what is then looked at in the browser. */
export class Person {
  constructor(server, token) {
    this.server = server;
    this.token = token;
  }

  async request(method, path, body) {
    const headers = { Authorization: `Token ${this.token}` };
    if (body && !(body instanceof FormData)) {
      headers["Content-Type"] = "application/json";
      body = JSON.stringify(body);
    }
    const answer = await fetch(`${this.server.root}/api/${path}`, { method, headers, body });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
    return answer.status === 204 ? null : answer.json();
  }

  /** A product with its files (`[{name, content, role}]`), published when column meanings are given. */
  async product({ display_name, type = "redshift_catalog", files = [], meanings = null, ...fields }) {
    const types = await this.request("GET", `product-types/?name=${type}`);
    const product = await this.request("POST", "products/", {
      display_name,
      product_type: types.results[0].id,
      ...fields,
    });
    for (const { name, content, role = 0 } of files) {
      const form = new FormData();
      form.append("product", product.id);
      form.append("role", role);
      form.append("file", new Blob([content]), name);
      await this.request("POST", "product-files/", form);
    }
    if (files.some(({ role = 0 }) => role === 0)) await this.request("POST", `products/${product.id}/registry/`);
    if (meanings) {
      const columns = await this.request("GET", `product-contents/?product=${product.id}`);
      for (const { id, column_name } of columns.results) {
        const alias = meanings[column_name];
        if (alias) await this.request("PATCH", `product-contents/${id}/`, { alias });
      }
      await this.request("PATCH", `products/${product.id}/`, { status: 1 });
    }
    return this.request("GET", `products/${product.id}/`);
  }
}
