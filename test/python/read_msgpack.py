"""Reads a snapshot and a batch with Python's msgpack. Usage: read_msgpack.py FOLDER (with the files of pack.mjs)."""

import json
import pathlib
import sys

import msgpack

P1, P2, P3, P4, P5 = 11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579, 2870177450012600261
MASK = 2**64 - 1


def rotate(x: int, by: int) -> int:
    return (x << by | x >> 64 - by) & MASK


def mix(accumulator: int, word: int) -> int:
    return rotate((accumulator + word * P2) & MASK, 31) * P1 & MASK


def xxh64(data: bytes) -> int:
    """XXH64 with seed 0, according to its specification."""
    words = [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data) - 7, 8)]
    accumulators = [(P1 + P2) & MASK, P2, 0, -P1 & MASK]
    stripes = len(words) // 4 * 4
    for at, word in enumerate(words[:stripes]):
        accumulators[at % 4] = mix(accumulators[at % 4], word)
    h = P5
    if stripes:
        h = sum(map(rotate, accumulators, (1, 7, 12, 18))) & MASK
        for accumulator in accumulators:
            h = ((h ^ mix(0, accumulator)) * P1 + P4) & MASK
    h = (h + len(data)) & MASK
    for word in words[stripes:]:
        h = (rotate(h ^ mix(0, word), 27) * P1 + P4) & MASK
    rest = data[len(words) * 8 :]
    if len(rest) >= 4:
        h = (rotate(h ^ int.from_bytes(rest[:4], "little") * P1 & MASK, 23) * P2 + P3) & MASK
        rest = rest[4:]
    for byte in rest:
        h = rotate(h ^ byte * P5 & MASK, 11) * P1 & MASK
    h = (h ^ h >> 33) * P2 & MASK
    h = (h ^ h >> 29) * P3 & MASK
    return h ^ h >> 32


folder = pathlib.Path(sys.argv[1])
expected = json.loads((folder / "expected.json").read_text())

batch = msgpack.unpackb((folder / "batch.msgpack").read_bytes())
for key, value in expected.items():
    assert batch[key] == value, f"{key}: expected {value!r}, got {batch[key]!r}"
assert any(batch["final"]), "no episode ended in the batch"

snapshot = msgpack.unpackb((folder / "snapshot.msgpack").read_bytes())
assert (snapshot["format"], snapshot["version"]) == ("ghostexec.snapshot", 4), (snapshot["format"], snapshot["version"])
assert xxh64(snapshot["payload"]).to_bytes(8, "big") == snapshot["xxh64"]
payload = msgpack.unpackb(snapshot["payload"])
assert payload["env_id"] == expected["env_ids"]
assert payload["seed"] == [info["seed"] for info in expected["info"]]
assert len(payload["states"]) == sum(payload["specs"][spec]["state_bytes"] for spec in payload["spec"])
print(f"Python {sys.version.split()[0]}, msgpack {msgpack.version}: {len(payload['env_id'])} episodes and a batch read alike")
