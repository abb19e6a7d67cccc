#!/usr/bin/env python3
"""Measures Wire and its peers in interleaved rounds: server on CPU 0, load on CPU 1; prints medians and the aims.

    rpc_bench.py --peers OUT [--wire DIRECTORY] [--quick] [--cases unary,tls] [PEER...]

OUT is what peers/build.sh made, DIRECTORY has wire-echo and wire-echo-client. --add puts another server into the run:
    --add 'mine=path/to/server --port {port}'
Each server answers POST /echo.EchoService/Say with the 107 bytes it got and /Stream with 10 000 messages of that size;
nghttpd serves files of those sizes by GET. wire-chain is Wire with deadline, principal, policy and metrics: unary only,
beside peers that do nothing of this. A run disturbed by other work is repeated and the least disturbed kept;
every run is checked for status and byte counts. The exit status is 1 if a run failed or, with --strict, an aim is
missed or not measured."""

import argparse
import json
import os
import sys
from pathlib import Path

from rpcbench import machine, peers, report
from rpcbench.cases import CASES
from rpcbench.idle import IdleError
from rpcbench.load import LoadError

HEADLINES = {"unary": "rate", "stream": "rate", "client": "per_cpu_second", "tls": "ratio", "idle": "held_mib"}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", required=True, type=Path, help="what peers/build.sh made")
    parser.add_argument("--wire", type=Path, default=Path(".build/release"), help="where wire-echo is")
    parser.add_argument("-r", "--rounds", type=int, help="default 3")
    parser.add_argument("-s", "--seconds", type=float, help="of a run, default 6")
    parser.add_argument("--quick", action="store_true", help="one round of short runs, none repeated")
    parser.add_argument("--cases", default=",".join(CASES), help="default %(default)s")
    parser.add_argument("--idle-connections", type=int, default=10_000)
    parser.add_argument("--add", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("--json", type=Path, help="write all results there")
    parser.add_argument("--markdown", type=Path, help="write the tables there")
    parser.add_argument("--strict", action="store_true", help="fail unless every aim is met")
    parser.add_argument("names", nargs="*", metavar="PEER", help="default: all that are built")
    return parser.parse_args()


def chosen(given: argparse.Namespace, out: Path) -> list[peers.Peer]:
    every = peers.known(out, given.wire.resolve()) + [peers.added(text) for text in given.add]
    unknown = set(given.names) - {peer.name for peer in every}
    if unknown:
        raise SystemExit(f"not built: {', '.join(sorted(unknown))}")
    return [peer for peer in every if not given.names or peer.name in given.names]


def main() -> int:
    given = options()
    rounds = given.rounds or (1 if given.quick else 3)
    seconds = given.seconds or (1.5 if given.quick else 6)
    effort = machine.Effort(
        seconds=seconds, tries=1 if given.quick else 3, quiet=3 if given.quick else 20,
        connections=given.idle_connections,
    )  # fmt: skip
    cases = given.cases.split(",")
    if set(cases) - set(CASES):
        raise SystemExit(f"cases are {', '.join(CASES)}")
    out = given.peers.resolve()
    compared = chosen(given, out)
    # Each side of an idle connection has one file, on top of its own.
    machine.raise_file_limit(effort.connections + 1000)
    os.sched_setaffinity(0, {machine.LOAD_CPU})

    results: report.Results = {case: {peer.name: [] for peer in compared} for case in cases}
    failures: list[str] = []
    for turn in range(rounds):
        for case in cases:
            measure, applies = CASES[case]
            for peer in filter(applies, compared):
                try:
                    result = measure(peer, out, effort)
                except (LoadError, IdleError, RuntimeError, OSError) as error:
                    failures.append(f"round {turn + 1}, {case}, {peer.name}: {error}")
                    print(failures[-1], file=sys.stderr, flush=True)
                    continue
                results[case][peer.name].append(result)
                headline = f"{result[HEADLINES[case]]:12.2f} {HEADLINES[case]}"
                print(f"{turn + 1} {case:7s} {peer.name:14s}{headline:30s} others {result['others']:.2f}", flush=True)

    middle = report.medians(results)
    verdicts = report.judged(middle, effort.connections)
    about = machine.description()
    text = report.markdown(middle, verdicts, failures, about, rounds)
    print("\n" + text)
    if given.markdown:
        given.markdown.write_text(text, encoding="utf-8")
    if given.json:
        content = {
            "machine": about, "rounds": rounds, "seconds": seconds, "medians": middle, "aims": verdicts,
            "failures": failures, "runs": results,
        }  # fmt: skip
        given.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    missed = given.strict and not all(verdict["pass"] for verdict in verdicts)
    return 1 if failures or missed else 0


if __name__ == "__main__":
    sys.exit(main())
