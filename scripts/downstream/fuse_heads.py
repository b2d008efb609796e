"""Late fusion of the heads on two kinds of features (paper section 5.3.3, Table 6)."""

from scripts.downstream.measures import ID, drawn_class_ap, measure
from scripts.lib.evaluation.metrics import mean_of_known, rounded, with_interval
from scripts.lib.evaluation.predictions import (
    Predictions,
    read_metrics,
    read_predictions,
    write_metrics,
    write_predictions,
)
from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.jobs.log import run_job

EQUAL = 0.5
# The weights of the first head that are tried on val; ours.
GRID = tuple(step / 20 for step in range(21))
# The set whose measures are reported.
REPORTED = "test"


def fuse(first: Predictions, second: Predictions, weight: float = EQUAL) -> Predictions:
    """The weighted mean of two heads' logits, seed by seed; by default with equal weights.

    Args:
        weight: of the first; the second has the rest of 1.

    Raises:
        UserError: the two are of other videos, or of another number of seeds or classes.
    """
    _check(first, second)
    return first._replace(logits=weight * first.logits + (1 - weight) * second.logits)


def _check(first: Predictions, second: Predictions) -> None:
    both = set(first.ids) & set(second.ids)
    if others := [name for name in (*first.ids, *second.ids) if name not in both]:
        raise UserError(
            f"{len(others)} video(s) have been predicted by one of the two heads only, so that the heads cannot be "
            f"fused; make their features again:\n{bullet_list(others)}"
        )
    moved = [f"{one} beside {other}" for one, other in zip(first.ids, second.ids, strict=True) if one != other]
    if moved:
        raise UserError(f"the two heads have their videos in another order; train both again:\n{bullet_list(moved)}")
    if first.logits.shape != second.logits.shape or (first.targets != second.targets).any():
        raise UserError("the two heads have other seeds, classes or labels; train both again")


def choose_weight(first: Predictions, second: Predictions) -> tuple[float, list[dict]]:
    """The weight of `GRID` with the highest mAP, the mean over seeds; of equal ones the nearest to equal weights.

    Returns:
        The weight, and `weight` and `mAP` of each that was tried.

    Raises:
        UserError: see `fuse`.
    """
    alone = {"samples": 0, "seed": 0}
    drawn = [drawn_class_ap(fuse(first, second, weight), alone) for weight in GRID]
    tried = [
        {"weight": weight, "mAP": rounded(mean_of_known(values)[0])} for weight, values in zip(GRID, drawn, strict=True)
    ]
    known = [row for row in tried if row["mAP"] is not None]
    best = max(known, key=lambda row: (row["mAP"], -abs(row["weight"] - EQUAL)), default={"weight": EQUAL})
    return best["weight"], tried


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, output, bootstrap = snakemake.input, snakemake.output, snakemake.params.bootstrap
    heads = {name: read_predictions(source[name], ID) for name in ("scene", "motion")}
    told = read_metrics(source.metrics)
    scene, motion = heads["scene"], heads["motion"]
    chosen, tried = choose_weight(scene["val"], motion["val"])
    equal = {part: fuse(scene[part], motion[part]) for part in scene}
    compared = {
        "scene": scene[REPORTED],
        "motion": motion[REPORTED],
        "equal": equal[REPORTED],
        "chosen": fuse(scene[REPORTED], motion[REPORTED], chosen),
    }
    drawn = {name: drawn_class_ap(found, bootstrap) for name, found in compared.items()}
    means = {name: mean_of_known(values) for name, values in drawn.items()}
    first = next(iter(told.values()))
    name = f"{snakemake.wildcards.task}/fusion"
    metrics = {
        "model": name,
        "of": list(told),
        "seeds": first["seeds"],
        "weights": {"equal": EQUAL, "chosen": chosen},
        "tried_on_val": tried,
        "results": {key: measure(compared[key], drawn[key]) for key in ("equal", "chosen")},
        # In pairs: both heads on the same bootstrap samples.
        "differences": {
            f"{one}_over_{other}": with_interval(means[one] - means[other])
            for one, other in (("scene", "motion"), ("equal", "scene"), ("equal", "motion"), ("chosen", "equal"))
        },
        "n_used": {part: len(found.ids) for part, found in equal.items()},
        "n_expected": {part: first["n_expected"][part] for part in equal},
    }
    write_predictions(output.predictions, equal, {"model": name, "weight": EQUAL, "seeds": first["seeds"]}, ID)
    write_metrics(output.metrics, metrics)
    values = {key: metrics["results"][key]["mAP"]["value"] for key in metrics["results"]}
    return f"mAP {values['equal']:.3f} with equal weights, {values['chosen']:.3f} with weight {chosen:g}"


if __name__ == "__main__":
    run_job(main, snakemake)
