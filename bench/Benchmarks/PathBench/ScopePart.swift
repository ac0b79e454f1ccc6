import Figures
import PacketPath
import Reference
import ReferenceNative
import Rivals
import Workload

/// The verdict of a scope on a destination: 64 scopes in turn against the same tables in C, and one scope against
/// rte_acl with the same rules.
enum ScopePart {
    private static let questions = 1 << 16

    static func run(_ options: Options, _ report: Report) {
        let scopes = Scopes()
        for isIPv6 in [false, true] {
            let asked = Questions(scopes, isIPv6: isIPv6, count: questions) { $0.below(Scopes.count) }
            let results = race(contestants(scopes, asked), rounds: options.rounds, operations: questions)
            report.add(
                results, part: "scope.64", family: isIPv6 ? "v6" : "v4", sessions: 0, baseline: "C -O3")
        }
        // The largest: 16 exact grants, and the most ranges.
        let largest = 64 / 13 * 13 - 1
        let asked = Questions(scopes, isIPv6: false, count: questions) { _ in largest }
        var all = contestants(scopes, asked)
        let rules = scopes.grants[largest].filter { !$0.isIPv6 }.map(\.rule)
        if let acl = rival_acl_make(rules, rules.count) {
            all.append(
                Contestant(name: "DPDK rte_acl") { _ in
                    check(rival_acl_permits(acl, asked.ipv4, asked.services, asked.count), asked)
                })
        } else {
            report.missing(
                part: "scope.1", name: "DPDK rte_acl", family: "v4", sessions: 0,
                why: "pkg-config finds no libdpdk")
        }
        let results = race(all, rounds: options.rounds, operations: questions)
        report.add(results, part: "scope.1", family: "v4", sessions: 0, baseline: "C -O3")
    }

    private static func contestants(_ scopes: Scopes, _ asked: Questions) -> [Contestant] {
        let images = scopes.grants.map { ScopeImage($0.map(\.box)) }
        let table = ScopeTable(
            Dictionary(uniqueKeysWithValues: images.enumerated().map { (UInt32($0.offset + 1), $0.element) }))
        var all = [Contestant(name: "gatehouse") { _ in check(permits(table, asked), asked) }]
        for (name, functions) in [
            ("C -O3", reference_plain().pointee), ("C -march=native", reference_native().pointee),
        ] {
            guard let image = functions.image_new(0, 0, 0, 0) else { fail("no memory") }
            for (number, grants) in scopes.grants.enumerated() {
                functions.set_scope(image, UInt32(number + 1), grants.map(\.reference), grants.count)
            }
            all.append(
                Contestant(name: name) { _ in
                    let permitted =
                        asked.isIPv6
                        ? functions.permits6(image, asked.scopes, asked.ipv6, asked.services, asked.count)
                        : functions.permits4(image, asked.scopes, asked.ipv4, asked.services, asked.count)
                    check(permitted, asked)
                })
        }
        return all
    }

    private static func permits(_ table: ScopeTable, _ asked: Questions) -> UInt64 {
        let scopes = bench(asked.scopes)
        var permitted: UInt64 = 0
        for index in 0..<asked.count {
            let address =
                asked.isIPv6
                ? UInt128(asked.ipv6[index &* 2]) << 64 | UInt128(asked.ipv6[index &* 2 &+ 1])
                : UInt128(asked.ipv4[index])
            let service = asked.services[index]
            let permits = table.permits(
                scopes[index], isIPv6: asked.isIPv6, address: address,
                ipProtocol: UInt8(truncatingIfNeeded: service &>> 16),
                port: UInt16(truncatingIfNeeded: service))
            permitted &+= permits ? 1 : 0
        }
        return permitted
    }

    private static func check(_ permitted: UInt64, _ asked: Questions) {
        if permitted != asked.permitted { fail("\(permitted) permitted instead of \(asked.permitted)") }
    }
}

/// Destinations asked for, and how many of them are permitted.
private struct Questions {
    let isIPv6: Bool
    let count: Int
    let scopes: UnsafeMutablePointer<UInt32>
    let ipv4: UnsafeMutablePointer<UInt32>
    let ipv6: UnsafeMutablePointer<UInt64>
    let services: UnsafeMutablePointer<UInt32>
    let permitted: UInt64

    init(_ all: Scopes, isIPv6: Bool, count: Int, scope: (inout Random) -> Int) {
        self.isIPv6 = isIPv6
        self.count = count
        var random = Random(3)
        let chosen = (0..<count).map { _ in scope(&random) }
        let destinations = chosen.map { all.destination($0, isIPv6: isIPv6, &random) }
        scopes = table(count) { UInt32(chosen[$0] + 1) }
        ipv4 = table(count) { UInt32(truncatingIfNeeded: destinations[$0].address) }
        ipv6 = table(count * 2) {
            UInt64(truncatingIfNeeded: destinations[$0 / 2].address >> ($0 & 1 == 0 ? 64 : 0))
        }
        services = table(count) { destinations[$0].service }
        permitted = zip(chosen, destinations).reduce(into: 0) { sum, pair in
            let (scope, wanted) = pair
            let isGranted = all.grants[scope].contains { grant in
                grant.isIPv6 == isIPv6 && grant.ipProtocol == wanted.ipProtocol
                    && (grant.first...grant.last).contains(wanted.address)
                    && grant.ports.contains(wanted.port)
            }
            sum += isGranted ? 1 : 0
        }
    }
}
