// Every route in both themes: nothing for axe-core to find, nothing that overflows, and pictures to look at in e2e/out.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { publishCatalog, publishKinds, publishWide } from "./fixtures.js";
import { accessibilityFaults, byId, launch, OUT, Server, Visitor } from "./harness.js";

const WIDTHS = { 1440: 900, 390: 844 };
let server, browser, product, wide, kinds;

before(async () => {
  server = await Server.start("web-looks");
  browser = await launch();
  const ana = await server.person("ana");
  ({ product } = await publishCatalog(ana, "A catalog with quite a long name that has to go somewhere on a phone"));
  kinds = await publishKinds(ana, "Columns of every kind");
  wide = await publishWide(ana, "A wide catalog", 1200);
  mkdirSync(join(OUT, "screens"), { recursive: true });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

// Name of the picture, who looks, and where.
const ROUTES = () => [
  ["landing-signed-out", null, "/"],
  ["login", null, "/login"],
  ["not-found", null, "/no/such/page"],
  ["about", null, "/about"],
  ["documentation", null, "/documentation"],
  ["contact", null, "/contact"],
  ["landing", "ana", "/"],
  ["list-user", "ana", "/user_products"],
  ["list-official", "ana", "/official_products"],
  ["list-all", "ana", "/products"],
  ["list-mine", "ana", "/my/products"],
  ["list-empty", "ana", "/user_products?q=nothing-has-this-name"],
  ["product", "ana", `/product/${product.internal_name}`],
  ["product-data", "ana", `/product/${product.internal_name}?tab=data`],
  ["product-kinds", "ana", `/product/${kinds.internal_name}?tab=data`],
  ["product-files", "ana", `/product/${product.internal_name}?tab=files`],
  ["product-use", "ana", `/product/${product.internal_name}?tab=use`],
  ["product-wide", "ana", `/product/${wide.internal_name}?tab=data`],
  ["pipelines", "ana", "/pz_pipelines"],
  ["product-unknown", "ana", "/product/999999_no_such_product"],
];

for (const theme of ["light", "dark"]) {
  for (const [width, height] of Object.entries(WIDTHS)) {
    test(`every route, ${theme}, ${width} pixels wide`, async () => {
      const faults = [];
      const options = { viewport: { width: Number(width), height }, colorScheme: theme };
      for (const username of [null, "ana"]) {
        const visitor = await Visitor.arrive(browser, server, options);
        if (username) await visitor.signIn(username);
        for (const [name, who, path] of ROUTES()) {
          if (who !== username) continue;
          await visitor.open(path);
          await visitor.page.evaluate(() => document.fonts.ready);
          const overflow = await visitor.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (overflow > 0) faults.push(`${name}: ${overflow} pixels wider than the window`);
          for (const fault of await accessibilityFaults(visitor.page)) faults.push(`${name}: ${fault}`);
          await visitor.page.screenshot({ path: join(OUT, "screens", `${name}-${width}-${theme}.png`), fullPage: true });
          if (name === "product-data" || name === "product-kinds") {
            // What is known of a number, and of a text.
            for (const [kind, index] of [["number", 1], ["text", 4]]) {
              await byId(visitor.page, "column-stats").nth(index).click();
              await byId(visitor.page, "column-panel").waitFor();
              await visitor.page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
              for (const fault of await accessibilityFaults(visitor.page)) faults.push(`${name} ${kind}: ${fault}`);
              await visitor.page.screenshot({ path: join(OUT, "screens", `${name}-${kind}-${width}-${theme}.png`) });
              await visitor.page.keyboard.press("Escape");
            }
          }
        }
        await visitor.context.close();
        faults.push(...visitor.faults);
      }
      assert.deepEqual(faults, []);
    });
  }
}

test("the theme can be chosen, and stays chosen", async () => {
  const visitor = await Visitor.arrive(browser, server, { colorScheme: "light" });
  await visitor.open("/");
  const theme = () => visitor.page.locator("html").getAttribute("data-theme");
  for (let click = 0; click < 3 && (await theme()) !== "dark"; click += 1) await byId(visitor.page, "theme-toggle").click();
  assert.equal(await theme(), "dark");
  await visitor.page.reload();
  await visitor.settled();
  assert.equal(await theme(), "dark");
  await visitor.leave();
});
