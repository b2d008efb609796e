"""The taxonomy after the expert's answers, and the questions that are still open (paper section 3.2)."""

from scripts.lib.files.atomic import write_text
from scripts.lib.jobs.log import run_job
from scripts.lib.tables.rows import read_csv, write_csv
from scripts.taxonomy.merging import COMMON, HUMAN, SLUGLINES, Proposal
from scripts.taxonomy.propose_merges import PROPOSAL_COLUMNS, from_row
from scripts.taxonomy.review import EXPERT, SUGGESTION, Answer, Verdict, decide, final_labels, read_review

MERGE_COLUMNS = ("label", "source", "nearest", "cosine", "stage", "decision", "into", "decided_by", "reason")
LABEL_COLUMNS = ("label", "source", "merged_from")
SHEET_COLUMNS = (
    "rank", "question", "label", "source", "suggestion", "into", "cosine", "n_scripts", "n_sluglines", "reason",
    "answer", "answer_into", "decided_by",
)  # fmt: skip
# A merge by rule within this distance of the threshold is put to the expert.
DOUBTFUL = 0.1
# Kinds of questions, the most consequential first: merges and removals inside L_N, doubtful merges by rule,
# places slightly too rare, whether the others stay, and answers without a question.
KINDS = ("merge", "remove", "doubtful", "add", "keep", "answered")


def merge_rows(proposals: list[Proposal], verdicts: list[Verdict]) -> list[dict]:
    """The history of every label: rows with `MERGE_COLUMNS`, in the proposals' order, then added labels."""
    proposed = {proposal.candidate.label: proposal for proposal in proposals}
    rows = []
    for verdict in verdicts:
        proposal = proposed.get(verdict.candidate.label)
        rows.append(
            {
                "label": verdict.candidate.label,
                "source": verdict.candidate.source,
                "nearest": proposal.nearest if proposal else "",
                "cosine": proposal.cosine_text if proposal else "",
                "stage": proposal.stage if proposal else HUMAN,
                "decision": verdict.decision,
                "into": verdict.into,
                "decided_by": verdict.decided_by,
                "reason": verdict.reason,
            }
        )
    return rows


def questions(
    proposals: list[Proposal],
    rare: list[dict[str, str]],
    answers: list[Answer],
    verdicts: list[Verdict],
    merge_threshold: float,
) -> list[dict]:
    """Rows with `SHEET_COLUMNS`, the most consequential first.

    Questions are: every merge inside L_N, every removal, every merge into a common label near the
    threshold, every place that is slightly too rare, and whether the other labels of L_N stay.

    Args:
        proposals: all of them.
        rare: label, n_sluglines and n_scripts of places that are slightly too rare.
        answers: the expert's; those about rare places stay on the sheet.
        verdicts: decisions on the proposals.
        merge_threshold: see `propose`.
    """
    given = {answer.label: answer for answer in answers}
    verdict_of = {verdict.candidate.label: verdict for verdict in verdicts}
    asked = []
    for proposal in proposals:
        verdict = verdict_of[proposal.candidate.label]
        kind = _kind(proposal, merge_threshold) or ("answered" if verdict.decided_by == EXPERT else "")
        if kind:
            asked.append((kind, _about_proposal(proposal, verdict)))
    proposed = {proposal.candidate.label for proposal in proposals}
    asked += [("add", _about_rare(row, given.get(row["label"]))) for row in rare if row["label"] not in proposed]
    asked.sort(key=lambda entry: (KINDS.index(entry[0]), *_consequence(entry[1])))
    return [{"rank": rank, **row, **_answer(given.get(row["label"]))} for rank, (_, row) in enumerate(asked, 1)]


def _kind(proposal: Proposal, merge_threshold: float) -> str:
    """The kind (of `KINDS`) of a proposal's question; empty if there is none."""
    if proposal.candidate.source == COMMON:
        return ""
    if proposal.stage == "common":
        return "doubtful" if proposal.cosine < merge_threshold + DOUBTFUL else ""
    return "merge" if proposal.question == "merge" else proposal.decision


def _about_proposal(proposal: Proposal, verdict: Verdict) -> dict:
    return {
        "question": proposal.question,
        "label": proposal.candidate.label,
        "source": proposal.candidate.source,
        "suggestion": proposal.decision,
        "into": proposal.nearest if proposal.question == "merge" else "",
        "cosine": proposal.cosine_text,
        "n_scripts": proposal.candidate.n_scripts or "",
        "n_sluglines": proposal.candidate.n_sluglines or "",
        "reason": proposal.reason,
        "decided_by": verdict.decided_by,
    }


def _about_rare(row: dict[str, str], answer: Answer | None) -> dict:
    return {
        "question": "add",
        "label": row["label"],
        "source": SLUGLINES,
        "suggestion": "remove",
        "into": "",
        "cosine": "",
        "n_scripts": row["n_scripts"],
        "n_sluglines": row["n_sluglines"],
        "reason": f"only {row['n_scripts']} script(s) have it, too few to count by rule",
        "decided_by": EXPERT if answer else SUGGESTION,
    }


def _consequence(row: dict) -> tuple:
    """Sort key of questions of one kind: scripts, then similarity, then name."""
    return -int(row["n_scripts"] or 0), -float(row["cosine"] or 0), row["label"]


def _answer(answer: Answer | None) -> dict:
    return {"answer": answer.decision if answer else "", "answer_into": answer.into if answer else ""}


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    proposals = [from_row(row) for row in read_csv(snakemake.input.proposals, *PROPOSAL_COLUMNS)]
    review = snakemake.input.get("review")
    answers = read_review(review)
    rare = read_csv(snakemake.input.rare, "label", "n_scripts")
    verdicts = decide(proposals, answers, [row["label"] for row in rare], review)
    labels = final_labels(verdicts)
    sheet = questions(proposals, rare, answers, verdicts, snakemake.params.merge_threshold)
    write_csv(snakemake.output.merges, MERGE_COLUMNS, merge_rows(proposals, verdicts))
    write_csv(snakemake.output.sheet, SHEET_COLUMNS, sheet)
    write_csv(snakemake.output.reviewed, LABEL_COLUMNS, labels)
    write_text(snakemake.output.labels, "".join(f"{row['label']}\n" for row in labels))
    open_questions = sum(row["decided_by"] != EXPERT for row in sheet)
    return f"{len(labels)} label(s); {open_questions} of {len(sheet)} question(s) follow the suggestion"


if __name__ == "__main__":
    run_job(main, snakemake)
