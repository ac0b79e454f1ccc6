"""Takes what callgrind counted for N packets from what it counted for 2N, and holds the rest against thresholds."""
import json
import os
import re
import sys

# What may be called for no packet: allocation, and counting of references.
FORBIDDEN = {
    "allocations": re.compile(
        r"^(malloc|calloc|realloc|posix_memalign|aligned_alloc|mmap|swift_alloc\w*|swift_slowAlloc\w*)$"),
    "retains": re.compile(r"^_?_?swift_\w*[rR]etain\w*$"),
    "releases": re.compile(r"^_?_?swift_\w*[rR]elease\w*$"),
}
# A change of the compiler's mood is within it, a lost inlining is not.
TOLERANCE = 0.03


def read(path):
    """Instructions in all, and how often each function was called."""
    names, calls, total, callee = {}, {}, 0, None
    for line in open(path):
        if line.startswith(("fn=", "cfn=")):
            number, _, name = line.split("=", 1)[1].strip().partition(" ")
            if name:
                # A recursive call's level is marked with an apostrophe.
                names[number] = name.split("'")[0].split("@")[0]
            callee = names[number]
        elif line.startswith("calls="):
            calls[callee] = calls.get(callee, 0) + int(line[6:].split()[0])
        elif line.startswith(("summary:", "totals:")):
            total = int(line.split()[1])
    return total, calls


def measure(directory, family, packets):
    (once, once_calls), (twice, twice_calls) = (read(f"{directory}/{family}.{times}") for times in (1, 2))
    figures = {"instructions": round((twice - once) / packets, 2)}
    for what, pattern in FORBIDDEN.items():
        more = {name: count - once_calls.get(name, 0) for name, count in twice_calls.items() if pattern.match(name)}
        figures[what] = round(sum(more.values()) / packets, 6)
        for name, count in more.items():
            if count:
                print(f"  {family}: {name} called {count} times for {packets} packets")
    return figures


def main():
    directory, packets, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    found = {family: measure(directory, family, packets) for family in ("v4", "v6", "mixed")}
    if "--update" in sys.argv[4:]:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            json.dump({family: figures["instructions"] for family, figures in found.items()}, file, indent=2)
            file.write("\n")
        print(f"wrote {path}")
    known = json.load(open(path)) if os.path.exists(path) else {}
    if not known:
        print(f"there is no {path}: instructions are told and not judged; bench/gate --update writes it")
    holds = True
    for family, figures in found.items():
        for what, value in figures.items():
            required = 0 if what != "instructions" else known.get(family)
            if required is None:
                print(f"bound {what}-per-packet.{family} measured {value}")
                continue
            limit = round(required * (1 + TOLERANCE), 2)
            passes = value <= limit
            holds = holds and passes
            beside = ""
            if what == "instructions":
                beside = f" (C -O3: {measure(directory, family + '.reference', packets)[what]})"
            print(f"bound {what}-per-packet.{family} measured {value} required <={limit} "
                  f"{'pass' if passes else 'fail'}{beside}")
            if what == "instructions" and value < required * (1 - TOLERANCE):
                print(f"  {value} is well under {required}: bench/gate --update keeps the gain")
    sys.exit(0 if holds else 1)


main()
