"""What other packages add by one small file: a provider, a check, an exporter.

Each test puts a real package, with entry points, on the path of a process of its own.
"""

import subprocess
import sys
from pathlib import Path

import pytest

PROVIDER = '''
from core.providers.base import ModelRequest, Outcome, Prepared, Reply, Usage


class Echo:
    """Answers with the last message: a whole provider in one file."""

    protocol = "echo"

    def __init__(self, name):
        self.name = name

    def prepare(self, request: ModelRequest) -> Prepared:
        body = request.messages[-1].content.encode()
        return Prepared(body, len(body))

    async def send(self, request: ModelRequest, prepared: Prepared) -> Outcome:
        text = prepared.body.decode()
        reply = Reply(text, Usage(len(text), 0, len(text), 0), "stop", request.model)
        return Outcome(reply, None, latency_ms=1, http_status=None)

    async def close(self):
        pass


def open_echo(connection, options):
    return Echo(connection.name)
'''
CHECK = """
from core.quality.check import Check, Measure


def measure(subject):
    shouted = sum(letter.isupper() for letter in subject.response)
    return Measure(shouted / max(1, len(subject.response)), {})


SHOUTING = Check(
    name="shouting",
    description="The response is written in capitals.",
    unit="share of capitals",
    weight=0.5,
    rate=lambda value, limits: 0.0 if value > 0.5 else 1.0,
    measure=measure,
)
"""
EXPORTER = """
import orjson

from core.datasets.export.formats import Format, same


def write(path, schema, tables, options):
    (table,) = tables.values()
    path.write_bytes(b"".join(b"- " + orjson.dumps(row) + b"\\n" for rows in table for row in rows))


def read(path, table, options):
    yield [orjson.loads(line[2:]) for line in path.read_bytes().splitlines()]


def image(row, options):
    return orjson.loads(orjson.dumps(row))


LIST = Format("list", "Markdown list", "md", "text/markdown", False, write, read, image)
"""


def package(folder: Path, module: str, text: str, group: str, value: str) -> None:
    """An installed package of one module, which names `value` under a group."""
    (folder / f"{module}.py").write_text(text)
    information = folder / f"{module}-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[{group}]\n{module} = {module}:{value}\n")


def python(folder: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_one_file_adds_a_provider(tmp_path: Path) -> None:
    package(tmp_path, "echo", PROVIDER, "seedbed.providers", "open_echo")
    code = f"""
import asyncio
from core.db.tables import Connection
from core.providers.base import Message, ModelRequest
from core.providers.connections import REMOTE_PROTOCOLS
from core.providers.registry import open_provider
from core.settings import Settings
assert REMOTE_PROTOCOLS == ("openai", "anthropic", "echo"), REMOTE_PROTOCOLS
connection = Connection(name="mine", protocol="echo", default_model="one")
provider = open_provider(connection, Settings(home={str(tmp_path / "home")!r}))
request = ModelRequest("one", (Message("user", "Hello"),), 10)
outcome = asyncio.run(provider.send(request, provider.prepare(request)))
print(outcome.reply.text)
"""
    assert python(tmp_path, code) == "Hello\n"


def test_one_file_adds_a_check_that_counts_in_the_score(tmp_path: Path) -> None:
    package(tmp_path, "shouting", CHECK, "seedbed.checks", "SHOUTING")
    code = """
from core.quality.inline import InlineChecks
from core.quality.scoring import score
from core.templates.definition import build_template
definition = build_template({
    "name": "loud", "title": "Loud", "domain": "any", "system": "Speak.", "user": "Speak up.",
    "output": {"type": "object", "properties": {"a": {"type": "string"}}},
    "mapping": {"input": "Say something.", "response": "{{ output.a }}"},
})
checks = InlineChecks(definition)
for text in ("PAY THE WHOLE FEE TODAY OR LEAVE", "Please pay the whole fee by today."):
    found = checks.check({"a": text}, "Say something.", text, text, [])
    print(score(found, checks.limits).quality_score)
"""
    assert python(tmp_path, code) == "0.5\n1.0\n"


def test_one_file_adds_an_export_format_that_is_read_back(tmp_path: Path) -> None:
    package(tmp_path, "listing", EXPORTER, "seedbed.exporters", "LIST")
    code = """
from app.api.exports import ExportFormat
from core.datasets.export.exporting import FORMATS
from core.datasets.export.formats import CsvOptions
from pathlib import Path
import sys
from pydantic import TypeAdapter
assert TypeAdapter(ExportFormat).json_schema()["enum"][-1] == "list"
path, rows = Path(sys.path[0]) / "out.md", [{"input": "a", "response": "b"}]
FORMATS["list"].write(path, None, {"train": iter([rows])}, CsvOptions())
print(list(FORMATS["list"].read(path, "train", CsvOptions())) == [rows], path.read_text())
"""
    assert python(tmp_path, code).startswith('True - {"input":"a"')


@pytest.mark.parametrize(
    ("text", "message"),
    [("raise RuntimeError('no')\nX = 1", "does not load"), ("X = 1", "is 1")],
    ids=["broken", "of another type"],
)
def test_an_extension_that_does_not_work_is_logged_and_left_out(
    tmp_path: Path, text: str, message: str
) -> None:
    package(tmp_path, "odd", text, "seedbed.checks", "X")
    code = (
        "import logging; logging.basicConfig()\nfrom core.quality.registry import CHECKS, BUILT_IN"
    )
    printed = python(tmp_path, f"{code}\nassert CHECKS == BUILT_IN")
    assert message in printed
