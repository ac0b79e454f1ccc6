import Foundation
import NetworkTypes

/// One run: sets the stage, measures every row of the scenario, and leaves the tidying up to its caller.
package struct Demonstration: Sendable {
    package let site: Site
    package let children: Children
    package let control: ControlCommand
    let socket: ControlSocket
    let options: Lab.Options
    let pack: RulePack
    let printer: Printer
    let ledger: Ledger
    let codes: [Person: OneTimeCode]
    let alerts: AlertReceivers
    /// How long a client's login may take when somebody is there to answer it.
    static let loginPatience = Duration.seconds(15)

    package init(options: Lab.Options, pack: RulePack, site: Site, printer: Printer) {
        self.options = options
        self.pack = pack
        self.site = site
        self.printer = printer
        ledger = Ledger(printer: printer)
        children = Children(logs: site.path("logs"))
        control = ControlCommand(executable: options.executablePath, socket: site.control)
        socket = ControlSocket(path: site.control)
        alerts = AlertReceivers(at: site)
        codes = Dictionary(uniqueKeysWithValues: Person.allCases.map { ($0, OneTimeCode.random()) })
    }

    package func perform() async throws -> Report {
        let began = ContinuousClock.now
        try await setUp()
        try alerts.open()
        try site.write(
            DaemonFiles.configuration(site, polls: true) + AlertReceivers.configuration(site),
            to: "gatehouse.yaml")
        let receiver = try await alerts.startWebServer(children)
        try await PollServer(site: site).start(children)
        let daemon = try await startDaemon()
        printer.note(
            "set up in \((ContinuousClock.now - began).formatted(.units(fractionalPart: .show(length: 1))))")
        try await reportProtection()
        printer.header()
        try await loginWithoutCode()
        try await loginUnregistered()
        let clients = try await atWork()
        try await sameName(employee: clients[.employee])
        try await stolen(thief: clients[.thief])
        try await contractEnds(vendor: clients[.vendor])
        try await rulesChange(employee: clients[.employee])
        try await unprotected(employee: clients[.employee])
        try await signals(daemon, employee: clients[.employee])
        try await evidence()
        try await certificates(daemon)
        // Nobody hears of what is seen now, until the web server is back.
        await children.end(receiver)
        try await watched(daemon, employee: clients[.employee])
        _ = try await alerts.startWebServer(children)
        try await alerted()
        let revived = try await daemonDies(daemon, employee: clients[.employee])
        try await leasesRunOut(revived, employee: clients[.employee])
        try await audited()
        return await ledger.report
    }

    /// Starts the real daemon on the gateway, and returns when it answers its command line.
    func startDaemon() async throws -> Child {
        let daemon = try await children.start(
            "daemon", in: .gateway, [options.executablePath, "run", "--config", site.path("gatehouse.yaml")])
        try await Wait.until("the daemon to answer 'sessions'", log: daemon.log) {
            if !daemon.isRunning {
                throw LabError.commandFailed(
                    command: "gatehouse run", status: daemon.status ?? -1, output: Wait.tail(daemon.log))
            }
            return (try? await control.sessions()) != nil
        }
        return daemon
    }

    // MARK: - Rows

    /// Logs in, records the row, and returns the client if it is connected and the daemon has it in a class.
    func login(_ actor: Actor, stage: Row.Stage) async throws -> VPNClient? {
        let patience = stage == .daemonDead ? Duration.seconds(6) : Self.loginPatience
        return try await settle(try await start(actor, patience: patience), stage)
    }

    /// The same for a client that was started already.
    func settle(_ client: VPNClient, _ stage: Row.Stage) async throws -> VPNClient? {
        let actor = client.actor
        let session = try await settledSession(of: client)
        for row in Scenario.rows(of: stage) where row.actor == actor && row.subject == .login {
            await ledger.record(Self.loginOutcome(client, session: session, expected: row.expected), for: row)
        }
        if client.login == .connected { return client }
        await children.end(client.process)
        return nil
    }

    func start(_ actor: Actor, patience: Duration = Self.loginPatience) async throws -> VPNClient {
        try await VPNClient.start(
            actor, at: site, code: actor.givesCode ? codes[actor.person] : nil, children: children,
            patience: patience)
    }

    /// The VPN server reports addresses after the client is up, so the daemon's list may lag behind.
    private func settledSession(of client: VPNClient) async throws -> SessionLine? {
        guard let address = client.address(.ipv4) else { return nil }
        return try? await Wait.forValue("the daemon to list \(address)", within: .seconds(5)) {
            try await control.session(at: address)
        }
    }

    static func loginOutcome(
        _ client: VPNClient, session: SessionLine?, expected: Row.Expectation
    ) -> Outcome {
        switch client.login {
        case .connected:
            Outcome(
                seen: "logged in as \(client.address(.ipv4) ?? "?")",
                matches: expected == .loggedIn && session != nil,
                decidedBy: session?.className ?? "the daemon does not list it")
        case .turnedAway(let reason): Outcome(seen: "refused: \(reason)", matches: expected == .turnedAway)
        case .unanswered: Outcome(seen: "refused: no answer", matches: expected == .turnedAway)
        }
    }

    /// Measures the reach rows of one actor in a stage, both families at once, and prints them in the table's order.
    func reach(_ stage: Row.Stage, _ actor: Actor, client: VPNClient?, otherSession: VPNClient? = nil)
        async throws
    {
        let rows = Scenario.rows(of: stage).filter { row in
            if case .reach = row.subject { row.actor == actor } else { false }
        }
        guard let client else {
            for row in rows { await ledger.record(.notMeasured("no session"), for: row) }
            return
        }
        let session = try? await control.session(at: client.address(.ipv4) ?? "")
        let tries = rows.map { row in
            (row, Task { try await measure(row, client, session: session, other: otherSession) })
        }
        for (row, outcome) in tries { await ledger.record(try await outcome.value, for: row) }
    }

    private func measure(
        _ row: Row, _ client: VPNClient, session: SessionLine?, other: VPNClient?
    ) async throws -> Outcome {
        guard case .reach(let target) = row.subject, let family = row.family,
            let address = target.fixedAddress(family) ?? other?.address(family)
        else { return .notMeasured("nobody to reach") }
        let finding = try await Probe.run(target, family: family, address: address, from: client.actor.space)
        let outcome = Outcome(seen: finding.text, matches: finding.matches(row.expected))
        guard let session, let destination = target.destination(family, at: address)?.description else {
            return outcome
        }
        do {
            let explanation = try await control.explain(session.id, to: destination)
            return outcome.explained(by: explanation, expected: row.expected)
        } catch { return outcome }
    }
}
