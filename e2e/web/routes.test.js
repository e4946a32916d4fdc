// Addresses: every alias, every title, where the focus goes, and what keyboard users get.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { publishCatalog } from "./fixtures.js";
import { byId, launch, Server, Visitor } from "./harness.js";

let server, browser, product;

before(async () => {
  server = await Server.start("web-routes");
  browser = await launch();
  ({ product } = await publishCatalog(await server.person("ana"), "Routed catalog"));
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function signedIn(username = "ana") {
  const visitor = await Visitor.arrive(browser, server);
  await visitor.signIn(username);
  return visitor;
}

test("aliases end on the address that counts, in one step of the history (A-R3)", async () => {
  const visitor = await signedIn();
  const aliases = {
    "/oficial_products": "/official_products",
    "/pipelines": "/pz_pipelines",
    "/pz_compute": "/pz_pipelines",
    [`/product/${product.id}`]: `/product/${product.internal_name}`,
  };
  for (const [alias, canonical] of Object.entries(aliases)) {
    const before = await visitor.page.evaluate(() => history.length);
    await visitor.page.goto(alias);
    await visitor.page.waitForURL(`**${canonical}`);
    await visitor.settled();
    assert.equal(await visitor.page.evaluate(() => history.length), before + 1, alias);
  }
  await visitor.leave();
});

test("every route names itself in the title and gives its heading the focus (A-R4)", async () => {
  const visitor = await signedIn();
  await visitor.open("/about");
  const routes = ["/official_products", "/user_products", "/products", "/my/products", "/pz_pipelines", "/documentation", "/contact"];
  for (const path of [...routes, `/product/${product.internal_name}`, "/no/such/page"]) {
    // A step inside the app, as a link makes it.
    await visitor.page.evaluate((to) => {
      const link = Object.assign(document.createElement("a"), { href: to });
      document.querySelector("main").append(link);
      link.click();
    }, path);
    await visitor.page.waitForURL(`**${path}`);
    await visitor.settled();
    await visitor.page.waitForFunction(() => document.activeElement?.tagName === "H1");
    const heading = await visitor.page.getByRole("heading", { level: 1 }).innerText();
    assert.equal(await visitor.page.title(), `${heading} · Photo-z Server`, path);
  }
  await visitor.leave();
});

test("menus and dialogs open by keyboard, close on Escape and give the focus back (A-S4)", async () => {
  const visitor = await signedIn();
  await visitor.open(`/product/${product.internal_name}`);
  const focused = (id) => visitor.page.waitForFunction((wanted) =>
    document.activeElement?.closest(`[data-testid="${wanted}"]`), id);

  await byId(visitor.page, "user-menu").focus();
  await visitor.page.keyboard.press("Enter");
  await byId(visitor.page, "sign-out").waitFor();
  await visitor.page.keyboard.press("Escape");
  await byId(visitor.page, "sign-out").waitFor({ state: "hidden" });
  await focused("user-menu");

  await byId(visitor.page, "action-share").focus();
  await visitor.page.keyboard.press("Enter");
  const dialog = byId(visitor.page, "share-dialog");
  await dialog.waitFor();
  assert.equal(await byId(visitor.page, "share-name").inputValue(), product.internal_name);
  assert.equal(await byId(visitor.page, "share-url").inputValue(), `${server.root}/product/${product.internal_name}`);
  for (let step = 0; step < 8; step += 1) {
    await visitor.page.keyboard.press("Tab");
    const outside = await visitor.page.evaluate(() => {
      const here = document.activeElement;
      return here !== document.body && !here.closest("dialog[open]");
    });
    assert.equal(outside, false, "the focus left the dialog");
  }
  await visitor.page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await focused("action-share");
  await visitor.leave();
});

test("on a phone everything is in a drawer", async () => {
  const visitor = await Visitor.arrive(browser, server, { viewport: { width: 390, height: 844 }, hasTouch: true });
  await visitor.signIn("ana");
  await byId(visitor.page, "open-drawer").click();
  const drawer = byId(visitor.page, "drawer");
  await drawer.waitFor();
  await drawer.getByRole("link", { name: "Documentation" }).click();
  await visitor.page.waitForURL("**/documentation");
  await drawer.waitFor({ state: "hidden" });
  await visitor.leave();
});

test("a token made in the browser works, and is shown once", async () => {
  const visitor = await signedIn("bruno");
  await byId(visitor.page, "user-menu").click();
  await byId(visitor.page, "menu-token").click();
  await byId(visitor.page, "token-create").click();
  const value = byId(visitor.page, "token-value");
  await value.waitFor();
  const token = await value.inputValue();
  assert.match(token, /^pz_[0-9A-Za-z]{22}\.[0-9A-Za-z]{22}$/);
  const answer = await fetch(`${server.root}/api/`, { headers: { Authorization: `Token ${token}` } });
  assert.equal(answer.status, 200);
  await visitor.page.reload();
  await visitor.settled();
  assert.ok(!(await visitor.page.content()).includes(token));
  await visitor.leave();
});
