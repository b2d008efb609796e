"""Predict the scale of the shots that raters see (paper section 4.3)."""

import pandas as pd
import torch
from safetensors.torch import load_file

from scripts.lib.jobs.log import logger, run_job
from scripts.lib.networks.features import read_features
from scripts.lib.networks.lstm import SequenceClassifier, classify
from scripts.lib.records.scales import SCALES
from scripts.lib.tables.frames import read_frame, write_frame


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    params = snakemake.params
    wanted = read_frame(snakemake.input.tasks, ["shot_id"])["shot_id"]
    features = read_features(snakemake.input.features, wanted, params.max_frames)
    network = SequenceClassifier.of_weights(load_file(snakemake.input.model)).eval()
    shot_ids = [name for name in wanted if name in features]
    logits = classify(network, [features[name] for name in shot_ids], params.batch_size)
    chances = torch.from_numpy(logits).softmax(dim=1).numpy().round(4)
    table = pd.DataFrame(chances, columns=list(SCALES))
    table.insert(0, "scale", table.idxmax(axis=1))
    table.insert(0, "shot_id", shot_ids)
    write_frame(table, snakemake.output[0])
    if len(shot_ids) < len(wanted):
        logger.warning("%d of %d shots have no features", len(wanted) - len(shot_ids), len(wanted))
    return f"{len(shot_ids)} shot(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
