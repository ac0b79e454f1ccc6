import ArgumentParser
import Capture
import Classification
import Foundation
import PolicyLanguage
import Replay
import Sessions

/// `gatehouse replay CAPTURE --rules DIR`
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Say what rules would have done with recorded traffic.",
        discussion: """
            Reads pcap, pcapng, and what else libpcap can read, best recorded at the tunnel (tcpdump -i tun0 -w FILE). Prints what each session \
            was, a line for each destination of each session with packets and bytes either way, verdict, class, \
            system and clauses, and a summary of what would be refused. Each frame is judged by the decision of its \
            own time: a contract that ends in the middle of the recording ends there.

            The sessions file says who had which address:

              sessions:
                - name: alice
                  addresses: [10.8.0.2, "fd08:8::1002"]
                  session: { certificate: corporate, device: laptop-0001, mfa: 5m }
                - name: nadia
                  addresses: [10.8.0.3]
                  from: 2026-11-23T09:00:00Z
                  until: 2026-11-23T12:30:00Z
                  session:
                    certificate: third-party
                    organisation: Northwind Support Ltd
                    mfa: 10m

            An address may be one session's after another's: that is what 'from' and 'until' are for. \
            'mfa' is how long before the session's begin the code was given; without 'from' that is the first frame. \
            Packets of no session are under '-', with the classes that reach their destination.

            At most a million flows are told apart, which takes about 350 MB; packets of more are counted together.

            What the daemon learns from traffic (silence, scans) changes nothing here. Answers count with what they answer. A datagram to a session is an answer once the session has sent one \
            there; the recording does not tell more ('cannot tell' otherwise).

            Ends with 0 when the whole file was read, 1 when it is truncated or corrupt (after what could be read) or \
            gatehouse contradicts itself, 2 when rules, sessions or capture cannot be read or are wrong.
            """)

    @Argument(help: "The capture file, or '-' for the standard input.")
    var capture: String
    @Option(name: .long, help: "The pack's folder.")
    var rules: String
    @Option(name: .long, help: "A file that describes the sessions of the recording.")
    var sessions: String?
    @Option(name: .long, help: "Judge all frames as if seen at this time, such as 2026-11-23T10:00:00Z.")
    var at: String?
    @Flag(name: .long, help: "Show only the flows that would be refused.")
    var refused = false
    @Flag(name: .long, help: "Print one JSON document.")
    var json = false

    func validate() throws {
        if let at, TimeText.timestamp(at) == nil {
            throw ValidationError("--at: expected a time with its offset, such as 2026-11-23T10:00:00Z")
        }
    }

    func run() throws {
        let policy = try readPolicy()
        let recorded = try sessions.map { try RecordedTraffic.sessions($0, under: policy) } ?? []
        let file = try RecordedTraffic.open(capture)
        var random = SystemRandomNumberGenerator()
        var replayer = try Replayer(
            recorded, under: policy,
            settings: Replayer.Settings(
                key: (random.next(), random.next()), at: at.flatMap(TimeText.timestamp)))
        let failure = try RecordedTraffic.read(file) { try replayer.process($0) }
        let report = replayer.report()
        try write(report, failure)
        try judge(report, failure)
    }

    // MARK: Reading

    private func readPolicy() throws -> Policy {
        let pack = try readPack(rules)
        guard let policy = pack.loadable else {
            print(pack.complaints)
            throw ExitCode(2)
        }
        return policy
    }

    // MARK: Writing

    private func write(_ report: ReplayReport, _ failure: CaptureError?) throws {
        var output = Output()
        if json {
            try writeJSON(report, failure, to: &output)
        } else {
            report.write(refusedOnly: refused) { output.write($0 + "\n") }
        }
        try output.end()
    }

    /// What is wrong with the file, beside the report's own keys.
    private struct Document: Encodable {
        struct Failure: Encodable {
            var offset: Int
            var reason: String
        }
        var capture: String
        var rules: String
        var failure: Failure?
        var summary: ReplayReport.Summary
    }

    /// One document, written flow by flow: an encoder would hold all of them as text.
    private func writeJSON(
        _ report: ReplayReport, _ failure: CaptureError?, to output: inout Output
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let document = Document(
            capture: capture, rules: rules,
            failure: failure.map { Document.Failure(offset: $0.offset, reason: $0.reason.description) },
            summary: report.summary)
        let head = String(decoding: try encoder.encode(document), as: UTF8.self)
        output.write(head.dropLast() + ",\"flows\":[")
        var separator = "\n"
        for row in report.rows where !refused || report.explanation(of: row).verdict == .refused {
            output.write(separator)
            output.write(String(decoding: try encoder.encode(report.record(of: row)), as: UTF8.self))
            separator = ",\n"
        }
        output.write("]}\n")
    }

    private func judge(_ report: ReplayReport, _ failure: CaptureError?) throws {
        if let failure { Terminal.complain("\(capture): \(failure)") }
        for text in report.disagreements {
            Terminal.complain("this is a mistake in gatehouse: \(text)")
        }
        if report.disagreementCount > report.disagreements.count {
            Terminal.complain("and \(report.disagreementCount - report.disagreements.count) more mistakes")
        }
        if failure != nil || report.disagreementCount > 0 { throw ExitCode(1) }
    }
}

/// Standard output in large pieces: a write for each line would cost more than all the judging.
private struct Output {
    private var text: [UInt8] = []
    private var failure: (any Error)?

    mutating func write(_ more: some StringProtocol) {
        text += more.utf8
        if text.count >= 1 << 18 { flush() }
    }

    private mutating func flush() {
        do {
            if failure == nil { try FileHandle.standardOutput.write(contentsOf: text) }
        } catch {
            failure = error
        }
        text.removeAll(keepingCapacity: true)
    }

    /// - Throws: what kept the output from being written.
    mutating func end() throws {
        flush()
        if let failure { throw failure }
    }
}
