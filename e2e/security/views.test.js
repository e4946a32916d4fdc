// What others wrote, in a real browser: it is shown and runs nowhere, and a document that may run reaches nothing.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { byId, launch, Server, Visitor } from "../web/harness.js";

const RUN = "window.top.ranHere = true; window.ranHere = true";
const HOSTILE = [
  `<script>${RUN}</script>`,
  `<img src=x onerror="${RUN}">`,
  `<svg/onload="${RUN}">`,
  `</title></textarea></style></script><script>${RUN}</script>`,
  `" onmouseover="${RUN}" autofocus onfocus="${RUN}" x="`,
  `<iframe srcdoc="<script>${RUN}</script>"></iframe>`,
  `<a href="javascript:${RUN}">click</a>`,
  `<form action="javascript:${RUN}"><button>click</button></form>`,
  `<base href="http://evil.example/">`,
  `<meta http-equiv="refresh" content="0;url=http://evil.example/">`,
  `<link rel="stylesheet" href="http://evil.example/x.css">`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=${RUN}&gt;">`,
];
const LINKS = [
  `[plain](javascript:${RUN.replaceAll(" ", "%20")})`,
  "[upper](JaVaScRiPt:window.ranHere=true)",
  "[tab](java\tscript:window.ranHere=true)",
  "[entity](&#106;avascript:window.ranHere=true)",
  "[colon](javascript&colon;window.ranHere=true)",
  "[data](data:text/html,<script>window.ranHere=true</script>)",
  "[vb](vbscript:x)",
  "[file](file:///etc/passwd)",
  "[blob](blob:http://127.0.0.1/x)",
  "![image](javascript:window.ranHere=true)",
  "![tracker](http://evil.example/pixel.png)",
  "<javascript:window.ranHere=true>",
  "[reference]\n\n[reference]: javascript:window.ranHere=true",
];
// What a document tries, and how it fares; it writes down the answers where they can be read.
const SPY = `<!doctype html><title>Spy</title><body><pre id="told"></pre><script>
  (async () => {
    const told = {};
    const attempt = async (name, act) => {
      try { told[name] = "DONE " + await act(); } catch (error) { told[name] = "refused: " + error.name; }
    };
    await attempt("cookie", () => document.cookie);
    await attempt("localStorage", () => { localStorage.setItem("a", "b"); return localStorage.length; });
    await attempt("sessionStorage", () => sessionStorage.length);
    await attempt("indexedDB", () => new Promise((resolve, reject) => {
      const request = indexedDB.open("x"); request.onsuccess = () => resolve("open"); request.onerror = () => reject(request.error);
    }));
    await attempt("fetch", async () => (await fetch("/api/products/", { credentials: "include" })).status);
    await attempt("outside", async () => (await fetch("http://evil.example/", { mode: "no-cors" })).type);
    // Says nothing of whether it was sent: afterwards somebody is still signed in.
    navigator.sendBeacon("/api/logout/");
    await attempt("request", () => new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(); request.open("GET", "/api/session/");
      request.onload = () => resolve(request.status); request.onerror = () => reject(new Error("no")); request.send();
    }));
    await attempt("socket", () => new Promise((resolve, reject) => {
      const socket = new WebSocket("ws://" + location.host + "/"); socket.onopen = () => resolve("open"); socket.onerror = () => reject(new Error("no"));
    }));
    await attempt("worker", () => navigator.serviceWorker.register("x.js"));
    await attempt("parent", () => window.parent === window ? Promise.reject(new Error("none")) : window.parent.document.title);
    await attempt("opener", () => window.opener ? window.opener.document.title : Promise.reject(new Error("none")));
    await attempt("origin", () => { if (window.origin === "null") throw new Error("opaque"); return window.origin; });
    await attempt("popup", () => { if (!window.open("/my/products")) throw new Error("no"); return "open"; });
    await attempt("top", () => { if (window.top === window) throw new Error("none"); window.top.location = "http://evil.example/"; return "left"; });
    document.getElementById("told").textContent = JSON.stringify(told);
  })();
</script>`;

let server, browser, ana, product, evil, evilRoot;

before(async () => {
  server = await Server.start("security-views");
  browser = await launch();
  ana = await server.person("ana");
  const csv = [HOSTILE.map((text, n) => `"${n} ${text.replaceAll('"', '""')}"`), HOSTILE.map((text) => `"${text.replaceAll('"', '""')}"`)]
    .map((row) => row.join(",")).join("\n");
  product = await ana.product({
    display_name: `${HOSTILE[0]}${HOSTILE[1]}`,
    description: [...HOSTILE, ...LINKS].join("\n\n"),
    type: "other",
    files: [
      { name: "table.csv", content: csv },
      { name: `${HOSTILE[1].replaceAll("/", "")}.html`, content: SPY, role: 1 },
      { name: `readme ${HOSTILE[4]}.md`, content: HOSTILE.join("\n"), role: 2 },
    ],
    meanings: {},
  });
  evil = createServer((request, answer) => {
    answer.setHeader("Content-Type", "text/html");
    answer.end(`<!doctype html><title>evil</title><body>
      <iframe id="app" src="${server.root}/my/products"></iframe>
      <form id="forged" method="post" action="${server.root}/api/products/" enctype="text/plain">
        <input name='{"product_type": 7, "display_name": "forged", "x": "' value='"}'></form>
      <form id="out" method="post" action="${server.root}/api/logout/"></form>`);
  });
  await new Promise((resolve) => evil.listen(0, "127.0.0.1", resolve));
  // Another name of the same machine is another site to a browser.
  evilRoot = `http://localhost:${evil.address().port}`;
});

after(async () => {
  evil?.close();
  await browser?.close();
  await server?.stop();
});

const ran = (visitor) => visitor.page.evaluate(() => window.ranHere === true);

async function viewOf(extension, scripts) {
  const { results } = await ana.request("GET", `product-files/?product_id=${product.id}`);
  const file = results.find(({ name }) => name.endsWith(extension));
  const { url } = await ana.request("GET", `product-files/${file.id}/view-url/?scripts=${scripts}`);
  return server.root + url;
}

async function told(frame) {
  await frame.waitForFunction(() => document.getElementById("told").textContent);
  return JSON.parse(await frame.evaluate(() => document.getElementById("told").textContent));
}

function assertRefused(answers) {
  assert.ok(Object.keys(answers).length > 10);
  for (const [what, answer] of Object.entries(answers)) {
    assert.match(answer, /^refused/, `${what}: ${answer}`);
  }
}

for (const path of ["/user_products", "/products", "/user_products?q=script", ...["", "?tab=data", "?tab=files", "?tab=use"].map((tab) => `PRODUCT${tab}`)]) {
  test(`hostile texts run nowhere on ${path}`, async () => {
    const visitor = await Visitor.arrive(browser, server);
    visitor.page.on("dialog", (dialog) => visitor.faults.push(`a dialog: ${dialog.message()}`));
    await visitor.signIn("bruno");
    await visitor.open(path.replace("PRODUCT", `/product/${product.internal_name}`));
    // It is there, as text.
    assert.ok((await visitor.page.locator("body").innerText()).includes("<"));
    for (const script of await visitor.page.locator("[onerror],[onload],[onclick],[onfocus],[onmouseover],[srcdoc]").all()) {
      assert.fail(await script.evaluate((node) => node.outerHTML));
    }
    const addresses = await visitor.page.locator("a[href],form[action],iframe[src],img[src]").evaluateAll((nodes) =>
      nodes.map((node) => node.href || node.action || node.src));
    for (const address of addresses) {
      assert.match(String(address), /^(https?:|mailto:|data:image\/|blob:)/, address);
    }
    await visitor.page.mouse.move(200, 300);
    assert.equal(await ran(visitor), false);
    await visitor.leave();
  });
}

test("links to scripts in a description are dead", async () => {
  const visitor = await Visitor.arrive(browser, server);
  await visitor.signIn("bruno");
  await visitor.open(`/product/${product.internal_name}`);
  const description = byId(visitor.page, "description");
  for (const name of ["plain", "upper", "tab", "entity", "colon", "data", "vb", "file", "blob", "reference"]) {
    for (const link of await description.getByText(name, { exact: true }).all()) {
      const href = await link.evaluate((node) => node.closest("a")?.getAttribute("href") ?? "");
      assert.ok(!/^\s*(javascript|data|vbscript|file|blob)/i.test(href), href);
      await link.click({ force: true, noWaitAfter: true });
    }
  }
  assert.equal(await ran(visitor), false);
  assert.equal(new URL(visitor.page.url()).origin, server.root);
  await visitor.leave();
});

for (const framed of [false, true]) {
  test(`a document that may run scripts reaches nothing, ${framed ? "in a frame of the app" : "in a tab"}`, async () => {
    const visitor = await Visitor.arrive(browser, server);
    await visitor.signIn("bruno");
    const url = await viewOf(".html", true);
    // Its attempts are refused loudly, and that is as it should be.
    visitor.faults.push = () => 0;
    if (framed) {
      await visitor.open("/");
      await visitor.page.evaluate((address) => {
        document.cookie = "readable=by-the-app";
        const frame = document.createElement("iframe");
        frame.id = "spy";
        frame.src = address;
        document.body.append(frame);
      }, url);
      const frame = await (await visitor.page.waitForSelector("#spy")).contentFrame();
      assertRefused(await told(frame));
      assert.equal(new URL(visitor.page.url()).origin, server.root);
    } else {
      await visitor.page.goto(url);
      assertRefused(await told(visitor.page));
    }
    assert.equal((await (await visitor.context.request.get(`${server.root}/api/session/`)).json()).user.username, "bruno");
    await visitor.context.close();
  });
}

test("without leave, a document runs no script at all", async () => {
  const visitor = await Visitor.arrive(browser, server);
  await visitor.signIn("bruno");
  const url = await viewOf(".html", false);
  await visitor.page.goto(url);
  await visitor.page.waitForTimeout(500);
  assert.equal(await visitor.page.locator("#told").textContent(), "");
  await visitor.context.close();
});

test("a document that is text is shown as text", async () => {
  const visitor = await Visitor.arrive(browser, server);
  await visitor.page.goto(await viewOf(".md", true));
  assert.ok((await visitor.page.locator("body").innerText()).includes("<script>"));
  assert.equal(await ran(visitor), false);
  await visitor.context.close();
});

test("another site neither frames the app nor acts for who is signed in", async () => {
  const visitor = await Visitor.arrive(browser, server);
  await visitor.signIn("bruno");
  const bruno = visitor.context.request;
  const count = async () => (await (await bruno.get(`${server.root}/api/products/?status__in=0`)).json()).count;
  const before = await count();
  for (const form of ["forged", "out"]) {
    await visitor.page.goto(evilRoot);
    const frame = await (await visitor.page.$("#app")).contentFrame();
    assert.ok(!(await frame.content()).includes("data-app"), "the app was framed");
    const answer = visitor.page.waitForResponse((response) => response.request().method() === "POST");
    await visitor.page.evaluate((id) => document.getElementById(id).submit(), form);
    const status = (await answer).status();
    await visitor.page.waitForURL(`${server.root}/**`);
    assert.ok(status === 401 || status === 403, `${form}: ${status}`);
  }
  assert.equal(await count(), before);
  assert.equal((await (await bruno.get(`${server.root}/api/session/`)).json()).user.username, "bruno");
  await visitor.context.close();
});
