"""Raw data to Markdown tables."""

import time
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

# While growing: the worst insertion, in ms, and bytes per entry of 8 + 8 bytes, at any size from 1M.
STALL, BYTES = 1, 30


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
                rows += [row for row in [ratio(cells, clock, ours, kinds, keys, n, cell)] if row]
    rows.sort(key=lambda row: row[:2])
    head = ["map", "keys", "N", "cell", "ours", "best peer", "its", "ratio", "range", "goal", ""]
    if not rows:
        return "None of ours was measured beside a peer."
    short = sum(row[-1] != "" for row in rows)
    return table(head, rows) + f"\n\n{len(rows) - short} of {len(rows)} cells reach their goal."


def ratio(cells, clock, ours, kinds, keys, n, cell):
    """The row of one cell: ours by the best of its peers, round by round."""
    by_peer = cells[keys, n, cell]
    if keys not in kinds or ours not in by_peer:
        return None
    rivals, goal = kinds[keys]
    goal = 1 if cell.startswith("hot") else goal
    there = [name for name in rivals if set(by_peer.get(name, ())) & set(by_peer[ours])]
    if not there:
        return None
    best = max(there, key=lambda name: middle(by_peer[name], clock))
    common = set(by_peer[ours]) & set(by_peer[best])
    each = [rate(by_peer[ours][r], clock) / rate(by_peer[best][r], clock) for r in common]
    return [
        PEERS[ours].title, keys, f"{n:,}", cell.replace(":", ", T = "),
        number(middle(by_peer[ours], clock)), PEERS[best].title, number(middle(by_peer[best], clock)),
        f"{median(each):.2f}", f"{min(each):.2f}–{max(each):.2f}", f"{goal}",
        "" if median(each) >= goal else "**short**"]


def limits(cells):
    """Stalls and memory of ours, against the limits that they set themselves."""
    rows = []
    for (keys, n, _), by_peer in sorted(cells.items(), key=lambda item: item[0][1]):
        for name in ("concurrent", "fail-fast"):
            if keys != "grow" or name not in by_peer:
                continue
            # The least: an interrupt is charged to whoever runs.
            worst = min(run["worst_ns"] for run in by_peer[name].values()) / 1e6
            most = max(most_bytes(run, n) for run in by_peer[name].values())
            for what, value, limit in (("worst insertion, ms", worst, STALL),
                                       ("bytes per entry, at most", most, BYTES)):
                rows.append([PEERS[name].title, f"{n:,}", what, f"{value:.2f}" if limit == STALL else f"{value:.0f}",
                             f"≤ {limit}", "" if value <= limit else "**short**"])
    return table(["map", "N", "while growing", "ours", "goal", ""], rows)


def most_bytes(run, n):
    return max(size / count for count, size in run["memory"] if count >= min(n, 1_000_000))


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
            late = [most_bytes(run, n) for run in runs]
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


def conditions(data):
    counts = [len(runs) for by_peer in collect(data).values() for runs in by_peer.values()] or [0]
    rounds = f"{min(counts)} to {max(counts)}" if min(counts) != max(counts) else str(max(counts))
    loads = [run["load"] for run in data["runs"]] or [0]
    days = sorted({time.strftime("%Y-%m-%d", time.gmtime(run["at"])) for run in data["runs"]}) or ["?"]
    machine = data["machine"]
    return (f"{machine['processors']} processors of {machine['processor']}; {rounds} rounds, "
            f"load {min(loads):.1f} to {max(loads):.1f}; {' to '.join(dict.fromkeys([days[0], days[-1]]))}.")


def report(data):
    cells = collect(data)
    parts = [conditions(data)]
    if any(keys != "grow" for keys, _, _ in cells):
        parts += [
            "## Million operations per second of CPU time", rates(cells, "cpu"),
            "## Million operations per second of wall time", rates(cells, "wall"),
            "## Targets: ours by the best peer, million operations per second of CPU time", ratios(cells, "cpu"),
            "## The same by wall time", ratios(cells, "wall")]
    if any(keys == "grow" for keys, _, _ in cells):
        parts += [
            "## Growing from empty (CPU time, clock included)", growth(cells),
            "## Targets while growing", limits(cells)]
    return "\n\n".join(parts)
