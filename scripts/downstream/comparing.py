"""Cells of Tables 4 to 6: the paper's values, its quotations of others, and ours (paper section 5.3)."""

from scripts.lib.tables.comparisons import COLUMNS, comparison

TABLE_COLUMNS = (*COLUMNS, "quoted_from", "deviation", "low", "high")
NONE = {"value": None, "low": None, "high": None, "deviation": None}
# Whose values our heads stand beside; the other rows of Tables 4 and 5 are quoted.
SCENE_ROWS = {"hvu": "M_scene", "moviescope": "M_trailer"}
QUOTED = (
    "Rows marked *quoted* are results of other papers, as this paper prints them; their videos need not be the same."
)


def cell(place: tuple[str, str, str], printed: str, paper: dict, found: dict, told: dict, source: str) -> dict:
    """A cell with `TABLE_COLUMNS`; average precision in percent.

    Args:
        place: table, row and column.
        printed: the paper's value, or empty.
        paper: `quoted_from`, `videos` (the number of test videos, as printed) and `classes` of the row in
            `config/paper`, as far as it has them.
        found: `value`, `low`, `high` and `deviation` of ours, see `measure`; `NONE` for nothing.
        told: content of `metrics.json` that ours is from; empty for nothing.
        source: that file, or the paper's.
    """
    ours, low, high, spread = (percent(found[key]) for key in ("value", "low", "high", "deviation"))
    n_used = told["n_used"]["test"] if told and ours else ""
    comparable = None
    if printed and ours:
        comparable = same_number(n_used, paper["videos"]) and paper.get("same_classes", False)
    row = comparison(place, printed, ours, source, n_used, paper["videos"] if printed else "", comparable)
    return {**row, "quoted_from": paper.get("quoted_from", ""), "deviation": spread, "low": low, "high": high}


def percent(value: float | None) -> str:
    """A share as the paper prints it; empty for None."""
    return "" if value is None else f"{100 * value:.2f}"


def same_number(ours: int, printed: str) -> bool:
    """Whether a number is the printed one, which may be in thousands, such as 16k."""
    return round(ours, -3) == 1000 * int(printed[:-1]) if printed.endswith("k") else str(ours) == printed


def of_class(measures: dict, index: int) -> dict:
    """The average precision of one class, in the form of `mAP`; see `measure`."""
    keys = {"value": "class_ap", "low": "class_low", "high": "class_high", "deviation": "class_deviation"}
    return {key: measures[name][index] for key, name in keys.items()}


def shown(row: dict) -> str:
    """Ours for people: value ± deviation (interval), or a dash."""
    if not row["ours"]:
        return "–"
    spread = f" ± {row['deviation']}" if row["deviation"] else ""
    interval = f" ({row['low']}–{row['high']})" if row["low"] else ""
    return f"{row['ours']}{spread}{interval}"


def basis(told: dict, measures: dict) -> str:
    """What our numbers rest on, as sentences.

    Args:
        told: content of `metrics.json`.
        measures: those of test.
    """
    seeds = len(told["seeds"])
    spread = f"mean ± standard deviation over {seeds} seeds" if seeds > 1 else "one seed"
    return (
        f"{told['model'].partition('/')[0]}: {told['n_used']['test']} of {told['n_expected']['test']} listed test "
        f"videos could be used, which show {measures['n_classes_with_positives']} of {measures['n_classes']} classes; "
        f"random scores would reach an mAP of {percent(measures['random_mAP'])}. Ours: {spread}; in brackets 95 % "
        "intervals, by bootstrap over videos."
    )
