"""Settings from the environment."""

from pathlib import Path

import pytest

from core.errors import SettingsError
from core.settings import load_settings, read_secret


def test_the_environment_sets_and_arguments_override(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDBED_PORT", "9000")
    assert load_settings().port == 9000
    assert load_settings(port=9100).port == 9100
    assert load_settings(port=None).port == 9000


def test_a_wrong_value_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDBED_PORT", "99999")
    with pytest.raises(SettingsError, match="SEEDBED_PORT"):
        load_settings()


def test_without_a_url_the_database_is_a_file_in_the_home(tmp_path: Path) -> None:
    assert load_settings(home=tmp_path).url == f"sqlite:///{tmp_path / 'seedbed.sqlite'}"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_plain_postgresql_url_gets_its_driver(scheme: str) -> None:
    settings = load_settings(database_url=f"{scheme}://me@host/name")
    assert settings.url == "postgresql+psycopg://me@host/name"


def test_a_secret_never_prints_itself() -> None:
    secret = read_secret("KEY", {"KEY": " sk-canary "})
    assert secret is not None
    assert "canary" not in f"{secret!r} {secret}"
    assert secret.get_secret_value() == "sk-canary"
    assert read_secret("KEY", {"KEY": " "}) is None
