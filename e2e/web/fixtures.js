// Products made for the browser tests. What a page must show is computed here, not by the code under test.

export const BIG_ID = 1486231857497402613n;

/** A catalog as CSV whose identifiers do not survive a double; row `n` is `rows[n]`. */
export function catalog(rowCount) {
  const columns = ["objectId", "coord_ra", "coord_dec", "redshift", "survey"];
  const rows = Array.from({ length: rowCount }, (_, n) => [
    String(BIG_ID + BigInt(n)),
    // Sums of powers of two that are never whole: the same text in every language.
    String(150.53125 + n / 8),
    String(-2.21875 + n / 16),
    String(0.0078125 + n / 64),
    n % 3 ? "VVDS" : "zCOSMOS",
  ]);
  const content = [columns, ...rows].map((row) => row.join(",")).join("\n") + "\n";
  return { columns, rows, content };
}

export const MEANINGS = { objectId: "ID", coord_ra: "RA", coord_dec: "Dec", redshift: "z", survey: "survey" };

/** A published reference redshift catalog of `rowCount` rows with two more files. */
export async function publishCatalog(person, display_name, rowCount = 130) {
  const table = catalog(rowCount);
  const files = [
    { name: "catalog with blanks.csv", content: table.content },
    { name: "ñotes – 名前.txt", content: "How it was observed.\n".repeat(500), role: 2 },
    { name: "plot.bin", content: Uint8Array.from({ length: 10_000 }, (_, n) => (n * n) % 251), role: 2 },
  ];
  const product = await person.product({
    display_name,
    description: "Observed **twice**.\n\n- one\n- two",
    files,
    meanings: MEANINGS,
  });
  return { product, table, files };
}

/** A published product whose table has `columnCount` columns, `c0` and up; row `n` holds `n` everywhere. */
export function publishWide(person, display_name, columnCount) {
  const row = (cell) => Array.from({ length: columnCount }, (_, n) => cell(n)).join(",");
  const content = [row((n) => `c${n}`), ...Array.from({ length: 30 }, (_, line) => row(() => line))].join("\n");
  return person.product({ display_name, type: "other", files: [{ name: "wide.csv", content }], meanings: {} });
}

/** A published product whose columns are distributed in every way that is drawn: normal, skewed, gaps, flags, texts, empty. */
export function publishKinds(person, display_name) {
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const normal = () => Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6);
  const columns = {
    objectId: (n) => String(BIG_ID + BigInt(n)),
    mag_i: () => (22.5 + 1.4 * normal()).toFixed(4),
    redshift: () => (-0.6 * Math.log(random() * random())).toFixed(5),
    z_err: (n) => (n % 9 ? (0.001 * Math.exp(2 * normal())).toExponential(4) : ""),
    survey: () => ["VVDS", "zCOSMOS", "DEEP2", "2dFLenS", "DESI", "VIPERS"][Math.floor(6 * random() ** 2)],
    quality: () => String(Math.floor(random() * 5)),
    is_star: () => (random() < 0.12 ? "true" : "false"),
    constant: () => "1",
    comment: (n) => (n % 40 ? "" : `see note ${n}: a remark that is rather long for a cell of a table`),
    nothing: () => "",
  };
  const rows = Array.from({ length: 3000 }, (_, n) => Object.values(columns).map((cell) => cell(n)).join(","));
  const content = [Object.keys(columns).join(","), ...rows].join("\n");
  return person.product({
    display_name,
    type: "other",
    files: [{ name: "kinds.csv", content }],
    meanings: { objectId: "ID", redshift: "z", z_err: "z_err", survey: "survey", quality: "z_flag" },
  });
}
