"""The Slack app's manifest: valid, and complete for what the program does."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jsonschema
import yaml

from bot.manifest import read_manifest

SCHEMA = Path(__file__).with_name("manifest.schema.2.0.0.json")  # github.com/slackapi/manifest-schema


def test_the_manifest_validates_against_slacks_schema() -> None:
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(read_manifest().content)


def test_the_manifest_is_that_of_an_agent_over_socket_mode() -> None:
    content = read_manifest().content
    assert content["features"]["agent_view"]["agent_description"]
    assert content["features"]["app_home"]["messages_tab_enabled"]
    assert content["settings"]["socket_mode_enabled"]
    assert content["settings"]["interactivity"]["is_enabled"]


def test_what_an_agent_must_subscribe_to_is_there() -> None:
    # reference/slack-platform.md §1.4
    needed = "app_home_opened app_context_changed message.im agent_session_stopped agent_session_title_changed"
    assert set(needed.split()) <= set(read_manifest().events)


def test_every_event_comes_with_the_scope_it_needs() -> None:
    # reference/slack-platform.md §1.6
    needs = {
        "app_mention": "app_mentions:read",
        "message.channels": "channels:history",
        "message.groups": "groups:history",
        "message.im": "im:history",
        "message.mpim": "mpim:history",
    }
    manifest = read_manifest()
    assert {needs[event] for event in manifest.events if event in needs} <= set(manifest.scopes)


def test_scopes_and_events_are_sorted_and_named_once() -> None:
    manifest = read_manifest()
    assert list(manifest.scopes) == sorted(set(manifest.scopes))
    assert list(manifest.events) == sorted(set(manifest.events))


def test_the_creation_link_carries_the_whole_manifest() -> None:
    manifest = read_manifest()
    query = parse_qs(urlsplit(manifest.creation_url).query)
    assert query["new_app"] == ["1"]
    assert yaml.safe_load(query["manifest_yaml"][0]) == manifest.content
