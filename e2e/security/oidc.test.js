// Signing in at a real OpenID Connect provider, as users and as attackers would.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { base64url, decodeJwt, importJWK, SignJWT } from "jose";
import { accessibilityFaults, byId, launch, OUT, Server, Visitor } from "../web/harness.js";
import { CLIENT_SECRET, IdentityProvider } from "./provider.js";

const GROUP = "/science/dp1";
const ADMIN = "read,upload,run,admin";
const RELEASE = "restricted_dr";
let provider, server, strict, browser, chefe, bossOfStrict;
let seen = "";

before(async () => {
  provider = await IdentityProvider.start({
    vera: { preferred_username: "vera", given_name: "Vera", family_name: "Rubin", email: "vera@example.org", groups: [GROUP, "staff"] },
    // Called like people who are here already.
    imposter: { preferred_username: "chefe", email: "ana@example.org", groups: ["Admin", "admin"] },
    boss: { preferred_username: "boss", groups: ["pz-admins"] },
    odd: { preferred_username: "<b>odd</b> name" },
    gone: { preferred_username: "gone" },
    replayed: { preferred_username: "replayed" },
    spoilt: { preferred_username: "spoilt", groups: ["pz-admins"] },
    nina: { preferred_username: "nina" },
    otto: { preferred_username: "otto" },
  });
  const settings = (more) => (root) => provider.settings(root, {
    PZ_OIDC_GROUP_MAP: JSON.stringify({ [GROUP]: "observers", Admin: "guests" }),
    PZ_OIDC_ADMIN_GROUP: "pz-admins",
    ...more,
  });
  server = await Server.start("security-oidc", settings({}));
  strict = await Server.start("security-oidc-approval", settings({ PZ_OIDC_APPROVAL: "admin" }));
  provider.serve(server.root, strict.root);
  browser = await launch();
  chefe = await server.person("chefe", ADMIN);
  bossOfStrict = await strict.person("chefe", ADMIN);
  const groups = await chefe.request("GET", "admin/groups/?name=observers");
  assert.equal(groups.results[0].is_external, true, "a mapped group is there before anybody of it");
  await chefe.request("POST", "admin/releases/", {
    name: RELEASE,
    display_name: "Restricted release",
    indexing_column: "objectId",
    access_groups: [groups.results[0].id],
  });
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await strict?.stop();
  await provider?.stop();
});

afterEach(() => {
  provider.spoil = null;
  provider.broken = null;
});

async function arrive(at = server) {
  const visitor = await Visitor.arrive(browser, at);
  // The one other place where a visitor goes.
  const leave = visitor.leave.bind(visitor);
  visitor.leave = () => {
    visitor.faults = visitor.faults.filter((fault) => fault !== `left for ${provider.issuer}`);
    return leave();
  };
  return visitor;
}

/** From the login page to the provider's, and what is asked there. */
async function signInAs(visitor, name, path = "/login") {
  await visitor.open(path);
  await byId(visitor.page, "login-provider").click();
  await visitor.page.getByLabel("Name").fill(name);
  await visitor.page.getByRole("button", { name: "Continue" }).click();
  await visitor.page.waitForURL((url) => url.origin === visitor.server.root && !url.pathname.startsWith("/api/"));
  await visitor.settled();
}

const api = (visitor, path) => visitor.page.evaluate(async (path) => (await fetch(`/api/${path}`)).json(), path);
const user = async (visitor) => (await api(visitor, "session/")).user;
const groupsOf = async (visitor) => (await api(visitor, "account/")).groups.map(({ name }) => name);
const seesRelease = async (visitor) =>
  (await api(visitor, "releases/?page_size=1000")).results.some(({ name }) => name === RELEASE);
const sessionCookies = async (visitor) =>
  (await visitor.context.cookies()).filter(({ name }) => name.endsWith("pz_session"));

/** Nobody is signed in, and the login page says why. */
async function refused(visitor, code, text) {
  const url = new URL(visitor.page.url());
  assert.equal(url.pathname, "/login");
  assert.equal(url.searchParams.get("error"), code);
  const alert = byId(visitor.page, "login-return-error");
  await alert.waitFor();
  assert.equal(await alert.getAttribute("role"), "alert");
  assert.match(await alert.innerText(), text);
  assert.deepEqual(await sessionCookies(visitor), []);
  assert.equal(await user(visitor), null);
}

const account = async (person, username) =>
  (await person.request("GET", `admin/users/?username=${encodeURIComponent(username)}`)).results[0];

test("the button leads to the provider and back to the page asked for, with the provider's groups", async () => {
  const visitor = await arrive();
  const wanted = "/user_products?q=redshift%20catalog";
  await visitor.open(wanted);
  assert.match(visitor.path, /^\/login\?returnUrl=/);
  assert.equal(await byId(visitor.page, "login-provider").innerText(), "Sign in with Example Observatory");
  await signInAs(visitor, "vera", visitor.path);
  assert.equal(visitor.path, wanted);
  assert.equal((await user(visitor)).username, "vera");
  assert.deepEqual(await groupsOf(visitor), ["observers"], "groups that are not in the map are none here");
  assert.equal(await seesRelease(visitor), true);
  const vera = await account(chefe, "vera");
  assert.equal(vera.email, "vera@example.org");
  assert.equal(`${vera.first_name} ${vera.last_name}`, "Vera Rubin");
  assert.deepEqual([vera.has_password, vera.is_admin, vera.awaits_approval], [false, false, false]);
  // What signed them in is over.
  assert.deepEqual((await visitor.context.cookies()).filter(({ name }) => name.endsWith("pz_oidc")), []);
  const [session] = await sessionCookies(visitor);
  assert.deepEqual([session.httpOnly, session.sameSite], [true, "Lax"]);
  await visitor.leave();
});

test("somebody not in the group does not see its release", async () => {
  const visitor = await arrive();
  await signInAs(visitor, "odd");
  assert.equal((await user(visitor)).username, "_b_odd__b__name");
  assert.equal(await seesRelease(visitor), false);
  await visitor.leave();
});

test("a group taken away at the provider is gone at the next sign-in, and comes back", async () => {
  const local = await chefe.request("POST", "admin/groups/", { name: "kept here" });
  const { id } = await account(chefe, "vera");
  await chefe.request("PATCH", `admin/groups/${local.id}/members/`, { add: [id] });
  const { groups } = provider.people.vera;
  for (const [theirs, expected] of [[[], ["kept here"]], [groups, ["kept here", "observers"]], [undefined, ["kept here"]], [groups, ["kept here", "observers"]]]) {
    provider.people.vera.groups = theirs;
    const visitor = await arrive();
    await signInAs(visitor, "vera");
    assert.equal((await user(visitor)).id, id, "the same account each time");
    assert.deepEqual(await groupsOf(visitor), expected);
    assert.equal(await seesRelease(visitor), expected.includes("observers"));
    await visitor.leave();
  }
});

test("an account that is here already is never taken over by its name or address", async () => {
  const visitor = await arrive();
  await signInAs(visitor, "imposter");
  const who = await user(visitor);
  assert.deepEqual([who.username, who.is_admin], ["chefe-2", false]);
  assert.deepEqual(await groupsOf(visitor), ["guests"]);
  assert.equal(await visitor.page.evaluate(async () => (await fetch("/api/admin/users/")).status), 403);
  await visitor.leave();
});

test("administrators come from their own setting, and go with it", async () => {
  for (const groups of [["pz-admins"], [], ["pz-admins"]]) {
    provider.people.boss.groups = groups;
    const visitor = await arrive();
    await signInAs(visitor, "boss");
    assert.equal((await user(visitor)).is_admin, groups.length > 0);
    await visitor.leave();
  }
});

test("a new account waits for an administrator, if the instance wants it", async () => {
  const visitor = await arrive(strict);
  await signInAs(visitor, "nina", "/login?returnUrl=%2Fuser_products");
  await refused(visitor, "awaiting_approval", /waits for an administrator/);
  const waiting = await bossOfStrict.request("GET", "admin/users/?awaits_approval=true");
  assert.deepEqual(waiting.results.map(({ username }) => username), ["nina"]);
  await bossOfStrict.request("PATCH", `admin/users/${waiting.results[0].id}/`, { awaits_approval: false });
  // The way back is still known.
  await byId(visitor.page, "login-provider").click();
  await visitor.page.waitForURL((url) => url.pathname === "/user_products");
  assert.equal((await user(visitor)).username, "nina");
  await visitor.leave();

  const other = await arrive(strict);
  await signInAs(other, "otto");
  const otto = await account(bossOfStrict, "otto");
  await bossOfStrict.request("PATCH", `admin/users/${otto.id}/`, { is_active: false });
  // The provider still knows them, and asks nothing.
  await other.open("/login");
  await byId(other.page, "login-provider").click();
  await other.page.waitForURL((url) => url.searchParams.get("error") === "not_active");
  await other.settled();
  await refused(other, "not_active", /not active/);
  await other.leave();
});

test("a deactivated account is out at once, and does not come in again", async () => {
  const visitor = await arrive();
  await signInAs(visitor, "gone");
  const { id } = await account(chefe, "gone");
  await chefe.request("PATCH", `admin/users/${id}/`, { is_active: false });
  assert.equal(await visitor.page.evaluate(async () => (await fetch("/api/products/")).status), 401);
  await visitor.context.clearCookies();
  await signInAs(visitor, "gone");
  await refused(visitor, "not_active", /not active/);
  await visitor.leave();
});

test("who turns back at the provider reads our words, not the provider's", async () => {
  const visitor = await arrive();
  await visitor.open("/login");
  await byId(visitor.page, "login-provider").click();
  await visitor.page.getByRole("link", { name: "Cancel" }).click();
  await visitor.page.waitForURL((url) => url.pathname === "/login");
  await visitor.settled();
  await refused(visitor, "provider_refused", /did not sign you in/);
  assert.ok(!(await visitor.page.content()).includes("call this number"));
  await visitor.leave();
});

test("what an address says in error is never shown", async () => {
  const visitor = await arrive();
  for (const error of ["Call+0900+1234", "<b>x</b>", "__proto__"]) {
    await visitor.open(`/login?error=${encodeURIComponent(error)}`);
    assert.equal(await byId(visitor.page, "login-return-error").count(), 0);
  }
  await visitor.leave();
});

test("every reason is said in every language, for everybody", async () => {
  const texts = new Set();
  for (const locale of ["en", "pt-BR", "es"]) {
    const visitor = await Visitor.arrive(browser, server, { locale });
    for (const code of ["awaiting_approval", "not_active", "provider_refused", "provider_unreachable", "failed"]) {
      await visitor.open(`/login?error=${code}`);
      texts.add(await byId(visitor.page, "login-return-error").innerText());
    }
    assert.deepEqual(await accessibilityFaults(visitor.page), []);
    await visitor.leave();
  }
  assert.equal(texts.size, 15);
});

for (const evil of ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"]) {
  test(`signing in elsewhere never ends at ${JSON.stringify(evil)}`, async () => {
    const address = `${server.root}/api/oidc/login/?next=${encodeURIComponent(evil)}`;
    const answer = await fetch(address, { redirect: "manual" });
    assert.deepEqual([answer.status, answer.headers.get("location")], [400, null]);
    const visitor = await arrive();
    await signInAs(visitor, "vera", `/login?returnUrl=${encodeURIComponent(evil)}`);
    assert.equal(visitor.path, "/");
    await visitor.leave();
  });
}

/** Goes through a sign-in without a browser: what one would send back, and with which cookie. */
async function comeBack(name) {
  const begun = await fetch(`${server.root}/api/oidc/login/`, { redirect: "manual" });
  const [set] = begun.headers.getSetCookie();
  const [, cookie, value] = /^([^=]+)=([^;]+)/.exec(set);
  const jar = new Map();
  let url = begun.headers.get("location");
  let options = {};
  for (let step = 0; step < 10; step++) {
    if (url.startsWith(`${server.root}/api/oidc/callback/`)) {
      return { callback: new URL(url), attempt: { name: cookie, value, set } };
    }
    const headers = { Cookie: [...jar].map((pair) => pair.join("=")).join("; ") };
    const answer = await fetch(url, { ...options, headers, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      jar.set(name, value);
    }
    const location = answer.headers.get("location");
    if (location) url = new URL(location, url).href;
    // Without a redirect it is the page that asks who one is.
    options = location ? {} : { method: "POST", body: new URLSearchParams({ login: name }) };
  }
  return assert.fail(`the provider did not send ${name} back`);
}

async function call(callback, cookie) {
  const headers = cookie ? { Cookie: `${cookie.name}=${cookie.value}` } : {};
  const answer = await fetch(callback, { redirect: "manual", headers });
  const cookies = answer.headers.getSetCookie().join("\n");
  return { location: answer.headers.get("location"), signedIn: /pz_session=[^;]/.test(cookies) };
}

const FAILED = { location: "/login?error=failed", signedIn: false };

test("only the browser that went comes back, with the state it went with, once", async () => {
  const { callback, attempt } = await comeBack("replayed");
  for (const attribute of ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"]) {
    assert.ok(attempt.set.split("; ").includes(attribute), attempt.set);
  }
  const other = await comeBack("replayed");
  const changed = (name, value) => {
    const url = new URL(callback);
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
    return url;
  };
  assert.deepEqual(await call(callback, null), FAILED, "without its cookie");
  assert.deepEqual(await call(callback, other.attempt), FAILED, "with the cookie of another sign-in");
  assert.deepEqual(await call(changed("state", "wrong"), attempt), FAILED);
  assert.deepEqual(await call(changed("state", null), attempt), FAILED);
  assert.deepEqual(await call(changed("iss", "https://evil.example"), attempt), FAILED);
  assert.deepEqual(await call(changed("code", null), attempt), FAILED);
  assert.deepEqual(await call(changed("code", "wrong"), attempt), FAILED);
  const forged = { ...attempt, value: attempt.value.replace(/.$/, (last) => (last === "A" ? "B" : "A")) };
  assert.deepEqual(await call(callback, forged), FAILED, "with a forged cookie");
  // The code of one sign-in with the state of another: the verifier does not fit.
  const mixed = new URL(other.callback);
  mixed.searchParams.set("code", callback.searchParams.get("code"));
  assert.deepEqual(await call(mixed, other.attempt), FAILED);

  const good = await comeBack("replayed");
  assert.deepEqual(await call(good.callback, good.attempt), { location: "/", signedIn: true });
  assert.deepEqual(await call(good.callback, good.attempt), FAILED, "a second time");
  seen = [good.callback.searchParams.get("code"), good.attempt.value];
});

async function signed(claims, key, header = {}) {
  return new SignJWT(claims).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(await importJWK(key, key.alg));
}

const unsigned = (claims) =>
  [{ alg: "none" }, claims].map((part) => base64url.encode(JSON.stringify(part))).join(".") + ".";

const SPOILT = {
  "of another sign-in": (claims) => signed({ ...claims, nonce: "another" }, provider.key),
  "without a nonce": ({ nonce, ...claims }) => signed(claims, provider.key),
  "for another service": (claims) => signed({ ...claims, aud: "another" }, provider.key),
  "for two services": (claims) => signed({ ...claims, aud: [claims.aud, "another"] }, provider.key),
  "of another issuer": (claims) => signed({ ...claims, iss: "https://evil.example" }, provider.key),
  "that has expired": (claims) => signed({ ...claims, exp: Math.floor(Date.now() / 1000) - 60 }, provider.key),
  "of the future": (claims) => signed({ ...claims, iat: Math.floor(Date.now() / 1000) + 3600 }, provider.key),
  "of somebody else": (claims) => signed({ ...claims, sub: "boss" }, provider.key),
  "with another access token's hash": (claims) => signed({ ...claims, at_hash: "AAAAAAAAAAAAAAAAAAAAAA" }, provider.key),
  "signed by another provider": (claims) => signed(claims, provider.otherKey),
  "signed by another provider in the name of the key": (claims) => signed(claims, { ...provider.otherKey, kid: "own" }),
  "signed with the secret that the service knows": (claims) =>
    new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(CLIENT_SECRET)),
  "without a signature": (claims) => unsigned(claims),
  "with another's claims under its signature": (claims, [head, , signature]) =>
    [head, base64url.encode(JSON.stringify({ ...claims, sub: "boss" })), signature].join("."),
  "that is none": () => "nonsense",
};

for (const [what, spoil] of Object.entries(SPOILT)) {
  test(`an ID token ${what} lets nobody in`, async () => {
    const { callback, attempt } = await comeBack("spoilt");
    let called = false;
    provider.spoil = (token) => {
      called = true;
      return spoil(decodeJwt(token), token.split("."));
    };
    assert.deepEqual(await call(callback, attempt), FAILED);
    assert.ok(called);
    assert.equal(await account(chefe, "spoilt"), undefined, "and leaves no account behind");
  });
}

test("keys that the provider changed are fetched again", async () => {
  // Not earlier than the service asks again.
  await new Promise((resolve) => setTimeout(resolve, 10_500));
  provider.key = provider.otherKey;
  provider.serve(server.root, strict.root);
  const { callback, attempt } = await comeBack("replayed");
  assert.deepEqual(await call(callback, attempt), { location: "/", signedIn: true });
});

test("a provider that fails halfway lets nobody in and disturbs nobody", async () => {
  for (const [path, code] of [["/token", "failed"], ["/me", "failed"]]) {
    const { callback, attempt } = await comeBack("replayed");
    provider.broken = (url) => url.startsWith(path);
    assert.deepEqual(await call(callback, attempt), { location: `/login?error=${code}`, signedIn: false }, path);
    provider.broken = null;
  }
});

test("a provider that is down is said, and passwords still work", async () => {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  const alone = await Server.start("security-oidc-down", (root) => provider.settings(root, { PZ_OIDC_ISSUER: `http://localhost:${port}` }));
  const visitor = await arrive(alone);
  await visitor.open("/login?returnUrl=%2Fuser_products");
  await byId(visitor.page, "login-provider").click();
  await visitor.page.waitForURL((url) => url.searchParams.has("error"));
  await visitor.settled();
  await refused(visitor, "provider_unreachable", /cannot be reached/);
  await visitor.signIn("ana", visitor.path);
  assert.equal(visitor.path, "/user_products");
  await visitor.leave();
  await alone.stop();
});

test("neither log nor configuration tells a secret", async () => {
  const log = readFileSync(join(OUT, "security-oidc.log"), "utf8");
  assert.ok(log.includes("/api/oidc/callback/"), "what is looked through is the log");
  for (const secret of [CLIENT_SECRET, ...seen]) assert.ok(!log.includes(secret));
  const shown = await server.run(["config"]);
  assert.match(shown, /oidc_client_secret = "\*\*\*"/);
  assert.ok(!shown.includes(CLIENT_SECRET));
  const config = await (await fetch(`${server.root}/api/config/`)).text();
  assert.ok(!config.includes(CLIENT_SECRET) && !config.includes(provider.issuer));
  const audit = JSON.stringify(await chefe.request("GET", "admin/audit/?page_size=1000"));
  for (const secret of [CLIENT_SECRET, ...seen]) assert.ok(!audit.includes(secret));
  for (const action of ["user.create", "user.external_groups", "session.sign_in", "session.refused"]) {
    assert.ok(audit.includes(`"${action}"`), action);
  }
});
