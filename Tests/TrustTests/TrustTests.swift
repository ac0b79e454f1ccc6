import Certificates
import Evidence
import Foundation
import Sessions
import Synchronization
import TestSupport
import Testing

@testable import Trust

@Suite(.serialized, .timeLimit(.minutes(30))) struct CertificateTrustTests {
    private func trust() -> CertificateTrust { CertificateTrust(clock: { Now.instant }) }

    private func authority(
        _ keys: PublicKeys, _ name: String = "root", certificates: Bool = true, lists: [String] = []
    ) throws -> TrustedAuthority {
        TrustedAuthority(
            name: name, digests: [try keys.certificate(name).digest],
            certificates: certificates ? [try keys.der(name)] : [], revocationLists: lists)
    }

    @Test func reportsOnceEverythingIsAtHand() throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let trust = trust()
        _ = trust.set(authorities: [try authority(keys)])
        let chain = try keys.chain("leaf", "int", "root")
        #expect(trust.report(on: chain) == nil)
        trust.insert(try keys.der("leaf"))
        #expect(trust.report(on: chain) == nil)  // the intermediate is missing
        trust.insert(try keys.der("int"))
        let report = try #require(trust.report(on: chain))
        #expect(report.problems == [])
        #expect(report.attributes.emails == ["alice@example.test"])
        #expect(report.anchor == chain.issuers[1].digest)
        #expect(trust.report(on: chain) == report)
        // Other rules, without the authority: the chain leads nowhere, and a report of before does not stay.
        _ = trust.set(authorities: [try authority(keys, "stranger")])
        trust.insert(try keys.der("root"))
        #expect(trust.report(on: chain)?.problems.isEmpty == false)
        // Known by its digest alone, its certificate handed over by the server.
        _ = trust.set(authorities: [try authority(keys, certificates: false)])
        #expect(trust.report(on: chain)?.problems == [])
        // An intermediate is an authority too.
        _ = trust.set(authorities: [try authority(keys, "int")])
        #expect(trust.report(on: chain)?.anchor == chain.issuers[0].digest)
        #expect(trust.insert([0x30, 0x01]) != .taken(chain.leaf.digest))
    }

    /// Whoever hands in rules with other authorities asks about live chains first; who asks next verifies nothing.
    @Test func whatWasAskedAheadIsAnsweredFromMemory() throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let trust = trust()
        _ = trust.set(authorities: [try authority(keys)])
        for name in ["leaf", "gone", "int"] { trust.insert(try keys.der(name)) }
        let chains = [try keys.chain("leaf", "int", "root"), try keys.chain("gone", "int", "root")]
        let needWork = {
            chains.map { chain in
                trust.state.withLock { state in
                    if case .work = state.report(on: chain) { true } else { false }
                }
            }
        }
        #expect(needWork() == [true, true])
        for chain in chains { _ = trust.report(on: chain) }
        #expect(needWork() == [false, false])
        // Another authority, and the same one under another name and with a list: what is known of these chains stands.
        _ = trust.set(authorities: [
            try authority(keys, lists: [keys.path("none.crl")]), try authority(keys, "stranger"),
        ])
        #expect(needWork() == [false, false])
        _ = trust.set(authorities: [try authority(keys, "int")])
        #expect(needWork() == [true, true])
        for chain in chains { #expect(trust.report(on: chain)?.anchor == chain.issuers[0].digest) }
        #expect(needWork() == [false, false])
    }

    @Test func aServersCertificateIsNoClients() throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let trust = trust()
        _ = trust.set(authorities: [try authority(keys)])
        for name in ["server", "int"] { trust.insert(try keys.der(name)) }
        let report = try #require(trust.report(on: try keys.chain("server", "int", "root")))
        #expect(report.problems.count == 1)
    }

    @Test func listsSayWhatIsRevokedWithDigestsAlone() throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let (crl, now) = (keys.path("int.crl"), Now.instant)
        var trust = trust()
        try keys.list(revoked: ["8A02"], number: 1, to: crl)
        let good = try keys.chain("leaf", "int", "root")
        let gone = try keys.chain("gone", "int", "root")

        _ = trust.set(authorities: [try authority(keys)])
        #expect(trust.revocation(of: good, at: now) == nil)  // nobody to ask

        _ = trust.set(authorities: [try authority(keys, "int", lists: [crl])])
        #expect(trust.refresh().changed)
        #expect(isGood(trust.revocation(of: good, at: now)))
        #expect(isRevoked(trust.revocation(of: gone, at: now)))

        // With the root as authority the root must tell of the intermediate too, and its certificate is needed.
        trust = self.trust()
        _ = trust.set(authorities: [try authority(keys, "root", lists: [crl])])
        _ = trust.refresh()
        #expect(reason(trust.revocation(of: good, at: now))?.contains("is not at hand") == true)
        trust.insert(try keys.der("int"))
        #expect(reason(trust.revocation(of: good, at: now))?.contains("no revocation list") == true)
        #expect(isRevoked(trust.revocation(of: gone, at: now)))
        try keys.list(by: "root", number: 1, to: keys.path("root.crl"))
        _ = trust.set(authorities: [try authority(keys, "root", lists: [crl, keys.path("root.crl")])])
        _ = trust.refresh()
        // The list is of a second that a slow machine has not seen before.
        #expect(isGood(trust.revocation(of: good, at: Now.instant)))
        // The day that it is overdue, and the revoked one for ever.
        let later = now + .seconds(86_400 * 31)
        #expect(reason(trust.revocation(of: good, at: later))?.contains("overdue") == true)
        #expect(isRevoked(trust.revocation(of: gone, at: later)))
    }

    /// By the files that an authority names, whoever issued what is in them; of each issuer the newest alone.
    @Test func listsAreKnownByAuthority() throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let trust = trust()
        let (crl, missing) = (keys.path("int.crl"), keys.path("none.crl"))
        try keys.list(revoked: ["8A02"], number: 1, to: crl)
        try keys.list(number: 2, to: keys.path("newer.crl"))
        _ = trust.set(
            authorities: [try authority(keys, "root", lists: [crl, keys.path("newer.crl"), missing])])
        #expect(trust.listsByAuthority().values.allSatisfy { $0.lists.isEmpty })
        _ = trust.refresh()
        let known = try #require(trust.listsByAuthority().values.first)
        #expect(known.lists.count == 1)
        #expect((known.lists.first?.nextUpdate ?? known.lists[0].thisUpdate) > known.lists[0].thisUpdate)
        #expect(known.troubles.count == 1 && known.troubles[0].hasPrefix(missing))
    }

    @Test func filesThatChangeUnderIt() throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let (crl, trust, now) = (keys.path("int.crl"), trust(), Now.instant)
        let good = try keys.chain("leaf", "int", "root")
        _ = trust.set(authorities: [try authority(keys, "int", lists: [crl])])
        let missing = trust.refresh()
        #expect(missing.warnings.count == 1 && !missing.changed)
        #expect(trust.refresh().warnings.isEmpty)  // said once
        #expect(reason(trust.revocation(of: good, at: now))?.contains("No such file") == true)

        try keys.list(number: 5, to: crl)
        #expect(trust.refresh().changed)
        #expect(isGood(trust.revocation(of: good, at: now)))
        #expect(!trust.refresh().changed)
        let old = try Data(contentsOf: URL(filePath: crl))

        // Replaced by one that revokes the leaf: read at once.
        Thread.sleep(forTimeInterval: 1.1)  // thisUpdate has whole seconds
        try keys.list(revoked: ["8A01"], number: 6, to: crl)
        #expect(trust.refresh().changed)
        #expect(isRevoked(trust.revocation(of: good, at: Now.instant)))
        let new = try Data(contentsOf: URL(filePath: crl))

        // The old one again.
        try old.write(to: URL(filePath: crl), options: .atomic)
        let rollback = trust.refresh()
        #expect(rollback.warnings.count == 1 && rollback.warnings.first?.contains("older") == true)
        #expect(isRevoked(trust.revocation(of: good, at: Now.instant)))

        // Half of one, in place: looked at twice, and refused.
        try new.prefix(100).write(to: URL(filePath: crl))
        #expect(trust.refresh().warnings.isEmpty)
        #expect(trust.refresh().warnings.first?.contains("stay in force") == true)
        #expect(isRevoked(trust.revocation(of: good, at: Now.instant)))

        // A newer list with the issuer's name by somebody else.
        try shell(
            "cd \(keys.folder); cp stranger.key forged.key; openssl req -x509 -new -key forged.key -subj /O=Example/CN=int -config req.cnf -days 9 -out forged.crt -addext keyUsage=critical,cRLSign"
        )
        Thread.sleep(forTimeInterval: 1.1)
        try keys.list(by: "forged", number: 9, to: crl)
        let forged = trust.refresh()
        #expect(forged.warnings.first?.contains("not signed by its issuer") == true)
        #expect(isRevoked(trust.revocation(of: good, at: Now.instant)))

        // Gone: what it said stays said.
        try FileManager.default.removeItem(atPath: crl)
        #expect(trust.refresh().warnings.first != nil)
        #expect(isRevoked(trust.revocation(of: good, at: Now.instant)))
        // A new one without the leaf, of later: readmitted.
        try keys.list(number: 7, to: crl)
        #expect(trust.refresh().changed)
        #expect(isGood(trust.revocation(of: good, at: Now.instant)))
    }

    @Test func foldersOfLists() throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let (folder, trust) = (keys.path("lists"), trust())
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let good = try keys.chain("leaf", "int", "root")
        _ = trust.set(authorities: [try authority(keys, "root", lists: [folder])])
        trust.insert(try keys.der("int"))
        #expect(trust.refresh().warnings.first?.contains("empty") == true)
        try keys.list(number: 1, to: "\(folder)/int.pem")
        try keys.list(by: "root", number: 1, to: "\(folder)/root.pem")
        try shell("cd \(folder); openssl crl -in root.pem -outform DER -out root.der; rm root.pem")
        #expect(trust.refresh().changed)
        #expect(isGood(trust.revocation(of: good, at: Now.instant)))
        try Data("no list".utf8).write(to: URL(filePath: "\(folder)/README"))
        #expect(trust.refresh().warnings.count == 1)
        #expect(isGood(trust.revocation(of: good, at: Now.instant)))
    }

    /// Sessions ask while rules, lists and certificates change: no answer is of a state that never was.
    @Test(arguments: [11, 12] as [UInt64]) func questionsDuringChanges(seed: UInt64) throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let trust = trust()
        let crl = keys.path("int.crl")
        try keys.list(revoked: ["8A02"], number: 1, to: crl)
        let with = try authority(keys, "int", lists: [crl])
        let without = try authority(keys, "int")
        _ = trust.set(authorities: [with])
        _ = trust.refresh()
        for name in ["leaf", "gone", "int"] { trust.insert(try keys.der(name)) }
        let chains = [try keys.chain("leaf", "int", "root"), try keys.chain("gone", "int", "root")]
        let now = Now.instant
        let wrong = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 3) { worker in
            var random = Seeded(seed + UInt64(worker))
            for _ in 0..<(worker == 0 ? 300 : 3000) {
                if worker == 0 {
                    _ = trust.set(authorities: [Bool.random(using: &random) ? with : without])
                    _ = trust.refresh()
                } else {
                    let index = Int.random(in: 0...1, using: &random)
                    let status = trust.revocation(of: chains[index], at: now)
                    let isBad = index == 0 ? isRevoked(status) : isGood(status)
                    let report = trust.report(on: chains[index])
                    if isBad || report?.problems != [] { wrong.withLock { $0 += 1 } }
                }
            }
        }
        #expect(wrong.withLock { $0 } == 0)
    }
}

func isGood(_ status: RevocationStatus?) -> Bool { if case .good = status { true } else { false } }
func isRevoked(_ status: RevocationStatus?) -> Bool { if case .revoked = status { true } else { false } }
func reason(_ status: RevocationStatus?) -> String? {
    if case .unknown(let reason) = status { reason } else { nil }
}
