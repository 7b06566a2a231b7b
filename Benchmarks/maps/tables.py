"""Raw data to Markdown tables."""

from collections import defaultdict
from statistics import median

import peers as catalogue

PEERS = {peer.name: peer for peer in catalogue.PEERS}
KEYS = {"int": "8-byte integers", "str": "16-byte strings", "ref": "objects as keys and values"}

# Ours, by name, and the peers that it is to be measured by; with the ratio that it aims at.
SHARED = ["boost-concurrent", "tbb", "dashmap-fast", "dashmap", "chm", "go1.27-syncmap", "go1.23-syncmap",
          "go1.27-rwmutex", "go1.23-rwmutex", "swift-mutex", "swift-nslock", "swift-rwlock"]
RIVALS = {
    "concurrent": {"int": (SHARED, 1.25), "str": (["dashmap-fast"], 1.1), "ref": (["chm"], 1.5)},
    "read-mostly": {keys: (["go1.27-syncmap", "go1.23-syncmap"], 1.25) for keys in ("int", "str")},
    "fail-fast": {"int": (["swift"], 3), "str": (["swift"], 2)},
}
ALSO = {"fail-fast": {"int": (["go1.27", "abseil"], 0.9), "str": (["go1.27", "abseil"], 0.9)}}


def rate(run, clock):
    """Million operations per second: of CPU time, summed over the threads, or of wall time."""
    if clock == "cpu":
        return sum(t["ops"] / t["cpu_ns"] for t in run["threads"]) * 1e3
    return sum(t["ops"] for t in run["threads"]) / run["wall_ns"] * 1e3


def collect(data):
    """(keys, n, cell) -> peer -> round -> run."""
    cells = defaultdict(lambda: defaultdict(dict))
    for run in data["runs"]:
        cells[run["keys"], run["n"], run["cell"]][run["peer"]][run["round"]] = run
    return cells


def middle(runs, clock):
    return median(rate(run, clock) for run in runs.values())


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def rates(cells, clock):
    parts = []
    groups = sorted({(keys, n, cell.split(":")[1]) for keys, n, cell in cells if keys != "grow"},
                    key=lambda g: (list(KEYS).index(g[0]), g[1], g[2]))
    for keys, n, threads in groups:
        names = [cell for k, m, cell in cells if (k, m) == (keys, n) and cell.endswith(":" + threads)]
        rows = []
        for name, peer in PEERS.items():
            values = [cells[keys, n, cell].get(name) for cell in names]
            if any(values):
                rows.append([peer.title] + [number(middle(v, clock)) if v else "–" for v in values])
        parts.append(f"{KEYS[keys]}, N = {n:,}, {threads} thread{'s' if threads != '1' else ''}\n\n"
                     + table(["map"] + [name.split(":")[0] for name in names], rows))
    return "\n\n".join(parts)


def ratios(cells, clock):
    rows = []
    for goals in (RIVALS, ALSO):
        for ours, kinds in goals.items():
            for (keys, n, cell), by_peer in cells.items():
                if keys not in kinds or ours not in by_peer:
                    continue
                rivals, goal = kinds[keys]
                goal = 1 if cell.startswith("hot") else goal
                there = [name for name in rivals if name in by_peer]
                if not there:
                    continue
                best = max(there, key=lambda name: middle(by_peer[name], clock))
                common = sorted(set(by_peer[ours]) & set(by_peer[best]))
                if not common:
                    continue
                each = [rate(by_peer[ours][r], clock) / rate(by_peer[best][r], clock) for r in common]
                ratio = median(each)
                rows.append([
                    f"{PEERS[ours].title}", keys, f"{n:,}", cell.replace(":", ", T = "),
                    PEERS[best].title, f"{ratio:.2f}", f"{min(each):.2f}–{max(each):.2f}", f"{goal}",
                    "" if ratio >= goal else "**short**"])
    head = ["map", "keys", "N", "cell", "best peer", "ratio", "range", "goal", ""]
    return table(head, rows) if rows else "None of ours was measured beside a peer."


def growth(cells):
    parts = []
    for (keys, n, _), by_peer in sorted(cells.items(), key=lambda item: item[0][1]):
        if keys != "grow":
            continue
        rows = []
        for name, peer in PEERS.items():
            if name not in by_peer:
                continue
            runs = list(by_peer[name].values())
            late = [size / count for run in runs for count, size in run["memory"] if count >= min(n, 1_000_000)]
            last = [run["memory"][-1][1] / run["memory"][-1][0] for run in runs]
            rows.append([
                peer.title, f"{median(r['cpu_ns'] for r in runs) / n:.0f}", quantile(runs, 0.99), quantile(runs, 0.9999),
                f"{median(r['worst_ns'] for r in runs) / 1e6:.2f}", f"{min(r['worst_ns'] for r in runs) / 1e6:.2f}",
                f"{median(last):.0f}", f"{max(late):.0f}"])
        head = ["map", "ns per insertion", "99 % ≤ µs", "99.99 % ≤ µs", "worst, ms", "least worst, ms",
                "bytes per entry", "at most, from 1M on"]
        parts.append(f"{n:,} insertions into an empty map\n\n" + table(head, rows))
    return "\n\n".join(parts)


def quantile(runs, share):
    """An upper bound from the histograms, in microseconds: buckets are powers of two."""
    counts = [sum(run["histogram"][i] for run in runs) for i in range(64)]
    seen = 0
    for bucket, count in enumerate(counts):
        seen += count
        if seen >= share * sum(counts):
            return f"{2**bucket / 1e3:.1f}"
    return "?"


def report(data):
    cells = collect(data)
    counts = [len(runs) for by_peer in cells.values() for runs in by_peer.values()] or [0]
    rounds = f"{min(counts)} to {max(counts)}" if min(counts) != max(counts) else str(max(counts))
    loads = [run["load"] for run in data["runs"]] or [0]
    machine = data["machine"]
    parts = [
        f"{machine['processors']} processors of {machine['processor']}; {rounds} rounds, "
        f"load {min(loads):.1f} to {max(loads):.1f}."]
    if any(keys != "grow" for keys, _, _ in cells):
        parts += [
            "## Million operations per second of CPU time", rates(cells, "cpu"),
            "## Million operations per second of wall time", rates(cells, "wall"),
            "## Ours by the best peer (CPU time)", ratios(cells, "cpu"),
            "## Ours by the best peer (wall time)", ratios(cells, "wall")]
    if any(keys == "grow" for keys, _, _ in cells):
        parts += ["## Growing from empty (CPU time, clock included)", growth(cells)]
    return "\n\n".join(parts)
