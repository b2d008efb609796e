"""The mini runs, undisturbed: what every disturbed one must end as."""

import pytest

from tests.helpers.mini import RELEASED_SETTINGS, SETTINGS, Started, copy_of, make_mini


@pytest.fixture(scope="session")
def material(make_video, tmp_path_factory):
    """A workspace of the mini runs in which nothing has been run; tests copy it."""
    return make_mini(tmp_path_factory.mktemp("a mini run"), make_video)


@pytest.fixture(scope="session")
def undisturbed(material, tmp_path_factory):
    """Both whole mini runs; `kept/` has every job's script as Snakemake wrote it, and the final names it gave."""
    workspace = copy_of(material, tmp_path_factory.mktemp("undisturbed") / "run")
    (workspace.path / "kept").mkdir()
    for settings in (SETTINGS, RELEASED_SETTINGS):
        Started(workspace, settings=settings, FAULTS_KEEP=str(workspace.path / "kept")).finish()
    return workspace
