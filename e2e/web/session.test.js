// Signing in and out, and what a visitor without an account may see.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { publishCatalog } from "./fixtures.js";
import { accessibilityFaults, byId, launch, Server, Visitor } from "./harness.js";

let server, browser, product;

before(async () => {
  server = await Server.start("web-session");
  browser = await launch();
  ({ product } = await publishCatalog(await server.person("ana"), "Session catalog"));
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const visit = () => Visitor.arrive(browser, server);

test("the landing page has three cards, each one link (A-L1)", async () => {
  const visitor = await visit();
  await visitor.signIn("bruno");
  await visitor.open("/");
  const goals = { "card-official": "/official_products", "card-user": "/user_products", "card-pipelines": "/pz_pipelines" };
  for (const [id, goal] of Object.entries(goals)) {
    const card = byId(visitor.page, id);
    const links = card.getByRole("link");
    assert.equal(await links.count(), 1);
    assert.equal(await links.getAttribute("href"), goal);
    assert.equal(await links.innerText(), await card.getByRole("heading").innerText());
  }
  await visitor.leave();
});

test("signed out, a card leads to login and back to where it pointed (A-L2)", async () => {
  const visitor = await visit();
  await visitor.open("/");
  await byId(visitor.page, "card-user").getByRole("link").click();
  await visitor.page.waitForURL("**/login?returnUrl=*");
  assert.equal(new URL(visitor.page.url()).searchParams.get("returnUrl"), "/user_products");
  await visitor.leave();
});

test("signing in ends where one wanted to go (A-R1)", async () => {
  const visitor = await visit();
  const wanted = `/product/${product.internal_name}?tab=data`;
  await visitor.open(wanted);
  assert.match(visitor.path, /^\/login\?returnUrl=/);
  await visitor.signIn("bruno", visitor.path);
  assert.equal(visitor.path, wanted);
  await byId(visitor.page, "preview-table").waitFor();
  await visitor.leave();
});

for (const evil of ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]) {
  test(`signing in never leaves the site for ${evil} (A-R2)`, async () => {
    const visitor = await visit();
    await visitor.signIn("bruno", `/login?returnUrl=${encodeURIComponent(evil)}`);
    assert.equal(visitor.path, "/");
    await visitor.leave();
  });
}

test("a wrong password is said inline and keeps the username (A-G1)", async () => {
  const visitor = await visit();
  await visitor.open("/login");
  await byId(visitor.page, "login-username").fill("bruno");
  await byId(visitor.page, "login-password").fill("wrong");
  await visitor.page.keyboard.press("Enter");
  const error = byId(visitor.page, "login-error");
  await error.waitFor();
  assert.equal(await error.getAttribute("role"), "alert");
  assert.equal(await byId(visitor.page, "login-username").inputValue(), "bruno");
  await visitor.page.waitForFunction(() => document.activeElement.matches(":has([data-testid=login-error])")
    && document.activeElement.textContent.length < 200);
  await visitor.leave();
});

test("no script can read what signs one in (A-G2)", async () => {
  const visitor = await visit();
  await visitor.signIn("bruno");
  const readable = await visitor.page.evaluate(() =>
    [document.cookie, ...Object.values(localStorage), ...Object.values(sessionStorage)].join(" "));
  const cookies = await visitor.context.cookies();
  const session = cookies.filter(({ httpOnly }) => httpOnly);
  assert.equal(session.length, 1);
  assert.equal(session[0].sameSite, "Lax");
  assert.ok(!readable.includes(session[0].value));
  assert.ok(!/eyJ|pz_[0-9A-Za-z]{22}/.test(readable), readable);
  await visitor.leave();
});

test("a link from an administrator sets a password, once", async () => {
  await server.addUser("clara");
  const link = (await server.run(["user", "reset-link", "clara"])).split("\n")[0];
  const address = "/reset-password" + new URL(link).hash;
  const visitor = await visit();
  await visitor.open(address);
  assert.deepEqual(await accessibilityFaults(visitor.page), []);
  const input = byId(visitor.page, "reset-password");
  assert.equal(await input.getAttribute("type"), "password");
  assert.equal(await input.getAttribute("autocomplete"), "new-password");
  for (const weak of ["short", "password1234"]) {
    await input.fill(weak);
    await visitor.page.keyboard.press("Enter");
    await visitor.page.locator("#new-password[aria-invalid=true]").waitFor();
    await visitor.page.waitForFunction(() => document.activeElement.id === "new-password");
    assert.notEqual(await visitor.page.locator("#new-password-note").innerText(), "");
  }
  await visitor.page.getByRole("button", { name: "Show password" }).click();
  assert.equal(await input.getAttribute("type"), "text");
  await input.fill("vesuvius umbrella tango");
  await byId(visitor.page, "reset-submit").click();
  await visitor.page.waitForURL("**/login?reset=done");
  await byId(visitor.page, "login-reset").waitFor();
  await byId(visitor.page, "login-username").fill("clara");
  await byId(visitor.page, "login-password").fill("vesuvius umbrella tango");
  await visitor.page.keyboard.press("Enter");
  await visitor.page.waitForURL((url) => url.pathname === "/");
  await visitor.open(address);
  await input.fill("another good umbrella");
  await visitor.page.keyboard.press("Enter");
  await byId(visitor.page, "reset-error").waitFor();
  await visitor.page.waitForFunction(() => document.activeElement.matches(":has([data-testid=reset-error])"));
  await visitor.open("/reset-password");
  await byId(visitor.page, "reset-incomplete").waitFor();
  await visitor.leave();
});

test("signing out ends the session, here and on the server", async () => {
  const visitor = await visit();
  await visitor.signIn("bruno");
  await byId(visitor.page, "user-menu").click();
  await byId(visitor.page, "sign-out").click();
  await visitor.page.waitForURL("**/");
  await byId(visitor.page, "sign-in").waitFor();
  await visitor.open("/user_products");
  assert.match(visitor.path, /^\/login/);
  assert.equal(await visitor.page.evaluate(async () => (await fetch("/api/products/")).status), 401);
  await visitor.leave();
});

test("reloading any route shows the same view (A-R5)", async () => {
  const visitor = await visit();
  await visitor.signIn("bruno");
  for (const path of ["/", "/user_products?q=session", `/product/${product.internal_name}?tab=files`]) {
    await visitor.open(path);
    const heading = await visitor.page.getByRole("heading", { level: 1 }).innerText();
    await visitor.page.reload();
    await visitor.settled();
    assert.equal(visitor.path, path);
    assert.equal(await visitor.page.getByRole("heading", { level: 1 }).innerText(), heading);
  }
  await visitor.leave();
});

test("the document's policy allows no inline script, no framing and no other origin", async () => {
  const answer = await fetch(`${server.root}/user_products`);
  const policy = answer.headers.get("content-security-policy");
  for (const rule of ["default-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"]) {
    assert.ok(policy.includes(rule), `${rule} is not in ${policy}`);
  }
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
});
