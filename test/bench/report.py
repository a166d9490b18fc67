"""Tables and the picture of peers.py's results."""

import os
import statistics
import sys

import engines

NOISY = 0.03  # a share of the CPUs taken by others that makes a cell doubtful


def cpu_name():
    """Model name and count of the CPUs, e.g. "AMD EPYC 9B14, 2 CPUs"."""
    facts = {}
    with open("/proc/cpuinfo") as f:
        for text in f:
            key, _, value = text.partition(":")
            facts.setdefault(key.strip(), value.strip())
    name = facts.get("model name", "unknown")
    if "AMD" in name and facts.get("cpu family"):
        name += f" (family {facts['cpu family']}, model {facts['model']})"
    level = "AVX-512" if "avx512f" in facts.get("flags", "") else "no AVX-512"
    return f"{name}, {os.cpu_count()} CPUs, {level}"


def seconds(value):
    for unit, scale in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if value * scale >= 0.9995:
            break
    return f"{value * scale:.3g} {unit}" if value * scale < 999.5 else f"{value * scale:.0f} {unit}"


def timed(row):
    """{engine: result} of those with a figure."""
    return {n: r for n, r in row["engines"].items() if "median" in r and "error" not in r}


def ratio(row):
    """Best peer's median over dlc's, that peer, and the lowest and highest ratio of a round."""
    good = timed(row)
    peers = {n: r for n, r in good.items() if n != "dlc"}
    if "dlc" not in good or not peers:
        return None
    best = min(peers, key=lambda n: peers[n]["median"])
    each = [p / d for p, d in zip(peers[best]["rounds"], good["dlc"]["rounds"])]
    return peers[best]["median"] / good["dlc"]["median"], best, min(each), max(each)


def doubtful(row):
    return row["others"] > NOISY or row["awake"] > 0.5


def heading(cpu):
    return f"{cpu}\nmedians; ratio = best peer / dlc, above 1 dlc is faster; * others used the CPUs meanwhile"


def line(row, names):
    """One line of text for a cell."""
    text = f"{row['network']:13} batch {row['batch']:<3} threads {row['threads']}: "
    for name in names:
        result = row["engines"].get(name, {})
        shown = seconds(result["median"]) if "median" in result else "-"
        note = f" [{result['note']}]" if result.get("note") else ""
        text += f"{engines.TITLES[name]} {shown}{note}; "
    found = ratio(row)
    worst = max((r["difference"] for r in row["engines"].values() if "difference" in r), default=0.0)
    text += f"ratio {found[0]:.2f} ({found[2]:.2f}..{found[3]:.2f}); " if found else "no ratio; "
    text += f"difference {worst:.1e}; others {row['others']:.1%}" + (" *" if doubtful(row) else "")
    for name, result in row["engines"].items():
        if "error" in result and "not measured" not in result["error"]:
            text += f"\n    {engines.TITLES[name]}: {result['error']}"
    return text


# Markdown ------------------------------------------------------------------------------------


def table(rows, names):
    """One Markdown table of the cells of a thread count."""
    titles = ["network", "batch", *[engines.TITLES[n] for n in names], "ratio", "rounds", "difference"]
    text = "| " + " | ".join(titles) + " |\n|" + "--|" * len(titles) + "\n"
    for row in rows:
        cells = [row["network"], str(row["batch"])]
        for name in names:
            result = row["engines"].get(name, {})
            good = "median" in result and "error" not in result
            cells.append(f"{seconds(result['median'])} ({seconds(result['min'])})" if good else "-")
        found, shown = ratio(row), timed(row)
        if found:
            best = names.index(found[1]) + 2
            cells[best] = f"_{cells[best]}_"
            mark = "**" if found[0] >= 1 else ""
            cells.append(f"{mark}{found[0]:.2f}{mark}" + (" *" if doubtful(row) else ""))
            cells.append(f"{found[2]:.2f}-{found[3]:.2f}")
        else:
            cells += ["-", "-"]
        cells.append(f"{max((r['difference'] for r in shown.values()), default=0):.1e}")
        text += "| " + " | ".join(cells) + " |\n"
    return text


def peers_line(results):
    parts = []
    for name, version in results["versions"].items():
        parts.append(f"{engines.TITLES[name]} {version}")
    return ", ".join(parts)


METHOD = """\
Made by `test/bench/peers.py`; every cell it measured is here, lost ones too.

- Times are for one call: median, and in brackets the fastest call. **ratio** is the best peer's median over
  dlc's (above 1: dlc is faster; the best peer is in italics); **rounds** is the range of that ratio over the
  rounds; **difference** is the largest difference of any output from dlc's, relative to the largest output.
- One process for each network and thread count, pinned to as many CPUs as threads. All engines hold the same
  random weights and inputs and take turns, in rotating order; each turn waits until idle threads sleep. With
  two threads each engine is told to keep its second one on the second CPU, and the caller stays on the first.
  `*` marks cells in which other programs took more than 3 % of the CPUs, or an engine's idle threads were
  still awake: look at their rounds before believing their ratio, above all with two threads, where one that
  waits for a CPU holds up the other. Of a cell measured in several runs the calmest counts, chosen by that
  load alone. `-`: not in that run.
- dlc, ONNX Runtime and OpenVINO are called through their C interfaces with preallocated buffers, PyTorch from
  Python as its users do (its dispatch is part of its figures: tens of microseconds on small networks).
- Peers get NCHW input and the batch size as a constant, so none of them transposes; dlc reads NHWC and is
  compiled once for any batch (`dlc compile --march native`). All compute in float32 (OpenVINO's default on
  CPUs with bf16 would be bf16); where no near cache holds them, dlc reads weights of dense layers in
  20 bits, which changes sums by some 2e-6 of their root mean square (with `--exact-weights` in 32, as its
  peers). ONNX Runtime: all optimisations, the faster of spinning and sleeping threads. OpenVINO: latency
  hint, one stream. PyTorch eager: the faster of channels_last and contiguous;
  torch.compile: frozen weights.
"""


def geometric(values):
    return statistics.geometric_mean(values) if values else float("nan")


def write(results, path, picture=None):
    names = ["dlc"] + list(results["versions"])
    rows = results["rows"]
    ratios = [ratio(r) for r in rows if ratio(r)]
    won = sum(r[0] >= 1 for r in ratios)
    text = "# dlc beside other engines\n\n" + METHOD + "\n"
    text += f"{results['cpu']}. {results['date']}, commit {results['commit']}. {peers_line(results)}.\n\n"
    text += f"dlc is the fastest in {won} of {len(ratios)} cells; geometric mean of the ratios "
    text += f"{geometric([r[0] for r in ratios]):.2f}.\n"
    if picture:
        file = os.path.relpath(picture, os.path.dirname(path) or ".")
        text += f"\n![ratio of the best peer's time to dlc's]({file})\n"
    for threads in sorted({r["threads"] for r in rows}):
        part = [r for r in rows if r["threads"] == threads]
        mean = geometric([ratio(r)[0] for r in part if ratio(r)])
        text += f"\n## {threads} thread{'s' if threads > 1 else ''} (geometric mean {mean:.2f})\n\n"
        text += table(part, names)
    text += failures(rows) + missing(rows)
    others = other_chapters(path)
    with open(path, "w") as f:
        f.write(text + others)


def other_chapters(path):
    """What a report holds beside the chapter that is first and ours."""
    if not os.path.exists(path):
        return ""
    with open(path) as f:
        own, *others = f.read().split("\n# ")
    return "".join("\n# " + chapter for chapter in others)


def missing(rows):
    """The cells of the grid networks x batches x threads without a row."""
    networks = list(dict.fromkeys(r["network"] for r in rows))
    batches, counts = (sorted({r[k] for r in rows}) for k in ("batch", "threads"))
    have = {(r["network"], r["batch"], r["threads"]) for r in rows}
    text = ""
    for threads in counts:
        for batch in batches:
            gone = [n for n in networks if (n, batch, threads) not in have]
            if gone:
                text += f"- {threads} thread(s), batch {batch}: {', '.join(gone)}\n"
    return "\n## Cells not run\n\n" + text if text else ""


def failures(rows):
    found = []
    for row in rows:
        for name, result in row["engines"].items():
            if "error" in result:
                where = f"{row['network']}/{row['batch']}/{row['threads']}"
                found.append((engines.TITLES[name], result["error"], where))
    if not found:
        return ""
    text, groups = "\n## Not measured (network/batch/threads)\n\n", {}
    for title, error, where in found:
        groups.setdefault((title, error), []).append(where)
    for (title, error), where in groups.items():
        text += f"- {title}: {error}: {', '.join(where)}\n"
    return text


def plot(results, path):
    """Bars of the ratio for every cell, one panel for each thread count."""
    try:
        import matplotlib
    except ImportError:
        print(f"{path}: not written: matplotlib is not installed", file=sys.stderr)
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = [r for r in results["rows"] if ratio(r)]
    counts, batches = (sorted({r[k] for r in rows}) for k in ("threads", "batch"))
    networks = list(dict.fromkeys(r["network"] for r in rows))
    figure, axes = plt.subplots(len(counts), 1, figsize=(11, 3.4 * len(counts)), squeeze=False, sharex=True)
    width = 0.8 / len(batches)
    for axis, threads in zip(axes[:, 0], counts):
        for i, batch in enumerate(batches):
            here = [r for r in rows if (r["threads"], r["batch"]) == (threads, batch)]
            part = {r["network"]: ratio(r)[0] for r in here}
            at = [networks.index(n) + (i - (len(batches) - 1) / 2) * width for n in part]
            bars = axis.bar(at, part.values(), width * 0.95, label=f"batch {batch}")
            axis.bar_label(bars, fmt="%.2f", fontsize=6, rotation=90, padding=2)
        axis.axhline(1, color="black", linewidth=0.8)
        axis.set_ylabel("best peer's time / dlc's")
        axis.set_title(f"{threads} thread{'s' if threads > 1 else ''}: above 1 dlc is the fastest", fontsize=10)
        axis.set_xticks(range(len(networks)), networks, rotation=20, fontsize=8)
        axis.margins(y=0.15)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0, 0].legend(fontsize=8, frameon=False)
    figure.text(0.01, 0.005, f"{results['cpu']}; {results['date']}; {peers_line(results)}", fontsize=6)
    figure.tight_layout(rect=(0, 0.02, 1, 1))
    figure.savefig(path, dpi=100)
