"""Everything Slack may send us: `register` is its table of contents."""

import re
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.anew import REGENERATE_EDITED
from bot.approvals import CANCEL
from bot.attachments import listing
from bot.desk import FrontDesk
from bot.options_more import MORE
from bot.options_view import CHOOSE_ASSISTANT, MODAL
from bot.reply import reason
from bot.reply.approval import APPROVE, DENY
from bot.reply.closing import ASK
from handlers.actions import Actions, acknowledge
from handlers.agent import Agent
from handlers.approvals import Decisions
from handlers.catch_all import on_anything, on_error
from handlers.changes import Changes
from handlers.files import Files
from handlers.messages import Messages
from handlers.options import Options

SUBSCRIPTIONS = {
    "app_mention": ("app_mention",),
    "message": ("message.channels", "message.groups", "message.im", "message.mpim"),
    "app_home_opened": ("app_home_opened",),
    "agent_session_stopped": ("agent_session_stopped",),
    "agent_session_title_changed": ("agent_session_title_changed",),
    "app_context_changed": ("app_context_changed",),
    "channel_shared": ("channel_shared",),
    "channel_unshared": ("channel_unshared",),
    "file_change": ("file_change",),
    "file_deleted": ("file_deleted",),
}
"""The events we handle, and what `manifest.yml` subscribes to for each."""

EDITED: dict[str, Any] = {"type": "message", "subtype": "message_changed"}


def register(app: AsyncApp, desk: FrontDesk) -> None:
    """Tell Bolt who handles what. First match wins, so the catch-all comes last."""
    messages, agent, actions, changes = Messages(desk), Agent(desk), Actions(desk), Changes(desk)
    files, options = Files(desk), Options(desk)
    decisions = Decisions(desk)

    app.event("app_mention")(messages.on_message)
    app.event(EDITED)(ack=messages.on_message, lazy=[messages.after_edit])
    app.event("message")(messages.on_message)
    app.event("app_home_opened")(agent.on_home_opened)
    app.event("agent_session_stopped")(agent.on_stopped)
    app.event("agent_session_title_changed")(agent.on_noted)
    app.event("app_context_changed")(agent.on_noted)
    app.event("channel_shared")(files.on_sharing)
    app.event("channel_unshared")(files.on_sharing)
    app.event("file_deleted")(changes.on_file_deleted)
    app.event("file_change")(changes.on_file_changed)

    app.shortcut("add_to_library")(ack=acknowledge, lazy=[files.on_add])
    app.shortcut("remove_from_library")(ack=acknowledge, lazy=[files.on_remove])
    app.shortcut("files_in_thread")(ack=acknowledge, lazy=[files.on_files_in_thread])
    app.shortcut("ask_about")(ack=acknowledge, lazy=[options.on_ask_about])
    app.shortcut("ask_with_options")(ack=acknowledge, lazy=[options.on_ask_with_options])
    app.shortcut("thread_settings")(ack=acknowledge, lazy=[options.on_thread_settings])
    app.command("/threadmate")(ack=options.acknowledge_command, lazy=[files.on_command, options.on_command])

    app.action("feedback")(ack=acknowledge, lazy=[actions.on_feedback])
    app.view(MODAL)(ack=options.on_submit, lazy=[options.after_submit])
    app.view(reason.MODAL)(ack=acknowledge, lazy=[actions.on_reason])
    app.action("regenerate")(ack=acknowledge, lazy=[actions.on_regenerate])
    app.action(REGENERATE_EDITED)(ack=acknowledge, lazy=[actions.on_regenerate_edited])
    app.action("try_again")(ack=acknowledge, lazy=[actions.on_try_again])
    app.action(re.compile(f"{ASK}[0-9]"))(actions.on_question)
    app.action(re.compile(f"{APPROVE}|{DENY}"))(decisions.on_verdict)
    app.action(CANCEL)(decisions.on_cancel)
    app.action("stop")(ack=acknowledge, lazy=[actions.on_stop])
    app.action("details")(ack=acknowledge, lazy=[actions.on_details])
    app.action(re.compile("details_(?:previous|next)"))(ack=acknowledge, lazy=[actions.on_page])
    app.action(listing.REMOVE)(ack=acknowledge, lazy=[files.on_remove_file])
    app.action(re.compile(f"{listing.PREVIOUS}|{listing.NEXT}"))(ack=acknowledge, lazy=[files.on_page])
    app.action(CHOOSE_ASSISTANT)(ack=acknowledge, lazy=[options.on_assistant])
    app.action(MORE)(ack=acknowledge, lazy=[options.on_more])
    app.action(re.compile(".*"))(ack=acknowledge, lazy=[])

    app.view(re.compile(".*"))(ack=acknowledge, lazy=[])
    app.shortcut(re.compile(".*"))(ack=acknowledge, lazy=[])
    app.event(re.compile(".*"))(on_anything)
    app.error(on_error)
