"""A workspace that is ready to use: database, queue and starter templates in place."""

from sqlalchemy.exc import OperationalError

from core.db.migrate import migrate
from core.db.workspace import Workspace, open_workspace
from core.errors import SettingsError
from core.jobs.running.queue import prepare_queue
from core.settings import Settings
from core.templates.starters import install_starters


def open_ready_workspace(settings: Settings) -> Workspace:
    """The workspace that the settings name, brought up to date.

    Raises SettingsError when the database cannot be reached, DatabaseVersionError when it belongs
    to a newer Seedbed.
    """
    workspace = open_workspace(settings)
    try:
        migrate(workspace)
        prepare_queue(workspace)
    except OperationalError as error:
        workspace.close()
        reason = str(error.orig).strip().splitlines()[0]
        raise SettingsError(
            f"The database cannot be opened: {reason}.",
            remedy="Check SEEDBED_HOME and SEEDBED_DATABASE_URL.",
        ) from error
    install_starters(workspace)
    return workspace
