import ArgumentParser
import Classification
import Evidence
import FlowSpace
import Foundation
import NetworkTypes
import PolicyLanguage
import RulesetCompiler
import Sessions

/// `gatehouse ruleset DIR`
struct ShowRuleset: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ruleset", abstract: "Print the nftables text that would be programmed, for reading.",
        discussion: """
            Scopes depend on sessions: what is printed has one for each class that gives access, as if every need of \
            its systems held.
            """)

    @Argument(help: "The pack's folder.")
    var directory: String
    @Option(name: .long, help: "The tunnel interfaces.")
    var tunnel: [String] = ["tun0"]

    func run() throws {
        let pack = try readPack(directory)
        guard let policy = pack.loadable else {
            print(pack.complaints)
            throw ExitCode(1)
        }
        var ruleset = Ruleset(layout: RulesetLayout(tunnels: tunnel))
        for (index, space) in Self.scopes(of: policy).enumerated() {
            guard let number = ScopeNumber(rawValue: UInt32(index + 1)) else { continue }
            ruleset.scopes[number] = space
        }
        print(ruleset.text(at: SystemClock().now()))
    }

    /// The flow-space of every class that gives access, each once, in the pack's order.
    private static func scopes(of policy: Policy) -> [FlowSpace] {
        var seen: Set<FlowSpace> = []
        return policy.classes.compactMap { candidate in
            guard case .systems(let names) = candidate.access else { return nil }
            let space = names.reduce(FlowSpace.empty) { $0.union(policy.system(named: $1)?.space ?? .empty) }
            return seen.insert(space).inserted ? space : nil
        }
    }
}

/// `gatehouse packets DIR --session FILE`
struct Packets: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Judge packets of a described session: the decision by itself, to compare with anything.",
        discussion: """
            Reads lines 'ADDRESS PROTOCOL PORT' from standard input and prints each with permit or deny and the reason. \
            The port is left out for protocols without ports. The session file says who sends them:

              at: 2026-11-20T10:00:00Z
              session: { certificate: corporate, device: laptop-0042, user: alice, mfa: 5m }

            As in a pack's tests, 'behaviour: scanning' says that the session was seen scanning.

            Ends with 0 when every line could be read, 1 when one could not.
            """)

    @Argument(help: "The pack's folder.")
    var directory: String
    @Option(name: .long, help: "A file that describes the session.")
    var session: String
    @Flag(name: .long, help: "Print one JSON object a line.")
    var json = false

    func run() throws {
        let pack = try readPack(directory)
        guard let policy = pack.loadable else {
            print(pack.complaints)
            throw ExitCode(1)
        }
        let (at, description) = try readSession(under: policy)
        let decision = Classifier.classify(description.evidence(under: policy, at: at), under: policy, at: at)
        var unread = false
        while let line = readLine() {
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.isEmpty || text.hasPrefix("#") { continue }
            guard let destination = Self.destination(text) else {
                unread = true
                Terminal.complain("expected 'address protocol port', found '\(text)'")
                continue
            }
            try printAnswer(Explanations.packet(destination, decision, policy), line: text)
        }
        if unread { throw ExitCode(1) }
    }

    private func printAnswer(_ answer: ControlMessages.PacketAnswer, line: String) throws {
        guard json else { return print("\(line) \(answer.verdict) \(answer.reason)") }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(answer), as: UTF8.self))
    }

    static func destination(_ line: String) -> Destination? {
        let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
        guard (2...3).contains(words.count), let address = IPAddress(words[0]),
            let kind = IPProtocol(words[1])
        else { return nil }
        guard kind.hasPorts else {
            return words.count == 2 || words[2] == "0" ? Destination(address: address, ipProtocol: kind) : nil
        }
        guard words.count == 3, let port = UInt16(words[2]) else { return nil }
        return Destination(address: address, ipProtocol: kind, port: port)
    }

    private func readSession(under policy: Policy) throws -> (Instant, SessionDescription) {
        guard let data = FileManager.default.contents(atPath: session) else {
            Terminal.complain("\(session): cannot be read")
            throw ExitCode(2)
        }
        let (file, problems) = PackFile.decode(path: session, bytes: Array(data))
        guard let file else {
            print(DiagnosticRenderer.text(problems))
            throw ExitCode(1)
        }
        let (described, at, diagnostics) = PolicyCompiler.session(file, in: policy)
        guard let described else {
            print(DiagnosticRenderer.text(diagnostics))
            throw ExitCode(1)
        }
        return (at ?? SystemClock().now(), described)
    }
}

/// Reads a pack from the command line's argument; says why it cannot, and ends with 2.
func readPack(_ directory: String) throws -> RulePack {
    do {
        return try RulePack.read(directory, at: SystemClock().now())
    } catch let unreadable as PackUnreadable {
        Terminal.complain("\(unreadable)")
        throw ExitCode(2)
    }
}
