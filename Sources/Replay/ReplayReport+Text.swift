import NetworkTypes
import PacketPath
import PolicyLanguage
import Sessions

extension ReplayReport {
    /// Writes the report for people, line by line, without line ends.
    ///
    /// - Parameter refusedOnly: Leaves out flows that were not refused.
    package func write(refusedOnly: Bool = false, _ line: (String) -> Void) {
        if sessions.isEmpty {
            line(
                "no sessions were given: every packet is nobody's. --sessions FILE says who had which address"
            )
            line("")
        } else {
            writeSessions(line)
        }
        writeRows(refusedOnly: refusedOnly, line)
        writeRefusals(line)
        writeRest(line)
    }

    private func writeSessions(_ line: (String) -> Void) {
        let cells = sessions.indices.flatMap { session in
            turns[session].isEmpty
                ? [[sessions[session].name, "-", "-", "not there in this recording"]]
                : turns[session].map { turn in
                    [sessions[session].name, turn.since.description, turn.className ?? "-", Self.words(turn)]
                }
        }
        TextTable(["session", "since", "class", "reaches"], rowCount: cells.count) { cells[$0] }.write(line)
        if turnsLeftOut > 0 { line("and \(turnsLeftOut) more changes") }
        line("")
    }

    private static func words(_ turn: Turn) -> String {
        guard turn.isThere else { return "gone" }
        guard turn.reaches.isEmpty else { return turn.reaches.joined(separator: ", ") }
        return turn.tell.isEmpty ? "nothing" : "nothing: \(turn.tell)"
    }

    // MARK: Flows

    private static let header = [
        "session", "destination", "out", "bytes", "in", "bytes", "verdict", "class", "system", "clauses",
        "why",
    ]

    private func writeRows(refusedOnly: Bool, _ line: (String) -> Void) {
        let shown = refusedOnly ? rows.filter { explanation(of: $0).verdict == .refused } : rows
        guard !shown.isEmpty else { return }
        TextTable(Self.header, numbers: [2, 3, 4, 5], rowCount: shown.count) { cells(shown[$0]) }.write(line)
        let left = others.values.reduce(Traffic(), +)
        if left.packets > 0 {
            line("and \(left.packets) packets (\(left.octets) bytes) of more flows than are told apart")
        }
        line("")
    }

    private func cells(_ row: Row) -> [String] {
        let why = explanation(of: row)
        return [
            name(of: row), text(of: row), "\(row.outward.packets)", "\(row.outward.octets)",
            "\(row.toward.packets)", "\(row.toward.octets)", why.verdict.rawValue, why.className ?? "-",
            why.systems.isEmpty ? "-" : why.systems.joined(separator: ", "),
            why.cites.isEmpty ? "-" : why.cites.joined(separator: ", "), why.reason,
        ]
    }

    /// `10.10.0.20:443/tcp`, and without the port where no packet had one.
    func text(of row: Row) -> String {
        let destination = row.destination
        return row.hasPort || !destination.ipProtocol.hasPorts
            ? destination.description : "\(destination.address)/\(destination.ipProtocol)"
    }

    // MARK: Summary

    private static let mostRefusals = 20

    private func writeRefusals(_ line: (String) -> Void) {
        let totals = totals
        let all = totals.values.reduce(Traffic(), +)
        let refused = totals[.refused, default: Traffic()]
        guard refused.packets > 0 else {
            return line(all.packets > 0 ? "nothing would be refused" : "no packets were recorded")
        }
        line("would be refused: \(Self.part(refused, of: all))")
        let refusals = refusals
        let shown = refusals.prefix(Self.mostRefusals)
        TextTable(
            ["packets", "bytes", "sessions", "flows", "why"], numbers: [0, 1, 2, 3],
            rowCount: shown.count
        ) {
            let entry = shown[$0]
            return [
                "\(entry.traffic.packets)", "\(entry.traffic.octets)", "\(entry.sessions)",
                "\(entry.flows)", entry.reason,
            ]
        }.write(line)
        if refusals.count > shown.count { line("and \(refusals.count - shown.count) more reasons") }
    }

    private func writeRest(_ line: (String) -> Void) {
        let totals = totals
        if let unsure = totals[.cannotTell] {
            line("cannot tell: \(Self.part(unsure, of: totals.values.reduce(Traffic(), +)))")
        }
        if !drops.isEmpty {
            let reasons = drops.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            line("not decoded: \(drops.values.reduce(0, +)) of \(frames) frames (\(reasons))")
        }
        if untimedFrames > 0 {
            line("without a time: \(untimedFrames) frames, judged at the time of the frame before; see --at")
        }
    }

    /// In tenths of a per cent, rounded down.
    private static func part(_ some: Traffic, of all: Traffic) -> String {
        let tenths = some.packets * 1000 / max(1, all.packets)
        return "\(some.packets) of \(all.packets) packets (\(tenths / 10).\(tenths % 10) %), "
            + "\(some.octets) of \(all.octets) bytes"
    }
}
