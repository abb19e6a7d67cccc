"""Medians of the rounds, the tables, and the aims."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from .machine import DISTURBED

Results = dict[str, dict[str, list[dict]]]  # case → peer → one result a round
Medians = dict[str, dict[str, dict[str, float]]]

CPP = ["cpp-async", "cpp-cb"]


@dataclass(frozen=True)
class Aim:
    """The figure of Wire, bare or with the whole chain before the handler, against the best of its rivals', times a
    factor; without rivals the limit is absolute."""

    title: str
    case: str
    key: str
    rivals: list[str]
    limit: float
    is_ceiling: bool = False  # less is better
    peer: str = "wire"
    has_cpu: bool = False  # the same ratio by server CPU a call, which other work on the machine moves less


AIMS = [
    Aim("unary calls/s, of nghttpd's file of that size", "unary", "rate", ["nghttpd"], 0.7, has_cpu=True),
    Aim("unary calls/s, of grpc-go's", "unary", "rate", ["grpc-go"], 3, has_cpu=True),
    Aim("unary calls/s, of gRPC C++'s (best of both)", "unary", "rate", CPP, 5, has_cpu=True),
    Aim("unary calls/s, of grpc-swift-2's", "unary", "rate", ["grpc-swift-2"], 25, has_cpu=True),
    Aim("unary calls/s through the chain, of nghttpd's file", "unary", "rate", ["nghttpd"], 0.5, peer="wire-chain",
        has_cpu=True),
    Aim("unary calls/s through the chain, of grpc-go's bare echo", "unary", "rate", ["grpc-go"], 2, peer="wire-chain",
        has_cpu=True),
    Aim("one call at a time, median, of nghttpd's", "unary", "one_p50", ["nghttpd"], 1.5, True),
    Aim("server streaming messages/s, of grpc-go's", "stream", "rate", ["grpc-go"], 1.5, has_cpu=True),
    Aim("client calls per client-CPU-second, of grpc-go's", "client", "per_cpu_second", ["grpc-go"], 3),
    Aim("unary calls/s over TLS, of its own in cleartext", "tls", "ratio", [], 0.75),
    Aim("resident MiB with 10 000 idle connections", "idle", "held_mib", [], 300, True),
]

Column = tuple[str, Callable[[dict[str, float]], str]]


def number(key: str, form: str = ",.0f") -> Callable[[dict[str, float]], str]:
    return lambda row: format(row[key], form).replace(",", " ")


def pair(first: str, second: str, form: str = ",.0f") -> Callable[[dict[str, float]], str]:
    return lambda row: f"{number(first, form)(row)} / {number(second, form)(row)}"


SHARES: Column = ("CPU of server / load", pair("server_cpu", "load_cpu", ".2f"))
OTHERS: Column = ("others' CPU", number("others", ".2f"))
TABLES: dict[str, tuple[str, list[Column]]] = {
    "unary": ("Unary, 8 connections × 32 streams; then one call at a time", [
        ("calls/s", number("rate")),
        ("CPU µs/call", number("cpu_us", ".1f")),
        ("p50 / p99 µs", pair("p50", "p99")),
        ("one at a time: calls/s", number("one_rate")),
        ("p50 / p99 µs", pair("one_p50", "one_p99")),
        ("MiB peak / idle", pair("peak_mib", "idle_mib")),
        SHARES, OTHERS,
    ]),
    "stream": ("Server streaming, 10 000 messages a call, 4 connections × 4 streams", [
        ("messages/s", number("rate")),
        ("CPU µs/message", number("cpu_us", ".2f")),
        ("MiB peak", number("peak_mib")),
        SHARES, OTHERS,
    ]),
    "client": ("Clients, each with its own server, 4 connections, 128 calls at a time", [
        ("calls per client-CPU-second", number("per_cpu_second")),
        ("calls/s", number("rate")),
        ("p50 / p99 µs", pair("p50_us", "p99_us")),
        ("CPU of server / client", pair("server_cpu", "load_cpu", ".2f")),
        OTHERS,
    ]),
    "tls": ("Unary over TLS", [
        ("TLS / cleartext", number("ratio", ".2f")),
        ("by CPU a call", number("cpu_ratio", ".2f")),
        ("calls/s TLS / cleartext", pair("tls_rate", "clear_rate")),
        ("CPU µs/call TLS / cleartext", pair("tls_cpu_us", "clear_cpu_us", ".1f")),
        SHARES, OTHERS,
    ]),
    "idle": ("Idle connections", [
        ("connections", number("connections")),
        ("MiB with them", number("held_mib", ".1f")),
        ("MiB after a ping to each", number("pinged_mib", ".1f")),
        ("MiB without", number("before_mib", ".1f")),
        ("KiB a connection", number("each_kib", ".1f")),
    ]),
}  # fmt: skip


def medians(results: Results) -> Medians:
    return {
        case: {
            peer: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            for peer, runs in peers.items() if runs
        }
        for case, peers in results.items()
    }  # fmt: skip


def judged(middle: Medians, idle_connections: int) -> list[dict]:
    """Each aim with Wire's ratio and the verdict, which is None where a figure is missing."""
    verdicts = []
    for aim in AIMS:
        rows = middle.get(aim.case, {})
        mine = rows.get(aim.peer, {}).get(aim.key)
        rivals = [rows[rival][aim.key] for rival in aim.rivals if rival in rows]
        # «The best of both» needs both; and the aim speaks of 10 000 connections, not of a short run's.
        complete = mine is not None and len(rivals) == len(aim.rivals)
        if aim.case == "idle" and idle_connections < 10_000:
            complete = False
        value = None
        if complete:
            value = mine / (min(rivals) if aim.is_ceiling else max(rivals)) if rivals else mine
        passed = None if value is None else (value <= aim.limit if aim.is_ceiling else value >= aim.limit)
        by_cpu = None
        if complete and aim.has_cpu and rows[aim.peer]["cpu_us"] > 0:
            by_cpu = min(rows[rival]["cpu_us"] for rival in aim.rivals) / rows[aim.peer]["cpu_us"]
        if complete and aim.case == "tls":
            by_cpu = rows["wire"]["cpu_ratio"]
        compared = [rows[name] for name in [aim.peer, *aim.rivals] if name in rows]
        verdicts.append({
            "aim": aim.title, "limit": aim.limit, "ceiling": aim.is_ceiling, "wire": value, "pass": passed,
            "by_cpu": by_cpu, "disturbed": any(row["others"] > DISTURBED for row in compared),
        })  # fmt: skip
    return verdicts


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def markdown(middle: Medians, verdicts: list[dict], failures: list[str], machine: dict[str, str], rounds: int) -> str:
    parts = [
        f"{machine['processor']}, {machine['processors']} processors, Linux {machine['kernel']}, "
        f"{machine['date']} UTC: medians of {rounds} round(s), server alone on one processor, load on another."
    ]
    for case, (title, columns) in TABLES.items():
        if middle.get(case):
            rows = [[peer, *(show(row) for _, show in columns)] for peer, row in middle[case].items()]
            parts += [f"### {title}", table(["peer", *(name for name, _ in columns)], rows)]
    words = {True: "PASS", False: "MISS", None: "not measured"}
    rows = [
        [
            verdict["aim"],
            f"{'≤' if verdict['ceiling'] else '≥'} {verdict['limit']:g}",
            "–" if verdict["wire"] is None else f"{verdict['wire']:.2f}",
            "–" if verdict["by_cpu"] is None else f"{verdict['by_cpu']:.2f}",
            words[verdict["pass"]] + (" (disturbed)" if verdict["disturbed"] and verdict["wire"] is not None else ""),
        ]
        for verdict in verdicts
    ]
    parts += ["### Aims", table(["Wire's", "aim", "measured", "by CPU a call", ""], rows)]
    if failures:
        parts += ["### Failed runs", "\n".join(f"- {failure}" for failure in failures)]
    return "\n\n".join(parts) + "\n"
