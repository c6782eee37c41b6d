"""Documents for the tests of sources, written byte by byte: honest ones and bombs."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MIB = 2**20


def pdf(
    pages: Iterable[Sequence[str]],
    *,
    bookmarks: Sequence[tuple[str, int]] = (),
    objects: Sequence[bytes] = (),
    resources: bytes = b"",
) -> bytes:
    """A PDF with lines of Helvetica on each page, and bookmarks as (title, page from 0).

    `objects` come after all others, numbered on; `resources` are the pages' further resources.
    """
    bodies: list[bytes] = [b"", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for lines in pages:
        shown = b" ".join(b"(" + _pdf_text(line) + b") Tj T*" for line in lines)
        content = b"BT /F1 11 Tf 14 TL 50 780 Td " + shown + b" ET"
        bodies.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        kids.append(len(bodies) + 1)
        bodies.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> %s >> >>" % (len(bodies), resources)
        )
    outline = b""
    if bookmarks:
        root = len(bodies) + 1
        outline = b" /Outlines %d 0 R" % root
        first, last = root + 1, root + len(bookmarks)
        bodies.append(b"<< /First %d 0 R /Last %d 0 R >>" % (first, last))
        for place, (title, page) in enumerate(bookmarks):
            link = b" /Next %d 0 R" % (first + place + 1) if place + 1 < len(bookmarks) else b""
            bodies.append(
                b"<< /Title (%s) /Parent %d 0 R /Dest [%d 0 R /Fit]%s >>"
                % (_pdf_text(title), root, kids[page], link)
            )
    bodies.extend(objects)
    bodies[0] = b"<< /Type /Catalog /Pages 2 0 R%s >>" % outline
    listed = b" ".join(b"%d 0 R" % kid for kid in kids)
    bodies[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (listed, len(kids))
    return pdf_of_objects(bodies)


def pdf_of_objects(bodies: Sequence[bytes]) -> bytes:
    """A PDF of the given objects, numbered from 1; the first is the catalog."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(bodies, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    out.write(trailer % (len(bodies) + 1, table))
    return out.getvalue()


def _pdf_text(text: str) -> bytes:
    return (
        text.encode("latin-1").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    )


def paragraph(text: str, style: str = "", more: str = "") -> str:
    """A paragraph of a DOCX."""
    return (
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{more}</w:pPr>'
        f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
    )


def table(rows: Iterable[Sequence[str]]) -> str:
    """A table of a DOCX."""
    cells = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def docx(
    body: str, *, styles: str = "", prolog: str = "", is_packed: bool = True, **parts: bytes
) -> bytes:
    """A DOCX with this body; `parts` are further entries, `__` in a name for `/`."""
    document = f'{prolog}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    entries = {
        "[Content_Types].xml": b"<Types/>",
        "word/document.xml": document.encode(),
        "word/styles.xml": f'<w:styles xmlns:w="{WORD}">{styles}</w:styles>'.encode(),
        **{name.replace("__", "/"): content for name, content in parts.items()},
    }
    return archive(entries, is_packed=is_packed)


def archive(entries: dict[str, bytes], *, is_packed: bool = True) -> bytes:
    out = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", method, compresslevel=9) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return out.getvalue()


def parquet(table: pa.Table, **options: object) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def overlapping_archive(count: int) -> bytes:
    """A ZIP whose entries all point to one piece of 10 MiB: the name of each is its own."""
    content = b"\0" * (10 * MIB)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    sizes = struct.pack("<3L2H", zlib.crc32(content), len(packed), len(content), 17, 0)
    name = b"word/document.xml"
    local = b"PK\x03\x04" + struct.pack("<5H", 20, 0, 8, 0, 0) + sizes + name + packed
    entries = b""
    for k in range(count):
        name = b"word/document.xml" if k == 0 else b"word/part%08d" % k
        entries += b"PK\x01\x02" + struct.pack("<6H", 20, 20, 0, 8, 0, 0) + sizes
        entries += struct.pack("<3H2L", 0, 0, 0, 0, 0) + name
    end = struct.pack("<4H2LH", 0, 0, count & 0xFFFF, count & 0xFFFF, len(entries), len(local), 0)
    return local + entries + b"PK\x05\x06" + end


def crowded_archive(count: int) -> bytes:
    """A ZIP with a great many empty entries."""
    out = io.BytesIO()
    entries = io.BytesIO()
    for k in range(count):
        name = b"%07d" % k
        sizes = struct.pack("<3L2H", 0, 0, 0, len(name), 0)
        entries.write(b"PK\x01\x02" + struct.pack("<6H", 20, 20, 0, 0, 0, 0) + sizes)
        entries.write(struct.pack("<3H2L", 0, 0, 0, 0, out.tell()) + name)
        out.write(b"PK\x03\x04" + struct.pack("<5H", 20, 0, 0, 0, 0) + sizes + name)
    begin, table = out.tell(), entries.getvalue()
    few = min(count, 9_999)  # the record lies; the table's size does not
    end = struct.pack("<4H2LH", 0, 0, few, few, len(table), begin, 0)
    return out.getvalue() + table + b"PK\x05\x06" + end
