"""Settings are read once, frozen, and report every fault together."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.errors import SettingsError
from bot.settings import Settings


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    """A newcomer sets nothing and gets a local chat on loopback."""
    settings = Settings.from_environment()
    assert (settings.telegram_token, settings.listen_host, settings.listen_port) == (None, "127.0.0.1", 8080)


def test_all_faults_are_reported_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two wrong variables are two faults, each named by its variable."""
    monkeypatch.setenv("DOSIRAK_LISTEN", "8080")
    monkeypatch.setenv("DOSIRAK_PAGE_TTL", "soon")
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment()
    assert [fault.place for fault in caught.value.faults] == ["DOSIRAK_LISTEN", "DOSIRAK_PAGE_TTL"]
    assert "write host:port" in str(caught.value)


def test_the_token_never_shows_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printing the settings, as a log might, does not print the secret."""
    monkeypatch.setenv("TELEGRAM_TOKEN", "123:secret")
    settings = Settings.from_environment()
    assert "secret" not in repr(settings)
    assert settings.telegram_token is not None
    assert settings.telegram_token.get_secret_value() == "123:secret"


def test_an_empty_token_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """`TELEGRAM_TOKEN=` in an environment file means the local chat."""
    monkeypatch.setenv("TELEGRAM_TOKEN", "")
    assert Settings.from_environment().telegram_token is None


def test_settings_cannot_be_changed_after_the_start() -> None:
    """What was read is what every part sees, for as long as the process lives."""
    with pytest.raises(ValidationError):
        Settings.from_environment().page_ttl = 1


def test_ids_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """People's and groups' ids; anything else is a fault that says how."""
    monkeypatch.setenv("DOSIRAK_ADMINS", "123, -1001234567890")
    assert Settings.from_environment().admins == {123, -1001234567890}
    monkeypatch.setenv("DOSIRAK_ADMINS", "@haneul")
    with pytest.raises(SettingsError, match="write Telegram ids"):
        Settings.from_environment()


@pytest.mark.parametrize("cgroup", ["/dosirak", "/a/b", "/a-.slice", "dosirak.slice", "lessons-docker.slice"])
def test_a_cgroup_is_a_path_or_a_slice(monkeypatch: pytest.MonkeyPatch, cgroup: str) -> None:
    """As it is written for the engine's cgroup driver."""
    monkeypatch.setenv("DOSIRAK_CGROUP", cgroup)
    assert Settings.from_environment().cgroup == cgroup


@pytest.mark.parametrize("cgroup", ["", "/", ".slice", "a-.slice", "-a.slice", "a--b.slice", "a b.slice"])
def test_a_cgroup_that_is_neither_is_a_fault(monkeypatch: pytest.MonkeyPatch, cgroup: str) -> None:
    """The root is nobody's, and systemd takes no slice with an empty level."""
    monkeypatch.setenv("DOSIRAK_CGROUP", cgroup)
    with pytest.raises(SettingsError, match=r"such as dosirak\.slice"):
        Settings.from_environment()
