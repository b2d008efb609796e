"""Embeddings of every label that the taxonomy compares (paper section 3.2, 384-D)."""

from pathlib import Path

from scripts.lib.files.atomic import sha256_of
from scripts.lib.files.hdf5 import create_h5, write_array, write_strings
from scripts.lib.jobs.log import run_job
from scripts.lib.records.labels import fill_prompts, read_labels
from scripts.lib.tables.rows import read_csv
from scripts.taxonomy.review import read_review
from scripts.taxonomy.sentences import embed_texts


def names_to_embed(source: dict[str, str], merges: list[dict[str, str]]) -> list[str]:
    """Every label once, sorted: of the given lists and tables, the expert's answers, and the paper's examples.

    Args:
        source: paths by name; slugline_labels and hvu_labels are tables, labels and published lists, review the
            expert's answers. Any of them may be missing.
        merges: the paper's examples, with label and into.
    """
    names = {row[column] for row in merges for column in ("label", "into")}
    for table in ("slugline_labels", "hvu_labels"):
        names |= {row["label"] for row in read_csv(source[table], "label")} if table in source else set()
    for listed in ("labels", "published"):
        names |= set(read_labels(source[listed])) if listed in source else set()
    return sorted(names | {answer.label for answer in read_review(source.get("review"))})


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    source = snakemake.input
    names = names_to_embed(dict(source.items()), read_csv(source.printed))
    vectors = embed_texts(source.encoder, fill_prompts(names, [snakemake.params.label_template])[0])
    # A model's folder may have small tensors beside the network, which is the largest file.
    weights = max(Path(source.encoder).glob("**/*.safetensors"), key=lambda path: path.stat().st_size)
    attributes = {
        "encoder": snakemake.params.encoder,
        "weights_sha256": sha256_of(weights),
        "label_template": snakemake.params.label_template,
    }
    with create_h5(snakemake.output[0], attributes, ("sentence-transformers", "transformers", "torch")) as file:
        write_strings(file, "label", names)
        write_array(file, "embedding", vectors)


if __name__ == "__main__":
    run_job(main, snakemake)
