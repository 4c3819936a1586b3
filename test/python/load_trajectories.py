"""Loads files of trajectories with pyarrow, pandas and datasets, and prints the outcome of each as JSON.

Arguments: the schema as Python, taken from docs/TRAJECTORIES.md, and the files. Rows are compared with those of json.loads.
"""

import json
import logging
import os
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HOME"] = tempfile.mkdtemp()

import datasets
import pandas
import pyarrow as pa
import pyarrow.json as paj

datasets.disable_progress_bars()
logging.disable(logging.CRITICAL)

declared = {}
exec(open(sys.argv[1]).read(), declared)
SCHEMA = declared["SCHEMA"]
WHOLE = paj.ReadOptions(block_size=64 << 20)


def load(path, features=None):
    cache = tempfile.mkdtemp()
    return datasets.load_dataset("json", data_files=path, split="train", cache_dir=cache, features=features)


READERS = {
    "pyarrow": lambda path: paj.read_json(path).to_pylist(),
    "pyarrow, one block": lambda path: paj.read_json(path, read_options=WHOLE).to_pylist(),
    "pyarrow, declared": lambda path: same_types(
        paj.read_json(path, parse_options=paj.ParseOptions(explicit_schema=SCHEMA))
    ).to_pylist(),
    "datasets": lambda path: list(load(path)),
    "datasets, declared": lambda path: list(
        same_types(load(path, datasets.Features.from_arrow_schema(SCHEMA)).data).to_pylist()
    ),
}


def same_types(table):
    assert table.schema.remove_metadata().equals(SCHEMA), table.schema
    return table


def outcome(reader, path, rows):
    try:
        read = reader(path)
    except Exception as error:
        return str(error.__cause__ or error).split(":")[0].split("<")[0]
    return "equal" if read == rows else "different"


def same_column(column, values):
    return [None if isinstance(one, float) and one != one else one for one in column.tolist()] == values


def describe(type):
    if pa.types.is_struct(type):
        return {field.name: describe(field.type) for field in type}
    return [describe(type.value_type)] if pa.types.is_list(type) else str(type)


def main(paths):
    files = {}
    for path in paths:
        raw = open(path, "rb").read()
        text = raw.decode()
        lines = text.splitlines()
        rows = [json.loads(line) for line in lines]
        steps = [step for row in rows for step in row["steps"]]
        frame = pandas.read_json(path, lines=True, dtype=False, precise_float=True)
        files[os.path.basename(path)] = {
            "megabytes": len(raw) // 2**20,
            "lines": [len(lines), text.count("\n")],
            "steps": len(steps),
            "completions": [step["completion"] for step in steps if step["completion"] is not None][:3],
            "actions": sum(step["action"] is not None for step in steps),
            "extras": sum(step["extra_json"] is not None for step in steps),
            "returns": sum(row["return"] or 0 for row in rows),
            "pandas": "equal" if all(same_column(frame[name], [row[name] for row in rows]) for name in rows[0]) else "different",
            **{name: outcome(reader, path, rows) for name, reader in READERS.items()},
        }
    print(json.dumps({"schema": {field.name: describe(field.type) for field in SCHEMA}, "files": files}))


main(sys.argv[2:])
