// Finding products: lists with search, filters, sorting and paging, all of it in the URL.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { publishCatalog } from "./fixtures.js";
import { byId, launch, Server, Visitor } from "./harness.js";

let server, browser, ana;

before(async () => {
  server = await Server.start("web-lists");
  browser = await launch();
  ana = await server.person("ana");
  for (let number = 0; number < 60; number += 1) {
    const name = `Listed ${String(number).padStart(2, "0")}`;
    await ana.product({ display_name: name, type: "other", description: "One of many", meanings: {} });
  }
  await publishCatalog(ana, "Find me: Óptico 100%");
  await ana.product({ display_name: "Ana's draft" });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function signedIn(username, path) {
  const visitor = await Visitor.arrive(browser, server);
  await visitor.signIn(username);
  visitor.requests = [];
  visitor.page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.pathname === "/api/products/") visitor.requests.push(url.searchParams);
  });
  await visitor.open(path);
  return visitor;
}

const links = (visitor) => byId(visitor.page, "products-table").getByRole("rowheader").getByRole("link");
const names = (visitor) => links(visitor).allInnerTexts();
const count = async (visitor) => Number((await byId(visitor.page, "result-count").innerText()).replace(/\D/g, ""));

test("a list starts with the newest 25 of its scope (A-P1)", async () => {
  const visitor = await signedIn("bruno", "/user_products");
  const asked = visitor.requests.at(-1);
  assert.equal(asked.get("official_product"), "false");
  assert.equal(asked.get("page_size"), "25");
  assert.ok([null, "-created_at"].includes(asked.get("ordering")));
  assert.equal((await names(visitor)).length, 25);
  assert.equal((await names(visitor))[0], "Find me: Óptico 100%");
  const created = visitor.page.getByRole("columnheader").filter({ has: byId(visitor.page, "sort-created_at") });
  assert.equal(await created.getAttribute("aria-sort"), "descending");
  await visitor.leave();
});

test("search finds while one types, whatever the case, and says so in the URL", async () => {
  const visitor = await signedIn("bruno", "/user_products");
  await byId(visitor.page, "list-search").fill("óptico 100%");
  await visitor.page.waitForURL(/q=/);
  await visitor.settled();
  assert.deepEqual(await names(visitor), ["Find me: Óptico 100%"]);
  assert.equal(await count(visitor), 1);
  await byId(visitor.page, "list-search").fill("nothing has this name");
  await byId(visitor.page, "no-match").waitFor();
  await visitor.leave();
});

test("filters narrow the list and can be taken away again", async () => {
  const visitor = await signedIn("bruno", "/user_products");
  const whole = await count(visitor);
  await byId(visitor.page, "filter-type-redshift_catalog").check();
  await visitor.page.waitForURL(/type=redshift_catalog/);
  await visitor.settled();
  const catalogs = await count(visitor);
  const { count: expected } = await ana.request("GET", "products/?product_type=1&official_product=false&status=1&page_size=1");
  assert.equal(catalogs, expected);
  assert.ok(catalogs < whole);
  await byId(visitor.page, "clear-filters").click();
  await visitor.settled();
  assert.equal(await count(visitor), whole);
  await visitor.leave();
});

test("release None shows products without a release (A-P2)", async () => {
  const visitor = await signedIn("bruno", "/user_products?release=none");
  assert.equal(visitor.requests.at(-1).get("release__isnull"), "true");
  const { count: expected } = await ana.request("GET", "products/?release__isnull=true&official_product=false&status=1&page_size=1");
  assert.equal(await count(visitor), expected);
  await visitor.leave();
});

test("a header sorts descending, ascending, then as before", async () => {
  const visitor = await signedIn("bruno", "/user_products?q=listed");
  const seen = [];
  for (let click = 0; click < 3; click += 1) {
    await byId(visitor.page, "sort-display_name").click();
    await visitor.settled();
    seen.push((await names(visitor))[0]);
  }
  assert.deepEqual(seen, ["Listed 59", "Listed 00", "Listed 59"]);
  await visitor.leave();
});

test("pages cover the list, and Back brings the list as it was left (A-P7)", async () => {
  const visitor = await signedIn("bruno", "/user_products?q=listed&sort=display_name");
  assert.match(await byId(visitor.page, "pager-range").innerText(), /1\D25\D.*60/);
  await byId(visitor.page, "page-next").click();
  await visitor.page.waitForURL(/page=2/);
  await byId(visitor.page, "page-next").click();
  await visitor.page.waitForURL(/page=3/);
  await visitor.settled();
  const third = await names(visitor);
  assert.equal(third.length, 10);
  const left = visitor.path;
  const link = links(visitor).nth(4);
  const chosen = await link.innerText();
  await link.click();
  await visitor.page.waitForURL(/\/product\//);
  await visitor.settled();
  await visitor.page.goBack();
  await visitor.settled();
  assert.equal(visitor.path, left);
  assert.deepEqual(await names(visitor), third);
  await visitor.page.waitForFunction((text) => document.activeElement?.textContent === text, chosen);
  await visitor.leave();
});

test("others' drafts are not listed, one's own are (A-P3)", async () => {
  const others = await signedIn("bruno", "/user_products?q=draft");
  assert.ok(!(await names(others)).includes("Ana's draft"));
  await others.leave();
  const own = await signedIn("ana", "/my/products?q=draft");
  assert.deepEqual(await names(own), ["Ana's draft"]);
  await own.leave();
});
