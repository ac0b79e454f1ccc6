import ArgumentParser
import Foundation
import Sessions

/// `gatehouse sessions`
struct ListSessions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions",
        abstract: "List the live sessions: who, from where, in which class, reaching what.")

    @OptionGroup var filter: SessionFilter
    @OptionGroup var options: ControlOptions

    func run() async throws {
        var list = try await options.ask(
            ControlOperations.sessions, ControlMessages.Nothing())
        list.sessions.removeAll { !filter.matches($0) }
        try options.show(list, text: printList)
    }

    private func printList(_ list: ControlMessages.SessionList) {
        if let reason = list.auditFault {
            print("NOBODY NEW IS LET IN: there is no audit record: \(RegisterTables.line(reason))\n")
        }
        if let reason = list.closedBecause { print("NOBODY IS LET IN: \(RegisterTables.line(reason))\n") }
        if let fault = list.kernelFault { print("THE KERNEL DOES NOT TAKE THE RULESET: \(fault)\n") }
        for (source, since) in list.detachedSources.sorted(by: { $0.key < $1.key }) {
            print("source \(source) cannot be heard since \(since)\n")
        }
        for (interface, reason) in (list.unwatched ?? [:]).sorted(by: { $0.key < $1.key }) {
            print("nobody looks at \(interface): \(reason)\n")
        }
        print(
            list.sessions.isEmpty
                ? "no sessions" : SessionTableText.render(list.sessions, at: SystemClock().now()))
        guard !list.holds.isEmpty else { return }
        let holds = list.holds.map { [$0.subject, $0.since, $0.by, $0.reason] }
        print("\n" + Terminal.table(["HELD OUT", "SINCE", "BY", "REASON"], holds))
    }
}

/// Which sessions are listed: those that are all of what is named.
struct SessionFilter: ParsableArguments {
    @Option(name: .long, help: "Sessions of this user.")
    var user: String?
    @Option(name: .customLong("class"), help: "Sessions in this class; none for those in none.")
    var className: String?
    @Option(name: .long, help: "Sessions of the device of this inventory id.")
    var device: String?

    func matches(_ session: ControlMessages.SessionSummary) -> Bool {
        (user.map { session.user == $0 } ?? true) && (device.map { session.device == $0 } ?? true)
            && (className.map { session.class ?? "none" == $0 } ?? true)
    }
}

/// The table of sessions. What the packet path counts has columns when it runs.
enum SessionTableText {
    static func render(_ sessions: [ControlMessages.SessionSummary], at now: Instant) -> String {
        let isCounted = sessions.contains { $0.use != nil }
        let header =
            ["SESSION", "USER", "DEVICE", "CLASS", "STATE", "ADDRESSES", "GOOD UNTIL"]
            + (isCounted ? countedHeader : []) + ["REACHES"]
        let rows = sessions.map { session in
            [
                session.id, session.user, session.device ?? "-", session.class ?? "-",
                session.scan == nil ? session.state : "\(session.state), scanning",
                session.addresses.joined(separator: " "), session.reviewAt ?? "-",
            ] + (isCounted ? counted(session.use, now) : [])
                + [session.cut ?? session.scope.joined(separator: " ")]
        }
        return Terminal.table(header, rows, numbers: Set(countedHeader))
    }

    private static let countedHeader = ["OUT", "IN", "REFUSED", "IDLE"]

    private static func counted(_ use: ControlMessages.SessionUseSummary?, _ now: Instant) -> [String] {
        guard let use else { return ["-", "-", "-", "-"] }
        return [
            UseText.size(use.bytesOut), UseText.size(use.bytesIn), "\(use.refused)",
            UseText.age(use.lastUsed, at: now),
        ]
    }
}

/// `gatehouse show SESSION`
struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show one session: what it reaches, until when, and what each class saw.")

    @Argument(help: "The session as 'gatehouse sessions' names it: office/21.")
    var session: String

    @OptionGroup var options: ControlOptions

    func run() async throws {
        let arguments = ControlMessages.ExplainArguments(session: session, to: nil)
        let answer = try await options.ask(ControlOperations.explain, arguments)
        try options.show(answer) { print(ExplanationText.render($0)) }
    }
}

/// `gatehouse explain SESSION [--to DESTINATION]`
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Explain a decision: what each condition saw, what would change it, which clause it serves.",
        discussion: "With --to, ends with 0 when such a packet is permitted and 1 when it is denied.")

    @Argument(help: "The session as 'gatehouse sessions' names it: office/21.")
    var session: String

    @Option(name: .long, help: "One packet: 10.10.0.20:443/tcp, [fd10::20]:443/tcp, 10.10.0.20/icmp.")
    var to: String?

    @OptionGroup var options: ControlOptions

    func run() async throws {
        let arguments = ControlMessages.ExplainArguments(session: session, to: to)
        let answer = try await options.ask(ControlOperations.explain, arguments)
        try options.show(answer) { print(ExplanationText.render($0)) }
        if answer.verdict == "deny" { throw ExitCode(1) }
    }
}

/// An explanation for people.
enum ExplanationText {
    static func render(_ answer: ControlMessages.Explanation) -> String {
        var lines = header(answer)
        if let verdict = answer.verdict, let destination = answer.destination, let reason = answer.reason {
            lines.append("\(verdict.uppercased()) \(destination): \(reason)")
        }
        lines += answer.grants.map { grant in
            "reaches \(grant.system)" + (grant.until.map { " until \($0)" } ?? "")
        }
        for withheld in answer.withheld {
            lines.append("withheld \(withheld.system):")
            lines += withheld.conditions.map(condition)
        }
        for look in answer.classes {
            lines.append("class \(look.name) (\(look.place)): \(look.matched ? "matched" : "passed over")")
            lines += look.conditions.map(condition)
        }
        return lines.joined(separator: "\n")
    }

    private static func header(_ answer: ControlMessages.Explanation) -> [String] {
        let session = answer.session
        var lines = [
            "session \(session.id): user '\(session.user)', device \(session.device ?? "not on the register")"
                + ", \(session.state) at \(session.addresses.joined(separator: " "))",
            "\(answer.outcome)" + (answer.class.map { ", class \($0)" } ?? "")
                + (session.reviewAt.map { ", good until \($0)" } ?? ""),
        ]
        lines += answer.client.map { ["the client says: " + client($0)] } ?? []
        lines += UseText.lines(session)
        if !answer.cites.isEmpty { lines.append("serves \(answer.cites.joined(separator: ", "))") }
        if !answer.tell.isEmpty { lines.append("the person is told: \(answer.tell)") }
        return lines
    }

    private static func client(_ client: ControlMessages.ClientSummary) -> String {
        [
            client.platform.map { "on \($0)" }, client.version.map { "version \($0)" },
            client.splitsTunnel.map { $0 ? "splits the tunnel" : "everything goes through the tunnel" },
        ].compactMap(\.self).joined(separator: ", ")
    }

    static func condition(_ look: ControlMessages.ConditionLook) -> String {
        let mark = look.truth == "holds" ? "+" : look.truth == "fails" ? "-" : "?"
        let until = look.until.map { ", until \($0)" } ?? ""
        return "  \(mark) \(look.condition): \(look.saw)\(until)"
    }
}
