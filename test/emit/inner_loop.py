#!/usr/bin/env python3
"""Shows what the hottest loop of an assembly listing consists of.

  dlc compile MODEL --emit asm | inner_loop.py [NAME]

That is the innermost loop (from a label to a jump back to it, with no loop inside) that holds the most
multiply-adds; with a NAME, of the functions that begin with it. Prints a line for each kind of
instruction, most frequent first: `56 vfmadd231ps zmm, load` is a multiply-add that loads one operand from
memory, and ` stack` is appended to what touches the stack. Of AArch64's many loads and stores only the kind is told.
"""

import collections
import re
import sys


def keep_functions(lines, name):
    """The lines of functions whose names begin with `name`."""
    inside = False
    for line in lines:
        if label := re.match(r"[A-Za-z_][\w.$]*:", line):
            inside = label.group().startswith(name)
        if inside:
            yield line


def read_loops(lines):
    """The bodies of the innermost loops."""
    labels, body, found = {}, [], []
    for line in lines:
        line = re.split(r"(?:^|\s)#+\s|//", line)[0].strip()
        if label := re.match(r"([\w.$]+):$", line):
            labels[label.group(1)] = len(body)
        elif line and not line.startswith("."):
            body.append(line)
            start = labels.get(line.split()[-1]) if re.match(r"j|b\.|[ct]bn?z", line) else None
            if start is not None and not any(start <= inner[0] for inner in found):
                found.append((start, len(body)))
            if line.startswith("ret"):
                labels = {}
    return [body[start:end] for start, end in found]


AARCH64 = {
    "load": r"ldp|ldu?r|ld1r?",
    "store": r"stp|stu?r|st1",
    "prefetch": "prfu?m",
    "count": r"(add|subs?|cmp|csel|lsl|madd|mov)\tx.*|b\.|[ct]bn?z",
}


def describe_aarch64(instruction):
    for kind, pattern in AARCH64.items():
        if re.match(f"({pattern})\\b", instruction):
            return kind + (" stack" if "[sp" in instruction else "")
    return re.sub(r"\s.*\.(\d+[sdhb])\b.*", r" v.\1", instruction)


def describe(instruction):
    mnemonic, _, operands = instruction.partition("\t")
    if not mnemonic.startswith("v"):
        return "count" if re.match(r"(add|sub|inc|dec|lea|cmp|test|j)", mnemonic) else mnemonic
    register = re.search(r"%([xyz]mm|k)\d+$", operands)
    text = f"{mnemonic} {register.group(1) if register else 'store'}"
    text += ", load" if register and "(" in operands else ""
    return text + (" stack" if "%rsp" in operands else "")


def main():
    loops = read_loops(keep_functions(sys.stdin, *sys.argv[1:2] or [""]))
    hottest = max(loops, key=lambda loop: sum("fmadd" in line or "fmla" in line for line in loop), default=[])
    kind = describe_aarch64 if any(line.startswith("fmla") for line in hottest) else describe
    for text, count in collections.Counter(map(kind, hottest)).most_common():
        print(count, text)


if __name__ == "__main__":
    main()
