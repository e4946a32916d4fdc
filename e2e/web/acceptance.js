// Takes a picture of the page of each product that `just acceptance` uploaded.

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { byId, launch, OUT, Visitor } from "./harness.js";

const { root, username, names } = JSON.parse(readFileSync(0, "utf8"));
const out = join(OUT, "acceptance");
mkdirSync(out, { recursive: true });

const browser = await launch();
const visitor = await Visitor.arrive(browser, { root });
await visitor.signIn(username);
for (const name of names) {
  await visitor.open(`/product/${encodeURIComponent(name)}?tab=data`);
  await byId(visitor.page, "preview-table").waitFor();
  await visitor.page.screenshot({ path: join(out, `${name}.png`), fullPage: true });
}
await visitor.leave();
await browser.close();
console.log(`pictures of ${names.length} products are in ${out}`);
