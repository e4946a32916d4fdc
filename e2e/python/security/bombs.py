"""Archives and files made to hurt whoever unpacks or reads them. Each is small; none needs a library that would refuse
to write it."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib

from attack import CATALOG

MEGABYTE = 1_000_000


def zipped(members, method=zipfile.ZIP_DEFLATED):
    """A zip of `(name, content)`, or of `(ZipInfo, content)`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(*members):
    """A tar of `(name, type, link, content)`."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, kind, link, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, link, len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def zip_symlink(target):
    info = zipfile.ZipInfo("cat.csv")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return zipped([(info, target)])


def zip_device():
    info = zipfile.ZipInfo("cat.csv")
    info.create_system, info.external_attr = 3, 0o020666 << 16
    return zipped([(info, b"")])


def lying_zip(actual, claimed):
    """A member that says it is smaller, or larger, than it is."""
    packed = bytearray(zipped([("cat.csv", actual)]))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = packed.index(signature)
        struct.pack_into("<I", packed, at + offset, claimed)
    return bytes(packed)


def overlapping_zip(entries=2000, size=2 * MEGABYTE):
    """Many entries of the directory that share one member: small on disk, gigabytes when unpacked."""
    deflated = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = b"1,2,3\n" * (size // 6)
    data = deflated.compress(content) + deflated.flush()
    checksum = zlib.crc32(content)
    name = b"a.csv"
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 33, checksum, len(data), len(content), len(name), 0)
    body = local + name + data
    directory = b"".join(
        struct.pack(
            "<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 8, 0, 33, checksum, len(data), len(content), 9, 0, 0, 0, 0, 0, 0
        )
        + b"%05d.csv" % number
        for number in range(entries)
    )
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, entries, entries, len(directory), len(body), 0)
    return body + directory + end


def quine():
    """A gzip whose content begins with a gzip of itself, thirty deep."""
    content = CATALOG
    for _ in range(30):
        content = gzip.compress(content)
    return content


def nested_zips():
    content = CATALOG
    for depth in range(40):
        content = zipped([(f"{depth}.zip" if depth else "cat.csv", content)])
    return content


def hostile():
    """`(name, bytes)` of each; a redshift catalog cannot be made of any."""
    huge = b"1,2,3\n" * (20 * MEGABYTE)
    names = ["../../../../tmp/evil.csv", "/etc/cron.d/evil.csv", "..\\..\\evil.csv", "C:\\evil.csv", "a/../../evil.csv"]
    for number, name in enumerate(names):
        info = zipfile.ZipInfo("x")
        info.filename = name
        yield f"slip{number}.zip", zipped([(info, CATALOG), ("b.csv", CATALOG)])
        yield f"slip{number}.tar", tarred((name, tarfile.REGTYPE, "", CATALOG))
    for target in (b"/etc/passwd", b"../../../secret.key", b"/proc/self/environ", b"/dev/zero"):
        yield f"link{len(target)}.zip", zip_symlink(target)
        yield f"symlink{len(target)}.tar", tarred(("cat.csv", tarfile.SYMTYPE, target.decode(), b""))
        yield f"hardlink{len(target)}.tar", tarred(("cat.csv", tarfile.LNKTYPE, target.decode(), b""))
        yield (
            f"both{len(target)}.tar",
            tarred(("a", tarfile.SYMTYPE, "/tmp", b""), ("a/evil.csv", tarfile.REGTYPE, "", CATALOG)),
        )
    for kind in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
        yield f"device{kind.decode()}.tar", tarred(("cat.csv", kind, "", b""))
    yield "device.zip", zip_device()
    yield "ratio.csv.gz", gzip.compress(huge)
    yield "ratio.csv.bz2", bz2.compress(huge)
    yield "ratio.csv.xz", lzma.compress(huge, preset=1)
    yield "ratio.zip", zipped([("cat.csv", huge)])
    yield "ratio.tar.gz", gzip.compress(tarred(("cat.csv", tarfile.REGTYPE, "", huge)))
    yield "many.zip", zipped([(f"{number}.csv", b"") for number in range(110_000)], zipfile.ZIP_STORED)
    yield "deep.zip", zipped([("d/" * 20_000 + "cat.csv", CATALOG)])
    yield "overlap.zip", overlapping_zip()
    yield "smaller.zip", lying_zip(huge, 100)
    yield "larger.zip", lying_zip(CATALOG, 0xFFFFFFF0)
    yield "quine.csv.gz", quine()
    yield "nested.zip", nested_zips()
    yield "members.gz", gzip.compress(b"") * 50_000
    yield (
        "xz-dictionary.csv.xz",
        lzma.compress(b"a,b\n" * 100, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30, "preset": 0}]),
    )
    yield "empty.zip", zipped([])
    yield "end-only.zip", b"PK\x05\x06" + b"\xff" * 18
    yield "prefix.zip", b"MZ" + b"\0" * 100 + zipped([("../a.csv", CATALOG)])


def hostile_tables():
    """Files that are no archives and hurt their readers: entities, aliases, sizes that lie."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    table = (
        "<VOTABLE><RESOURCE><TABLE><FIELD name='a' datatype='char' arraysize='*'/><DATA><TABLEDATA><TR><TD>{}</TD></TR>"
    )
    table += "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    yield "laughs.vot", f'<!DOCTYPE v [<!ENTITY l0 "lol">{laughs}]>{table.format("&l9;")}'.encode()
    yield "file.vot", f'<!DOCTYPE v [<!ENTITY x SYSTEM "file:///etc/passwd">]>{table.format("&x;")}'.encode()
    yield "web.vot", f'<!DOCTYPE v SYSTEM "http://127.0.0.1:1/x.dtd">{table.format("a")}'.encode()
    yield (
        "stream.vot",
        (
            b"<VOTABLE><RESOURCE><TABLE><FIELD name='a' datatype='int'/><DATA><BINARY>"
            b"<STREAM href='file:///etc/passwd' encoding='none'/></BINARY></DATA></TABLE></RESOURCE></VOTABLE>"
        ),
    )
    yield "attributes.vot", b"<VOTABLE " + b" ".join(b"a%d='1'" % n for n in range(200_000)) + b"/>"
    yield "deep.vot", b"<VOTABLE>" + b"<RESOURCE>" * 200_000
    yield (
        "ecsv.ecsv",
        b"# %ECSV 1.0\n# ---\n# a: &a [x,x]\n"
        + b"".join(b"# %c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % ((98 + n, 98 + n) + (97 + n,) * 7) for n in range(12))
        + b"# datatype: *m\na b\n1 2\n",
    )
    yield "tagged.ecsv", b"# %ECSV 1.0\n# ---\n# datatype: !!python/object/apply:os.system ['touch evil']\na\n1\n"
    yield "wide.csv", b",".join(b"c%d" % n for n in range(300_000)) + b"\n1\n"
    yield "endless.csv", b'a,b\n"' + b"x" * 20_000_000
    card = b"SIMPLE  =                    T".ljust(80) + b"BITPIX  =                    8".ljust(80)
    card += b"NAXIS   =                    0".ljust(80) + b"END".ljust(80)
    extension = b"XTENSION= 'BINTABLE'".ljust(80) + b"BITPIX  =                    8".ljust(80)
    extension += b"NAXIS   =                    2".ljust(80) + b"NAXIS1  =  9223372036854775807".ljust(80)
    extension += b"NAXIS2  =  9223372036854775807".ljust(80) + b"PCOUNT  =                    0".ljust(80)
    extension += b"GCOUNT  =                    1".ljust(80) + b"TFIELDS =                    1".ljust(80)
    extension += b"TFORM1  = '9223372036854775807D'".ljust(80) + b"END".ljust(80)
    yield "huge.fits", card.ljust(2880) + extension.ljust(2880)
    yield "end.fits", card[:240].ljust(2880 * 4000)
    yield "lies.parquet", b"PAR1" + b"\x15\x00" * 5000 + struct.pack("<I", 0xFFFFFFF0) + b"PAR1"
    yield "lies.hdf5", b"\x89HDF\r\n\x1a\n" + b"\xff" * 4000
    yield "evil.pkl", b"cos\nsystem\n(S'touch evil'\ntR."
