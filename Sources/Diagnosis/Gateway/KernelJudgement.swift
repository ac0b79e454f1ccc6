import Sessions

/// Whether the daemon runs, and whether the kernel does what it decided.
package enum KernelJudgement {
    package static func findings(_ facts: GatewayFacts) -> [Finding] {
        [daemon(facts.daemon), table(facts.tables)]
            + kernel(
                facts.daemon.value?.kernel ?? .unknown("only the daemon knows what was decided"), facts.now)
            + [guardTable(facts.tables), heldTable(facts.tables, daemonRuns: facts.daemon.value != nil)]
    }

    static func daemon(_ daemon: Known<GatewayFacts.Daemon>) -> Finding {
        switch daemon {
        case .known: .ok(.daemon, "the daemon runs and answers")
        case .unknown(let reason):
            Finding(
                .daemon, .problem, "the daemon does not answer: \(reason)",
                why:
                    "nobody new comes in, and sessions end when their leases run out; until then what was in force stays",
                remedy: "systemctl status gatehouse; journalctl -u gatehouse; gatehouse run --config FILE")
        }
    }

    static func table(_ tables: Known<GatewayFacts.Tables>) -> Finding {
        switch tables {
        case .unknown(let reason):
            .unknown(.kernelTable, reason, remedy: "run it as root, with CAP_NET_ADMIN")
        case .known(let tables) where !tables.isThere:
            Finding(
                .kernelTable, .problem, "the table inet gatehouse is not there",
                why: tables.hasGuard
                    ? "the guard table refuses everything of the tunnels meanwhile"
                    : "the kernel forwards what comes from the tunnels as if there were no rules",
                remedy: "start the daemon: it puts the table at once")
        case .known(let tables) where !tables.missingHooks.isEmpty:
            Finding(
                .kernelTable, .problem,
                "the table inet gatehouse has no chain at \(list(tables.missingHooks))",
                why: "packets are not judged there",
                remedy: "a running daemon puts it back by itself; else start it, and look who changed it")
        case .known: .ok(.kernelTable, "the table inet gatehouse is there, with all its chains")
        }
    }

    static func guardTable(_ tables: Known<GatewayFacts.Tables>) -> Finding {
        switch tables {
        case .unknown(let reason): .unknown(.guardTable, reason, remedy: "run it as root, with CAP_NET_ADMIN")
        case .known(let tables) where tables.hasGuard:
            .ok(.guardTable, "the table inet gatehouse-guard is there")
        case .known:
            Finding(
                .guardTable, .problem, "the table inet gatehouse-guard is not there",
                why: "when the main table is lost, nothing refuses what comes from the tunnels",
                remedy: "load it with 'gatehouse guard', and at boot with gatehouse-guard.service")
        }
    }

    static func heldTable(_ tables: Known<GatewayFacts.Tables>, daemonRuns: Bool) -> Finding {
        guard daemonRuns else {
            return .unknown(.heldTable, "the table inet gatehouse-held is there only while the daemon runs")
        }
        switch tables {
        case .unknown(let reason):
            return .unknown(.heldTable, reason, remedy: "run it as root, with CAP_NET_ADMIN")
        case .known(let tables) where tables.hasHeld:
            return .ok(.heldTable, "the table inet gatehouse-held is there, and nobody else can take it away")
        case .known:
            return Finding(
                .heldTable, .warning, "the table inet gatehouse-held is not there",
                why:
                    "when somebody flushes the ruleset, the tunnels are open for the milliseconds until it is undone",
                remedy:
                    "Linux 5.12 or newer has tables that belong to a program; the daemon's log says what it answered"
            )
        }
    }

    static func kernel(_ kernel: Known<GatewayFacts.Kernel>, _ now: Instant) -> [Finding] {
        switch kernel {
        case .unknown(let reason):
            [Check.kernelElements, .kernelFault, .kernelDrifts].map { .unknown($0, reason) }
        case .known(let kernel): [elements(kernel), fault(kernel.fault), drifts(kernel.drifts, now)]
        }
    }

    private static func elements(_ kernel: GatewayFacts.Kernel) -> Finding {
        guard let elements = kernel.elements else {
            return Finding(
                .kernelElements, .problem, "the kernel knows of no session, since the table is not there",
                why: "nobody gets through", remedy: "see kernel.table")
        }
        let wrong = [
            (kernel.missing, "missing"), (kernel.unexpected, "that nobody decided on"),
            (kernel.differing, "different"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        guard !wrong.isEmpty else {
            return .ok(
                .kernelElements,
                "the kernel has what was decided: \(elements) \(elements == 1 ? "address" : "addresses") of sessions"
            )
        }
        return Finding(
            .kernelElements, .problem, "elements of sessions are not what was decided: \(list(wrong))",
            why: "people reach more, or less, than they may",
            remedy:
                "run it once more, since one look may meet a change half way; if it stays, restart the daemon, which "
                + "puts everything anew")
    }

    private static func fault(_ fault: String?) -> Finding {
        guard let fault else { return .ok(.kernelFault, "the kernel takes what the daemon puts") }
        return Finding(
            .kernelFault, .problem, "the kernel does not take the ruleset: \(fault)",
            why: "nobody is let in, and what is in force may be what was decided before",
            remedy:
                "look in the daemon's log; memory, CAP_NET_ADMIN and a kernel module are the usual reasons")
    }

    private static func drifts(_ drifts: [GatewayFacts.Drift], _ now: Instant) -> Finding {
        let standing = drifts.filter { $0.undoneAfter == nil }
        let why = "until such a change is undone the kernel does not do what was decided"
        let remedy = "find out what that program is for, and let it leave our table alone"
        if let last = standing.last {
            return Finding(
                .kernelDrifts, .problem, "not undone: \(words(last))", why: why,
                remedy: remedy + "; 'kernel.fault' says why the daemon cannot")
        }
        let recent = drifts.filter { $0.at + .seconds(86_400) > now }
        guard let last = recent.last else {
            return .ok(.kernelDrifts, "nobody else changed our table in the last day")
        }
        let count = recent.count == 1 ? "once" : "\(recent.count) times"
        return Finding(
            .kernelDrifts, .warning,
            "our table was changed \(count) in the last day and put right; last \(words(last))",
            why: why, remedy: remedy)
    }

    private static func words(_ drift: GatewayFacts.Drift) -> String {
        let undone = drift.undoneAfter.map { after in
            let microseconds = Int64(after / .microseconds(1))
            return ", undone after \(microseconds / 1000).\(microseconds % 1000 / 100) ms"
        }
        return "at \(drift.at) \(drift.what)\(undone ?? "")"
    }
}
