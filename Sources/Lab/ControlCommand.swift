import Foundation

/// The daemon's command line, used as an administrator uses it.
package struct ControlCommand: Sendable {
    package let executable: String
    package let socket: String

    package init(executable: String, socket: String) {
        self.executable = executable
        self.socket = socket
    }

    /// `gatehouse sessions --json`.
    package func sessions() async throws -> [SessionLine] {
        try await ask(["sessions"]).read(SessionList.self).sessions
    }

    /// The session that holds a tunnel address, once the daemon has put it in a class.
    package func session(at address: String) async throws -> SessionLine? {
        try await sessions().first { $0.holds(address) && $0.className != nil }
    }

    /// `gatehouse explain SESSION --to DESTINATION --json`, which ends with 1 when the answer is "deny".
    ///
    /// The destination is text. A `Destination` here would crash: with Swift 6.3.1 and NonisolatedNonsendingByDefault,
    /// an asynchronous function with an indirect result and a `UInt128` among several parameters jumps to address 0
    /// (optimised or not; not with `@concurrent`).
    package func explain(_ session: String, to destination: String) async throws -> Explanation {
        try await ask(["explain", session, "--to", destination], acceptable: [0, 1]).read(Explanation.self)
    }

    /// `gatehouse device set-status DEVICE STATUS --json`. Returns when the kernel has committed.
    package func setStatus(_ status: String, of device: Device) async throws -> Commitment {
        try await ask(["device", "set-status", device.rawValue, status]).read(Commitment.self)
    }

    /// `gatehouse reload --json`.
    package func reload() async throws -> Commitment { try await ask(["reload"]).read(Commitment.self) }

    /// `gatehouse plan FOLDER --live --json`, which ends with 1 when something would change.
    package func plan(_ folder: String) async throws -> PlannedChange {
        try await ask(["plan", folder, "--live"], acceptable: [0, 1]).read(PlannedChange.self)
    }

    /// `gatehouse apply FOLDER --change REFERENCE --confirm-within TIME --json`.
    package func apply(_ folder: String, reference: String, confirmWithin: String) async throws -> Commitment
    {
        let words = ["apply", folder, "--change", reference, "--confirm-within", confirmWithin]
        return try await ask(words).read(AppliedChange.self).done
    }

    /// `gatehouse user enrol USER --tenant TENANT --json`: the authenticator's copy of the new seed.
    package func enrol(_ person: Person, of tenant: String) async throws -> OneTimeCode {
        let answer = try await ask(["user", "enrol", person.rawValue, "--tenant", tenant])
        guard let code = OneTimeCode(base32: try answer.read(Enrolment.self).secret) else {
            throw LabError.unreadableAnswer(command: answer.command, answer: "(no base32)")
        }
        return code
    }

    /// `gatehouse step-up SESSION --tenant TENANT --json`, the code on standard input. Nil when it was not accepted.
    package func stepUp(_ session: String, of tenant: String, code: String) async throws -> Commitment? {
        let words = ["step-up", session, "--tenant", tenant]
        let answer = try await ask(words, acceptable: [0, 1], input: code + "\n")
        return answer.status == 0 ? try answer.read(Commitment.self) : nil
    }

    /// `gatehouse spot-check --seed SEED --sample COUNT --json`.
    package func spotCheck(_ seed: String, sample: Int) async throws -> SpotCheck {
        try await ask(["spot-check", "--seed", seed, "--sample", "\(sample)"]).read(SpotCheck.self)
    }

    private func ask(_ words: [String], acceptable: Set<Int32> = [0], input: String = "") async throws
        -> Answer
    {
        let command = Command([executable] + words + ["--json", "--control", socket]).input(input)
        let output = try await command.output()
        guard acceptable.contains(output.status) else {
            throw LabError.commandFailed(
                command: command.text, status: output.status, output: output.standardError)
        }
        return Answer(command: command.text, status: output.status, text: output.standardOutput)
    }
}

private struct Answer {
    let command: String
    let status: Int32
    let text: String

    func read<Value: Decodable>(_ type: Value.Type) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch { throw LabError.unreadableAnswer(command: command, answer: "\(text.prefix(300))") }
    }
}

private struct Enrolment: Decodable { let secret: String }

/// Live sessions drawn by lot.
package struct SpotCheck: Decodable, Sendable {
    package struct Drawn: Decodable, Sendable, Hashable {
        package struct Fact: Decodable, Sendable, Hashable { package let kind: String }

        package let session: String
        package let user: String
        package let facts: [Fact]
    }

    package let from: [String]
    package let drawn: [Drawn]
}

struct SessionList: Decodable {
    let sessions: [SessionLine]
    /// Why nobody is let in; nil when people are.
    let closedBecause: String?
    /// Interfaces that the packet path should watch and does not, with the reason.
    let unwatched: [String: String]?
    /// Sources that cannot be heard, since when.
    let detachedSources: [String: String]
}

/// One session as `gatehouse sessions --json` lists it; what the lab does not use is left unread.
package struct SessionLine: Decodable, Sendable {
    package let id: String
    package let user: String?
    package let className: String?
    /// `open`, `connecting` or `cut`.
    package let state: String
    package let addresses: [String]
    /// Where it comes from.
    package let outer: String?
    /// Until when the decision about it is good, in RFC 3339; nil for as long as nothing happens.
    package let reviewAt: String?

    private enum CodingKeys: String, CodingKey {
        case id, user, state, addresses, outer, reviewAt
        case className = "class"
    }

    /// A session that was cut may be listed with the address that it had.
    package func holds(_ address: String) -> Bool { state != "cut" && addresses.contains(address) }
}

/// The daemon's answer to "why may this session reach that, or why not".
package struct Explanation: Decodable, Sendable {
    package let verdict: String
    private let className: String?
    private let system: String?
    private let cites: [String]
    private let reason: String

    private enum CodingKeys: String, CodingKey {
        case verdict, system, cites, reason
        case className = "class"
    }

    package var permits: Bool { verdict == "permit" }

    /// Class, what in it decided, and the clauses of the written policy that it serves.
    package var text: String {
        let cause = permits ? system : reason
        let clauses = cites.isEmpty ? nil : cites.joined(separator: ", ")
        return [className, cause, clauses].compactMap(\.self).joined(separator: "; ")
    }
}

/// What new rules would do to live sessions, as far as the lab looks at it.
package struct PlannedChange: Decodable, Sendable {
    private struct Movement: Decodable, Sendable { let cut: [Connection] }
    private struct Connection: Decodable, Sendable { let source, destination: String }

    private let moved: [Movement]

    /// Connections of a client to a destination that would get nothing more through.
    func cuts(from client: String, to destination: String) -> Int {
        moved.flatMap(\.cut).count { $0.source.contains(client) && $0.destination == destination }
    }
}

private struct AppliedChange: Decodable { let done: Commitment }

/// That the kernel has acknowledged a change, and when.
package struct Commitment: Decodable, Sendable {
    /// Nanoseconds since 1970, on the clock that packets are stamped with.
    package let committedAt: Int64
}
