"""Measures CSV -> filter, derive, rule -> CSV beside DuckDB, on one core, on the same file; prints one table.

Both parse all columns, keep some rows, compute two columns, leave out the rows that break the rule, and write the rest. The
outputs must be equal, byte by byte.
"""

import argparse
import filecmp
import pathlib
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

QUERY = """
SET threads = 1;
COPY (
  SELECT id, label, price, quantity, total, day FROM (
    SELECT id, name, category || '/' || name AS label, price, quantity, price * quantity::DOUBLE AS total, day
    FROM read_csv('{input}', header = true, columns = {{'id': 'BIGINT', 'name': 'VARCHAR', 'category': 'VARCHAR',
      'price': 'DOUBLE', 'quantity': 'BIGINT', 'day': 'DATE', 'active': 'BOOLEAN'}})
    WHERE active AND quantity > 10)
  WHERE price < 990.0 AND contains(name, 'a')
) TO '{output}' (HEADER, DELIMITER ',');
"""


def generate(path, rows):
    """A file of `rows` rows of about 57 bytes; a part of the names are quoted, some cells are empty."""
    source = random.Random(20)
    categories = ["books", "garden", "kitchen", "music", "sports", "toys, games"]
    names = ["lamp", "chair", "table", "kettle", "guitar", "ball", "pan", "spade", "novel", "atlas"]
    with open(path, "w", encoding="utf-8") as file:
        file.write("id,name,category,price,quantity,day,active\n")
        for number in range(rows):
            category = source.choice(categories)
            category = f'"{category}"' if "," in category else category
            name = f"{source.choice(names)} {source.randrange(100000)}"
            if source.random() < 0.02:
                name = f'"{name} ""special"""'
            price = f"{source.randrange(1, 100000) / 100}"
            day = f"20{source.randrange(10, 26)}-{source.randrange(1, 13):02}-{source.randrange(1, 29):02}"
            file.write(f"{number},{name},{category},{price},{source.randrange(1, 100)},{day},{source.choice(['true', 'false'])}\n")


def run_duckdb(input_path, output):
    """One run in this process; gives seconds."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    start = time.perf_counter()
    connection.execute(QUERY.format(input=input_path, output=output))
    return time.perf_counter() - start


def measure(command):
    """Runs a command pinned to one core; gives what it printed, its seconds of processor time and its peak memory."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    output = subprocess.run(["taskset", "-c", "0", "/usr/bin/env", *command], check=True, capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return output, processor


def peak(command):
    """The peak memory of a command, in MiB."""
    script = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    output = subprocess.run([sys.executable, "-c", script, *command], check=True, capture_output=True, text=True).stdout
    return int(output) / 1024


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary")
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--duckdb", nargs=2)
    arguments = parser.parse_args()
    if arguments.duckdb:
        print(run_duckdb(*arguments.duckdb))
        return
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "in.csv")
        generate(source, arguments.rows)
        size = source.stat().st_size
        ours_output, peer_output = pathlib.Path(folder, "ours.csv"), pathlib.Path(folder, "peer.csv")
        ours_command = [arguments.binary, str(source), str(ours_output)]
        peer_command = [sys.executable, __file__, "--duckdb", str(source), str(peer_output)]
        ours, peer, processors = [], [], {"ours": [], "peer": []}
        for _ in range(arguments.rounds):
            output, processor = measure(ours_command)
            rows_in, rows_out, quarantined, milliseconds = map(int, output.split())
            ours.append(milliseconds / 1000)
            processors["ours"].append(processor)
            output, processor = measure(peer_command)
            peer.append(float(output))
            processors["peer"].append(processor)
        if not filecmp.cmp(ours_output, peer_output, shallow=False):
            sys.exit("the outputs differ")
        assert rows_in == arguments.rows
        print(f"{rows_in} rows, {size / 1e6:.0f} MB in; {rows_out} rows out, {quarantined} quarantined; outputs equal.\n")
        print("| | M rows/s | MB/s | CPU s | peak MiB |")
        print("|---|---:|---:|---:|---:|")
        for name, times, key, command in (
            ("pipeline engine", ours, "ours", ours_command), ("DuckDB, 1 thread", peer, "peer", peer_command),
        ):
            best = statistics.median(times)
            print(f"| {name} | {rows_in / best / 1e6:.2f} | {size / best / 1e6:.0f} "
                  f"| {statistics.median(processors[key]):.2f} | {peak(command):.0f} |")
        ratios = [theirs / own for own, theirs in zip(ours, peer)]
        print(f"\n{statistics.median(ratios):.2f} x DuckDB (aim 0.7 x)")


if __name__ == "__main__":
    main()
