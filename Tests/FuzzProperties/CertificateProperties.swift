import Certificates
import Evidence
import Sessions
import Trust

/// What holds for certificates, revocation lists and responders' answers, whatever the bytes are.
///
/// Nothing of it is good unless it is what one of the authorities of the fixtures has signed: who changes a byte of it
/// has not their keys.
enum CertificateProperties {
    static let now = Instant(secondsSince1970: 1_795_305_600)

    /// A file, in PEM or DER, of a leaf and what may lead from it to an authority.
    static func certificateViolation(in input: [UInt8]) -> String? {
        let fixtures = CertificateFixtures.shared
        guard let parts = parts(of: input, labels: ["CERTIFICATE"]) else { return nil }
        if let violation = parts.violation { return violation }
        var chain: [DecodedCertificate] = []
        for der in parts.ders {
            do throws(DERError) {
                let certificate = try DecodedCertificate(der: der)
                if let violation = violation(of: certificate) { return violation }
                chain.append(certificate)
            } catch {
                if let violation = violation(of: error, count: der.count) { return violation }
            }
        }
        guard let leaf = chain.first else { return nil }
        let check = CertificateCheck(
            leaf, intermediates: Array(chain.dropFirst()), verifier: fixtures.verifier, lists: fixtures.lists,
            at: now)
        if check.reasons.isEmpty, !fixtures.good.contains(leaf.digest) {
            return "a chain is good that nobody signed"
        }
        let report = fixtures.verifier.report(leaf: leaf, intermediates: Array(chain.dropFirst()))
        if report.problems.isEmpty, !fixtures.issued.contains(leaf.digest) {
            return "a report without problems of what nobody signed"
        }
        return (check.reasons + report.problems).lazy.compactMap(unshowable).first
    }

    /// What OpenVPN's helper hands over: a version, a depth, a certificate.
    static func handOverViolation(in input: [UInt8]) -> String? {
        do throws(HandOverMessage.Problem) {
            let message = try HandOverMessage(input)
            guard input.count >= 2, message.depth == input[1] else { return "another depth" }
            // What was taken is taken again when it is handed over in DER.
            let again = try HandOverMessage([1, message.depth] + message.der)
            return again == message ? nil : "otherwise when it is handed over again"
        } catch {
            return unshowable(error.description)
        }
    }

    /// A file of revocation lists.
    static func listViolation(in input: [UInt8]) -> String? {
        let fixtures = CertificateFixtures.shared
        guard let parts = parts(of: input, labels: ["X509 CRL"]) else { return nil }
        if let violation = parts.violation { return violation }
        for der in parts.ders {
            let list: RevocationList
            do throws(DERError) {
                list = try RevocationList(der: der)
            } catch {
                if let violation = violation(of: error, count: der.count) { return violation }
                continue
            }
            // The shortest entry has a serial number and a time.
            if list.count * 18 > der.count { return "\(list.count) entries in \(der.count) bytes" }
            if let violation = unshowable(list.shownIssuer) ?? unshowable(list.obstacle ?? "") {
                return violation
            }
            if fixtures.listBytes.contains(der) { continue }
            for issuer in fixtures.authorities {
                let known = IssuerRevocation(issuer: issuer, lists: [list])
                for serial in fixtures.serials {
                    guard case .unknown = known.status(of: serial, at: now) else {
                        return "a list that nobody signed says something"
                    }
                }
                if let violation = known.obstacles.lazy.compactMap(unshowable).first { return violation }
            }
        }
        return nil
    }

    /// A responder's answer.
    static func answerViolation(in input: [UInt8]) -> String? {
        let fixtures = CertificateFixtures.shared
        do throws(OCSPProblem) {
            let response = try OCSPResponse(der: input)
            for question in fixtures.questions {
                guard let answer = try? response.answer(to: question, at: now) else { continue }
                guard fixtures.answers.contains(answer) else { return "an answer that nobody signed counts" }
            }
            for question in fixtures.questions {
                _ = try response.answer(to: question, nonce: [1, 2, 3], at: now)
            }
        } catch {
            return unshowable(error.description)
        }
        return nil
    }

    /// What comes over a responder's connection.
    static func httpViolation(in input: [UInt8]) -> String? {
        let whole = Answer(input, pieces: max(1, input.count))
        for size in [1, 5] where Answer(input, pieces: size) != whole {
            return "otherwise in pieces of \(size) bytes"
        }
        if whole.body.count > Answer.maximumBody { return "a body of \(whole.body.count) bytes" }
        if whole.isComplete, !(200...999).contains(whole.status) {
            return "complete with status \(whole.status)"
        }
        if let address = try? ResponderAddress(String(decoding: input, as: UTF8.self)) {
            let line = address.host + address.path + address.authority
            if !line.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) {
                return "a request line that can be ended"
            }
            if address.host.isEmpty || !address.path.hasPrefix("/") && !address.path.hasPrefix("?") {
                return "an address without a host or path"
            }
        }
        return whole.problem.flatMap(unshowable)
    }

    private struct Answer: Equatable {
        static let maximumBody = 1000
        var status = 0
        var body: [UInt8] = []
        var isComplete = false
        var problem: String?

        init(_ input: [UInt8], pieces: Int) {
            var answer = HTTPAnswer(maximumBody: Self.maximumBody)
            do throws(HTTPAnswer.Problem) {
                var rest = input[...]
                while !rest.isEmpty {
                    try answer.receive(rest.prefix(pieces))
                    rest = rest.dropFirst(pieces)
                }
                try answer.end()
            } catch {
                problem = error.description
                return
            }
            (status, body, isComplete) = (answer.status, answer.body, answer.isComplete)
        }
    }

    // MARK: Parts

    private static func parts(of input: [UInt8], labels: [String]) -> (ders: [[UInt8]], violation: String?)? {
        let ders: [[UInt8]]
        do throws(PEMDocument.Failure) {
            ders = try PEMDocument.parts(of: input, labels: labels).map(\.der)
        } catch {
            if let line = error.line, !(1...input.count + 1).contains(line) {
                return ([], "a line outside the file")
            }
            guard let violation = unshowable(error.description) else { return nil }
            return ([], violation)
        }
        if ders.isEmpty { return ([], "a file without parts") }
        for der in ders where der.count >= 130 {
            // A part alone is a file with that part. (A length below 128 bytes may be a character of text.)
            guard (try? PEMDocument.parts(of: der, labels: labels).map(\.der)) == [der] else {
                return ([], "a part is no file of its own")
            }
        }
        return (ders, nil)
    }

    private static func violation(of certificate: DecodedCertificate) -> String? {
        let der = certificate.der
        if (try? DecodedCertificate(der: der + [0])) != nil { return "a byte too many is accepted" }
        if (try? DecodedCertificate(der: Array(der.dropLast()))) != nil {
            return "a byte too few is accepted"
        }
        guard let again = try? DecodedCertificate(der: der), again.digest == certificate.digest,
            again.attributes == certificate.attributes
        else { return "otherwise when it is read again" }
        return unshowable(certificate.shownName) ?? unshowable(certificate.shownIssuer)
            ?? (SerialText.candidates(certificate.serialText).contains(certificate.serialContent)
                || certificate.serialContent.first.map { $0 >= 0x80 } ?? true
                ? nil : "its serial number as text is another one")
    }

    private static func violation(of error: DERError, count: Int) -> String? {
        (0...count).contains(error.offset) ? unshowable(error.description) : "an error outside the bytes"
    }

    /// Words for people are one bounded line, without what moves a cursor.
    static func unshowable(_ text: String) -> String? {
        if text.utf8.count > 4000 { return "\(text.utf8.count) bytes of words" }
        let isPlain = text.unicodeScalars.allSatisfy { !PlainText.isControl($0) }
        return isPlain ? nil : "a control character in words for people"
    }
}

/// Certificates of OpenSSL's and what was issued with them.
struct CertificateFixtures: Sendable {
    static let shared = CertificateFixtures()

    let authorities: [DecodedCertificate]
    let verifier: ChainVerifier
    let lists: [RevocationList]
    let listBytes: [[UInt8]]
    /// Leaves that are good at the time of the properties.
    let good: Set<CertificateDigest>
    /// All that the authorities signed.
    let issued: Set<CertificateDigest>
    let serials: [[UInt8]]
    let questions: [OCSPQuestion]
    /// All that a responder ever said of the leaves.
    let answers: Set<OCSPAnswer>

    private init() {
        let certificates = FuzzFixtures.files(in: "CertificatesTests/Fixtures", withSuffix: ".crt").flatMap {
            Self.certificates($0.bytes)
        }
        let names = ["corp-ca", "tp-ca", "tp-root"]
        authorities = names.flatMap {
            Self.certificates(FuzzFixtures.file("CertificatesTests/Fixtures/\($0).crt"))
        }
        let verifier = ChainVerifier(authorities: authorities)
        let bytes = FuzzFixtures.file("CertificatesTests/Fixtures/corp.crl")
        listBytes = (try? PEMDocument.parts(of: bytes, labels: ["X509 CRL"]).map(\.der)) ?? []
        let lists = listBytes.compactMap { try? RevocationList(der: $0) }
        self.lists = lists
        self.verifier = verifier
        issued = Set(
            certificates.filter { verifier.report(leaf: $0, intermediates: certificates).problems.isEmpty }
                .map(\.digest))
        good = Set(
            certificates.filter {
                CertificateCheck(
                    $0, intermediates: certificates, verifier: verifier, lists: lists,
                    at: CertificateProperties.now
                ).reasons.isEmpty
            }.map(\.digest))
        serials = certificates.map(\.serialContent) + [[1], [0]]
        let responders = Self.certificates(FuzzFixtures.file("FuzzProperties/Fixtures/responder-ca.crt"))
        let leaves = Self.certificates(FuzzFixtures.file("FuzzProperties/Fixtures/responder-leaves.crt"))
        let questions = responders.flatMap { issuer in leaves.map { OCSPQuestion($0, issuer: issuer) } }
        self.questions = questions
        answers = Set(
            FuzzFixtures.files(in: "FuzzProperties/Fixtures", withSuffix: ".ocsp").flatMap { file in
                questions.compactMap {
                    try? OCSPResponse(der: file.bytes).answer(to: $0, at: CertificateProperties.now)
                }
            })
        precondition(
            authorities.count >= 3 && !lists.isEmpty && !good.isEmpty && !answers.isEmpty,
            "fixtures are missing: the properties would hold of nothing")
    }

    private static func certificates(_ bytes: [UInt8]) -> [DecodedCertificate] {
        ((try? PEMDocument.parts(of: bytes, labels: ["CERTIFICATE"])) ?? []).compactMap {
            try? DecodedCertificate(der: $0.der)
        }
    }
}
