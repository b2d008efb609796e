"""Proposals for every label of both lists, before the expert's answers (paper section 3.2)."""

from scripts.lib.jobs.log import run_job
from scripts.lib.tables.rows import read_csv, write_csv
from scripts.taxonomy.embeddings import read_embeddings
from scripts.taxonomy.merging import COMMON, Candidate, Proposal, propose, unite

PROPOSAL_COLUMNS = (
    "label", "source", "n_sluglines", "n_scripts", "stage", "question", "nearest", "cosine", "decision", "into",
    "reason",
)  # fmt: skip


def to_row(proposal: Proposal) -> dict:
    """A proposal as a row with `PROPOSAL_COLUMNS`."""
    candidate = proposal.candidate
    return {
        "label": candidate.label,
        "source": candidate.source,
        "n_sluglines": candidate.n_sluglines,
        "n_scripts": candidate.n_scripts,
        "stage": proposal.stage,
        "question": proposal.question,
        "nearest": proposal.nearest,
        "cosine": proposal.cosine_text,
        "decision": proposal.decision,
        "into": proposal.into,
        "reason": proposal.reason,
    }


def from_row(row: dict[str, str]) -> Proposal:
    """The proposal of a row made by `to_row`, with the cosine to four decimals."""
    candidate = Candidate(row["label"], row["source"], int(row["n_sluglines"]), int(row["n_scripts"]))
    cosine = float(row["cosine"]) if row["cosine"] else None
    return Proposal(
        candidate, row["stage"], row["question"], row["nearest"], cosine, row["decision"], row["into"], row["reason"]
    )


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    sluglines = {
        row["label"]: (int(row["n_sluglines"]), int(row["n_scripts"]))
        for row in read_csv(snakemake.input.slugline_labels, "label", "n_scripts", "n_sluglines")
    }
    candidates = unite(sluglines, [row["label"] for row in read_csv(snakemake.input.hvu_labels, "label")])
    vectors = read_embeddings(snakemake.input.embeddings).of([candidate.label for candidate in candidates])
    proposals = propose(candidates, vectors, snakemake.params.merge_threshold, snakemake.params.similar_threshold)
    write_csv(snakemake.output[0], PROPOSAL_COLUMNS, map(to_row, proposals))
    common = sum(candidate.source == COMMON for candidate in candidates)
    merged = sum(proposal.decision == "merge" for proposal in proposals)
    return f"{len(candidates)} candidate(s), {common} of them common, {merged} to merge"


if __name__ == "__main__":
    run_job(main, snakemake)
