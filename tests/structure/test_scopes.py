"""The scopes the manifest asks for are the ones that are used, no more and no less."""

from bot.manifest import read_manifest


def test_the_scopes_used_in_the_suite_are_exactly_the_manifests(used_scopes: set[str]) -> None:
    assert used_scopes == set(read_manifest().scopes)
