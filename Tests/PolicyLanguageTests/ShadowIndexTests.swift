import Evidence
import Sessions
import TestSupport
import Testing

@testable import PolicyLanguage

/// Which class shadows which, found without holding each against each, is what that would find.
struct ShadowIndexTests {
    @Test(arguments: [UInt64(1), 2, 3])
    func agreesWithHoldingEachAgainstEach(seed: UInt64) {
        var random = Seeded(seed)
        var shadowed = 0
        for round in 0..<300 {
            let classes = (0..<12).map { Self.policyClass($0, by: &random) }
            let log = DiagnosticLog()
            ClassChecks(classes: classes, log: log).run()
            let found = log.diagnostics.filter { $0.id == .shadowedClass }
                .map { [$0.range.start.line, $0.notes.first?.location?.line] }
            let expected = classes.indices.compactMap { later -> [Int?]? in
                classes[..<later].first { ClassChecks.shadows($0, classes[later]) }
                    .map { [classes[later].location.line, $0.location.line] }
            }
            #expect(found == expected, "seed \(seed), round \(round)")
            shadowed += found.count
        }
        #expect(shadowed > 300)
    }

    private static func policyClass(_ number: Int, by random: inout Seeded) -> PolicyClass {
        let place = SourceLocation(file: "policy.yaml", line: number + 1, column: 1)
        func pick<Value>(_ values: [Value]) -> Value {
            values[Int.random(in: values.indices, using: &random)]
        }
        let contract = Contract(
            vendor: pick(["v", "w"]), reference: "C", sponsor: "s", from: Instant(secondsSince1970: 0),
            until: Instant(secondsSince1970: 1), warnBefore: .zero)
        let tests: [Condition.Test] = [
            .organisation(pick(["o", "p"])), .contract(contract),
            .mfa(within: .seconds(pick([1, 2]))), .device(pick([[.inUse], [.inUse, .lost]])),
        ]
        let chosen = tests.filter { _ in Bool.random(using: &random) }
        return PolicyClass(
            name: "c\(number)", conditions: chosen.map { Condition($0, at: place) },
            access: pick([.none, .systems([])]), location: place)
    }
}
