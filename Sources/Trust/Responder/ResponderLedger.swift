import Certificates
import Evidence
import Sessions

/// Which certificates responders are asked about, what they said, and when they are to be asked again. Pure.
struct ResponderLedger {
    struct Key: Hashable {
        let issuer: CertificateDigest
        /// The content of the INTEGER.
        let serial: [UInt8]
        let url: String
    }

    /// What a thread is to ask.
    struct Errand: Sendable {
        let question: OCSPQuestion
        let url: String
        fileprivate let key: Key
    }

    private struct Entry {
        let question: OCSPQuestion
        var answer: OCSPAnswer?
        /// Why the last attempt failed; nil when it did not.
        var failure: String?
        var failures = 0
        /// When to ask again.
        var next: Instant
        /// Until when somebody may rest on it.
        var wantedUntil: Instant
        var isAsked = true
    }

    /// Half of an answer's life, and no more than this: a withdrawal is known that soon.
    static let longestRest = Duration.seconds(3600)
    static let shortestRest = Duration.seconds(30)
    private static let longestRetry = Duration.seconds(300)
    /// Looked at in one sweep.
    private static let sweep = 20_000

    private let lease: Duration
    private let capacity: Int
    private var entries: [Key: Entry] = [:]
    private var queue: [Key] = []
    private var head = 0
    private var inFlight = 0
    private var order: [Key] = []

    /// `lease`: for how long after somebody asked for it an answer is kept fresh.
    init(capacity: Int, lease: Duration) {
        self.capacity = capacity
        self.lease = lease
    }

    var count: Int { entries.count }
    var hasWaiting: Bool { head < queue.count }
    var isIdle: Bool { !hasWaiting && inFlight == 0 }

    /// What is known. A question that is new is put to the responder; `mustWake` tells that a thread has to do it.
    mutating func status(
        _ key: Key, question: () -> OCSPQuestion, at now: Instant, mustWake: inout Bool
    ) -> RevocationStatus {
        guard var entry = entries[key] else {
            guard entries.count < capacity else {
                return .unknown(reason: "responders are being asked about too many certificates")
            }
            entries[key] = Entry(question: question(), next: now, wantedUntil: now + lease)
            queue.append(key)
            mustWake = true
            return Self.pending(key)
        }
        var wantedUntil = now + lease
        let status: RevocationStatus
        switch entry.answer {
        // Overdue or not: what is withdrawn stays so until the responder says otherwise.
        case .some(let answer) where answer.isRevoked: status = .revoked(since: answer.revokedSince)
        case .some(let answer) where now < answer.until:
            if answer.standing == .good {
                status = .good(until: answer.until)
                wantedUntil = max(wantedUntil, answer.until)
            } else {
                status = .unknown(reason: "the responder \(key.url) does not know the certificate")
            }
        default:
            status =
                entry.failure.map { .unknown(reason: "the responder \(key.url): \($0)") } ?? Self.pending(key)
        }
        if wantedUntil > entry.wantedUntil || (!entry.isAsked && entry.next <= now) {
            entry.wantedUntil = max(wantedUntil, entry.wantedUntil)
            if !entry.isAsked, entry.next <= now {
                entry.isAsked = true
                queue.append(key)
                mustWake = true
            }
            entries[key] = entry
        }
        return status
    }

    private static func pending(_ key: Key) -> RevocationStatus {
        .unknown(reason: "the responder \(key.url) is being asked; connect again in a moment")
    }

    /// The next thing to ask; nil when nothing waits. Every errand ends in ``finish(_:_:at:)``.
    mutating func take() -> Errand? {
        while head < queue.count {
            let key = queue[head]
            head += 1
            if head > 4096, head * 2 > queue.count {
                queue.removeFirst(head)
                head = 0
            }
            guard let entry = entries[key], entry.isAsked else { continue }
            inFlight += 1
            return Errand(question: entry.question, url: key.url, key: key)
        }
        return nil
    }

    /// Returns true when something may follow from it for a session.
    mutating func finish(
        _ errand: Errand, _ outcome: Result<OCSPAnswer, ResponderFailure>, at now: Instant
    ) -> Bool {
        inFlight -= 1
        guard var entry = entries[errand.key] else { return false }
        defer { entries[errand.key] = entry }
        entry.isAsked = false
        switch outcome {
        case .success(let answer):
            entry.failure = nil
            entry.failures = 0
            let life = answer.until - now
            let rest = answer.standing == .unknown ? min(life, .seconds(60)) : life / 2
            entry.next = now + max(Self.shortestRest, min(rest, Self.longestRest))
            // A replayed older answer takes back nothing that a newer one said.
            if let before = entry.answer, answer.thisUpdate < before.thisUpdate { return false }
            let isNew = entry.answer != answer
            entry.answer = answer
            return isNew
        case .failure(let failure):
            let isNew = entry.failure == nil
            entry.failure = failure.description
            entry.failures += 1
            let wait = Duration.seconds(5) * (1 << min(entry.failures - 1, 6))
            entry.next = now + min(wait, Self.longestRetry)
            return isNew && entry.answer == nil
        }
    }

    /// Asks again where it is time and somebody rests on the answer; forgets what nobody rests on. A part of the
    /// entries a call. Returns true when a thread has something to do.
    mutating func refresh(at now: Instant) -> Bool {
        if order.isEmpty { order = Array(entries.keys) }
        var mustWake = false
        for key in order.suffix(Self.sweep) {
            guard let entry = entries[key], !entry.isAsked else { continue }
            if entry.wantedUntil <= now {
                entries[key] = nil
            } else if entry.next <= now {
                entries[key]?.isAsked = true
                queue.append(key)
                mustWake = true
            }
        }
        order.removeLast(min(order.count, Self.sweep))
        return mustWake
    }
}

/// Why a responder could not be asked, in one line.
package struct ResponderFailure: Error, Hashable, CustomStringConvertible {
    package let description: String
}

extension OCSPAnswer {
    fileprivate var isRevoked: Bool { if case .revoked = standing { true } else { false } }
    fileprivate var revokedSince: Instant? { if case .revoked(let since) = standing { since } else { nil } }
}
