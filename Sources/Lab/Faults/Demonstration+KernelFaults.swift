import Foundation
import Glibc
import NetworkTypes

/// What goes wrong between the daemon and the kernel.
extension Demonstration {
    func nft(_ command: String) async throws {
        try await Command(in: .gateway, ["nft", command]).bounded(seconds: 60).succeed()
    }

    func elementDeletion(_ stand: Stand) -> String {
        let address = stand.client.address(.ipv4) ?? ""
        return "delete element inet gatehouse scope_of_4 { \"\(Network.tunnel)\" . \(address) }"
    }

    /// Gives the addresses that are no session's the scope of one.
    func addStranger(_ stand: Stand) async throws {
        let listing = try await Command(
            in: .gateway, ["nft", "list", "map", "inet", "gatehouse", "scope_of_4"]
        )
        .succeed()
        guard let address = stand.client.address(.ipv4),
            let element = listing.split(separator: ",").first(where: { $0.contains(" . \(address) ") }),
            let mark = element.split(separator: ":").last?.split(whereSeparator: { " }\n\t".contains($0) })
                .first
        else {
            throw LabError.unreadableAnswer(command: "nft list map", answer: "\(listing.prefix(300))")
        }
        let key = "\"\(Network.tunnel)\" . \(Network.spoofed(.ipv4))"
        try await nft("add element inet gatehouse scope_of_4 { \(key) timeout 1h : \(mark) }")
    }

    // MARK: Again and again

    /// Three kinds of changes in turn, each once the one before was undone.
    func drifts(_ stand: Stand) async throws -> Finding {
        let kinds: [(name: String, command: String)] = [
            ("element", elementDeletion(stand)), ("table", "delete table inet gatehouse"),
            ("chain", "insert rule inet gatehouse forward accept"),
        ]
        var times: [String: [Int64]] = [:]
        var last = try await socket.inspect().driftCount
        for number in 0..<Self.driftCount {
            let kind = kinds[number % kinds.count]
            try await nft(kind.command)
            let name = "the \(kind.name) to be put back"
            times[kind.name, default: []] += try await Wait.forValue(
                name, within: .seconds(10), every: .milliseconds(10)
            ) {
                guard let look = try? await socket.inspect(), look.driftCount > last,
                    let time = look.drifts.last?.undoneAfterMicroseconds
                else { return nil }
                last = look.driftCount
                return [time * 1000]
            }
        }
        let spreads = kinds.map { kind in
            let spread = CutTrials.Spread(nanoseconds: times[kind.name] ?? [])
            let numbers = [spread.p50, spread.p99, spread.max].map { value in
                value.formatted(.number.precision(.fractionLength(1)).grouping(.never))
            }
            return "\(kind.name) " + numbers.joined(separator: "/")
        }
        return Finding(note: "undone after p50/p99/max ms: " + spreads.joined(separator: ", "))
    }

    private static let driftCount = 200

    // MARK: More than can be heard

    /// The daemon does not listen for a while, in which more is told than its socket holds; and then a session is taken
    /// away.
    func overflowWatch(_ stand: Stand) async throws -> Finding {
        let before = try await socket.inspect().driftCount
        stand.daemon.signal(SIGSTOP)
        defer { stand.daemon.signal(SIGCONT) }
        var lines = ["add table inet elsewhere", "add set inet elsewhere many { type ipv4_addr; }"]
        // 200,000 messages of some 200 bytes; the socket holds 16 MiB of them.
        let comment = String(repeating: "c", count: 100)
        for block in 0..<200 {
            let addresses = (0..<1000).map { number in
                "172.\(16 + block / 16).\((block % 16) * 16 + number / 250).\(number % 250) comment \"\(comment)\""
            }
            lines.append("add element inet elsewhere many { \(addresses.joined(separator: ", ")) }")
        }
        try await Command(in: .gateway, ["nft", "-f", "-"]).input(lines.joined(separator: "\n") + "\n")
            .bounded(seconds: 60).succeed()
        try await nft(elementDeletion(stand))
        stand.daemon.signal(SIGCONT)
        let isNoticed = try await happens(within: .seconds(10)) {
            guard let look = try? await socket.inspect() else { return false }
            return look.drifts.suffix(look.driftCount - before).contains { $0.what.contains("was lost") }
        }
        try await nft("delete table inet elsewhere")
        return Finding(complaint: isNoticed ? nil : "what was not heard was not noticed")
    }

    // MARK: Refusals

    /// Two others commit as fast as they can: a batch that was begun on one generation meets the next (ERESTART).
    func commitBeside() async throws -> Finding {
        let others = [1, 2].map { number in
            let words = "add table inet other\(number); delete table inet other\(number)"
            let loop = "while :; do nft '\(words)' || exit; done"
            return Task {
                try await Command(in: .gateway, ["timeout", "4", "sh", "-c", loop]).bounded(seconds: 8)
                    .output()
            }
        }
        let loads = try await reloads(for: .seconds(4))
        for other in others { _ = try await other.value }
        return loads
    }

    /// One call in three on each of the daemon's sockets fails. What is asked for meanwhile may fail; what was in
    /// force stays.
    func answerErrors(_ stand: Stand) async throws -> Finding {
        var notes: [String] = []
        for error in ["ENOBUFS", "ENOMEM", "ENFILE", "EINTR"] {
            let tampering = try await Tampering.start(
                ["sendto", "recvfrom", "socket", "accept4"], failWith: error, in: stand.daemon,
                children: children)
            let loads = try await repeating(for: .milliseconds(1500)) { _ = try await loadOtherRules() }
            await tampering.end(children)
            notes.append("\(error) \(loads.failed) of \(loads.failed + loads.done)")
        }
        // A kernel that took nothing is tried again after seconds, and until then no rules are loaded.
        let isOver = try await happens(within: .seconds(40)) { (try? await loadOtherRules()) != nil }
        return Finding(
            note: "loads failed: " + notes.joined(separator: ", "),
            complaint: isOver ? nil : "no rules can be loaded afterwards")
    }
}
