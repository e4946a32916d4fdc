// A product's page: what it is, what is in it, and taking it home.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIG_ID, publishCatalog, publishWide } from "./fixtures.js";
import { byId, launch, OUT, Server, unzip, Visitor } from "./harness.js";

let server, browser, ana, product, table, files;

before(async () => {
  server = await Server.start("web-product");
  browser = await launch();
  ana = await server.person("ana");
  ({ product, table, files } = await publishCatalog(ana, "Deep field <b>1</b>"));
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function at(path, username = "bruno") {
  const visitor = await Visitor.arrive(browser, server);
  await visitor.signIn(username);
  await visitor.open(path);
  return visitor;
}

/** The preview's cells, row by row, without its header. */
const cells = (visitor) => byId(visitor.page, "preview-table").locator("tbody tr").evaluateAll((rows) =>
  rows.map((row) => [...row.querySelectorAll("td, th")].map((cell) => cell.textContent.trim())));

test("from the list to the product and its metadata (A-D1)", async () => {
  const visitor = await at("/user_products");
  await visitor.page.getByRole("link", { name: "Deep field <b>1</b>" }).click();
  await visitor.page.waitForURL(`**/product/${product.internal_name}`);
  await visitor.settled();
  assert.equal(await visitor.page.getByRole("heading", { level: 1 }).innerText(), "Deep field <b>1</b>");
  assert.match(await visitor.page.title(), /^Deep field <b>1<\/b> · /);
  const text = await visitor.page.locator("main").innerText();
  for (const shown of [product.internal_name, "Reference Redshift Catalog", "ana", "130"]) {
    assert.ok(text.includes(shown), `${shown} is not shown`);
  }
  assert.ok(!/\bnull\b|undefined/.test(text));
  assert.equal(await visitor.page.locator("main strong", { hasText: "twice" }).count(), 1);
  await visitor.leave();
});

test("the preview shows every digit (A-D2)", async () => {
  const visitor = await at(`/product/${product.internal_name}?tab=data`);
  const shown = await cells(visitor);
  assert.equal(shown[0][0], "1486231857497402613");
  assert.equal(BigInt(shown[1][0]), BIG_ID + 1n);
  for (const [index, row] of shown.entries()) assert.deepEqual(row, table.rows[index]);
  await visitor.leave();
});

test("the preview pages through the whole table (A-D6)", async () => {
  const visitor = await at(`/product/${product.internal_name}?tab=data`);
  const pager = byId(visitor.page, "pager");
  const size = (await cells(visitor)).length;
  assert.match(await pager.innerText(), /130/);
  await byId(visitor.page, "page-next").click();
  await visitor.page.waitForFunction((first) =>
    document.querySelector("[data-testid=preview-table] tbody")?.textContent.includes(first), table.rows[size][0]);
  await visitor.settled();
  const second = await cells(visitor);
  assert.deepEqual(second[0], table.rows[size]);
  await byId(visitor.page, "page-last").click();
  await visitor.page.waitForFunction((last) =>
    document.querySelector("[data-testid=preview-table] tbody")?.textContent.includes(last), table.rows.at(-1)[0]);
  await visitor.settled();
  assert.deepEqual((await cells(visitor)).at(-1), table.rows.at(-1));
  await visitor.leave();
});

test("a preview that is being prepared says so, then shows its rows (A-D6)", async () => {
  const visitor = await at("/");
  let answers = 0;
  await visitor.page.route("**/read_data/**", (route) =>
    (answers += 1) > 1 ? route.continue() : route.fulfill({ status: 202, json: { message: "Preparing" } }));
  await visitor.page.goto(`/product/${product.internal_name}?tab=data`);
  await visitor.page.getByRole("status").filter({ hasText: "Preparing" }).waitFor();
  await byId(visitor.page, "preview-table").waitFor();
  await visitor.settled();
  assert.deepEqual((await cells(visitor))[0], table.rows[0]);
  await visitor.leave();
});

test("every column has a picture of its values, and says in words what it shows (B-03)", async () => {
  const visitor = await at(`/product/${product.internal_name}?tab=data`);
  const heads = byId(visitor.page, "preview-table").locator("thead th");
  await byId(visitor.page, "column-stats").first().waitFor();
  const values = (index) => table.rows.map((row) => Number(row[index]));
  for (const [index, name] of table.columns.entries()) {
    const head = heads.nth(index);
    const label = await head.getByTestId("column-stats").getAttribute("title");
    assert.ok(label.includes(name) && /\b0 values missing/.test(label), label);
    const picture = head.getByTestId("col-hist");
    assert.equal(Number(await picture.getAttribute("data-total")), table.rows.length, name);
    const bars = Number(await picture.getAttribute("data-bars"));
    if (name === "survey") assert.equal(bars, 2);
    // Neighbouring ids of 19 digits have no width as floating-point numbers: they are one bar.
    else assert.ok(bars >= (name === "objectId" ? 1 : 10), `${name} has ${bars} bars`);
  }
  const redshift = values(3).sort((a, b) => a - b);
  const label = await heads.nth(3).getByTestId("column-stats").getAttribute("title");
  const [, min, max, median] = /from (\S+) to (\S+), median ([^,]+),/.exec(label).map(Number);
  const close = (a, b) => assert.ok(Math.abs(a - b) <= 5e-4 * Math.abs(b), `${a} is not ${b}`);
  close(min, redshift[0]);
  close(max, redshift.at(-1));
  close(median, (redshift[64] + redshift[65]) / 2);

  // With the keyboard alone: everything known of the column, and back to where one was.
  await heads.nth(3).getByTestId("column-stats").focus();
  await visitor.page.keyboard.press("Enter");
  const panel = byId(visitor.page, "column-panel");
  await panel.waitFor();
  const mean = values(3).reduce((sum, value) => sum + value) / table.rows.length;
  const shown = await panel.locator("dl > div").evaluateAll((rows) =>
    rows.map((row) => [row.querySelector("dt").textContent, row.querySelector("dd").textContent]));
  const fact = new Map(shown);
  assert.ok(Math.abs(Number(fact.get("Mean")) - mean) < 1e-6 * mean);
  assert.equal(Number(fact.get("Minimum")), redshift[0]);
  assert.equal(Number(fact.get("Maximum")), redshift.at(-1));
  assert.equal(fact.get("UCD") ?? "", fact.get("UCD") ? "src.redshift" : "");
  assert.equal(fact.get("Role"), "z");
  assert.match(await panel.getByRole("img").getAttribute("aria-label"), /median/);
  await visitor.page.keyboard.press("Escape");
  await panel.waitFor({ state: "hidden" });
  assert.ok(await heads.nth(3).getByTestId("column-stats").evaluate((button) => button === document.activeElement));

  // Texts: their most frequent values.
  await heads.nth(4).getByTestId("column-stats").click();
  const top = await panel.locator(".top-values li").allInnerTexts();
  assert.match(top[0], /^VVDS\s+86 · 66\.2\s%$/);
  assert.match(top[1], /^zCOSMOS\s+44 · 33\.8\s%$/);
  await visitor.leave();
});

test("why a table could not be read is told with file, row and remedy", async () => {
  const draft = await ana.product({ display_name: "Ragged", type: "redshift_catalog" });
  const form = new FormData();
  form.append("product", draft.id);
  form.append("file", new Blob(["ra,dec,z\n1,2,3\n4,5\n6,7,8\n"]), "ragged.csv");
  await ana.request("POST", "product-files/", form);
  await assert.rejects(ana.request("POST", `products/${draft.id}/registry/`), /422/);
  const visitor = await at(`/product/${draft.internal_name}`, "ana");
  const note = await byId(visitor.page, "status-note").innerText();
  assert.match(note, /ragged\.csv: row 2 \(line 3\) has 2 fields where 3 were expected/);
  assert.match(note, /Give every row the same number of fields/);
  await visitor.leave();
});

test("one click downloads everything, byte for byte (A-D7)", async () => {
  const visitor = await at(`/product/${product.internal_name}`);
  const [download] = await Promise.all([
    visitor.page.waitForEvent("download"),
    byId(visitor.page, "download-all").click(),
  ]);
  assert.match(download.suggestedFilename(), new RegExp(`^${product.internal_name}.*\\.zip$`));
  const path = join(OUT, "downloaded.zip");
  await download.saveAs(path);
  const members = await unzip(path);
  const sent = new Map(files.map(({ name, content }) => [name, Buffer.from(content)]));
  const ours = ["product_metadata.yaml", "ro-crate-metadata.json", "manifest-sha256.txt"];
  const received = [...members].filter(([name]) => !ours.includes(name));
  assert.equal(received.length, sent.size);
  const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
  assert.deepEqual(
    received.map(([, content]) => digest(content)).sort(),
    [...sent.values()].map(digest).sort(),
  );
  const lines = members.get("manifest-sha256.txt").toString().trim().split("\n");
  assert.equal(lines.length, members.size - 1);
  for (const line of lines) {
    const [, sha256, name] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line);
    assert.equal(digest(members.get(name)), sha256, name);
  }
  await visitor.leave();
});

test("the main file alone is downloaded under its own name", async () => {
  const visitor = await at(`/product/${product.internal_name}`);
  const [download] = await Promise.all([
    visitor.page.waitForEvent("download"),
    byId(visitor.page, "download-main").click(),
  ]);
  assert.equal(download.suggestedFilename(), "catalog with blanks.csv");
  await visitor.leave();
});

test("files are listed with role and size", async () => {
  const visitor = await at(`/product/${product.internal_name}?tab=files`);
  const rows = byId(visitor.page, "files-table").locator("tbody tr");
  const shown = await rows.evaluateAll((elements) => elements.map((element) => element.textContent));
  assert.equal(shown.length, files.length);
  for (const [index, { name, role }] of files.entries()) {
    assert.ok(shown[index].startsWith(name), `${shown[index]} is not ${name}`);
    assert.match(shown[index], role === 2 ? /Auxiliary/ : /Main/);
  }
  await visitor.leave();
});

test("an address by number becomes the one by name; unknown and forbidden look the same (A-D9)", async () => {
  const draft = await ana.product({ display_name: "Not yours" });
  const visitor = await at(`/product/${product.id}`);
  await visitor.page.waitForURL(`**/product/${product.internal_name}`);
  const texts = [];
  for (const name of [draft.internal_name, "999999_no_such_product", String(draft.id)]) {
    await visitor.open(`/product/${name}`);
    texts.push(await visitor.page.locator("main").innerHTML());
  }
  assert.equal(new Set(texts).size, 1, texts.join("\n"));
  await visitor.leave();
});

test("a description is never code (A-D5)", async () => {
  const hostile = await ana.product({
    display_name: "Hostile",
    type: "other",
    description: [
      "<img src=x onerror=\"window.bad=1\"><script>window.bad=2</script>",
      "[link](javascript:window.bad=3) [data](data:text/html,x) ![image](https://evil.example/x.png)",
      "[fine](https://example.org/a)",
    ].join("\n\n"),
    meanings: {},
  });
  const visitor = await at(`/product/${hostile.internal_name}`);
  await visitor.page.getByRole("link", { name: "fine" }).waitFor();
  assert.equal(await visitor.page.evaluate(() => window.bad), undefined);
  const handlers = await visitor.page.locator("main").evaluate((main) =>
    [...main.querySelectorAll("*")].flatMap((element) => [...element.attributes])
      .filter(({ name, value }) => name.startsWith("on") || /^\s*(javascript|data):/i.test(value)).length);
  assert.equal(handlers, 0);
  const fine = visitor.page.getByRole("link", { name: "fine" });
  assert.equal(await fine.getAttribute("rel"), "noopener noreferrer");
  await visitor.leave();
});

test("of 1 200 columns only those in view exist (A-D10)", async () => {
  const wide = await publishWide(ana, "Wide", 1200);
  const visitor = await at(`/product/${wide.internal_name}?tab=data`);
  const headers = byId(visitor.page, "preview-table").locator("thead th");
  const seen = new Set();
  for (let step = 0; step <= 20; step += 1) {
    await byId(visitor.page, "preview-table").evaluate((table, part) => {
      const scroller = table.parentElement;
      scroller.scrollLeft = scroller.scrollWidth * part;
    }, step / 20);
    await visitor.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    const names = await headers.allInnerTexts();
    assert.ok(names.length <= 60, `${names.length} header cells are drawn`);
    for (const name of names) seen.add(/^c\d+/.exec(name)[0]);
  }
  assert.ok(seen.has("c0") && seen.has("c1199") && seen.size > 200);
  await visitor.leave();
});

test("what is not mine I may not change, and am told why (A-P4)", async () => {
  const visitor = await at(`/product/${product.internal_name}`, "bruno");
  await byId(visitor.page, "action-more").click();
  const remove = byId(visitor.page, "action-delete");
  await remove.waitFor();
  assert.equal(await remove.getAttribute("aria-disabled"), "true");
  await remove.click({ force: true });
  assert.equal(await byId(visitor.page, "delete-dialog").isVisible(), false);
  await visitor.leave();
});

test("deleting takes it out of the list at once (A-P5)", async () => {
  const doomed = await ana.product({ display_name: "Doomed", type: "other", description: "Not for long", meanings: {} });
  const visitor = await at("/my/products", "ana");
  const count = async () => Number((await byId(visitor.page, "result-count").innerText()).replace(/\D/g, ""));
  const before = await count();
  const row = byId(visitor.page, "products-table").getByRole("row").filter({ hasText: "Doomed" });
  await row.getByTestId("action-more").click();
  await byId(visitor.page, "action-delete").click();
  await byId(visitor.page, "delete-confirm").click();
  await row.waitFor({ state: "detached" });
  await visitor.settled();
  assert.equal(await count(), before - 1);
  await visitor.open(`/product/${doomed.internal_name}`);
  await byId(visitor.page, "not-found").waitFor();
  await visitor.leave();
});

test("a product without a table has no data tab and still shows its files", async () => {
  const model = await ana.product({
    display_name: "A model",
    type: "training_results",
    files: [{ name: "model.pkl", content: Uint8Array.from([0x80, 4, 0x4e, 0x2e]) }],
    meanings: {},
  });
  const visitor = await at(`/product/${model.internal_name}`);
  assert.equal(await byId(visitor.page, "tab-data").count(), 0);
  await byId(visitor.page, "tab-files").click();
  assert.ok((await byId(visitor.page, "files-table").innerText()).includes("model.pkl"));
  await visitor.leave();
});
