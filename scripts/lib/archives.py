"""Archives from elsewhere: one wanted file is taken out, and an archive that wants to write elsewhere is refused."""

import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

from scripts.lib.errors import UserError
from scripts.lib.storage import in_units


def extract_file(archive: str | Path, name: str, destination: str | Path) -> None:
    """Write the file of that name, in whatever folder of the ZIP archive, to `destination`.

    Raises:
        UserError: no ZIP archive or a broken one, a member with an absolute path, with `..` in it or
            that is a link, not exactly one file of that name, or one that is larger than the disk has room for.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            for member in members:
                _check_member(member, archive)
            wanted = [member for member in members if PurePosixPath(member.filename).name == name]
            if len(wanted) != 1:
                raise UserError(f"the archive {archive} has {len(wanted)} file(s) named {name}, not one")
            size, free = wanted[0].file_size, shutil.disk_usage(Path(destination).parent).free
            if size > free:
                raise UserError(
                    f"{name} in the archive {archive} has {in_units(size)}, but {in_units(free)} are free where "
                    f"{destination} is written; make room there"
                )
            with opened.open(wanted[0]) as source, open(destination, "wb") as target:
                shutil.copyfileobj(source, target)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise UserError(f"{archive} cannot be read as a ZIP archive ({error})") from error


def _check_member(member: zipfile.ZipInfo, archive: str | Path) -> None:
    # The name as it stands in the archive: the module has tidied `filename` already.
    name = member.orig_filename
    parts = PureWindowsPath(name).parts
    if name.startswith("/") or PureWindowsPath(name).drive or PureWindowsPath(name).root or ".." in parts:
        raise UserError(f"the archive {archive} is refused: its member {name!r} would be written outside of it")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise UserError(f"the archive {archive} is refused: its member {name!r} is a link")
