import Audit
import Control
import ControlAPI
import Enforcement
import Evidence
import Foundation
import Logging
import Netfilter
import PolicyLanguage
import Portal
import RulesetCompiler
import ServiceLifecycle
import Sessions
import Store
import UnixSignals
import VPNSources

/// The composition root: the only place that knows every part.
struct Daemon {
    let configuration: DaemonConfiguration
    let log: Logger
    /// Begin with the configured folder, whatever was applied.
    var startsFromFolder = false

    func run() async throws {
        let clock = SystemClock()
        let (store, closedBecause) = try openStore(clock)
        let inForce = try readRules(store, clock)
        let policy = inForce.policy
        let sealingKey = try readSealingKey(store)
        let seeds = try readSeeds()
        let evidence = EvidenceSources(configuration, log: log)
        evidence.judge(by: policy)
        _ = evidence.refresh()
        if policy.restsOnCountry, configuration.countries.isEmpty {
            log.warning(
                "rules rest on the country of addresses, and no database is configured ('countries'): none is known"
            )
        }
        let alerts = try configuration.alerts.map {
            try DaemonAlerts($0, state: configuration.state, log: log)
        }
        let trail = AuditTrail(
            state: configuration.state, store: store, alerts: alerts?.center, log: log)
        keep(.started, inForce, trail, at: clock.now())
        let backend = NetlinkRulesetBackend()
        let enforcer = Enforcer(
            settings: settings, policy: policy, change: inForce.waiting?.number,
            codes: TOTPVerifier(seeds: seeds.byOwner, states: try store.totpStates()),
            recollection: try recollection(store, sealingKey), surroundings: evidence.surroundings,
            closedBecause: closedBecause,
            backend: backend,
            ledger: StoreLedger(store: store, sealingKey: sealingKey), auditor: trail,
            clock: clock, log: log)
        do {
            try await enforcer.start()
        } catch {
            throw StartProblem("the kernel does not take the ruleset (is CAP_NET_ADMIN there?): \(error)")
        }
        log.notice(
            "in force: everything from \(settings.layout.tunnels.joined(separator: ", ")) is refused but sessions"
        )
        let manager = ServiceManager(environment: ProcessInfo.processInfo.environment)
        var services =
            try await services(
                enforcer, evidence, store, trail, alerts, inForce, manager, canSeal: sealingKey != nil)
            + evidenceServices(evidence, enforcer)
        if let manager {
            services.append(Heartbeat(manager: manager, enforcer: enforcer, backend: backend))
        }
        let group = ServiceGroup(
            configuration: .init(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: log))
        do {
            try await group.run()
        } catch {
            end(trail, at: clock.now())
            throw error
        }
        end(trail, at: clock.now())
        keep(.stopped, inForce, trail, at: clock.now())
        log.notice("stopped; what is in force stays until its leases run out")
    }

    /// Says on the record that the daemon begins or ends its work. That it cannot be said keeps nobody from working: then
    /// nobody new is let in until it can.
    private func keep(_ kind: AuditKind, _ inForce: RulesInForce, _ trail: AuditTrail, at now: Instant) {
        do {
            let digest = inForce.pack.kept.digest
            try trail.record([AuditEntries.daemon(kind, pack: digest, under: inForce.policy, at: now)])
            try trail.keepHead()
        } catch {
            log.critical("there is no audit record: \(error)")
        }
    }

    /// Records what was only counted so far.
    private func end(_ trail: AuditTrail, at now: Instant) {
        do { try trail.close(at: now) } catch { log.critical("refusals are not on the record: \(error)") }
    }

    private var settings: EnforcementSettings {
        EnforcementSettings(
            layout: RulesetLayout(
                tunnels: configuration.sources.map(\.tunnel), refusalLogGroup: configuration.refusalLogGroup),
            lease: configuration.lease, grace: configuration.grace,
            push: Dictionary(configuration.sources.map { ($0.name, $0.push) }, uniquingKeysWith: { $1 }),
            pathSlots: configuration.packetPath?.slotCount)
    }

    // MARK: Parts

    private func readRules(_ store: Store, _ clock: SystemClock) throws -> RulesInForce {
        do {
            let inForce = try RulesInForce.atStart(
                folder: configuration.rules, store: store, at: clock.now(), fromFolder: startsFromFolder)
            for warning in inForce.warnings { log.warning("\(warning)") }
            log.notice("the rules in force are pack \(inForce.pack.kept.digest)")
            return inForce
        } catch let error as StoreError {
            throw StartProblem("\(configuration.state): \(error)")
        }
    }

    /// The store, and why nobody may be let in, if so.
    private func openStore(_ clock: SystemClock) throws -> (Store, closedBecause: String?) {
        do {
            let store = try Store.openOrSetAside(directory: configuration.state, at: clock.now()).store
            let damage = try store.standingDamage()
            return (store, damage.map(DamageText.text))
        } catch {
            throw StartProblem("\(configuration.state): \(error)")
        }
    }

    /// Throws when somebody has a seed that no key opens: that person would be locked out without a word.
    private func readSealingKey(_ store: Store) throws -> SealingKey? {
        do {
            let key = try SealKeyFile.read(
                configured: configuration.sealKey, environment: ProcessInfo.processInfo.environment)
            let count = key == nil ? try store.seedEnrolments().count : 0
            guard count == 0 else {
                throw StartProblem(
                    "the database has sealed one-time-code seeds (\(count)), and there is no key to open them with: "
                        + "configure 'seal-key', or the credential 'gatehouse-seal-key'", isMistake: true)
            }
            return key
        } catch let unreadable as PackUnreadable {
            throw StartProblem("\(unreadable)", isMistake: true)
        }
    }

    private func recollection(_ store: Store, _ key: SealingKey?) throws -> Recollection {
        Recollection(
            facts: try store.facts(), postures: try store.postures().mapValues(\.posture),
            holds: try store.holds(),
            sessions: try store.sessions().map { known in
                RememberedSession(
                    session: known.session,
                    proofs: SessionProofs(
                        mfaVerifiedAt: known.mfaVerifiedAt, tenantVerifiedAt: known.tenantVerifiedAt,
                        certificates: known.certificateReport),
                    interfaceIndex: known.interfaceIndex)
            },
            seeds: try openSeeds(store, key), signals: try store.signals(),
            heardTokens: try store.heardTokens())
    }

    private func openSeeds(_ store: Store, _ key: SealingKey?) throws -> [CodeOwner: TOTPSeed] {
        do {
            return try key.map(store.seeds) ?? [:]
        } catch {
            throw StartProblem("\(error)", isMistake: true)
        }
    }

    private func readSeeds() throws -> [String: TOTPSeed] {
        guard let path = configuration.seeds else { return [:] }
        do {
            let file = try SeedFile.read(path)
            for warning in file.warnings { log.warning("\(path): \(warning)") }
            return file.seeds
        } catch let unreadable as PackUnreadable {
            throw StartProblem("\(unreadable)", isMistake: true)
        }
    }

    /// OpenVPN makes its management socket accessible to all: only the folder keeps others from taking our seat there,
    /// and with it every decision about who comes in.
    private func warnOfOpenFolder(of socket: String) {
        let folder = (socket as NSString).deletingLastPathComponent
        let attributes = try? FileManager.default.attributesOfItem(atPath: folder)
        guard let mode = attributes?[.posixPermissions] as? Int, mode & 0o077 != 0 else { return }
        log.warning(
            "\(folder) has mode 0\(String(mode, radix: 8)): others could reach the VPN server's gate; make it 0700"
        )
    }

    private func postureServer(
        _ posture: PostureConfiguration, _ enforcer: Enforcer
    ) throws -> PostureServer {
        do {
            return try PostureServer(
                posture.settings, sink: PostureIntake(enforcer: enforcer), now: { SystemClock().now() },
                log: log)
        } catch {
            throw StartProblem("posture: \(error)", isMistake: true)
        }
    }

    private func evidenceServices(
        _ evidence: EvidenceSources, _ enforcer: Enforcer
    ) throws -> [any Service] {
        let trust = TrustService(trust: evidence.trust, log: log) { enforcer.send(evidence.surroundings) }
        var services: [any Service] = [EvidenceService(sources: evidence, enforcer: enforcer), trust]
        if let handOver = configuration.handOver {
            services.append(try HandOverListener(handOver, trust: evidence.trust, log: log))
        }
        return services
    }

    /// Groups are looked up once: a directory server that hangs must not keep administrators out later.
    private func controlAccess() -> ControlServer.Access {
        let groups = UserDatabase.groups(configuration.controlGroups)
        for (role, name) in groups.missing.sorted(by: { $0.key < $1.key }) {
            let isUsual = DaemonConfiguration.usualGroups[role] == name
            log.log(level: isUsual ? .info : .warning, "no group '\(name)': nobody is \(role.rawValue) by it")
        }
        return ControlServer.Access(groups: groups.known)
    }

    private func services(
        _ enforcer: Enforcer, _ evidence: EvidenceSources, _ store: Store, _ trail: AuditTrail,
        _ alerts: DaemonAlerts?, _ inForce: RulesInForce, _ manager: ServiceManager?, canSeal: Bool
    ) async throws -> [any Service] {
        var services: [any Service] = [
            EnforcementService(enforcer: enforcer),
            AuditService(trail: trail, enforcer: enforcer, log: log),
        ]
        for source in configuration.sources {
            warnOfOpenFolder(of: source.management)
            let openvpn = try OpenVPNSource(
                .init(
                    name: source.name, socketPath: source.management, tunnel: source.tunnel,
                    passwordFile: source.passwordFile, pollInterval: source.poll, logger: log,
                    now: { SystemClock().now() }))
            await enforcer.attach(openvpn, for: source.name)
            services.append(SourceService(source: openvpn, enforcer: enforcer))
        }
        let path = configuration.packetPath.flatMap {
            PathService($0, tunnels: configuration.sources.map(\.tunnel), enforcer: enforcer, log: log)
        }
        if let path {
            services.append(path)
            services.append(
                FlowService(path, enforcer, FlowRecord(state: configuration.state), log: log))
        } else if inForce.policy.settings.monitoring?.logsFlows == true {
            log.error("the rules want flows recorded, and there is no packet path that would see them")
        }
        let changes = RuleChanges(
            inForce, enforcer: enforcer, store: store, clock: SystemClock(), log: log,
            judge: { policy in
                let chains = await enforcer.sessions.compactMap(\.session.certificates)
                await inThread { evidence.judge(by: policy, chains) }
            }, keep: { try trail.record([$0]) },
            readFolder: { [self] in
                (try RulePack.read(configuration.rules, at: SystemClock().now()), try readSeeds())
            })
        var handlers = ControlHandlers(enforcer: enforcer, changes: changes, log: log)
        handlers.history = { try store.factHistory(of: $0) }
        handlers.trail = trail
        handlers.keep = { try trail.record($0) }
        handlers.alerts = alerts
        if let alerts {
            let looks = AlertLooks(
                enforcer: enforcer, trail: trail, state: configuration.state,
                knowledge: { evidence.knowledge(of: $0) })
            services.append(AlertService(alerts: alerts, looks: looks, trail: trail, log: log))
        }
        handlers.canSeal = canSeal
        handlers.ruleKnowledge = { evidence.knowledge(of: $0) }
        let watch = ConnectionWatch(
            tunnels: configuration.sources.map(\.tunnel), limit: ControlHandlers.connectionLimit)
        handlers.connections = { time in
            var known = watch.look(for: time)
            known.formUnion(.ofKernel())
            return known
        }
        if let path {
            handlers.usage = { await path.use(of: $0) }
            handlers.unwatched = { path.unwatched }
        }
        if let signals = configuration.signals {
            let service = try await SignalService(
                signals, state: configuration.state, sink: SignalIntake(enforcer: enforcer, log: log),
                log: log)
            handlers.transmitters = { service.summaries }
            services.append(service)
        }
        if let posture = configuration.posture { services.append(try postureServer(posture, enforcer)) }
        services.append(
            ControlService(
                path: configuration.control, handlers: handlers, access: controlAccess(), log: log
            ) {
                // The rules are in force since before the services.
                if manager?.tell(.ready) == false {
                    log.error("the service manager cannot be told of the start")
                }
            })
        services.append(RuleChangeService(changes: changes))
        services.append(ReloadService(changes: changes, log: log, manager: manager))
        return services
    }
}
