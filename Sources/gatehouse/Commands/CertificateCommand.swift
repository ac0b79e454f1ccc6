import ArgumentParser
import Certificates
import Evidence
import Foundation
import Sessions

/// `gatehouse certificate`
struct CertificateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate", abstract: "Look at certificates.", subcommands: [CheckCertificate.self])
}

/// `gatehouse certificate check --authority CA.pem LEAF.pem`
struct CheckCertificate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say whether a certificate is good, with every reason why not.",
        discussion: """
            Files are PEM or DER and may hold several certificates. In LEAF the first is judged; the others are \
            intermediates. Authorities are trusted as they are, be they roots or not. With '--crl' every certificate \
            of the chain must be known not to be revoked, so each of its issuers needs a list that is in date.

            Ends with 0 for yes, 1 for no, 2 when a file cannot be read or is neither PEM nor DER.
            """)

    @Option(help: "A file of authorities that are trusted. May be given several times.")
    var authority: [String]
    @Option(help: "A file of certificates that may stand between. May be given several times.")
    var intermediates: [String] = []
    @Option(help: "A file of revocation lists. May be given several times.")
    var crl: [String] = []
    @Option(
        help: "Judge at this time, for example 2026-11-21T10:00:00Z, instead of now.", transform: Self.instant
    )
    var at: Instant?
    @Option(help: "What the certificate is for: client-auth or server-auth.")
    var usage: CertificateUsage = .clientAuth
    @Flag(help: "Print one JSON document.")
    var json = false
    @Argument(help: "The file of the certificate to judge.")
    var leaf: String

    func run() throws {
        let answer: Answer
        do {
            answer = try judge()
        } catch let error as UnreadableFile {
            Terminal.complain("\(error)")
            throw ExitCode(2)
        }
        if json { try Terminal.printJSON(answer) } else { print(answer.text) }
        if answer.answer == "no" { throw ExitCode(1) }
    }

    private func judge() throws -> Answer {
        var notes: [String] = []
        let authorities = try authority.flatMap { path in
            try Self.decoded(path, CertificateFile.certificates, &notes) { der throws(DERError) in
                try DecodedCertificate(der: der)
            }
        }
        // Trust in something that cannot be read is a mistake on the command line, whatever the leaf is.
        guard !authorities.isEmpty else { throw UnreadableFile(text: notes.joined(separator: "; ")) }
        let lists = try crl.flatMap { path in
            try Self.decoded(path, CertificateFile.lists, &notes) { der throws(DERError) in
                try RevocationList(der: der)
            }
        }
        let candidates = try Self.parts(leaf, CertificateFile.certificates)
        var given = try intermediates.flatMap { try Self.parts($0, CertificateFile.certificates) }
        given += candidates.dropFirst()
        let others = Self.decoded(given, &notes) { der throws(DERError) in try DecodedCertificate(der: der) }
        let instant = at ?? SystemClock().now()
        let subject: DecodedCertificate
        do {
            subject = try DecodedCertificate(der: candidates[0].der)
        } catch {
            // PEM or DER, but no certificate: that is a no, like a signature that does not hold.
            return Answer(broken: candidates[0].told(error), notes: notes, at: instant)
        }
        let check = CertificateCheck(
            subject, intermediates: others, verifier: ChainVerifier(authorities: authorities, usage: usage),
            lists: crl.isEmpty ? nil : lists, at: instant)
        return Answer(check, leaf: subject, notes: notes, at: instant)
    }

    private static func decoded<Value>(
        _ path: String, _ kind: CertificateFile, _ notes: inout [String],
        _ decode: ([UInt8]) throws(DERError) -> Value
    ) throws -> [Value] {
        decoded(try parts(path, kind), &notes, decode)
    }

    /// What cannot be decoded helps nobody to a yes: it is said, and left out.
    private static func decoded<Value>(
        _ parts: [FilePart], _ notes: inout [String], _ decode: ([UInt8]) throws(DERError) -> Value
    ) -> [Value] {
        parts.compactMap { part in
            do throws(DERError) {
                return try decode(part.der)
            } catch {
                notes.append("left out: " + part.told(error))
                return nil
            }
        }
    }

    private static func parts(_ path: String, _ kind: CertificateFile) throws -> [FilePart] {
        let bytes = try kind.read(path)
        do {
            return try PEMDocument.parts(of: bytes, labels: kind.labels).map {
                FilePart(path: path, part: $0)
            }
        } catch {
            throw UnreadableFile(text: "\(path):\(error.line == nil ? " " : "")\(error)")
        }
    }

    /// RFC 3339; certificates count whole seconds, so a fraction is cut off.
    @Sendable private static func instant(_ text: String) throws -> Instant {
        guard let instant = TimeText.timestamp(text) else {
            throw ValidationError("'\(text)' is no time like 2026-11-21T10:00:00Z.")
        }
        return Instant(secondsSince1970: instant.secondsSince1970)
    }
}

extension CertificateUsage: ExpressibleByArgument {}

/// A kind of file that the command reads, and how much of one.
private struct CertificateFile {
    let labels: [String]
    let maximumBytes: Int

    static let certificates = CertificateFile(
        labels: ["CERTIFICATE", "X509 CERTIFICATE"], maximumBytes: 16 << 20)
    /// A list of the greatest size that is read, in PEM.
    static let lists = CertificateFile(
        labels: ["X509 CRL"], maximumBytes: RevocationList.maximumBytes / 2 * 3)

    /// Reads in pieces, so that an endless file is no endless read.
    func read(_ path: String) throws -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw UnreadableFile(text: "\(path): cannot be opened")
        }
        defer { try? handle.close() }
        var bytes: [UInt8] = []
        do {
            while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
                bytes += piece
                guard bytes.count <= maximumBytes else {
                    throw UnreadableFile(text: "\(path): has more than \(maximumBytes >> 20) MiB")
                }
            }
        } catch let error as UnreadableFile {
            throw error
        } catch {
            throw UnreadableFile(text: "\(path): cannot be read")
        }
        return bytes
    }
}

private struct FilePart {
    let path: String
    let part: PEMDocument.Part

    var der: [UInt8] { part.der }

    func told(_ error: DERError) -> String { "\(path), what begins at \(part.place): \(error)" }
}

private struct UnreadableFile: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}

/// What the command prints, as text and as JSON.
private struct Answer: Encodable {
    struct Link: Encodable {
        var role: String
        var subject: String
        var issuer: String
        var serial: String
        var digest: String
        var validFrom: String
        var validUntil: String
        var revocation: String?
    }

    var answer: String
    var at: String
    var chain: [Link] = []
    var validFrom: String?
    var validUntil: String?
    var reasons: [String]
    /// What does not change the answer.
    var notes: [String] = []

    init(broken reason: String, notes: [String], at instant: Instant) {
        self.notes = notes
        answer = "no"
        at = "\(instant)"
        reasons = [reason]
    }

    init(_ check: CertificateCheck, leaf: DecodedCertificate, notes: [String], at instant: Instant) {
        self.notes = notes
        answer = check.reasons.isEmpty ? "yes" : "no"
        at = "\(instant)"
        reasons = check.reasons
        let verdict = check.verdict
        validFrom = "\(verdict.validFrom)"
        validUntil = "\(verdict.validUntil)"
        chain = verdict.chain.enumerated().map { index, certificate in
            let (from, until) = certificate.validity
            return Link(
                role: verdict.role(at: index).rawValue, subject: certificate.shownName,
                issuer: certificate.shownIssuer, serial: ShownText.shown(certificate.serialText, bound: 64),
                digest: "\(certificate.digest)", validFrom: "\(from)", validUntil: "\(until)",
                revocation: index < check.revocation.count ? Self.words(check.revocation[index].status) : nil)
        }
        for item in check.revocation {
            self.notes += item.obstacles.filter { note in !check.reasons.contains { $0.hasSuffix(note) } }
        }
    }

    /// Aligned by hand: the first line is the answer alone, for people and for scripts.
    var text: String {
        var rows: [(String, String)] = []
        if let leaf = chain.first {
            rows.append(("subject", "\(leaf.subject), serial \(leaf.serial)"))
            for link in chain.dropFirst() { rows.append((link.role, link.subject)) }
            if chain.last?.role != "authority" {
                rows.append(("issuer", "\(chain[chain.count - 1].issuer), not found"))
            }
        }
        if let validFrom, let validUntil {
            rows.append(("valid", "\(validFrom) to before \(validUntil); judged at \(at)"))
        }
        for link in chain {
            if let revocation = link.revocation { rows.append(("revocation", "\(link.role): \(revocation)")) }
        }
        rows += reasons.map { ("reason", $0) }
        rows += notes.map { ("note", $0) }
        let width = rows.map(\.0.count).max() ?? 0
        let lines = rows.map { name, value in
            name + String(repeating: " ", count: width - name.count + 2) + value
        }
        return ([answer] + lines).joined(separator: "\n")
    }

    private static func words(_ status: RevocationStatus) -> String {
        switch status {
        case .good(let until): "not revoked, known until \(until)"
        case .revoked(let since): "revoked" + (since.map { " since \($0)" } ?? "")
        case .unknown(let reason): "unknown, \(reason)"
        }
    }
}
