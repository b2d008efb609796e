"""Movie-disjoint splits of the kept shots (paper section 5.1)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from scripts.lib.jobs.log import logger, run_job
from scripts.lib.records.labels import read_labels
from scripts.lib.records.samples import SPLITS, instances, write_dataset
from scripts.lib.tables.frames import read_parquet

# A class that is missing in train cannot be learnt, which is worse than missing in both other splits.
WORTH = np.array([3, 1, 1])
RESTARTS = 20


def split_sizes(n_movies: int, fractions: Sequence[float]) -> np.ndarray:
    """Number of movies per split, (3,), by largest remainders; at least one per split if there are enough movies.

    With fewer movies than splits with a share, train comes first, then val.
    """
    shares = np.array(fractions, float)
    wanted = np.flatnonzero(shares)
    if n_movies < len(wanted):
        return np.bincount(wanted[:n_movies], minlength=len(shares))
    shares = shares / shares.sum() * n_movies
    sizes = np.floor(shares).astype(int)
    for split in np.argsort(-(shares - sizes), kind="stable")[: n_movies - sizes.sum()]:
        sizes[split] += 1
    for split in np.flatnonzero((sizes == 0) & (shares > 0)):
        sizes[sizes.argmax()] -= 1
        sizes[split] += 1
    return sizes


def split_movies(has: np.ndarray, fractions: Sequence[float], seed: int) -> np.ndarray:
    """Split of each movie, (M,): random, then improved so that each label is in every split if possible.

    Pairs of movies are exchanged as long as this brings labels into splits that lack them; sizes do
    not change. The objective is the number of labels per split, train counting three times. If
    exchanges do not reach its upper bound, the best of several random starts is used.

    Args:
        has: (M, L) bool, whether a movie has a label.
        fractions: of train, val and test.
        seed: the same seed, movies and labels give the same splits.
    """
    random = np.random.default_rng(seed)
    sizes = split_sizes(len(has), fractions)
    n_movies_of = np.minimum(has.sum(axis=0), (sizes > 0).sum())
    conceivable = int(np.append(0, np.cumsum(np.sort(WORTH[sizes > 0])[::-1]))[n_movies_of].sum())
    best, most = None, -1
    for _ in range(RESTARTS):
        splits = _exchange(random.permutation(np.repeat(np.arange(len(sizes)), sizes)), has)
        reached = int(_worth(_counts(splits, has)))
        if reached > most:
            best, most = splits, reached
        if most == conceivable:
            break
    return best


def _counts(splits: np.ndarray, has: np.ndarray) -> np.ndarray:
    """Number of movies with each label in each split, (3, L)."""
    return np.stack([has[splits == split].sum(axis=0) for split in range(len(WORTH))])


def _worth(counts: np.ndarray) -> float:
    return (WORTH[:, None] * (counts > 0)).sum()


def _exchange(splits: np.ndarray, has: np.ndarray) -> np.ndarray:
    """Exchange movies between splits until no exchange for a missing label improves the objective."""
    splits, has = splits.copy(), has.astype(np.int32)
    counts = _counts(splits, has)
    while (exchange := _best_exchange(splits, has, counts)) is not None:
        first, second = exchange
        splits[first], splits[second] = splits[second], splits[first]
        counts = _counts(splits, has)
    return splits


def _best_exchange(splits: np.ndarray, has: np.ndarray, counts: np.ndarray) -> tuple[int, int] | None:
    """The best exchange of two movies for the rarest label that it can improve, or None."""
    totals = has.sum(axis=0)
    missing = [(totals[label], split, label) for split, label in np.argwhere(counts == 0) if totals[label]]
    for _, split, label in sorted(missing):
        gain, exchange = 0, None
        partners = np.flatnonzero(splits == split)
        for movie in np.flatnonzero(has[:, label]):
            giver = splits[movie]
            moved = has[movie] - has[partners]
            after = WORTH[split] * (counts[split] + moved > 0).sum(axis=1)
            after += WORTH[giver] * (counts[giver] - moved > 0).sum(axis=1)
            before = WORTH[split] * (counts[split] > 0).sum() + WORTH[giver] * (counts[giver] > 0).sum()
            if len(partners) and (after - before).max() > gain:
                gain, exchange = (after - before).max(), (movie, partners[(after - before).argmax()])
        if exchange:
            return exchange
    return None


def split_samples(samples: pd.DataFrame, labels: Sequence[str], fractions: Sequence[float], seed: int) -> pd.DataFrame:
    """The samples with `split`, sorted by split and otherwise in their order.

    Args:
        samples: shot_id, movie_id, labels (`|`-separated), scores, … of the kept shots.
        labels: names in the order of the label list.
    """
    long = instances(samples)
    table = pd.crosstab(long["movie_id"], long["label"]).reindex(columns=list(labels), fill_value=0).sort_index()
    splits = split_movies(table.to_numpy() > 0, fractions, seed)
    names = samples["movie_id"].map(dict(zip(table.index, np.array(SPLITS, object)[splits], strict=True)))
    return samples.assign(split=names).sort_values("split", key=lambda part: part.map(SPLITS.index), kind="stable")


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    kept = read_parquet(snakemake.input.kept)
    present = set(instances(kept)["label"])
    labels = [label for label in read_labels(snakemake.input.labels) if label in present]
    samples = split_samples(kept, labels, snakemake.params.fractions, snakemake.params.seed)
    for split in SPLITS:
        found = set(instances(samples[samples["split"] == split])["label"])
        if missing := [label for label in labels if label not in found]:
            logger.warning("%d label(s) are not in %s: %s", len(missing), split, ", ".join(missing))
    write_dataset(samples, labels, kept, snakemake.output)
    sizes = samples["split"].value_counts()
    return ", ".join(f"{sizes.get(split, 0)} in {split}" for split in SPLITS)


if __name__ == "__main__":
    run_job(main, snakemake)
