import Foundation
import NetworkTypes
import Sessions
import Testing

@testable import VPNSources

/// A recorded conversation with a real server. Lines are `seconds S|C text`, S from OpenVPN, C to it; `---` lines tell
/// what was done and are no part of it.
struct Transcript {
    struct Line {
        var seconds: Double
        var isFromServer: Bool
        var text: String
    }

    var lines: [Line] = []

    /// Every recording there is.
    static let names = [
        "mgmt-01-main", "mgmt-02-auth-gen-token-default-x509", "mgmt-03-x509-track-san",
        "mgmt-04-ifconfig-push",
        "mgmt-05-ipv6-outer", "mgmt-06-reattach-then-story", "mgmt-07-reauth-deny",
        "mgmt-08-three-clients-kill",
    ]

    init(_ name: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Transcripts")
        let contents = try String(contentsOf: folder.appending(path: name + ".txt"), encoding: .utf8)
        for row in contents.split(separator: "\n", omittingEmptySubsequences: true) {
            let parts = row.drop { $0 == " " }.split(
                separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, let seconds = Double(parts[0]), ["S", "C"].contains(parts[1]) else {
                continue
            }
            lines.append(Line(seconds: seconds, isFromServer: parts[1] == "S", text: String(parts[2])))
        }
        try #require(!lines.isEmpty)
    }

    /// The interface that the recorded server used.
    var tunnel: String {
        lines.lazy.compactMap { $0.text.hasPrefix(">CLIENT:ENV,dev=") ? String($0.text.dropFirst(16)) : nil }
            .first ?? ""
    }

    /// What came over the socket, with the line ends that OpenVPN writes.
    var serverBytes: [UInt8] {
        lines.filter { $0.isFromServer && $0.text != "<EOF>" }.flatMap { Array($0.text.utf8) + [13, 10] }
    }

    /// The bytes of the first block with this header, header and END included.
    func block(_ header: String) throws -> [UInt8] {
        let texts = lines.filter(\.isFromServer).map(\.text)
        let start = try #require(texts.firstIndex(of: header))
        let end = try #require(texts[start...].firstIndex(of: ">CLIENT:ENV,END"))
        return texts[start...end].flatMap { Array($0.utf8) + [13, 10] }
    }

    /// Plays the conversation through a connection: the recorded answers are given as answers when they were given.
    func replay() throws -> Replay {
        var replay = Replay(tunnel: tunnel)
        for line in lines {
            if line.isFromServer, line.text == "<EOF>" {
                replay.events += replay.connection.finish(now: Replay.now)
            } else if line.isFromServer {
                replay.receive(Array(line.text.utf8) + [13, 10])
            } else {
                replay.send(line.text)
            }
        }
        return replay
    }
}

/// A connection that is played through, and what came of it.
struct Replay {
    static let now = Instant(secondsSince1970: 1_795_212_000)

    var connection: OpenVPNConnection
    var events: [SessionEvent] = []
    var failure: String?
    /// Answers of the recording that the connection would not send.
    var staleAnswers = 0

    init(tunnel: String) {
        connection = OpenVPNConnection(source: "office", tunnel: tunnel, password: nil)
    }

    mutating func receive(_ bytes: [UInt8]) {
        let step = connection.receive(bytes, now: Self.now)
        events += step.events
        failure = failure ?? step.failure
    }

    /// Takes `bytes` in pieces of the sizes that `cut` gives, and lets every login in as soon as it is asked.
    mutating func receive(_ bytes: [UInt8], cut: () -> Int) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(cut())
            rest = rest.dropFirst(piece.count)
            let known = events.count
            receive(Array(piece))
            for case .login(let login) in events[known...] where !connection.answer(login, .admit(push: [])) {
                staleAnswers += 1
            }
        }
    }

    /// Gives the recorded command as an answer, if it is one.
    mutating func send(_ command: String) {
        let words = command.split(separator: " ", maxSplits: 3)
        guard words.count >= 3, words[0].hasPrefix("client-"), words[0] != "client-kill",
            words[0] != "client-pending-auth", let client = UInt64(words[1]), let key = UInt64(words[2]),
            let login = logins.last(where: { $0.session.id.client == client && $0.key == key })
        else { return }
        let answer: LoginAnswer = words[0] == "client-deny" ? .refuse(log: "", tell: "") : .admit(push: [])
        if !connection.answer(login, answer) { staleAnswers += 1 }
    }

    var logins: [Login] { events.compactMap { if case .login(let login) = $0 { login } else { nil } } }
    var established: [Session] {
        events.compactMap { if case .established(let session) = $0 { session } else { nil } }
    }
    var ended: [SessionID] { events.compactMap { if case .ended(let id, _) = $0 { id } else { nil } } }
    var snapshots: [[SessionReport]] {
        events.compactMap { if case .snapshot(_, _, let reports) = $0 { reports } else { nil } }
    }
    var problems: [SourceProblem] {
        events.compactMap { if case .problem(_, let problem) = $0 { problem } else { nil } }
    }
    /// What the connection would send, as text.
    var sent: String { String(decoding: connection.unsent, as: UTF8.self) }
}

/// Everything an event holds, as text: events are compared by it.
func summary(_ event: SessionEvent) -> String {
    switch event {
    case .login(let login):
        let password = login.password.withBytes { String(decoding: $0, as: UTF8.self) }
        return
            "login \(login.kind) \(login.key) '\(password)' \(login.isTokenRenewal) \(summary(login.session))"
    case .established(let session): return "established \(summary(session))"
    case .ended(let id, let usage): return "ended \(id) \(usage.map { "\($0)" } ?? "-")"
    case .snapshot(let source, let process, let reports): return "snapshot \(source) \(process) \(reports)"
    case .detached(let source, let reason): return "detached \(source) \(reason)"
    case .problem(let source, let problem):
        return "problem \(source) \(problem) \(problem.client?.description ?? "-")"
    }
}

private func summary(_ session: Session) -> String {
    let claims = session.claims.byName.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let chain = ([session.certificates?.leaf].compactMap(\.self) + (session.certificates?.issuers ?? [])).map
    {
        "\($0.digest) \($0.serial) \($0.subject) \($0.attributes.byName.sorted { $0.key < $1.key })"
    }
    return
        "\(session.id) \(session.id.serverProcess) \(session.tunnel) \(session.commonName) \(session.userName) "
        + "\(session.outer?.description ?? "-") \(session.addresses) \(session.startedAt) \(claims) \(chain)"
}

func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }
