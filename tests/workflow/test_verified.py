"""A run on the windows of human-verified shots: cut, and joined to the published labels."""

import json
import shutil

import pandas as pd


def test_verified_labels_find_the_shots_of_their_windows(workspace, make_video, tmp_path):
    """Four seconds of a film of two-second shots; the third verified shot lies beyond, the fourth's film is missing."""
    video = make_video([(1, 48), (2, 48), (3, 48)], fps=24)
    (tmp_path / "2011").mkdir()
    shutil.copy(video.path, tmp_path / "2011" / "abc.mkv")
    (tmp_path / "windows.csv").write_text(
        "clip_id,path,movie_id,start_time,end_time\n"
        "v_abc_seg_0_4,2011/abc.mkv,tt1,0,4\nv_gone_seg_0_4,2011/gone.mkv,tt2,0,4\n"
    )
    rows = [("v_abc_seg_0_4", "abc", scene, "tt1", "bar|cave", "train", "no") for scene in (1, 2, 3)]
    rows.append(("v_gone_seg_0_4", "gone", 1, "tt2", "bar", "test", "yes"))
    columns = ["clip_id", "video_id", "scene", "movie_id", "labels", "movie_split", "movie_disjoint"]
    table = pd.DataFrame(rows, columns=columns).assign(start_time=0, end_time=4)
    table["shot_id"] = [f"{row.clip_id}-Scene-{row.scene:03d}" for row in table.itertuples()]
    table.to_csv(tmp_path / "evaluation_set.csv", index=False)
    clips = {"folder": None, "root": str(tmp_path), "manifest": str(tmp_path / "windows.csv")}
    workspace.snakemake(
        "verification",
        *("--configfile", "config/tag.yaml", "--config", "run=verified", f"clips={json.dumps(clips)}"),
        f"dataset={json.dumps({'evaluation_set': str(tmp_path / 'evaluation_set.csv')})}",
    )
    results = workspace.path / "results/verified"
    joined = pd.read_csv(results / "verification/evaluation_set.csv")
    assert joined["shot_id"].tolist() == ["v_abc_seg_0_4-Scene-001", "v_abc_seg_0_4-Scene-002"]
    assert joined[["start_frame", "end_frame"]].to_numpy().tolist() == [[0, 48], [48, 96]]
    assert joined["labels"].tolist() == ["bar|cave"] * 2
    counts = pd.read_csv(results / "tables/verified_join.csv")
    assert counts.loc[counts["part"] == "all", "shots"].tolist() == [4, 2, 1, 1]
    assert counts.loc[counts["part"] == "movie-disjoint", "shots"].tolist() == [1, 0, 0, 1]
