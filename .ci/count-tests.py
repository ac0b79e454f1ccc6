"""Says how many tests of each kind ran. As root, a skipped test of the real kernel is a failure.

count-tests.py UID REPORT...: reads each REPORT-swift-testing.xml, as `swift test --xunit-output REPORT.xml` writes it.
"""
import collections
import sys
import xml.etree.ElementTree as xml


def kind(case):
    module, _, suite = case.get("classname", "").partition(".")
    if module == "NetfilterTests" or "RealKernel" in suite:
        return "real kernel"
    if module == "EnforcementTests" or "FakeKernel" in suite:
        return "fake kernel"
    return "golden" if "Golden" in suite else "unit"


def main(uid, reports):
    ran, failed, skipped = (collections.Counter() for _ in range(3))
    missing = []
    cases = []
    for report in reports:
        found = list(xml.parse(report + "-swift-testing.xml").iter("testcase"))
        if not found:
            sys.exit(f"{report}: no tests ran")
        cases += found
    for case in cases:
        group = kind(case)
        reason = case.find("skipped")
        if reason is not None:
            skipped[group] += 1
            missing.append(f"{case.get('classname')}.{case.get('name')}: {reason.text}")
            continue
        ran[group] += 1
        failed[group] += case.find("failure") is not None
    print(f"{'kind':<12} {'ran':>5} {'failed':>7} {'skipped':>8}")
    for group in ("unit", "golden", "fake kernel", "real kernel"):
        print(f"{group:<12} {ran[group]:>5} {failed[group]:>7} {skipped[group]:>8}")
    for line in missing:
        print("not run:", line)
    if not ran["golden"] or not ran["unit"]:
        sys.exit("no tests ran")
    if uid == "0" and (skipped["real kernel"] or not ran["real kernel"]):
        sys.exit("a test of the real kernel was skipped, though this is root")


main(sys.argv[1], sys.argv[2:])
