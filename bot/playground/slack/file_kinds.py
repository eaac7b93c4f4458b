"""What Slack calls a file by its name: filetype, pretty_type and mimetype; pure.

Names: docs.slack.dev/reference/objects/file-object, "File types".
"""

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_UNKNOWN = ("binary", "Binary", "application/octet-stream")

_BY_EXTENSION = {
    "c": ("c", "C", "text/plain"),
    "csv": ("csv", "CSV", "text/csv"),
    "doc": ("doc", "Word Document", "application/msword"),
    "docx": ("docx", "Word Document", _WORD),
    "gif": ("gif", "GIF", "image/gif"),
    "heic": ("heic", "HEIC", "image/heic"),
    "html": ("html", "HTML", "text/html"),
    "jpeg": ("jpg", "JPEG", "image/jpeg"),
    "jpg": ("jpg", "JPEG", "image/jpeg"),
    "json": ("json", "JSON", "application/json"),
    "log": ("text", "Plain Text", "text/plain"),
    "m4a": ("m4a", "MPEG 4 Audio", "audio/mp4"),
    "md": ("markdown", "Markdown (raw)", "text/markdown"),
    "mp3": ("mp3", "MP3", "audio/mpeg"),
    "mp4": ("mp4", "MPEG 4 Video", "video/mp4"),
    "pdf": ("pdf", "PDF", "application/pdf"),
    "png": ("png", "PNG", "image/png"),
    "pptx": ("pptx", "PowerPoint Presentation", _SLIDES),
    "py": ("python", "Python", "text/x-python"),
    "sql": ("sql", "SQL", "text/plain"),
    "svg": ("svg", "SVG", "image/svg+xml"),
    "tar": ("tar", "Tarball", "application/x-tar"),
    "tsv": ("tsv", "TSV", "text/tab-separated-values"),
    "txt": ("text", "Plain Text", "text/plain"),
    "wav": ("wav", "WAVE", "audio/wav"),
    "webm": ("webm", "WebM", "video/webm"),
    "webp": ("webp", "WebP", "image/webp"),
    "xls": ("xls", "Excel Spreadsheet", "application/vnd.ms-excel"),
    "xlsx": ("xlsx", "Excel Spreadsheet", _SHEET),
    "xml": ("xml", "XML", "application/xml"),
    "yaml": ("yaml", "YAML", "text/yaml"),
    "yml": ("yaml", "YAML", "text/yaml"),
    "zip": ("zip", "Zip", "application/zip"),
}


def kind_of(name: str) -> tuple[str, str, str]:
    """The filetype, pretty_type and mimetype that Slack gives a file of that name."""
    return _BY_EXTENSION.get(name.rpartition(".")[2].lower(), _UNKNOWN)
