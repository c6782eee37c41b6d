"""Files that are small and expand, never end, or lie: each as (file name, bytes).

Their true sizes stand beside them. None may cost the importing process more than a few MiB.
"""

import base64
import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from tests.documents import (
    MIB,
    archive,
    crowded_archive,
    docx,
    overlapping_archive,
    paragraph,
    parquet,
    pdf,
    pdf_of_objects,
)

SMALL: dict[str, Any] = {
    "write_statistics": False, "store_schema": False, "data_page_size": 2**30,
    "max_rows_per_page": 2**31 - 1,
}  # fmt: skip
PIXELS = 50_000  # each way: 2.5 gigapixels, 10 GB once decoded


def parquet_of_nulls() -> bytes:
    """Some 200 bytes: 250 million rows of one column, 2 GB as 64-bit numbers."""
    return parquet(pa.table({"t": pa.nulls(250_000_000)}), **SMALL, row_group_size=250_000_000)


def parquet_of_one_text() -> bytes:
    """Some 300 bytes: a million rows of one text of 1 MiB, both at the limit: 1 TB."""
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 10**6, pa.int32()), pa.array(["x" * MIB]))
    return parquet(pa.table({"t": text}), **SMALL, compression="zstd")


def parquet_of_one_list() -> bytes:
    """Some 250 bytes: one row with one cell, a list of 100 million nulls."""
    values = pa.nulls(100_000_000, pa.int8())
    cell = pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)
    return parquet(pa.table({"t": cell}), **SMALL)


def nested_archive() -> bytes:
    """Archives in archives, five deep: 16 to the fifth times 10 MiB."""
    content = archive({"word/document.xml": b"\0" * (10 * MIB)})
    for depth in range(5):
        content = archive({f"word/{depth}-{k}.zip": content for k in range(16)})
    return content


def quiet_archive() -> bytes:
    """A DOCX of 256 MiB of spaces in its document, 1,000 to 1."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file,
        file.open("word/document.xml", "w") as part,
    ):
        for _ in range(256):
            part.write(b" " * MIB)
    return out.getvalue()


def billion_laughs() -> bytes:
    """Ten entities that each stand for ten of the one before: 3 GB of "lol"."""
    entities = '<!ENTITY a0 "lol">' + "".join(
        f'<!ENTITY a{k} "{f"&a{k - 1};" * 10}">' for k in range(1, 10)
    )
    prolog = f"<!DOCTYPE d [{entities}]>"
    return docx(f"<w:p><w:r><w:t>{'&a9;'}</w:t></w:r></w:p>", prolog=prolog)


def quadratic_blowup() -> bytes:
    """One entity of 100 kB, named ten thousand times: 1 GB."""
    prolog = f'<!DOCTYPE d [<!ENTITY a "{"x" * 100_000}">]>'
    body = f"<w:p><w:r><w:t>{'&a;' * 10_000}</w:t></w:r></w:p>"
    return docx(body, prolog=prolog, is_packed=False)


def external_entity() -> bytes:
    """Asks for a file of this machine."""
    prolog = '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    return docx("<w:p><w:r><w:t>&a;</w:t></w:r></w:p>", prolog=prolog)


def pixel_flood() -> bytes:
    """A PNG of a few kB that declares 2.5 gigapixels."""

    def part(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">L", len(content)) + body + struct.pack(">L", zlib.crc32(body))

    header = struct.pack(">LLBBBBB", PIXELS, PIXELS, 8, 6, 0, 0, 0)
    row = zlib.compress(b"\0" * (4 * PIXELS + 1) * 10, 9)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", row) + part(b"IEND", b"")


def picture_in_docx() -> bytes:
    return docx(
        paragraph("Text beside a picture.") + "<w:p><w:r><w:drawing/></w:r></w:p>",
        word__media__image1__png=pixel_flood(),
    )


def picture_in_html() -> bytes:
    picture = base64.b64encode(pixel_flood()).decode()
    return (
        f"<html><body><p>Text beside a picture.</p>"
        f'<img width="{PIXELS}" height="{PIXELS}" src="data:image/png;base64,{picture}">'
        "</body></html>"
    ).encode()


def picture_in_pdf() -> bytes:
    row = zlib.compress(b"\0" * 10 * MIB, 9)
    picture = (
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB "
        b"/BitsPerComponent 8 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream"
        % (PIXELS, PIXELS, len(row), row)
    )
    return pdf(
        [["Text beside a picture."]],
        objects=[picture],
        resources=b"/XObject << /Im0 6 0 R >>",
    )


def expanding_pdf() -> bytes:
    """A page whose content is 1.5 GiB of spaces, packed twice."""
    packer = zlib.compressobj(1)
    inner = [packer.compress(b" " * MIB) for _ in range(1536)]
    content = zlib.compress(b"".join([*inner, packer.flush()]), 9)
    return pdf_of_objects(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
            b"<< /Filter [/FlateDecode /FlateDecode] /Length %d >>\nstream\n%s\nendstream"
            % (len(content), content),
        ]
    )


def recursive_pages() -> bytes:
    """A tree of pages that contains itself, and says that it has a million pages."""
    return pdf_of_objects(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [2 0 R 2 0 R 2 0 R] /Count 1000000 /Parent 2 0 R >>",
        ]
    )


def recursive_forms() -> bytes:
    """Two forms that draw each other, thirty times each."""
    form = (
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F %d 0 R >> "
        b">> /Length %d >>\nstream\n%s\nendstream"
    )
    content = b"/F Do " * 30
    return pdf_of_objects(
        [
            b"<< /Type /Catalog /Pages 2 0 R /Outlines 6 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 7 0 R "
            b"/Resources << /XObject << /F 4 0 R >> >> >>",
            form % (5, len(content), content),
            form % (4, len(content), content),
            b"<< /First 8 0 R /Last 8 0 R >>",
            b"<< /Length 5 >>\nstream\n/F Do\nendstream",
            b"<< /Title (Again) /Parent 6 0 R /Next 8 0 R /First 8 0 R /Dest [3 0 R /Fit] >>",
        ]
    )


def deep_html() -> bytes:
    return b"<html><body>" + b"<div>" * 100_000 + b"deep"


def deep_docx() -> bytes:
    return docx("<w:sdt>" * 100_000 + paragraph("deep") + "</w:sdt>" * 100_000, is_packed=False)


def wide_table() -> bytes:
    """A DOCX whose one row has a million cells."""
    return docx(
        "<w:tbl><w:tr>" + "<w:tc><w:p/></w:tc>" * 1_000_000 + "</w:tr></w:tbl>", is_packed=False
    )


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "parquet of nulls": ("a.parquet", parquet_of_nulls),
    "parquet of one text": ("a.parquet", parquet_of_one_text),
    "parquet of one list": ("a.parquet", parquet_of_one_list),
    "zip in zip": ("a.docx", nested_archive),
    "zip of spaces": ("a.docx", quiet_archive),
    "zip with overlapping entries": ("a.docx", lambda: overlapping_archive(50)),
    "zip with many overlapping entries": ("a.docx", lambda: overlapping_archive(5_000)),
    "zip with a million entries": ("a.docx", lambda: crowded_archive(1_000_000)),
    "docx of a billion laughs": ("a.docx", billion_laughs),
    "docx of quadratic blow-up": ("a.docx", quadratic_blowup),
    "docx that reads a file": ("a.docx", external_entity),
    "docx nested deep": ("a.docx", deep_docx),
    "docx with a wide table": ("a.docx", wide_table),
    "pixel flood in docx": ("a.docx", picture_in_docx),
    "pixel flood in html": ("a.html", picture_in_html),
    "pixel flood in pdf": ("a.pdf", picture_in_pdf),
    "pixel flood": ("a.html", pixel_flood),
    "pdf that expands": ("a.pdf", expanding_pdf),
    "pdf with recursive pages": ("a.pdf", recursive_pages),
    "pdf with recursive forms": ("a.pdf", recursive_forms),
    "html nested deep": ("a.html", deep_html),
    "json nested deep": ("a.json", lambda: b"[" * 100_000 + b"]" * 100_000),
    "json row nested deep": ("a.json", lambda: b'[{"a":' + b"[" * 10**5 + b"]" * 10**5 + b"}]"),
    "jsonl nested deep": ("a.jsonl", lambda: b'{"a":' + b"[" * 10**5 + b"]" * 10**5 + b"}"),
    "json that never closes": ("a.json", lambda: b'[{"a": "' + b"x" * 50 * MIB),
    "csv in gzip": ("a.csv", lambda: gzip.compress(b"text\n" + b"x" * 100 * MIB)),
    "csv of a million columns": (
        "a.csv", lambda: ",".join(f"c{k}" for k in range(10**6)).encode() + b"\n"
    ),
    "csv of one line": ("a.csv", lambda: b"x" * 40 * MIB),
    "text of one line": ("a.txt", lambda: b"word " * 8 * MIB),
    "markdown of a heading of spaces": ("a.md", lambda: b"# " + b" \t" * 10 * MIB + b"x"),
    "markdown of backticks": ("a.md", lambda: b"`" * 40 * MIB),
    "markdown of underlines": ("a.md", lambda: b"a\n=" + b" " * 9 * MIB + b"x\n"),
    "text of full stops": ("a.txt", lambda: (b"." * 5_000 + b"'" * 5_000 + b"\n") * 2_000),
    "html of open tags": ("a.html", lambda: b"<html><p " + b"<a " * 10 * MIB),
    "html of an endless attribute": ("a.html", lambda: b'<html><p a="' + b"x" * 40 * MIB),
    "html of charset": ("a.html", lambda: b"<html><meta " + b"charset" * 600 + b"<p>x"),
    "html of a wide table": ("a.html", lambda: b"<html><table><tr>" + b"<td>x" * 2**19),
}  # fmt: skip
