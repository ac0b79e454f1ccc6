import Control
import ControlAPI
import Diagnosis
import Foundation
import Netfilter
import Place
import PolicyLanguage
import Portal
import RulesetCompiler
import Sessions
import SharedSignals
import Store
import Trust

/// Gathers what can be seen of a gateway. What follows from it is `Diagnosis`' affair.
struct GatewayLook: Sendable {
    let configuration: DaemonConfiguration
    let patience: Duration

    init(_ configuration: DaemonConfiguration, patience: Duration) {
        self.configuration = configuration
        self.patience = patience
    }

    private var tunnels: [String] { configuration.sources.map(\.tunnel) }
    private var layout: RulesetLayout { RulesetLayout(tunnels: tunnels) }
    /// Every table that is ours: the last is the guard that goes with the daemon's socket.
    private var ownTables: Set<String> { [layout.table, layout.guardTable, layout.heldTable] }

    func findings(at now: Instant) async -> [Finding] {
        let knowledge = await ask(ControlOperations.doctor)
        let rules = await onThread { [self] in ruleKnowledge(knowledge, at: now) }
        let tables = readTables()
        let facts = GatewayFacts(
            now: now, daemon: await daemon(knowledge), tables: tables.map { $0.own }, files: files(),
            rules: rules.map { self.rules($0, knowledge) }, sources: sources(knowledge))
        let host = HostLook(tunnels: tunnels).facts(zones: rules.map { $0.zones })
        let texts = await RuleTexts.read(tables.value?.foreign)
        let foreign = ForeignJudgement(tunnels: tunnels) { texts.text(of: $0) }
        return KernelJudgement.findings(facts)
            + foreign.findings(tables.map { $0.foreign }, legacy: HostLook.legacyTables())
            + HostJudgement.findings(host) + FileJudgement.findings(facts) + RuleJudgement.findings(facts)
            + SourceJudgement.findings(facts.sources) + AlertJudgement.findings(await alertSinks())
            + TransmitterJudgement.findings(transmitters(knowledge))
    }

    private func transmitters(
        _ knowledge: Known<ControlMessages.GatewayKnowledge>
    ) -> Known<[GatewayFacts.Transmitter]> {
        guard configuration.signals != nil else { return .known([]) }
        return knowledge.map { known in
            known.transmitters.map { one in
                GatewayFacts.Transmitter(
                    name: one.name, hasKeys: one.hasKeys, keysFault: one.keysFault, pollFault: one.pollFault,
                    pollFailures: one.pollFailures)
            }
        }
    }

    // MARK: The daemon

    private func alertSinks() async -> Known<[GatewayFacts.AlertSink]> {
        guard configuration.alerts != nil else { return .known([]) }
        return await ask(ControlOperations.alerts).map { state in
            state.sinks.map { sink in
                GatewayFacts.AlertSink(
                    name: sink.name, queued: sink.queued, unsaved: sink.unsaved, diskFault: sink.diskFault,
                    delivered: sink.delivered, lost: sink.lost, failures: sink.failures,
                    lastError: sink.lastError)
            }
        }
    }

    private func ask<Answer: Codable & Sendable>(
        _ operation: TypedOperation<ControlMessages.Nothing, Answer>
    ) async -> Known<Answer> {
        do throws(ControlClientError) {
            return .known(
                try await ControlClient(path: configuration.control, timeout: patience).call(
                    operation, ControlMessages.Nothing()))
        } catch {
            return .unknown("\(error)")
        }
    }

    private func daemon(
        _ knowledge: Known<ControlMessages.GatewayKnowledge>
    ) async -> Known<GatewayFacts.Daemon> {
        switch knowledge {
        case .unknown(let reason): return .unknown(reason)
        case .known(let known):
            let kernel = await ask(ControlOperations.inspectKernel)
            return .known(
                GatewayFacts.Daemon(
                    kernel: kernel.map(GatewayFacts.Kernel.init), closedBecause: known.closedBecause,
                    storeFault: known.storeFault, auditFault: known.auditFault))
        }
    }

    // MARK: The kernel

    private func readTables() -> Known<(foreign: ForeignTables, own: GatewayFacts.Tables)> {
        do throws(ForeignTables.Failure) {
            let read = try ForeignTables.read(leavingOut: ownTables)
            let main = read.own.first { $0.name == layout.table }
            let hooks = Set((main?.chains ?? []).compactMap(\.hook?.point))
            let wanted: [ForeignTables.Hook.Point] = [.prerouting, .input, .forward, .output]
            return .known(
                (
                    read.foreign,
                    GatewayFacts.Tables(
                        isThere: main != nil,
                        missingHooks: wanted.filter { !hooks.contains($0) }.map(\.rawValue),
                        hasGuard: read.own.contains { $0.name == layout.guardTable },
                        hasHeld: read.own.contains { $0.name == layout.heldTable })
                ))
        } catch {
            return .unknown("\(error)")
        }
    }

    // MARK: Rules

    /// Of the rules in force, or of the folder where no daemon says which are.
    private func ruleKnowledge(
        _ knowledge: Known<ControlMessages.GatewayKnowledge>, at now: Instant
    ) -> Known<ControlMessages.RuleKnowledge> {
        if let known = knowledge.value { return .known(known.rules) }
        do {
            let files = try PackDirectory(path: configuration.rules).files()
            let (policy, _) = PolicyCompiler.compile(
                files.map { PackFile(path: $0.path, bytes: $0.bytes) }, now: now)
            guard let policy else {
                return .unknown(
                    "the rules in \(configuration.rules) have mistakes: 'gatehouse check' lists them")
            }
            let trust = CertificateTrust(clock: { now })
            _ = trust.set(authorities: policy.authorities.map(TrustedAuthority.init))
            _ = trust.refresh()
            return .known(ControlMessages.RuleKnowledge(policy, trust, countries: countries()))
        } catch {
            return .unknown("\(error)")
        }
    }

    private func countries() -> Result<CountryDatabase, ControlMessages.RuleKnowledge.Unreadable>? {
        guard !configuration.countries.isEmpty else { return nil }
        do throws(CountryDatabaseError) {
            return .success(try CountryDatabase(paths: configuration.countries))
        } catch {
            return .failure(.init(description: "\(error)"))
        }
    }

    private func rules(
        _ known: ControlMessages.RuleKnowledge, _ knowledge: Known<ControlMessages.GatewayKnowledge>
    ) -> GatewayFacts.Rules {
        let instant = Instant.init(nanosecondsSince1970:)
        return GatewayFacts.Rules(
            folder: configuration.rules, folderIsInForce: folderIsInForce(knowledge),
            waiting: waiting(knowledge),
            reviewDue: known.reviewDue.map(instant),
            contracts: known.contracts.map { contract in
                .init(
                    vendor: contract.vendor, reference: contract.reference, until: instant(contract.until),
                    warnBefore: .seconds(contract.warnBeforeSeconds))
            },
            authorities: known.authorities.map(GatewayFacts.Authority.init),
            countries: .init(
                areAskedFor: known.asksForCountries,
                files: known.countriesFault.map { .unknown($0) }
                    ?? .known(known.countries.map { .init(path: $0.path, built: $0.built.map(instant)) })))
    }

    private func waiting(
        _ knowledge: Known<ControlMessages.GatewayKnowledge>
    ) -> Known<GatewayFacts.WaitingChange?> {
        switch knowledge {
        case .unknown: .unknown("only the daemon knows whether a change waits")
        case .known(let known):
            .known(known.waiting.map { .init(reference: $0.reference, until: $0.until) })
        }
    }

    private func folderIsInForce(_ knowledge: Known<ControlMessages.GatewayKnowledge>) -> Known<Bool> {
        switch knowledge {
        case .unknown: return .unknown("only the daemon knows which rules are in force")
        case .known(let known):
            do {
                let files = try PackDirectory(path: configuration.rules).files()
                return .known(KeptPack(reading: files).digest == known.inForce)
            } catch {
                return .unknown("\(error)")
            }
        }
    }

    // MARK: Files

    private func files() -> GatewayFacts.Files {
        var secrets = configuration.sources.compactMap { source in
            source.passwordFile.map { ($0, "the management password of \(source.name)") }
        }
        if let seeds = configuration.seeds { secrets.append((seeds, "the file of seeds of one-time codes")) }
        if let key = configuration.sealKey { secrets.append((key, "the key that seeds are sealed with")) }
        for sink in configuration.alerts?.sinks ?? [] {
            guard case .webhook(let hook) = sink.kind else { continue }
            secrets.append((hook.secretFile, "the secret of the webhook '\(sink.name)'"))
        }
        if let posture = configuration.posture {
            secrets.append((posture.files.key, "the key of the server for posture reports"))
        }
        if let files = configuration.signals?.files {
            secrets.append((files.key, "the key of the server for signals"))
        }
        for peer in configuration.signals?.peers ?? [] {
            let tokens = [peer.pushToken, peer.poll?.token].compactMap(\.self)
            secrets += tokens.map { ($0, "a token of the transmitter \(peer.transmitter.name)") }
        }
        return GatewayFacts.Files(
            store: .known(FileLook.store(configuration.state)), space: FileLook.space(configuration.state),
            controlSocket: FileLook.permissions(configuration.control),
            secrets: secrets.map { path, what in
                .init(path: path, what: what, permissions: FileLook.permissions(path))
            })
    }

    private func sources(_ knowledge: Known<ControlMessages.GatewayKnowledge>) -> [GatewayFacts.Source] {
        configuration.sources.map { source in
            let folder = (source.management as NSString).deletingLastPathComponent
            return GatewayFacts.Source(
                name: source.name, management: source.management, folder: FileLook.permissions(folder),
                detachedSince: knowledge.value.map { .known($0.detachedSources[source.name]) }
                    ?? .unknown("only the daemon knows whether it is heard"),
                listener: SocketLook.listener(of: source.management))
        }
    }
}

extension GatewayFacts.Kernel {
    fileprivate init(_ state: ControlMessages.KernelState) {
        self.init(
            elements: state.elements, missing: state.missing.count, unexpected: state.unexpected.count,
            differing: state.differing.count, fault: state.fault,
            drifts: state.drifts.map { drift in
                GatewayFacts.Drift(
                    at: TimeText.timestamp(drift.at) ?? Instant(nanosecondsSince1970: 0), what: drift.what,
                    undoneAfter: drift.undoneAfterMicroseconds.map { .microseconds($0) })
            })
    }
}

extension GatewayFacts.Authority {
    fileprivate init(_ known: ControlMessages.AuthoritySummary) {
        self.init(
            name: known.name,
            lists: known.lists.map { list in
                .init(
                    thisUpdate: Instant(nanosecondsSince1970: list.thisUpdate),
                    nextUpdate: list.nextUpdate.map(Instant.init(nanosecondsSince1970:)))
            },
            troubles: known.troubles, hasFiles: known.hasFiles, hasResponder: known.hasResponder,
            isRequired: known.isRequired)
    }
}
