"""What the gallery shows of shots, beyond what every page with shots on it does."""

from collections.abc import Mapping, Sequence

import pandas as pd

from scripts.lib.jobs.errors import UserError, make_anew
from scripts.lib.pages.build import pack_numbers, shots_data
from scripts.lib.pages.colours import read_clusters
from scripts.lib.records.groups import read_groups
from scripts.lib.records.trust import LEVELS
from scripts.lib.tables.frames import read_frame


def attributes_of(shots: pd.DataFrame) -> list[str]:
    """The attributes of shots: columns with another for the score of their value."""
    return [name for name in shots if f"{name}_score" in shots]


def gallery_data(
    shots: pd.DataFrame,
    pictures: dict[str, str],
    run: str,
    *,
    trust: pd.DataFrame | None = None,
    clusters: Mapping[str, int] | None = None,
    groups: Mapping[str, str] | None = None,
    threshold: float | None = None,
    failures: Sequence[Mapping[str, str]] = (),
) -> dict:
    """The page's data: see `shots_data`, with what the page can show and filter by.

    Args:
        shots: rows of `dataset/shots.parquet`.
        pictures, run, clusters: see `shots_data`.
        trust: rows of `dataset/trust.csv` of the same shots; None if it is not known. The reasons take the place of
            the flags, which are among them.
        groups: see `read_groups`; a label may be missing.
        threshold: of the top-1 score.
        failures: rows of `dataset/failures.csv`.

    Returns:
        Also `levels` of trust and the column `trust` of shots; `groups`, one per label or empty; `threshold`;
        `attributes`, the values of each by name, and for each a column of shots in `attributes`; `failures`.
    """
    if trust is not None:
        shots = shots.assign(flags=trust["reasons"].to_numpy())
    data = shots_data(shots, pictures, run, clusters)
    columns = data["shots"]
    if trust is not None:
        data["levels"] = list(LEVELS)
        columns["trust"] = pack_numbers(trust["trust"].map(LEVELS.index))
    if groups is not None:
        data["groups"] = [groups.get(label, "") for label in data["labels"]]
    data["threshold"] = threshold
    data["attributes"] = {}
    columns["attributes"] = []
    for name in attributes_of(shots):
        codes, values = pd.factorize(shots[name], sort=True)
        data["attributes"][name] = list(values)
        columns["attributes"].append(pack_numbers(codes))
    data["failures"] = [{name: row[name] for name in ("clip_id", "step", "reason")} for row in failures]
    return data


def read_gallery_data(source, shots: pd.DataFrame, shown: pd.Series | None = None) -> dict:
    """The further arguments of `gallery_data` from the inputs of a job: trust, clusters, groups.

    Args:
        source: `trust`, `clusters` and `groups` are paths; the last may be empty.
        shots: all rows of `dataset/shots.parquet`.
        shown: which of them the page has, (N,) bool; None for all.

    Raises:
        UserError: a file cannot be used, or the trust is that of other shots.
    """
    trust = read_frame(source.trust, ["shot_id", "trust", "reasons"])
    if list(trust["shot_id"]) != list(shots["shot_id"]):
        raise UserError(f"{source.trust} has other shots than {source.shots}; {make_anew(source.trust)}")
    trust = trust if shown is None else trust[shown]
    groups = read_groups(source.groups) if source.groups else None
    return {"trust": trust, "clusters": read_clusters(source.clusters), "groups": groups}
