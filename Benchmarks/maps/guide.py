"""The measured part of the guide *Which dictionary?*: a choice of cells, and how far the goals are."""

import re
from statistics import median

import tables

# (keys, N, cell) with the head of its column.
COLUMNS = [
    (("int", 10_000, "get95:1"), "get95, 10k, 1"), (("int", 10_000, "get95:2"), "get95, 10k, 2"),
    (("int", 10_000, "get50:2"), "get50, 10k, 2"), (("int", 10_000, "mix80:2"), "mix80, 10k, 2"),
    (("int", 10_000, "hot:2"), "hot key, 2"), (("int", 1_000_000, "get95:1"), "get95, 1M, 1"),
    (("int", 1_000_000, "get95:2"), "get95, 1M, 2"), (("str", 10_000, "get95:1"), "strings, get95, 10k, 1"),
    (("str", 10_000, "get95:2"), "…, 2"), (("ref", 10_000, "get95:2"), "objects, get95, 10k, 2"),
]
WORDS = {"int": "integers", "str": "16-byte strings", "ref": "objects as keys and values"}
# What a group of goals is measured by, in words.
BY = {
    ("concurrent", "int"): "the best shared map", ("concurrent", "str"): "dashmap, fast hash",
    ("concurrent", "ref"): "Java `ConcurrentHashMap`", ("read-mostly", "int"): "Go's `sync.Map`",
    ("read-mostly", "str"): "the same", ("fail-fast", "int"): "Swift `Dictionary`",
    ("fail-fast", "str"): "the same",
}
ALSO_BY = "Go 1.27's map, abseil's"


def chosen_rates(cells):
    rows = []
    for name, peer in tables.PEERS.items():
        values = [cells.get(cell, {}).get(name) for cell, _ in COLUMNS]
        if any(values):
            rows.append([peer.title] + [tables.number(tables.middle(v, "cpu")) if v else "–" for v in values])
    return tables.table(["map"] + [head for _, head in COLUMNS], rows)


def growth(cells):
    rows = []
    for name, peer in tables.PEERS.items():
        runs = [list(cells.get(("grow", n, "grow"), {}).get(name, {}).values()) for n in (1_000_000, 10_000_000)]
        if not all(runs):
            continue
        worst = [f"{min(r['worst_ns'] for r in one) / 1e6:.2f}" for one in runs]
        size = [f"{median(r['memory'][-1][1] / r['memory'][-1][0] for r in one):.0f}" for one in runs]
        most = f"{max(tables.most_bytes(r, 10_000_000) for r in runs[1]):.0f}"
        rows.append([peer.title, *worst, *size, most])
    head = ["map", "worst of 1M insertions, ms", "of 10M", "bytes per entry at 1M", "at 10M", "at most in between"]
    return tables.table(head, rows)


def aims(cells):
    """Each group of goals: how many of its cells reach theirs, and the ratios."""
    rows = []
    for goals in (tables.RIVALS, tables.ALSO):
        for ours, kinds in goals.items():
            for keys in kinds:
                for hot in (False, True):
                    each = [tables.ratio(cells, "cpu", ours, kinds, *cell) for cell in cells
                            if cell[0] == keys and cell[2].startswith("hot") == hot]
                    each = [row for row in each if row]
                    if not each or hot and ours != "concurrent":
                        continue
                    ratios = [float(row[7]) for row in each]
                    reached = sum(row[-1] == "" for row in each)
                    what = f"{tables.PEERS[ours].title.replace('**', '`')}, " + (
                        "hot key, two writers" if hot else WORDS[keys])
                    by = ALSO_BY if goals is tables.ALSO else BY[ours, keys]
                    rows.append([what, by, each[0][9], f"{reached} of {len(each)}",
                                 f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"])
    text = tables.table(["", "by", "goal", "cells that reach it", "median ratio (range)"], rows)
    return text.replace("|---:|---:|---:|---:|", "|---|---:|---:|---:|", 1)


def rewrite(data, path):
    """Puts the tables into the guide, between the comments that name them."""
    cells = tables.collect(data)
    text = path.read_text()
    for name, part in {"conditions": tables.conditions(data), "rates": chosen_rates(cells),
                       "growth": growth(cells), "aims": aims(cells), "limits": tables.limits(cells)}.items():
        pattern = re.compile(f"(<!-- measured: {name} -->\n).*?(<!-- end -->)", re.S)
        text, found = pattern.subn(lambda match: f"{match[1]}\n{part}\n\n{match[2]}", text)
        if found != 1:
            raise SystemExit(f"{path} has no place for its {name}")
    path.write_text(text)
