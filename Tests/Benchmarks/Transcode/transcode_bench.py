"""Runs transcode-bench and measures Python's protobuf on the same messages; prints one table."""

import argparse
import base64
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.internal import api_implementation

ROOT = pathlib.Path(__file__).resolve().parents[3]
ROUNDS = 3
SHAPES = {"row": ("datavault.test.v1.Row", "100-byte message"), "list": ("datavault.test.v1.RowList", "1 000 rows")}


def message_class(name):
    """Python's class of a message, from the descriptor set that transcode-bench has."""
    source = (ROOT / "Tests/Contract/Generated/TestDescriptors.swift").read_text()
    text = re.search(r'"""(.*?)"""', source, re.S).group(1)
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(base64.b64decode("".join(text.split()))).file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def best(body):
    """The best of nine rounds of a tenth of a second of this thread, in nanoseconds."""
    start = time.thread_time_ns()
    body()
    times = max(1, 100_000_000 // max(1, time.thread_time_ns() - start))
    rounds = []
    for _ in range(9):
        start = time.thread_time_ns()
        for _ in range(times):
            body()
        rounds.append((time.thread_time_ns() - start) / times)
    return min(rounds)


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    binary = parser.parse_args().binary
    figures, sizes, ratios, allocations = {}, {}, {}, {}
    for _ in range(ROUNDS):
        round_figures = {}
        for line in subprocess.run([binary], check=True, capture_output=True, text=True).stdout.splitlines():
            shape, direction, library, figure, *rest = line.split()
            if direction == "size":
                sizes[shape, library] = int(figure)
            else:
                round_figures[shape, direction, library] = float(figure)
                allocations[shape, direction, library] = int(rest[0])
        for key, figure in round_figures.items():
            figures[key] = min(figure, figures.get(key, figure))
            ratio = round_figures[*key[:2], "swift-protobuf"] / round_figures[*key[:2], "transcoding"]
            ratios.setdefault(key[:2], []).append(ratio)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([binary, "--write", folder], check=True)
        for shape, (name, _) in SHAPES.items():
            cls = message_class(name)
            text = pathlib.Path(folder, f"{shape}.json").read_text()
            data = pathlib.Path(folder, f"{shape}.binpb").read_bytes()
            figures[shape, "json-to-protobuf", "python"] = best(lambda: json_format.Parse(text, cls()).SerializeToString())
            figures[shape, "protobuf-to-json", "python"] = best(lambda: json_format.MessageToJson(cls.FromString(data), indent=None))
    print(f"Python's protobuf runs on {api_implementation.Type()}.\n")
    print("| message | direction | Transcoding | swift-protobuf | Python | × swift-protobuf | × Python | MB/s of JSON | allocations |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    for shape, (_, title) in SHAPES.items():
        for direction in ("json-to-protobuf", "protobuf-to-json"):
            ours, swift, python = (figures[shape, direction, library] for library in ("transcoding", "swift-protobuf", "python"))
            print(f"| {title} | {direction.replace('-to-', ' → ')} | {ours / 1000:.2f} µs | {swift / 1000:.2f} µs "
                  f"| {python / 1000:.2f} µs | {statistics.median(ratios[shape, direction]):.1f} | {python / ours:.1f} "
                  f"| {sizes[shape, 'json'] / ours * 1000:.0f} "
                  f"| {allocations[shape, direction, 'transcoding']} / {allocations[shape, direction, 'swift-protobuf']} |")


if __name__ == "__main__":
    main()
