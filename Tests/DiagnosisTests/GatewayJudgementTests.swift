import Sessions
import Testing

@testable import Diagnosis

/// What is said of the daemon, its table, its files, its rules and its VPN servers, check by check.
struct GatewayJudgementTests {
    private static let now = Instant(secondsSince1970: 1_780_000_000)
    private static let lost = "it cannot be read"
    private static let day: Duration = .seconds(86_400)
    private static let daemon = GatewayFacts.Daemon(kernel: .known(.init(elements: 3)))

    private static func kernel(_ change: (inout GatewayFacts.Kernel) -> Void, _ check: Check) -> Finding {
        var kernel = GatewayFacts.Kernel(elements: 3)
        change(&kernel)
        return KernelJudgement.kernel(.known(kernel), now).first { $0.check == check }
            ?? .unknown(check, "there is no finding")
    }

    private static func drift(_ at: Instant, _ undone: Duration?) -> GatewayFacts.Drift {
        .init(at: at, what: "nft (process 4711) deleted table inet gatehouse", undoneAfter: undone)
    }

    private static let kernelCases: [(found: Finding, level: Finding.Level, says: String)] = [
        (KernelJudgement.daemon(.known(daemon)), .ok, "runs and answers"),
        (KernelJudgement.daemon(.unknown("nobody answers")), .problem, "nobody answers"),
        (KernelJudgement.table(.known(.init(isThere: true, hasGuard: true))), .ok, "with all its chains"),
        (KernelJudgement.table(.known(.init(isThere: false, hasGuard: true))), .problem, "is not there"),
        (
            KernelJudgement.table(.known(.init(isThere: true, missingHooks: ["forward"], hasGuard: true))),
            .problem,
            "no chain at forward"
        ),
        (KernelJudgement.table(.unknown(lost)), .unknown, lost),
        (KernelJudgement.guardTable(.known(.init(isThere: true, hasGuard: true))), .ok, "is there"),
        (KernelJudgement.guardTable(.known(.init(isThere: true, hasGuard: false))), .problem, "is not there"),
        (KernelJudgement.guardTable(.unknown(lost)), .unknown, lost),
        (
            KernelJudgement.heldTable(.known(.init(isThere: true, hasGuard: true)), daemonRuns: true), .ok,
            "is there"
        ),
        (
            KernelJudgement.heldTable(
                .known(.init(isThere: true, hasGuard: true, hasHeld: false)), daemonRuns: true), .warning,
            "is not there"
        ),
        (
            KernelJudgement.heldTable(
                .known(.init(isThere: true, hasGuard: true, hasHeld: false)), daemonRuns: false), .unknown,
            "only while the daemon runs"
        ),
        (KernelJudgement.heldTable(.unknown(lost), daemonRuns: true), .unknown, lost),
        (kernel({ _ in }, .kernelElements), .ok, "3 addresses of sessions"),
        (kernel({ $0.elements = 1 }, .kernelElements), .ok, "1 address of sessions"),
        (kernel({ $0.elements = nil }, .kernelElements), .problem, "knows of no session"),
        (
            kernel(
                {
                    $0.missing = 2
                    $0.unexpected = 1
                    $0.differing = 4
                }, .kernelElements), .problem, "2 missing, 1 that nobody decided on and 4 different"
        ),
        (kernel({ _ in }, .kernelFault), .ok, "takes what the daemon puts"),
        (kernel({ $0.fault = "ENOMEM" }, .kernelFault), .problem, "ENOMEM"),
        (kernel({ _ in }, .kernelDrifts), .ok, "nobody else changed"),
        (
            kernel({ $0.drifts = [drift(now - day - day, .seconds(1))] }, .kernelDrifts), .ok,
            "nobody else changed"
        ),
        (
            kernel({ $0.drifts = [drift(now - .seconds(9), .microseconds(1234))] }, .kernelDrifts), .warning,
            "changed once in the last day and put right; last at "
        ),
        (
            kernel({ $0.drifts = [drift(now - .seconds(9), .microseconds(1234))] }, .kernelDrifts), .warning,
            "nft (process 4711) deleted table inet gatehouse, undone after 1.2 ms"
        ),
        (
            kernel({ $0.drifts = Array(repeating: drift(now, .zero), count: 3) }, .kernelDrifts), .warning,
            "changed 3 times"
        ),
        (
            kernel({ $0.drifts = [drift(now - day - day, nil), drift(now, .zero)] }, .kernelDrifts), .problem,
            "not undone"
        ),
        (KernelJudgement.kernel(.unknown(lost), now)[0], .unknown, lost),
        (KernelJudgement.kernel(.unknown(lost), now)[1], .unknown, lost),
        (KernelJudgement.kernel(.unknown(lost), now)[2], .unknown, lost),
    ]

    // MARK: Files

    private static func authority(
        _ updates: [(Duration, Duration?)], troubles: [String] = [], hasFiles: Bool = true,
        hasResponder: Bool = false
    ) -> Finding {
        FileJudgement.revocation(
            .init(
                name: "corporate",
                lists: updates.map { .init(thisUpdate: now + $0.0, nextUpdate: $0.1.map { now + $0 }) },
                troubles: troubles, hasFiles: hasFiles, hasResponder: hasResponder), now)
    }

    private static func countries(
        _ asked: Bool, _ files: Known<[GatewayFacts.Countries.File]>
    ) -> Finding { FileJudgement.countries(.init(areAskedFor: asked, files: files), now) }

    private static func space(_ free: UInt64, of total: UInt64) -> Finding {
        FileJudgement.space(.known(.init(path: "/var/lib/gatehouse", freeBytes: free, totalBytes: total)))
    }

    private static func secret(_ mode: Known<UInt32>) -> Finding {
        FileJudgement.secret(
            .init(
                path: "/etc/gatehouse/seeds", what: "the file of seeds",
                permissions: mode.map { .init(mode: $0) }))
    }

    private static let fileCases: [(found: Finding, level: Finding.Level, says: String)] = [
        (authority([(.zero - day, day)]), .ok, "is good until"),
        (authority([(.zero - day, .zero)]), .problem, "a list is overdue since"),
        (
            authority([(.zero - day, day), (.zero - day - day, .zero - day)]), .problem,
            "a list is overdue since"
        ),
        (authority([(.zero - day, nil)]), .warning, "does not say when the next one is due"),
        (
            authority([], troubles: ["/crl: no such file"]), .problem,
            "no list is in force: /crl: no such file"
        ),
        (
            authority([(.zero - day, day)], troubles: ["/crl: half"]), .warning,
            "a newer file is not in force: /crl: half"
        ),
        (authority([], hasFiles: false, hasResponder: true), .ok, "a responder is asked"),
        (authority([], hasFiles: false), .ok, "neither lists nor a responder"),
        (countries(false, .known([])), .ok, "no rule asks"),
        (countries(true, .known([])), .problem, "no database is configured"),
        (countries(true, .unknown(lost)), .problem, "no database is in force: \(lost)"),
        (countries(false, .unknown(lost)), .unknown, "no database is in force"),
        (countries(true, .known([.init(path: "/c", built: nil)])), .unknown, "do not say when"),
        (countries(true, .known([.init(path: "/c", built: now - day)])), .ok, "the oldest file, /c"),
        (
            countries(
                true,
                .known([.init(path: "/c", built: now - .seconds(61 * 86_400)), .init(path: "/d", built: now)])
            ),
            .warning, "/c was made"
        ),
        (FileJudgement.store(.known(.init(path: "/s")), daemon), .ok, "/s is there"),
        (
            FileJudgement.store(.known(.init(path: "/s", fault: "is not there")), nil), .problem,
            "/s: is not there"
        ),
        (
            FileJudgement.store(
                .known(.init(path: "/s")), .init(kernel: .unknown(""), storeFault: "disk I/O error")),
            .problem, "disk I/O error"
        ),
        (FileJudgement.store(.unknown(lost), nil), .unknown, lost),
        (space(1 << 30, of: 2 << 30), .ok, "1024 MiB (50 %) are free"),
        (space(199_000_000, of: 400_000_000), .warning, "(49 %)"),
        (space(9 << 30, of: 100 << 30), .warning, "(9 %)"),
        (space(9_000_000, of: 100 << 30), .problem, "8 MiB (0 %)"),
        (space(0, of: 0), .problem, "(0 %)"),
        (FileJudgement.space(.unknown(lost)), .unknown, lost),
        (FileJudgement.damage(.known(daemon)), .ok, "no records were lost"),
        (
            FileJudgement.damage(
                .known(.init(kernel: .unknown(""), closedBecause: "the database was damaged"))),
            .problem, "nobody is let in: the database was damaged"
        ),
        (FileJudgement.damage(.unknown("")), .unknown, "only the daemon knows"),
        (FileJudgement.audit(.known(daemon)), .ok, "what happens is on the audit record"),
        (
            FileJudgement.audit(.known(.init(kernel: .unknown(""), auditFault: "no space left"))),
            .problem, "there is no audit record of what happens: no space left"
        ),
        (FileJudgement.audit(.unknown("")), .unknown, "only the daemon knows"),
        (secret(.known(0o100600)), .ok, "by the owner alone"),
        (secret(.known(0o640)), .problem, "has mode 0640: others can read it"),
        (secret(.unknown(lost)), .unknown, lost),
        (FileJudgement.controlSocket(.known(.init(mode: 0o600))), .ok, "mode 0600"),
        (FileJudgement.controlSocket(.known(.init(mode: 0o660))), .ok, "mode 0660"),
        (FileJudgement.controlSocket(.known(.init(mode: 0o666))), .ok, "mode 0666: the daemon asks"),
        (FileJudgement.controlSocket(.known(.init(mode: 0o777))), .problem, "mode 0777, which"),
        (FileJudgement.controlSocket(.unknown(lost)), .unknown, lost),
    ]

    // MARK: Rules and VPN servers

    private static func rules(_ inForce: Known<Bool>) -> GatewayFacts.Rules {
        .init(
            folder: "/etc/gatehouse/rules", folderIsInForce: inForce, waiting: .known(nil), reviewDue: nil,
            contracts: [], authorities: [], countries: .init(areAskedFor: false, files: .known([])))
    }

    private static func contract(_ until: Duration) -> Finding {
        let contract = GatewayFacts.Contract(
            vendor: "Civica", reference: "C-2291", until: now + until, warnBefore: .seconds(30 * 86_400))
        return RuleJudgement.contracts([contract], now)[0]
    }

    private static func source(_ detached: Known<String?>, _ listener: Known<String?>, _ mode: Known<UInt32>)
        -> GatewayFacts.Source
    {
        .init(
            name: "office", management: "/run/openvpn/m.sock", folder: mode.map { .init(mode: $0) },
            detachedSince: detached, listener: listener)
    }

    private static func attached(_ detached: Known<String?>, _ listener: Known<String?>) -> Finding {
        SourceJudgement.attached(source(detached, listener, .known(0o700)))
    }

    private static func folder(_ mode: Known<UInt32>) -> Finding {
        SourceJudgement.folder(source(.known(nil), .known(nil), mode))
    }

    private static let ruleCases: [(found: Finding, level: Finding.Level, says: String)] = [
        (RuleJudgement.folder(rules(.known(true))), .ok, "is what is in force"),
        (RuleJudgement.folder(rules(.known(false))), .warning, "is not what is in force"),
        (RuleJudgement.folder(rules(.unknown(lost))), .unknown, lost),
        (RuleJudgement.waiting(.known(nil)), .ok, "no change waits"),
        (
            RuleJudgement.waiting(.known(.init(reference: "CHG-7", until: "2026-05-28T20:31:40Z"))), .warning,
            "CHG-7 waits for its confirmation until 2026"
        ),
        (RuleJudgement.waiting(.unknown(lost)), .unknown, lost),
        (RuleJudgement.review(nil, now), .ok, "no day of review"),
        (RuleJudgement.review(now + day, now), .ok, "to be reviewed before"),
        (RuleJudgement.review(now, now), .warning, "were to be reviewed before"),
        (RuleJudgement.contracts([], now)[0], .ok, "no contract"),
        (contract(.seconds(31 * 86_400)), .ok, "none of 1 contracts ends soon"),
        (contract(.seconds(29 * 86_400)), .warning, "the contract of Civica ends"),
        (contract(.zero - day), .warning, "the contract of Civica ended"),
        (
            attached(.known(nil), .known("openvpn (process 7)")), .ok,
            "is heard by /run/openvpn/m.sock, which openvpn (process 7) listens on"
        ),
        (attached(.known("2026-05-28T20:00:00Z"), .known(nil)), .problem, "cannot be heard since 2026"),
        (attached(.known("2026-05-28T20:00:00Z"), .unknown(lost)), .problem, "cannot be heard since 2026"),
        (attached(.unknown(lost), .known(nil)), .problem, "nobody listens on /run/openvpn/m.sock"),
        (attached(.unknown(lost), .known("openvpn (process 7)")), .unknown, lost),
        (folder(.known(0o40700)), .ok, "nobody else can enter"),
        (folder(.known(0o755)), .problem, "has mode 0755"),
        (folder(.unknown(lost)), .unknown, lost),
    ]

    private static func sink(_ sink: GatewayFacts.AlertSink) -> Finding {
        AlertJudgement.findings(.known([sink]))[0]
    }

    private static let alertCases: [(found: Finding, level: Finding.Level, says: String)] = [
        (sink(.init(name: "a", queued: 2, delivered: 3)), .ok, "3 alerts delivered, 2 wait"),
        (sink(.init(name: "a", failures: 2, lastError: "the server answered 500")), .warning, "answered 500"),
        (sink(.init(name: "a", queued: 9, failures: 40)), .problem, "40 tries failed in a row, and 9"),
        (sink(.init(name: "a", lost: 4, failures: 1)), .problem, "1 tries failed"),
        (sink(.init(name: "a", lost: 4)), .warning, "4 alerts never reached it"),
        (sink(.init(name: "a", unsaved: 5, diskFault: "no room")), .problem, "5 alerts are in memory alone"),
        (AlertJudgement.findings(.known([]))[0], .ok, "nobody is alerted"),
        (AlertJudgement.findings(.unknown(lost))[0], .unknown, lost),
    ]

    private static func transmitter(_ transmitter: GatewayFacts.Transmitter) -> Finding {
        TransmitterJudgement.findings(.known([transmitter]))[0]
    }

    private static let transmitterCases: [(found: Finding, level: Finding.Level, says: String)] = [
        (transmitter(.init(name: "idp")), .ok, "its keys are known"),
        (transmitter(.init(name: "idp", hasKeys: false)), .problem, "have not been fetched yet"),
        (
            transmitter(.init(name: "idp", hasKeys: false, keysFault: "status 503")), .problem,
            "none of its keys are known: status 503"
        ),
        (
            transmitter(.init(name: "idp", keysFault: "status 503")), .warning,
            "those of before count: status 503"
        ),
        (
            transmitter(
                .init(name: "idp", keysFault: "status 503", pollFault: "no connection", pollFailures: 2)),
            .warning, "could not be asked for tokens 2 times in a row: no connection"
        ),
        (
            transmitter(.init(name: "idp", pollFault: "no connection", pollFailures: 15)), .problem,
            "15 times in a row"
        ),
        (TransmitterJudgement.findings(.known([]))[0], .ok, "none is configured"),
        (TransmitterJudgement.findings(.unknown(lost))[0], .unknown, lost),
    ]

    private static let cases = kernelCases + fileCases + ruleCases + alertCases + transmitterCases

    @Test(arguments: cases.indices) func isJudged(number: Int) {
        let (found, level, says) = Self.cases[number]
        #expect(found.level == level && found.says.contains(says), "\(found)")
        #expect(
            [.problem, .warning].contains(level) == (found.why != nil && found.remedy != nil), "\(found)")
    }

    /// Every check has a case of each level that it can have, or so many say.
    @Test func everyCheckIsTried() {
        let tried = Set(Self.cases.map(\.found.check))
        let own = Check.allCases.filter { check in
            !["foreign", "host"].contains { check.rawValue.hasPrefix($0 + ".") }
        }
        #expect(own.filter { !tried.contains($0) } == [])
    }

    /// Nothing that could be looked at: each check says that it is not known, or a problem, and none says ok.
    @Test func whatIsNotKnownIsNeverOk() {
        let lost = Self.lost
        let facts = GatewayFacts(
            now: Self.now, daemon: .unknown(lost), tables: .unknown(lost),
            files: .init(
                store: .unknown(lost), space: .unknown(lost), controlSocket: .unknown(lost), secrets: []),
            rules: .unknown(lost), sources: [Self.source(.unknown(lost), .unknown(lost), .unknown(lost))])
        let found =
            KernelJudgement.findings(facts) + FileJudgement.findings(facts) + RuleJudgement.findings(facts)
            + SourceJudgement.findings(facts.sources) + TransmitterJudgement.findings(.unknown(lost))
        #expect(found.filter { $0.level == .ok } == [])
        #expect(found.filter { $0.level == .problem }.map(\.check) == [.daemon])
    }
}
