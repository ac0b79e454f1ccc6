import Sessions

/// Whether the rules are those that people think, and still current; and whether the VPN servers are heard.
package enum RuleJudgement {
    package static func findings(_ facts: GatewayFacts) -> [Finding] {
        switch facts.rules {
        case .known(let rules):
            [folder(rules), waiting(rules.waiting), review(rules.reviewDue, facts.now)]
                + contracts(rules.contracts, facts.now)
        case .unknown(let reason):
            [Check.folder, .waiting, .review, .contracts].map { .unknown($0, reason) }
        }
    }

    static func folder(_ rules: GatewayFacts.Rules) -> Finding {
        switch rules.folderIsInForce {
        case .known(true): .ok(.folder, "\(rules.folder) is what is in force")
        case .known(false):
            Finding(
                .folder, .warning, "\(rules.folder) is not what is in force",
                why: "whoever reads the folder reads other rules than those that count",
                remedy:
                    "'gatehouse apply \(rules.folder)' puts the folder in force, 'gatehouse changes --in-force "
                    + "DIRECTORY' writes what is")
        case .unknown(let reason): .unknown(.folder, reason)
        }
    }

    static func waiting(_ change: Known<GatewayFacts.WaitingChange?>) -> Finding {
        switch change {
        case .known(nil): .ok(.waiting, "no change waits for its confirmation")
        case .known(let change?):
            Finding(
                .waiting, .warning,
                "the change \(change.reference) waits for its confirmation until \(change.until)",
                why: "then it is taken back by itself, and the rules of before count again",
                remedy: "'gatehouse confirm \(change.reference)' or 'gatehouse revert'")
        case .unknown(let reason): .unknown(.waiting, reason)
        }
    }

    static func review(_ due: Instant?, _ now: Instant) -> Finding {
        guard let due else { return .ok(.review, "the rules name no day of review") }
        guard due <= now else { return .ok(.review, "the rules are to be reviewed before \(due)") }
        return Finding(
            .review, .warning, "the rules were to be reviewed before \(due)",
            why: "rules that nobody looked at for long permit what nobody wants any more",
            remedy: "review the written policy and the pack, then set a new 'review-by' in policy.yaml")
    }

    static func contracts(_ contracts: [GatewayFacts.Contract], _ now: Instant) -> [Finding] {
        let near = contracts.filter { $0.until - $0.warnBefore <= now }
        guard !near.isEmpty else {
            let says =
                contracts.isEmpty
                ? "the rules name no contract" : "none of \(contracts.count) contracts ends soon"
            return [.ok(.contracts, says)]
        }
        return near.sorted { $0.until < $1.until }.map { contract in
            let isOver = contract.until <= now
            return Finding(
                .contracts, contract.reference, .warning,
                "the contract of \(contract.vendor) \(isOver ? "ended" : "ends") \(contract.until)",
                why: isOver ? "its people are refused since then" : "its people are refused from then on",
                remedy: "give its file a new 'until' when it is renewed, else remove the file")
        }
    }
}

/// Whether the VPN servers are heard, and nobody else can speak for us.
package enum SourceJudgement {
    package static func findings(_ sources: [GatewayFacts.Source]) -> [Finding] {
        sources.flatMap { [attached($0), folder($0)] }
    }

    static func attached(_ source: GatewayFacts.Source) -> Finding {
        let owner = source.listener.value.flatMap { $0 }.map { ", which \($0) listens on" } ?? ""
        switch (source.detachedSince, source.listener) {
        case (.known(let since?), let listener):
            let isDead = listener == .known(nil)
            return Finding(
                .source, source.name, .problem, "the VPN server cannot be heard since \(since)",
                why: "nobody new comes in, and those that leave are not noticed",
                remedy: isDead
                    ? "nobody listens on \(source.management): start the VPN server"
                    : "see whether another program holds \(source.management)\(owner), and whether we may open it"
            )
        case (.known(nil), _):
            return .ok(.source, source.name, "the VPN server is heard by \(source.management)\(owner)")
        case (.unknown, .known(nil)):
            return Finding(
                .source, source.name, .problem, "nobody listens on \(source.management)",
                why: "the VPN server does not run, or has another management socket",
                remedy: "start it; let its 'management' and our 'openvpn: management' be the same path")
        case (.unknown(let reason), _):
            return .unknown(.source, source.name, reason + owner)
        }
    }

    static func folder(_ source: GatewayFacts.Source) -> Finding {
        switch source.folder {
        case .known(let permissions) where permissions.mode & 0o077 == 0:
            .ok(.management, source.name, "nobody else can enter the folder of \(source.management)")
        case .known(let permissions):
            Finding(
                .management, source.name, .problem,
                "the folder of \(source.management) has mode \(permissions.text): others can reach the socket",
                why: "OpenVPN opens it to all, and whoever connects first decides who comes in",
                remedy: "chmod 700 that folder")
        case .unknown(let reason): .unknown(.management, source.name, reason)
        }
    }
}
