"""What people read about a file that could not be taken, or was changed on its way. Plain text, not Markdown."""

from collections.abc import Iterable

from bot import words

NAMED = 5  # files whose names stand in one sentence

REFUSALS = {
    "too_large": "“{name}” is larger than {limit}, the most I take: please send a smaller file or a part of it.",
    "too_large_to_read_whole": "“{name}” is larger than {limit}, the most I can read of this format: "
    "please save it as PDF, or as a .docx or .csv, and send that.",
    "too_long_to_hear": "“{name}” is larger than {limit}, the most that can be transcribed: "
    "please send it in parts, or as a smaller recording.",
    "too_many": "“{name}” was left out: this thread has reached its limit of files. "
    "Remove some, or go on in a new thread.",
    "too_many_pixels": "“{name}” has too many pixels for me to open: please send it scaled down.",
    "empty": "“{name}” is empty: please check it and send it again.",
    "access_denied": "I may not open “{name}”: please share it in this conversation, or ask its owner to.",
    "hidden_by_plan": "Slack hides “{name}” because of this workspace's plan: please upload it again.",
    "external": "“{name}” is kept outside Slack, where I cannot open it: please upload the file itself.",
    "tombstone": "“{name}” has been deleted from Slack.",
    "unreachable": "“{name}” could not be fetched from Slack: please try again in a minute.",
    "encrypted": "“{name}” is locked with a password: please remove the password and send it again.",
    "broken": "“{name}” cannot be opened, it seems to be damaged: please check it and send it again.",
    "heic": "“{name}” is a HEIC photo, which I cannot read: please send it as JPEG or PNG.",
    "recording": "“{name}” is a recording in a format that I cannot transcribe: "
    "please send it as .mp3, .m4a or .mp4.",
    "needs_code": "“{name}” can only be opened by running code, which is switched off for this bot: "
    "please send what is in it as single files.",
    "unsupported": "I cannot read this kind of file: “{name}”. I read text and code, PDF, Word and PowerPoint "
    "documents, tables, images and recordings.",
}

NOT_TAKEN = "“{name}” could not be handed to OpenAI just now: please try again in a minute."

NOT_INDEXED = {
    "server_error": "“{name}” could not be made searchable: please send it again in a few minutes.",
    "unsupported_file": "“{name}” is of a kind that cannot be searched: please send it as PDF or as text.",
    "invalid_file": "“{name}” cannot be searched, as no text was found in it: "
    "a scan needs text recognition first.",
    "late": "“{name}” is still being made searchable: please ask again in a minute.",
}
"""What people read about a document that OpenAI did not index, by `last_error.code` (openai-platform.md §4)."""

CHANGES = {
    "first_picture": "Of “{name}” I see the first picture only: no movement and no further pages.",
    "scaled_down": "“{name}” was scaled down for me, so I may miss small details.",
}

NOT_UPLOADED = "Slack did not take “{name}”: please ask for it again."
UPLOADS = {
    "file_upload_size_restricted": "“{name}” is larger than this workspace lets me upload: "
    "please ask for a smaller one, or for a part of it.",
    "file_uploads_disabled": "Uploading files is switched off in this workspace, so “{name}” is not here: "
    "please tell whoever runs it.",
    "posting_to_channel_denied": "I may not post in this channel, so “{name}” is not here: "
    "please tell whoever runs this workspace.",
    "storage_limit_reached": "This workspace has no room for “{name}”: please tell whoever runs it.",
}
"""What people read about a file of ours that Slack refused, by its error (reference/slack-platform.md §4.3)."""


def listed(names: Iterable[str]) -> str:
    """Safe names as a sentence holds them: each once, in quotation marks, the others counted."""
    quoted = list(dict.fromkeys(words.QUOTED.format(text=name) for name in names))
    more = [words.FILES_MORE.format(count=len(quoted) - NAMED)] if len(quoted) > NAMED else []
    *first, last = *quoted[:NAMED], *more
    return words.AND.format(first=", ".join(first), last=last) if first else last
