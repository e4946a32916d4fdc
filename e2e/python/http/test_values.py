"""Tables written by today's libraries are previewed and downloaded with the values they were written with."""

import io
import json
import math

import numpy
import pandas
import pyarrow
import pyarrow.parquet
import pytest

ROWS = 250
BIG = 1486231857497402613


def table():
    """Every kind of column a catalog has, with gaps and values that do not forgive rounding."""
    random = numpy.random.default_rng(1)
    numbers = numpy.arange(ROWS)

    def gaps(values):
        return [None if index % 7 == 3 else value for index, value in enumerate(values)]

    return pyarrow.table(
        {
            "int8": pyarrow.array(gaps((numbers % 256 - 128).tolist()), pyarrow.int8()),
            "int16": pyarrow.array(gaps((numbers * 131 - 32768).tolist()), pyarrow.int16()),
            "int32": pyarrow.array(gaps((numbers * 17179869 - 2**31).tolist()), pyarrow.int32()),
            "int64": pyarrow.array(gaps([BIG + int(n) * 3 for n in numbers]), pyarrow.int64()),
            "uint64": pyarrow.array(gaps([2**64 - 1 - int(n) for n in numbers]), pyarrow.uint64()),
            "float32": pyarrow.array(gaps(random.normal(size=ROWS).astype("float32")), pyarrow.float32()),
            "float64": pyarrow.array(gaps(random.normal(size=ROWS).tolist()), pyarrow.float64()),
            "tiny": pyarrow.array(random.uniform(0, 1e-300, ROWS)),
            "not finite": pyarrow.array([[math.nan, math.inf, -math.inf, 1.5][n % 4] for n in numbers]),
            "bool": pyarrow.array(gaps([bool(n % 2) for n in numbers])),
            "text": pyarrow.array(gaps([["Óptico", "名前", 'a "b", c', "line\nbreak", ""][n % 5] for n in numbers])),
            "large text": pyarrow.array([f"s{n}" for n in numbers], pyarrow.large_string()),
            "survey": pyarrow.array([["VVDS", "2dF"][n % 2] for n in numbers]).dictionary_encode(),
            "pdf": pyarrow.array(gaps([[float(n), n / 3] for n in numbers]), pyarrow.list_(pyarrow.float64())),
            "fixed": pyarrow.array([[int(n), int(n) + 1] for n in numbers], pyarrow.list_(pyarrow.int64(), 2)),
            "struct": pyarrow.array([{"a": int(n), "b": str(n)} for n in numbers]),
            "empty": pyarrow.nulls(ROWS),
        }
    )


def expected(value):
    """The value as section 13.6 of the API says it is shown: missing and not finite are null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def publish_file(somebody, name, content):
    product = somebody.draft(name, "other")
    assert somebody.upload(product, name, content).status_code == 201
    answer = somebody.registry(product)
    assert answer.status_code == 200, answer.text
    return product


def all_rows(somebody, product, page_size):
    rows, page = [], 1
    while True:
        answer = somebody.get(f"products/{product['id']}/read_data/", params={"page": page, "page_size": page_size})
        assert answer.status_code == 200
        body = json.loads(answer.content)
        rows += body["results"]
        if len(rows) >= body["count"]:
            return body, rows
        page += 1


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "lz4", "brotli"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_parquet_of_every_codec(ana, compression, version):
    written = table()
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(
        written, buffer, compression=compression, row_group_size=64, data_page_version=version, write_page_index=True
    )
    product = publish_file(ana, f"{compression}.parquet", buffer.getvalue())
    body, rows = all_rows(ana, product, 90)
    assert body["columns"] == written.column_names
    assert body["count"] == body["total_rows"] == ROWS
    for name in written.column_names:
        shown = [row[name] for row in rows]
        if name == "float32":
            shown = [None if value is None else float(numpy.float32(value)) for value in shown]
        assert shown == [expected(value) for value in written[name].to_pylist()], name


def test_parquet_encodings(ana):
    numbers = pyarrow.table({"n": list(range(BIG, BIG + 1000)), "x": [n / 7 for n in range(1000)], "s": [f"row {n}" for n in range(1000)]})
    encodings = {"n": "DELTA_BINARY_PACKED", "x": "BYTE_STREAM_SPLIT", "s": "DELTA_BYTE_ARRAY"}
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(numbers, buffer, use_dictionary=False, column_encoding=encodings)
    product = publish_file(ana, "encodings.parquet", buffer.getvalue())
    _, rows = all_rows(ana, product, 100)
    assert rows == numbers.to_pylist()


def test_timestamps_are_milliseconds(ana):
    times = pandas.DatetimeIndex(["1970-01-01T00:00:01.5", "2026-11-20T09:31:47.756", "1859-04-01T00:00:00.000"])
    kinds = [pyarrow.timestamp("ms", "UTC"), pyarrow.timestamp("us"), pyarrow.timestamp("ns")]
    columns = {str(kind): pyarrow.array(times).cast(kind) for kind in kinds}
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), buffer)
    product = publish_file(ana, "times.parquet", buffer.getvalue())
    _, rows = all_rows(ana, product, 100)
    for row, time in zip(rows, times, strict=True):
        assert set(row.values()) == {round(time.timestamp() * 1000)}


def test_an_empty_table_has_columns_and_no_rows(ana):
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table().slice(0, 0), buffer)
    product = publish_file(ana, "empty.parquet", buffer.getvalue())
    body, rows = all_rows(ana, product, 100)
    assert rows == [] and body["total_rows"] == 0
    assert body["columns"] == table().column_names


def test_pages_beyond_the_end_give_the_last_one_and_wrong_ones_are_400(ana):
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table(), buffer)
    product = publish_file(ana, "pages.parquet", buffer.getvalue())
    path = f"products/{product['id']}/read_data/"
    last = ana.get(path, params={"page": 3, "page_size": 100}).json()
    assert len(last["results"]) == 50
    assert ana.get(path, params={"page": 99, "page_size": 100}).json() == last
    assert len(ana.get(path).json()["results"]) == 100
    for wrong in [{"page": "x"}, {"page": "0"}, {"page_size": "-1"}, {"page_size": "ten"}]:
        assert ana.get(path, params=wrong).status_code == 400


@pytest.mark.parametrize("shape", ["plain", "bom", "crlf", "quoted", "blank lines", "no last newline"])
def test_csv_in_every_shape(ana, shape):
    frame = pandas.DataFrame(
        {
            "id": [BIG + n for n in range(130)],
            "z": [n / 7 for n in range(130)],
            "note": [f"line\n{n}" if shape == "quoted" else f"n{n}" for n in range(130)],
        }
    )
    text = frame.to_csv(index=False)
    if shape == "crlf":
        text = text.replace("\n", "\r\n")
    if shape == "blank lines":
        text = text.replace("\n", "\n\n")
    if shape == "no last newline":
        text = text.rstrip("\n")
    content = text.encode("utf-8-sig" if shape == "bom" else "utf-8")
    product = publish_file(ana, "c.csv", content)
    body, rows = all_rows(ana, product, 100)
    assert body["columns"] == ["id", "z", "note"]
    assert rows == frame.to_dict("records")


def test_csv_missing_values_are_null(ana):
    product = publish_file(ana, "gaps.csv", b"a,b,c\n1,x,0.5\n,NA,NaN\n3,,null\n")
    _, rows = all_rows(ana, product, 100)
    assert rows == [{"a": 1, "b": "x", "c": 0.5}, {"a": None, "b": None, "c": None}, {"a": 3, "b": None, "c": None}]


def test_csv_columns_of_the_same_name_are_told_apart(ana):
    product = publish_file(ana, "twice.csv", b"a,a,b\n1,2,3\n4,5,6\n")
    _, rows = all_rows(ana, product, 100)
    assert rows == [{"a": 1, "a.1": 2, "b": 3}, {"a": 4, "a.1": 5, "b": 6}]


def test_what_is_downloaded_are_the_bytes_that_were_sent(server, ana):
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table(), buffer)
    content = buffer.getvalue()
    product = publish_file(ana, "bytes.parquet", content)
    archive = ana.request("POST", f"products/{product['id']}/download/main-file/prepare/").json()
    link = server.root + archive["download_url"] if archive["download_url"].startswith("/") else archive["download_url"]
    whole = ana.session.get(link, timeout=30)
    assert whole.content == content
    assert int(whole.headers["Content-Length"]) == len(content) == archive["size"]
    assert "Content-Encoding" not in whole.headers
    assert whole.headers["Accept-Ranges"] == "bytes"
    for start in [0, 1, len(content) // 2, len(content) - 1]:
        part = ana.session.get(link, headers={"Range": f"bytes={start}-"}, timeout=30)
        assert part.status_code == 206
        assert part.headers["Content-Range"] == f"bytes {start}-{len(content) - 1}/{len(content)}"
        assert part.content == content[start:]
    beyond = ana.session.get(link, headers={"Range": f"bytes={len(content)}-"}, timeout=30)
    assert beyond.status_code == 200 and beyond.content == content
