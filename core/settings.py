"""The one configuration object: built once at each entry point, then passed down.

Every field can be set by the environment variable `SEEDBED_<NAME>`; the table in CONTRIBUTING.md is
checked against these fields by a test.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import SettingsError

DEFAULT_HOME = Path(__file__).resolve().parents[1] / "data" / "workspace"


class SourceLimits(BaseModel):
    """What an imported file may hold and its reading may use; each can only be lowered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file_bytes: int = Field(2**30, ge=1, le=2**30)
    expanded_bytes: int = Field(2**30, ge=1, le=2**30)  # of an archive, and of all text read
    ratio: int = Field(100, ge=1, le=100)  # expanded to packed, of one entry of an archive
    entries: int = Field(10_000, ge=1, le=10_000)  # of an archive
    rows: int = Field(1_000_000, ge=1, le=1_000_000)
    columns: int = Field(1_000, ge=1, le=1_000)
    cell_bytes: int = Field(2**20, ge=1, le=2**20)
    pages: int = Field(5_000, ge=1, le=5_000)
    memory_bytes: int = Field(2**30, ge=2**28, le=2**30)
    cpu_s: float = Field(60.0, gt=0, le=60)  # a small file gets less: see sources.parsing.bounded


class Settings(BaseSettings):
    """Where the workspace lives and how the processes behave."""

    model_config = SettingsConfigDict(env_prefix="SEEDBED_", extra="ignore", frozen=True)

    home: Path = Field(DEFAULT_HOME, description="Folder of the workspace: database and files.")
    database_url: str | None = Field(
        None, description="PostgreSQL URL; SQLite inside `home` when unset."
    )
    host: str = Field("127.0.0.1", description="Address the server binds; loopback by default.")
    port: int = Field(8501, ge=1, le=65535, description="Port of pages and REST API.")
    generate_workers: int = Field(1, ge=1, le=64, description="Processes that run batches.")
    compute_workers: int = Field(1, ge=0, le=16, description="Processes that embed and export.")
    request_deadline_s: float = Field(
        120.0, gt=0, le=3600, description="Wall-clock limit of one provider call, in seconds."
    )
    max_response_bytes: int = Field(
        16 * 2**20, ge=1024, description="A provider's decoded answer is cut here, in bytes."
    )
    min_free_disk_bytes: int = Field(
        64 * 2**20, ge=0, description="Batches pause (disk) when less than this is free, in bytes."
    )
    heartbeat_timeout_s: float = Field(
        20.0, gt=1, description="A worker silent for longer is taken for dead, in seconds."
    )
    batch_api_poll_s: float = Field(
        30.0, gt=0, le=3600, description="Time between two looks at a provider's batch, in seconds."
    )
    crash_at: str = Field(
        "",
        description="For tests: `point:n` kills the worker at the n-th pass.",
    )
    embedding_model: str = Field(
        "all-MiniLM-L6-v2", description="sentence-transformers model; the default ships inside."
    )

    source_limits: SourceLimits | None = Field(
        None,
        description='Lower limits for imported files as JSON, such as `{"pages": 500}`.',
    )

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the workspace's database."""
        if self.database_url is None:
            return f"sqlite:///{self.home.resolve() / 'seedbed.sqlite'}"
        for prefix in ("postgresql://", "postgres://"):
            if self.database_url.startswith(prefix):
                return "postgresql+psycopg://" + self.database_url.removeprefix(prefix)
        return self.database_url


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, with explicit overrides on top.

    Raises SettingsError naming each field that does not fit.
    """
    try:
        return Settings(**{k: v for k, v in overrides.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(
            f"SEEDBED_{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors()
        )
        raise SettingsError(problems, remedy="Correct these and start again.") from error


def read_secret(variable: str, environ: Mapping[str, str] | None = None) -> SecretStr | None:
    """A provider key from the named environment variable, masked when printed; None when unset."""
    value = (os.environ if environ is None else environ).get(variable, "").strip()
    return SecretStr(value) if value else None
