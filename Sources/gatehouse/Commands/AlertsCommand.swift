import ArgumentParser

/// `gatehouse alerts`
struct AlertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "What people were alerted of, and how the sinks of alerts are.",
        subcommands: [ListAlerts.self, TestAlerts.self], defaultSubcommand: ListAlerts.self)
}

/// `gatehouse alerts list`
struct ListAlerts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show what is wrong now, the last alerts, and each sink.",
        discussion: "Alerts are those since the daemon began; what was before is on the audit record.")

    @OptionGroup var options: ControlOptions

    func run() async throws {
        let state = try await options.ask(ControlOperations.alerts, ControlMessages.Nothing())
        try options.show(state) { print(AlertsText.render($0)) }
    }
}

/// `gatehouse alerts test`
struct TestAlerts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Send one alert through every sink, and say whether it arrived.",
        discussion: """
            It goes to every sink, whatever kinds and severities that takes, behind what waits there. Waits 15 s; what has \
            not arrived by then is still tried.

            Ends with 0 when every sink has it, else with 1.
            """)

    @OptionGroup var options: ControlOptions

    func run() async throws {
        let test = try await options.ask(ControlOperations.testAlerts, ControlMessages.Nothing())
        try options.show(test) { print(AlertsText.render($0)) }
        if !test.sinks.allSatisfy(\.hasArrived) { throw ExitCode(1) }
    }
}

/// Alerts for people. Every text of others was made plain where it came in.
enum AlertsText {
    static func render(_ state: ControlMessages.AlertsState) -> String {
        var lines = state.open.isEmpty ? ["nothing is wrong now"] : ["wrong now:"]
        lines += state.open.map { "  \($0.severity), since \($0.since): \($0.says)\(clauses($0.clauses))" }
        lines.append(state.recent.isEmpty ? "no alerts since the daemon began" : "alerts:")
        lines += state.recent.map { "  \($0.at) \($0.severity) \($0.kind): \($0.says)\(clauses($0.clauses))" }
        lines.append("sinks:")
        return (lines + state.sinks.map(sink)).joined(separator: "\n")
    }

    private static func sink(_ sink: ControlMessages.SinkSummary) -> String {
        var parts = ["\(sink.delivered) delivered", "\(sink.queued) queued"]
        if sink.unsaved > 0 {
            parts.append("\(sink.unsaved) of them not on the disk (\(sink.diskFault ?? ""))")
        }
        if sink.lost > 0 { parts.append("\(sink.lost) lost") }
        if sink.failures > 0, let error = sink.lastError {
            parts.append("\(sink.failures) tries failed, the last at \(sink.lastErrorAt ?? "?"): \(error)")
        }
        return "  \(sink.name): " + parts.joined(separator: ", ")
    }

    private static func clauses(_ names: [String]) -> String {
        names.isEmpty ? "" : " [\(names.joined(separator: ", "))]"
    }

    static func render(_ test: ControlMessages.AlertTest) -> String {
        test.sinks.map { sink in
            "\(sink.name): " + (sink.hasArrived ? "arrived" : "NOT arrived: \(sink.why ?? "not known why")")
        }.joined(separator: "\n")
    }
}
