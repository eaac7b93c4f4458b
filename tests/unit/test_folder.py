"""The private temporary folder, and what is left of it when a process is killed."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bot.files.folder import Folder, sweep

HOLDER = """
import sys
from pathlib import Path
from bot.files.folder import Folder
with Folder.open(Path(sys.argv[1])) as folder:
    folder.new_path().write_text("secret")
    print(folder.path, flush=True)
    sys.stdin.read()
"""


def holder(place: Path) -> tuple["subprocess.Popen[str]", Path]:
    """Another process with a folder there, and a file in it."""
    command = [sys.executable, "-c", HOLDER, str(place)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def ended(process: "subprocess.Popen[str]") -> None:
    process.communicate()


def test_nobody_else_may_enter_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Folder.open(tmp_path) as folder:
            assert folder.path.stat().st_mode & 0o777 == 0o700
            assert folder.path.parent == tmp_path
    finally:
        os.umask(before)


def test_it_is_in_the_systems_temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Folder.open() as folder:
        assert folder.path.parent == tmp_path
        assert folder.path.name.startswith("threadmate-")


def test_it_is_gone_when_it_is_closed(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as folder:
        folder.new_path().write_text("secret")
        folder.new_path().mkdir()
    assert list(tmp_path.iterdir()) == []


def test_its_files_have_numbers_for_names(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as folder:
        assert [folder.new_path().name for _ in range(2)] == ["000001", "000002"]


def test_what_a_killed_process_left_is_removed_at_the_next_start(tmp_path: Path) -> None:
    process, left = holder(tmp_path)
    process.kill()
    ended(process)
    assert [path.read_text() for path in left.iterdir()] == ["secret"]
    with Folder.open(tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder.path]


def test_the_folder_of_a_living_process_is_never_removed(tmp_path: Path) -> None:
    process, theirs = holder(tmp_path)
    try:
        with Folder.open(tmp_path) as ours:
            assert set(tmp_path.iterdir()) == {ours.path, theirs}
            assert sweep(tmp_path) == 0
            assert [path.read_text() for path in theirs.iterdir()] == ["secret"]
    finally:
        ended(process)
    assert list(tmp_path.iterdir()) == []


def test_nothing_else_is_swept_away(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (tmp_path / "threadmate-backup").mkdir()
    (tmp_path / "threadmate-my.files").mkdir()
    (tmp_path / "threadmate-aaaaaaaa.files").touch()
    (tmp_path / "threadmate-bbbbbbbb.files").symlink_to(elsewhere)
    before = set(tmp_path.rglob("*"))
    with Folder.open(tmp_path):
        pass
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_what_belongs_to_somebody_else_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "threadmate-cccccccc.files"
    theirs.mkdir()
    os.chown(theirs, 12345, 12345)
    assert sweep(tmp_path) == 0
    assert theirs.exists()
