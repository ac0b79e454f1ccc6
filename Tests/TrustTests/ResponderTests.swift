import Evidence
import Foundation
import Glibc
import Sessions
import Synchronization
import TestSupport
import Testing

@testable import Certificates
@testable import Trust

/// `openssl ocsp` on a port of the loopback interface, for as long as it is kept.
private final class Responder {
    let url: String
    private let pid: Int32

    /// `options` are those of openssl-ocsp(1); files are in the keys' folder.
    init(_ keys: PublicKeys, signer: String, options: String = "") throws {
        let port = try Self.freePort()
        url = "http://127.0.0.1:\(port)/"
        let text = try shell(
            """
            cd \(keys.folder); rm -f responder.log
            setsid openssl ocsp -port \(port) -index index.txt -CA int.crt -rsigner \(signer).crt -rkey \(signer).key \
                \(options) >responder.log 2>&1 </dev/null & echo $!
            """)
        pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
        // It says so when it listens; a connection to find out would keep it waiting for a request.
        let log = keys.path("responder.log")
        for _ in 0..<500
        where (try? String(contentsOfFile: log, encoding: .utf8))?.contains("waiting") != true {
            usleep(10_000)
        }
    }

    func stop() { if pid > 1 { kill(pid, SIGKILL) } }

    private static func freePort() throws -> UInt16 {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(number) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = unsafe inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe bind(number, $0, length)
                _ = unsafe getsockname(number, $0, &length)
            }
            return unsafe UInt16(bigEndian: pointer.pointee.sin_port)
        }
        return port
    }
}

@Suite(.serialized, .timeLimit(.minutes(30))) struct ResponderTests {
    private func ask(
        _ keys: PublicKeys, _ name: String, signer: String, options: String = "-ndays 1",
        at shift: Duration = .zero
    ) throws -> Result<OCSPAnswer, OCSPProblem> {
        let responder = try Responder(keys, signer: signer, options: options)
        defer { responder.stop() }
        let question = OCSPQuestion(try keys.certificate(name), issuer: try keys.certificate("int"))
        let nonce: [UInt8] = [1, 2, 3, 4]
        let body = try ResponderClient().post(
            question.request(nonce: nonce), to: try ResponderAddress(responder.url))
        do throws(OCSPProblem) {
            return .success(
                try OCSPResponse(der: body).answer(to: question, nonce: nonce, at: Now.instant + shift))
        } catch {
            return .failure(error)
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name = "leaf"
        var signer = "signer"
        var options = "-ndays 1"
        var shift = Duration.zero
        let meant: String
        var testDescription: String { "\(name) \(signer) \(options) \(shift): \(meant)" }
    }

    @Test(arguments: [
        Case(meant: "good"),
        Case(name: "gone", meant: "revoked"),
        Case(name: "lost", meant: "unknown"),  // not in the index
        Case(signer: "int", meant: "good"),  // the issuer itself
        Case(options: "-ndays 1 -resp_key_id", meant: "good"),  // named by its key
        Case(options: "-ndays 1 -resp_no_certs", meant: "nobody whose certificate is at hand"),
        Case(signer: "stranger", meant: "is not issued by"),
        Case(signer: "purposeless", meant: "no OCSPSigning"),
        Case(signer: "checked", meant: "no ocsp-nocheck"),
        Case(options: "-ndays 1 -rmd sha1", meant: "SHA-1 is too weak"),
        Case(shift: .seconds(2 * 86_400), meant: "overdue"),
        Case(signer: "int", shift: .seconds(-3600), meant: "is of later"),
        Case(options: "", meant: "good"),  // no nextUpdate: ten minutes
        Case(options: "", shift: .seconds(500), meant: "good"),
        Case(options: "", shift: .seconds(700), meant: "overdue"),
    ])
    func realAnswers(_ row: Case) throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        switch try ask(keys, row.name, signer: row.signer, options: row.options, at: row.shift) {
        case .success(let answer): #expect("\(answer.standing)".hasPrefix(row.meant))
        case .failure(let problem): #expect(problem.description.contains(row.meant))
        }
    }

    @Test func anAnswerIsForItsQuestionOnly() throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let der = try answer(keys, "leaf", "-no_nonce")
        let issuer = try keys.certificate("int")
        let question = OCSPQuestion(try keys.certificate("leaf"), issuer: issuer)
        let response = try OCSPResponse(der: der)
        #expect(try response.answer(to: question, at: Now.instant).standing == .good)
        // Without a nonce in it, it counts for a question that had one.
        #expect(try response.answer(to: question, nonce: [9], at: Now.instant).standing == .good)
        #expect(throws: OCSPProblem.self) {
            try response.answer(
                to: OCSPQuestion(try keys.certificate("gone"), issuer: issuer), at: Now.instant)
        }
        #expect(throws: OCSPProblem.self) {
            try response.answer(
                to: OCSPQuestion(try keys.certificate("leaf"), issuer: try keys.certificate("stranger")),
                at: Now.instant)
        }
        let nonced = try OCSPResponse(der: try answer(keys, "leaf", ""))
        #expect(throws: OCSPProblem.self) { try nonced.answer(to: question, nonce: [9], at: Now.instant) }
        // Issuer named by SHA-256.
        let other = try OCSPResponse(der: try answer(keys, "leaf", "-no_nonce", digest: "-sha256"))
        #expect(try other.answer(to: question, at: Now.instant).standing == .good)
    }

    /// What `openssl ocsp` writes without a network.
    private func answer(_ keys: PublicKeys, _ name: String, _ options: String, digest: String = "") throws
        -> [UInt8]
    {
        try shell(
            """
            cd \(keys.folder)
            openssl ocsp -issuer int.crt \(digest) -cert \(name).crt -reqout q.der \(options) >/dev/null 2>&1 || true
            openssl ocsp -index index.txt -CA int.crt -rsigner signer.crt -rkey signer.key -ndays 1 -reqin q.der \
                -respout a.der >/dev/null 2>&1
            """)
        return Array(try Data(contentsOf: URL(filePath: keys.path("a.der"))))
    }

    /// No byte of an answer can be changed without its being refused, or its meaning nothing else; and nothing crashes.
    @Test(arguments: [21, 22] as [UInt64]) func mutatedAnswersAreRefused(seed: UInt64) throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let original = try answer(keys, "gone", "-no_nonce")
        let question = OCSPQuestion(try keys.certificate("gone"), issuer: try keys.certificate("int"))
        let now = Now.instant
        var random = Seeded(seed)
        var accepted = 0
        for round in 0..<6000 {
            var der = original
            switch round % 3 {
            case 0:
                der[Int.random(in: 0..<der.count, using: &random)] ^= UInt8.random(
                    in: 1...255, using: &random)
            case 1: der.removeLast(Int.random(in: 1..<der.count, using: &random))
            default:
                let start = Int.random(in: 0..<der.count, using: &random)
                let end = min(der.count, start + Int.random(in: 1...20, using: &random))
                der.replaceSubrange(
                    start..<end,
                    with: (0..<Int.random(in: 0...20, using: &random)).map { _ in
                        UInt8.random(in: 0...255, using: &random)
                    })
            }
            guard let response = try? OCSPResponse(der: der),
                let answer = try? response.answer(to: question, at: now)
            else { continue }
            accepted += 1
            if case .revoked = answer.standing {
            } else {
                Issue.record("seed \(seed), round \(round): \(answer)")
            }
        }
        // The nonce-less request and the certificates' order are not signed; there is little else.
        #expect(accepted < 200)
    }

    @Test func inTheBackground() throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let responder = try Responder(keys, signer: "signer", options: "-ndays 1")
        defer { responder.stop() }
        let trust = CertificateTrust(clock: { Now.instant })
        let changes = Mutex(0)
        trust.onChange { changes.withLock { $0 += 1 } }
        _ = trust.set(authorities: [
            TrustedAuthority(
                name: "corporate", digests: [try keys.certificate("int").digest],
                certificates: [try keys.der("int")], responder: responder.url)
        ])
        let chains = ["leaf", "gone", "lost"].map { try? keys.chain($0, "int", "root") }.compactMap(\.self)
        for chain in chains {
            #expect(reason(trust.revocation(of: chain, at: Now.instant))?.contains("connect again") == true)
            _ = trust.revocation(of: chain, at: Now.instant)  // asked once
        }
        for _ in chains { #expect(trust.answerNextQuestion(waitingAtMost: .seconds(5))) }
        #expect(!trust.answerNextQuestion(waitingAtMost: .zero))
        #expect(changes.withLock { $0 } >= 1)
        #expect(isGood(trust.revocation(of: chains[0], at: Now.instant)))
        #expect(isRevoked(trust.revocation(of: chains[1], at: Now.instant)))
        #expect(reason(trust.revocation(of: chains[2], at: Now.instant))?.contains("does not know") == true)
    }

    @Test func aResponderThatIsNotThere() throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        for (url, words) in [
            ("http://127.0.0.1:1/", "refused"), ("https://127.0.0.1/", "https is not supported"),
        ] {
            let trust = CertificateTrust(clock: { Now.instant })
            _ = trust.set(authorities: [
                TrustedAuthority(
                    name: "corporate", digests: [try keys.certificate("int").digest],
                    certificates: [try keys.der("int")], responder: url)
            ])
            let chain = try keys.chain("leaf", "int", "root")
            _ = trust.revocation(of: chain, at: Now.instant)
            #expect(trust.answerNextQuestion(waitingAtMost: .zero))
            #expect(reason(trust.revocation(of: chain, at: Now.instant))?.contains(words) == true)
        }
    }

    @Test func theClientGivesUp() throws {
        // A listener that never answers.
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = unsafe inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe bind(listener, $0, length)
                _ = listen(listener, 5)
                _ = unsafe getsockname(listener, $0, &length)
            }
            return unsafe UInt16(bigEndian: pointer.pointee.sin_port)
        }
        let client = ResponderClient(timeout: .milliseconds(200))
        let start = ContinuousClock.now
        #expect(throws: ResponderFailure(description: "no answer in time")) {
            try client.post([1], to: try ResponderAddress("http://127.0.0.1:\(port)/"))
        }
        #expect(start.duration(to: .now) < .seconds(60), "it waits 200 ms; the server, for ever")
    }

    @Test func theLedgerRefreshesWhatIsRestedOn() throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let issuer = try keys.certificate("int")
        var ledger = ResponderLedger(capacity: 10, lease: .seconds(600))
        var now = Instant(secondsSince1970: 1_000_000)
        let key = ResponderLedger.Key(issuer: issuer.digest, serial: [1], url: "http://x/")
        var mustWake = false
        func status() -> RevocationStatus {
            ledger.status(
                key, question: { OCSPQuestion(serial: [1], issuer: issuer) }, at: now, mustWake: &mustWake)
        }
        func answer(_ standing: OCSPAnswer.Standing, from: Instant, life: Int64) throws -> Bool {
            let next = ledger.take()
            let errand = try #require(next)
            let answer = OCSPAnswer(standing: standing, thisUpdate: from, until: from + .seconds(life))
            return ledger.finish(errand, .success(answer), at: now)
        }
        #expect(reason(status()) != nil && mustWake)
        #expect(try answer(.good, from: now, life: 4000))
        #expect(isGood(status()))
        let tooEarly = ledger.refresh(at: now + .seconds(1999))
        #expect(!tooEarly)
        now = now + .seconds(2000)
        let isTime = ledger.refresh(at: now)
        #expect(isTime)  // half of its life; a session rests on it to its end
        // A replay of something older, and then the news.
        #expect(try !answer(.good, from: now - .seconds(3000), life: 9000))
        #expect(isGood(status()))
        now = now + .seconds(3600)
        #expect(reason(status()) != nil)  // overdue, and asked anew
        #expect(try answer(.revoked(since: now), from: now, life: 4000))
        #expect(isRevoked(status()))
        now = now + .seconds(100_000)
        #expect(isRevoked(status()))
        while ledger.take() != nil { continue }
        for number in 0..<20 {
            _ = ledger.status(
                ResponderLedger.Key(issuer: issuer.digest, serial: [UInt8(number)], url: "http://x/"),
                question: { OCSPQuestion(serial: [1], issuer: issuer) }, at: now, mustWake: &mustWake)
        }
        #expect(ledger.count == 10)
    }
}
