"""Metadata of the bundle in the Croissant format 1.0, which dataset search engines read."""

from collections.abc import Iterable

import pyarrow as pa

from scripts.release.parts import Table

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
PAPER = (
    "@inproceedings{bose2023movieclip, title={MovieCLIP: Visual Scene Recognition in Movies}, author={Bose, Digbalay "
    "and Hebbar, Rajat and Somandepalli, Krishna and Zhang, Haoyang and Cui, Yin and Cole-McLaughlin, Kree and Wang, "
    "Huisheng and Narayanan, Shrikanth}, booktitle={IEEE/CVF Winter Conference on Applications of Computer Vision}, "
    "year={2023}}"
)
FORMATS = {"parquet": "application/x-parquet", "csv": "text/csv", "h5": "application/x-hdf5"}
# The context that the specification prescribes.
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "conformsTo": "dct:conformsTo",
    **{
        name: f"cr:{name}"
        for name in (
            "citeAs column equivalentProperty extract field fileObject fileProperty fileSet format includes "
            "isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace "
            "samplingRate separator source subField transform"
        ).split()
    },
}


def croissant(
    title: str, description: str, settings: dict, tables: Iterable[Table], files: dict[str, tuple[int, str]]
) -> dict:
    """The JSON-LD document.

    Args:
        title, description: of the dataset.
        settings: the configuration's `release`.
        tables: become record sets.
        files: bytes and SHA-256 by path in the bundle.
    """
    optional = {"datePublished": settings["published"], "url": settings["url"]}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": title,
        "description": description,
        "license": settings["license"],
        "version": settings["version"],
        "citeAs": PAPER,
        **{key: value for key, value in optional.items() if value},
        "distribution": [_file_object(path, *files[path]) for path in files if path.rpartition(".")[2] in FORMATS],
        "recordSet": [_record_set(table) for table in tables],
    }


def _file_object(path: str, size: int, sha256: str) -> dict:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": path,
        "contentSize": f"{size} B",
        "encodingFormat": FORMATS[path.rpartition(".")[2]],
        "sha256": sha256,
    }


def _record_set(table: Table) -> dict:
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.about,
        "field": [_field(table, column) for column in table.columns],
    }


def _field(table: Table, column: pa.Field) -> dict:
    is_list = pa.types.is_list(column.type)
    kind = column.type.value_type if is_list else column.type
    number = "sc:Integer" if pa.types.is_integer(kind) else "sc:Float"
    return {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": column.name,
        "dataType": "sc:Text" if pa.types.is_string(kind) else number,
        **({"repeated": True} if is_list else {}),
        "source": {"fileObject": {"@id": table.path}, "extract": {"column": column.name}},
    }
