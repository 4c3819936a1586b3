"""Reads a snapshot and a batch with Python's msgpack. Usage: read_msgpack.py FOLDER (as pack.mjs has filled it)."""

import hashlib
import json
import pathlib
import sys

import msgpack

folder = pathlib.Path(sys.argv[1])
expected = json.loads((folder / "expected.json").read_text())

batch = msgpack.unpackb((folder / "batch.msgpack").read_bytes())
for key, value in expected.items():
    assert batch[key] == value, f"{key}: expected {value!r}, got {batch[key]!r}"
assert any(batch["final"]), "no episode ended in the batch"

snapshot = msgpack.unpackb((folder / "snapshot.msgpack").read_bytes())
assert (snapshot["format"], snapshot["version"]) == ("ghostexec.snapshot", 2), (snapshot["format"], snapshot["version"])
assert hashlib.sha256(snapshot["payload"]).digest()[:16] == snapshot["sha256"]
payload = msgpack.unpackb(snapshot["payload"])
assert [env["env_id"] for env in payload["envs"]] == expected["env_ids"]
assert [env["seed"] for env in payload["envs"]] == [info["seed"] for info in expected["info"]]
assert all(isinstance(env["state"], bytes) for env in payload["envs"])
print(f"Python {sys.version.split()[0]}, msgpack {msgpack.version}: {len(payload['envs'])} episodes and a batch read alike")
