"""The demo's truth: what the studio has rendered for each shot."""

import numpy as np
import pandas as pd


def match_truth(shots: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """The rendered shot that each detected shot shares the most frames with: label, scale and light, in order.

    Args:
        shots: rows of `dataset/shots.parquet`.
        truth: rows of `demo/truth.csv`.
    """
    rendered = dict(tuple(truth.groupby("clip_id")))
    rows = []
    for shot in shots.itertuples():
        part = rendered[shot.clip_id]
        start = np.maximum(part["start_frame"], shot.start_frame)
        overlap = np.minimum(part["end_frame"], shot.end_frame) - start
        rows.append(part.loc[overlap.idxmax(), ["label", "scale", "light"]])
    return pd.DataFrame(rows).reset_index(drop=True)
