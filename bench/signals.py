#!/usr/bin/env python3
"""Holds what `gatehouse lab --signals N --json` measured against its bounds: signals.py MEASURED REPORT"""
import json
import sys

measured = json.load(open(sys.argv[1]))
rows = [
    {
        "part": "signals", "name": name, "family": "", "sessions": 0, "readers": 1, "unit": "ms", "best": None,
        "median": measured[key]["p50"], "ratio": None, "against": None,
        "note": f"p99 {measured[key]['p99']:.1f}, at most {measured[key]['max']:.1f}, of {measured['tries']}",
    }
    for key, name in (
        ("toAnswer", "token sent to its answer"), ("toCommit", "curl started to the commit"),
        ("toLastByte", "curl started to the last byte"),
    )
]
bounds = [
    {"name": name, "measured": value, "relation": "<=", "required": most, "pass": value <= most}
    for name, value, most in (
        # The transaction is committed before the answer.
        ("signals/token-to-answer-p99-ms", measured["toAnswer"]["p99"], 20),
        ("signals/bytes-after-commit", measured["bytesAfterCommit"], 0),
        ("signals/not-measured", len(measured["unmeasured"]), 0),
    )
]
print("\nsignals")
for row in rows:
    print(f"  {row['name']:<38}median {row['median']:.1f} ms  ({row['note']})")
print()
for bound in bounds:
    print("bound {name} measured {measured} required {relation}{required} ".format(**bound)
          + ("pass" if bound["pass"] else "fail"))
json.dump({"rows": rows, "bounds": bounds}, open(sys.argv[2], "w"), indent=1)
sys.exit(0 if all(bound["pass"] for bound in bounds) else 1)
