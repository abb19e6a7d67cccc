"""Measures CSV -> filter, derive, rule -> CSV beside DuckDB, on one core, on the same file; prints one table.

Both parse all columns, keep some rows, compute two columns, leave out the rows that break the rule, and write the rest. The
outputs must be equal, byte by byte. Rates are of processor time, which other work on the machine does not change much; where
the machine is idle they are those of the clock.
"""

import argparse
import filecmp
import pathlib
import random
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
    """One run in this process; gives seconds of the clock and of the processor."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    start, processor = time.perf_counter(), time.process_time()
    connection.execute(QUERY.format(input=input_path, output=output))
    return time.perf_counter() - start, time.process_time() - processor


def measure(command):
    """Runs a command pinned to one core; gives what it printed."""
    return subprocess.run(["taskset", "-c", "0", *command], check=True, capture_output=True, text=True).stdout


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
        print(*run_duckdb(*arguments.duckdb))
        return
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "in.csv")
        generate(source, arguments.rows)
        size = source.stat().st_size
        ours_output, peer_output = pathlib.Path(folder, "ours.csv"), pathlib.Path(folder, "peer.csv")
        ours_command = [arguments.binary, str(source), str(ours_output)]
        peer_command = [sys.executable, __file__, "--duckdb", str(source), str(peer_output)]
        ours, peer = [], []
        for _ in range(arguments.rounds):
            rows_in, rows_out, quarantined, clock, processor = map(int, measure(ours_command).split())
            ours.append((processor / 1000, clock / 1000))
            clock, processor = map(float, measure(peer_command).split())
            peer.append((processor, clock))
        if not filecmp.cmp(ours_output, peer_output, shallow=False):
            sys.exit("the outputs differ")
        assert rows_in == arguments.rows
        print(f"{rows_in} rows, {size / 1e6:.0f} MB in; {rows_out} rows out, {quarantined} quarantined; outputs equal.\n")
        print("| | M rows/s | MB/s | processor s | clock s | peak MiB |")
        print("|---|---:|---:|---:|---:|---:|")
        for name, times, command in (
            ("pipeline engine", ours, ours_command), ("DuckDB, 1 thread", peer, peer_command),
        ):
            processor, clock = (statistics.median(kind) for kind in zip(*times))
            print(f"| {name} | {rows_in / processor / 1e6:.2f} | {size / processor / 1e6:.0f} "
                  f"| {processor:.2f} | {clock:.2f} | {peak(command):.0f} |")
        ratios = [theirs[0] / own[0] for own, theirs in zip(ours, peer)]
        print(f"\n{statistics.median(ratios):.2f} x DuckDB (aim 0.7 x)")


if __name__ == "__main__":
    main()
