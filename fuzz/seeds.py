#!/usr/bin/env python3
"""Makes what fuzzing starts from: the recorded requests of real clients, whole, and each of their spans alone.

    seeds.py CAPTURES FOLDER
"""

import gzip
import json
import sys
from pathlib import Path

LARGEST = 64 * 1024


def varint(body, at):
    number = shift = 0
    while True:
        byte = body[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def written(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def fields(body):
    """The fields of a protobuf message: number, whole field, content of those that have a length."""
    at = 0
    while at < len(body):
        start = at
        tag, at = varint(body, at)
        content = None
        if tag & 7 == 2:
            length, at = varint(body, at)
            content = body[at:at + length]
            at += length
        elif tag & 7 == 0:
            _, at = varint(body, at)
        else:
            at += 8 if tag & 7 == 1 else 4
        yield tag >> 3, body[start:at], content


def field(number, content):
    return written(number << 3 | 2) + written(len(content)) + content


def apart(body, path):
    """The message once for each innermost member along a path of field numbers, with what stands around it."""
    if not path:
        yield body
        return
    around = b"".join(whole for number, whole, _ in fields(body) if number != path[0])
    for number, _, content in fields(body):
        if number == path[0]:
            for inner in apart(content, path[1:]):
                yield around + field(number, inner)


def apart_json(body, path):
    if not path:
        yield body
        return
    for item in body.get(path[0], []):
        for inner in apart_json(item, path[1:]):
            yield body | {path[0]: [inner]}


def bodies(file):
    """The target that reads a recorded request, and the bodies it starts from."""
    content = file.read_bytes()
    if file.name.endswith(".gz"):
        content = gzip.decompress(content)
    if file.name.endswith((".pb", ".pb.gz")) and "metrics" not in file.name:
        return "otlp_protobuf", [content, *apart(content, [1, 2, 2])]
    whole = json.loads(content)
    if file.name.endswith("-traces.json"):
        parts = apart_json(whole, ["resourceSpans", "scopeSpans", "spans"])
    elif file.name.endswith("-nonotlp.json"):
        parts = apart_json(whole, ["spans"])
    else:
        return None, []
    target = "otlp_json" if file.name.endswith("-traces.json") else "orq_json"
    return target, [content, *(json.dumps(part).encode() for part in parts)]


FILTERS = [
    "fetch traces",
    "fetch traces | filter status = 'error' and (model contains \"gpt\" or not user_id exists) | sort by duration desc | limit 50",
    "fetch traces | filter `metadata.a b` in ('x', 'y') | filter annotation.rating >= 4",
    "fetch traces | filter attributes.gen_ai.request.model != \"a\\\"b\" and evaluator.e1 < 0.5",
    "fetch traces | filter exists(session_id) and cost > 0.001 and timestamp >= 2026-11-21T10:00:00Z",
]


def main():
    captures, folder = Path(sys.argv[1]), Path(sys.argv[2])
    made = [("filter_text", text.encode()) for text in FILTERS]
    for file in sorted(captures.glob("*/[0-9]*")):
        if file.name.endswith((".pb", ".pb.gz", ".json")) and "metrics" not in file.name:
            target, parts = bodies(file)
            made += [(target, part) for part in parts if target]
    for number, (target, body) in enumerate(made):
        if len(body) <= LARGEST:
            (folder / target).mkdir(parents=True, exist_ok=True)
            (folder / target / f"{number:04}").write_bytes(body)


main()
