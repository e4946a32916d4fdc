// What one does with a client whose types come from the API document: every path, parameter and answer is checked by
// the compiler, so a wrong name or type is an error before anything runs.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import createClient, { type Client } from "openapi-fetch";
import { Server } from "#server";
import type { components, paths } from "../out/clients/typescript/api.js";

type Product = components["schemas"]["Product"];
type Api = Client<paths>;

const ROWS = 300;
const MEANINGS: Record<string, string> = { id: "ID", ra: "RA", dec: "Dec", z: "z" };
const rows = Array.from({ length: ROWS }, (_, n) => `${n},${(n * 360) / ROWS},${(n * 180) / ROWS - 90},${n / 100}`);
const CATALOG = ["id,ra,dec,z", ...rows, ""].join("\n");

/** The data of an answer that must be a success. */
async function ok<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  assert.ok(response.ok, `${response.status} ${response.url}: ${JSON.stringify(error)}`);
  return data as T;
}

describe("the TypeScript client", () => {
  let server: Server;
  let ana: Api;
  let bruno: Api;
  let published: Product;

  async function connect(username: string): Promise<Api> {
    const { token } = await server.person(username);
    return createClient<paths>({ baseUrl: server.root, headers: { Authorization: `Bearer ${token}` } });
  }

  /** Uploads through the client; the parts go in the order in which they are added. */
  async function upload(product: number, name: string, content: string, role = 0) {
    return ok(
      ana.POST("/api/product-files/", {
        body: { product, role, type: "text/csv", file: content },
        bodySerializer({ file, ...rest }) {
          const form = new FormData();
          for (const [key, value] of Object.entries(rest)) form.append(key, String(value));
          form.append("file", new Blob([file]), name);
          return form;
        },
      }),
    );
  }

  before(async () => {
    server = await Server.start("server-typescript");
    ana = await connect("ana");
    bruno = await connect("bruno");

    const types = await ok(ana.GET("/api/product-types/", { params: { query: { name: "redshift_catalog" } } }));
    const product_type = types.results[0]?.id;
    assert.ok(product_type);
    const body = { display_name: "Through TypeScript", product_type, description: "As **typed**" };
    const product = await ok(ana.POST("/api/products/", { body }));
    const path = { id: product.id };

    const file = await upload(product.id, "catalog.csv", CATALOG);
    assert.equal(file.sha256, createHash("sha256").update(CATALOG).digest("hex"));
    const registered = await ok(ana.POST("/api/products/{id}/registry/", { params: { path } }));
    assert.equal(registered.n_rows, ROWS);

    const columns = await ok(ana.GET("/api/product-contents/", { params: { query: { product: product.id } } }));
    for (const { id, column_name } of columns.results) {
      const alias = MEANINGS[column_name];
      assert.ok(alias);
      await ok(ana.PATCH("/api/product-contents/{id}/", { params: { path: { id } }, body: { alias } }));
    }
    published = await ok(ana.PATCH("/api/products/{id}/", { params: { path }, body: { status: 1 } }));
  });

  after(async () => {
    await server.stop();
  });

  it("signs in with a token, and tells what is wrong with it", async () => {
    assert.equal((await ok(ana.POST("/api/logged_user/"))).username, "ana");
    const stranger = createClient<paths>({ baseUrl: server.root, headers: { Authorization: "Token wrong" } });
    const { error, response } = await stranger.POST("/api/logged_user/");
    assert.equal(response.status, 401);
    assert.equal((error as components["schemas"]["ErrorDetail"]).code, "invalid_token");
  });

  it("filters, orders and pages lists", async () => {
    const list = (query: NonNullable<paths["/api/products/"]["get"]["parameters"]["query"]>) =>
      ok(ana.GET("/api/products/", { params: { query } }));
    const whole = await list({ ordering: "display_name" });
    assert.equal(whole.count, whole.results.length);
    const first = await list({ ordering: "display_name", page: 1, page_size: 2 });
    const second = await list({ ordering: "display_name", page: 2, page_size: 2 });
    assert.deepEqual([...first.results, ...second.results], whole.results.slice(0, 4));
    const mine = await list({ product_name: "through typescript", status: 1, official_product: false });
    assert.deepEqual(mine.results.map(({ id }) => id), [published.id]);
    assert.equal((await list({ page: "last", page_size: 1 })).results.length, 1);
  });

  it("shows the product, its main file, rows and statistics", async () => {
    const params = { path: { id: published.id } };
    const product = await ok(bruno.GET("/api/products/{id}/", { params }));
    assert.deepEqual([product.status, product.is_owner, product.uploaded_by], [1, false, "ana"]);
    const { main_file } = await ok(bruno.GET("/api/products/{id}/main_file_info/", { params }));
    assert.ok("associated_columns" in main_file);
    assert.deepEqual(main_file.associated_columns.map(({ alias }) => alias), ["ID", "RA", "Dec", "z"]);

    const query = { page: 2, page_size: 100 };
    const page = await ok(bruno.GET("/api/products/{id}/read_data/", { params: { ...params, query } }));
    assert.equal((page as { total_rows: number }).total_rows, ROWS);
    assert.equal((page as { results: { id: number }[] }).results[0]?.id, 100);

    const statistics = await ok(
      bruno.GET("/api/products/{id}/stats/", { params: { ...params, query: { columns: "z" } } }),
    );
    assert.equal(statistics.n_rows, ROWS);
    assert.equal(statistics.columns[0]?.alias, "z");
  });

  it("downloads whole files, parts of them, and the product as a zip", async () => {
    const files = await ok(bruno.GET("/api/product-files/", { params: { query: { product_id: published.id } } }));
    const id = files.results[0]?.id;
    assert.ok(id);
    const options = { params: { path: { id } }, parseAs: "text" } as const;
    assert.equal(await ok(bruno.GET("/api/product-files/{id}/download/", options)), CATALOG);
    const part = bruno.GET("/api/product-files/{id}/download/", { ...options, headers: { Range: "bytes=100-199" } });
    assert.equal((await part).response.status, 206);
    assert.equal(await ok(part), CATALOG.slice(100, 200));

    const path = { id: published.id };
    const archive = await ok(bruno.POST("/api/products/{id}/download/prepare/", { params: { path } }));
    assert.equal(archive.status, "ready");
    const token = new URL(archive.download_url, server.root).searchParams.get("token");
    assert.ok(token);
    const zip = await ok(
      bruno.GET("/api/products/{id}/download/file/", { params: { path, query: { token } }, parseAs: "arrayBuffer" }),
    );
    assert.equal(Buffer.from(zip as ArrayBuffer).subarray(0, 4).toString("latin1"), "PK\x03\x04");
  });

  it("gives errors their types", async () => {
    const missing = await ana.GET("/api/products/{id}/", { params: { path: { id: 10 ** 12 } } });
    assert.equal(missing.response.status, 404);
    assert.ok(missing.error && "code" in missing.error);
    assert.equal(missing.error.code, "not_found");

    const params = { path: { id: published.id } };
    const forbidden = await bruno.PATCH("/api/products/{id}/", { params, body: { description: "x" } });
    assert.equal(forbidden.response.status, 403);

    const wrong = await ana.GET("/api/product-contents/", { params: { query: { product: 10 ** 12 } } });
    assert.equal(wrong.response.status, 400);
    assert.deepEqual(Object.keys(wrong.error as components["schemas"]["FieldErrors"]), ["product"]);
  });

  it("deletes", async () => {
    const body = { display_name: "Short-lived", product_type: 7 };
    const { id } = await ok(ana.POST("/api/products/", { body }));
    const params = { path: { id } };
    assert.equal((await bruno.DELETE("/api/products/{id}/", { params })).response.status, 404);
    assert.equal((await ana.DELETE("/api/products/{id}/", { params })).response.status, 204);
    assert.equal((await ana.GET("/api/products/{id}/", { params })).response.status, 404);
  });

  it("has no names that the document does not have", () => {
    // @ts-expect-error: no such path
    void (() => ana.GET("/api/produkts/"));
    // @ts-expect-error: no such filter
    void (() => ana.GET("/api/products/", { params: { query: { colour: "red" } } }));
    // @ts-expect-error: a name is needed
    void (() => ana.POST("/api/products/", { body: { product_type: 1 } }));
  });
});
