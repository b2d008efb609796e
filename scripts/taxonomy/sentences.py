"""Embeddings of short texts by a sentence-transformers model from a local folder."""

from pathlib import Path

import numpy as np

from scripts.lib.jobs.errors import UserError

ANOTHER = "name another one, by its hub id or folder, as taxonomy.encoder"


def embed_texts(folder: str | Path, texts: list[str]) -> np.ndarray:
    """Unit vectors, (len(texts), D) float32.

    Raises:
        UserError: the folder has no sentence-transformers model with safetensors weights.
    """
    if not list(Path(folder).glob("**/*.safetensors")):
        raise UserError(f"{folder} has no weights (*.safetensors) of a sentence-transformers model; {ANOTHER}")
    from sentence_transformers import SentenceTransformer

    try:
        model = SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, model_kwargs={"use_safetensors": True}
        )
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"{folder} is not a sentence-transformers model that can be loaded ({error}); {ANOTHER}"
        ) from error
    vectors = model.encode(texts, batch_size=256, normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(vectors, dtype=np.float32).reshape(len(texts), -1)
