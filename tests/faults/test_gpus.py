"""Jobs that each ask for a GPU run side by side, with a device each, where the machine has several."""

import pytest

from tests.helpers.mini import RUN, Started, copy_of

SETTINGS = ("--cores", "4", "--configfile", "mini.yaml", "--resources", "gpu=2")
SHARDS = [f"{RUN}/embeddings/clip_small/{shard}.h5" for shard in ("00000", "00001")]


@pytest.mark.parametrize(("visible", "locks"), [(None, {"0", "1"}), ("2,3", {"2", "3"})])
def test_two_shards_are_embedded_at_the_same_time_on_two_devices(material, tmp_path, visible, locks):
    """Each job waits, once it has a device, for the other to have one."""
    workspace = copy_of(material, tmp_path / "run")
    (tmp_path / "devices").mkdir()
    variables = {"FAULTS_DEVICES": str(tmp_path / "devices"), "TMPDIR": str(tmp_path)}
    if visible:
        variables["CUDA_VISIBLE_DEVICES"] = visible
    Started(workspace, *SHARDS, settings=SETTINGS, **variables).finish()
    assert {path.name for path in (tmp_path / "devices").iterdir()} == {"0", "1"}
    assert {path.stem for path in tmp_path.glob("movieclip-gpus-*/*.lock")} == locks
