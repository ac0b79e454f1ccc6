import Sessions

/// Whether the files that gatehouse lives on are there, fresh and private.
package enum FileJudgement {
    package static func findings(_ facts: GatewayFacts) -> [Finding] {
        let rules = facts.rules
        var findings: [Finding] = []
        switch rules {
        case .known(let rules):
            findings +=
                rules.authorities.map { revocation($0, facts.now) } + [countries(rules.countries, facts.now)]
        case .unknown(let reason):
            findings += [.unknown(.revocation, reason), .unknown(.countries, reason)]
        }
        return findings + [
            store(facts.files.store, facts.daemon.value), space(facts.files.space), damage(facts.daemon),
            audit(facts.daemon),
        ]
            + facts.files.secrets.map(secret) + [controlSocket(facts.files.controlSocket)]
    }

    // MARK: Evidence

    static func revocation(_ authority: GatewayFacts.Authority, _ now: Instant) -> Finding {
        let name = authority.name
        let why =
            authority.isRequired
            ? "its certificates are of unknown standing, and nobody passes on them"
            : "a certificate that was taken back lately still counts"
        let remedy = "see that the job which fetches the lists runs, and that the daemon may read them"
        guard authority.hasFiles else {
            return .ok(
                .revocation, name,
                authority.hasResponder
                    ? "no lists; a responder is asked"
                    : "the rules name neither lists nor a responder: devices are taken off the register instead"
            )
        }
        guard let newest = authority.lists.max(by: { $0.thisUpdate < $1.thisUpdate }) else {
            return Finding(
                .revocation, name, .problem,
                "no list is in force" + (authority.troubles.first.map { ": \($0)" } ?? ""),
                why: "whether its certificates were taken back is unknown, and unknown never gains",
                remedy: remedy)
        }
        let overdue = authority.lists.compactMap(\.nextUpdate).filter { $0 <= now }.min()
        if let overdue {
            return Finding(
                .revocation, name, .problem, "a list is overdue since \(overdue)",
                why: why, remedy: remedy)
        }
        if let trouble = authority.troubles.first {
            return Finding(
                .revocation, name, .warning, "a newer file is not in force: \(trouble)", why: why,
                remedy: remedy)
        }
        guard let next = authority.lists.compactMap(\.nextUpdate).min() else {
            return Finding(
                .revocation, name, .warning,
                "the list of \(newest.thisUpdate) does not say when the next one is due",
                why: "a list that is kept back cannot be told from the newest one (RFC 5280 section 5.1.2.5)",
                remedy: "have the authority put nextUpdate on its lists")
        }
        return .ok(.revocation, name, "the list of \(newest.thisUpdate) is good until \(next)")
    }

    static func countries(_ countries: GatewayFacts.Countries, _ now: Instant) -> Finding {
        switch countries.files {
        case .unknown(let reason):
            return Finding(
                .countries, countries.areAskedFor ? .problem : .unknown, "no database is in force: \(reason)",
                why: countries.areAskedFor
                    ? "the country of no address is known, and unknown never gains" : nil,
                remedy: "see the files that 'countries' of the configuration names")
        case .known(let files) where files.isEmpty:
            guard countries.areAskedFor else {
                return .ok(.countries, "no rule asks for the country of an address")
            }
            return Finding(
                .countries, .problem, "rules ask for the country of addresses, and no database is configured",
                why: "the country of no address is known, and unknown never gains",
                remedy: "name a file in 'countries' of the configuration")
        case .known(let files):
            let dated = files.compactMap { file in file.built.map { (file.path, $0) } }
            guard let (path, built) = dated.min(by: { $0.1 < $1.1 }) else {
                return .unknown(.countries, "the files do not say when they were made")
            }
            guard built + .seconds(60 * 86_400) < now else {
                return .ok(.countries, "the oldest file, \(path), was made \(built)")
            }
            return Finding(
                .countries, .warning, "\(path) was made \(built), more than 60 days ago",
                why: "addresses change hands: people are refused, or let in, from the wrong country",
                remedy: "see that the job which fetches the database runs")
        }
    }

    // MARK: State

    static func store(
        _ file: Known<GatewayFacts.StoreFile>, _ daemon: GatewayFacts.Daemon?
    ) -> Finding {
        let why =
            "what must outlive the daemon is kept there: holds, lost devices, used codes, the rules in force"
        let remedy =
            "look at the disk and at the folder's owner and mode (0700); restore it from a copy if it is damaged"
        if let fault = daemon?.storeFault {
            return Finding(
                .store, .problem, "the daemon cannot read its database: \(fault)", why: why, remedy: remedy)
        }
        switch file {
        case .unknown(let reason): return .unknown(.store, reason)
        case .known(let file):
            guard let fault = file.fault else { return .ok(.store, "\(file.path) is there and can be read") }
            return Finding(.store, .problem, "\(file.path): \(fault)", why: why, remedy: remedy)
        }
    }

    static func space(_ space: Known<GatewayFacts.Space>) -> Finding {
        switch space {
        case .unknown(let reason): return .unknown(.space, reason)
        case .known(let space):
            let share = space.totalBytes > 0 ? space.freeBytes / max(1, space.totalBytes / 100) : 0
            let says = "\(space.freeBytes >> 20) MiB (\(share) %) are free where \(space.path) is"
            guard space.freeBytes < 200_000_000 || share < 10 else { return .ok(.space, says) }
            return Finding(
                .space, space.freeBytes < 10_000_000 ? .problem : .warning, says,
                why: "a change that cannot be recorded is refused: nobody is let in on a full disk",
                remedy: "make room, or give the state a file system of its own")
        }
    }

    static func damage(_ daemon: Known<GatewayFacts.Daemon>) -> Finding {
        switch daemon {
        case .unknown: return .unknown(.damage, "only the daemon knows whether records were lost")
        case .known(let daemon):
            guard let reason = daemon.closedBecause else { return .ok(.damage, "no records were lost") }
            return Finding(
                .damage, .problem, "nobody is let in: \(reason)",
                why: "who was held out, which devices were lost and which codes were used is forgotten",
                remedy:
                    "restore the database, or give those orders again; then 'gatehouse acknowledge-damage'")
        }
    }

    static func audit(_ daemon: Known<GatewayFacts.Daemon>) -> Finding {
        switch daemon {
        case .unknown: return .unknown(.audit, "only the daemon knows whether its audit record is kept")
        case .known(let daemon):
            guard let reason = daemon.auditFault else {
                return .ok(.audit, "what happens is on the audit record")
            }
            return Finding(
                .audit, .problem, "there is no audit record of what happens: \(reason)",
                why: "nobody new is let in while nobody could find out later; sessions are cut all the same",
                remedy:
                    "make room, or mend the folder 'audit' below the daemon's state; what was lost is counted"
            )
        }
    }

    // MARK: Rights

    static func secret(_ secret: GatewayFacts.Secret) -> Finding {
        switch secret.permissions {
        case .unknown(let reason): return .unknown(.secrets, secret.path, reason)
        case .known(let permissions) where permissions.mode & 0o077 == 0:
            return .ok(.secrets, secret.path, "\(secret.what) can be read by the owner alone")
        case .known(let permissions):
            return Finding(
                .secrets, secret.path, .problem,
                "\(secret.what) has mode \(permissions.text): others can read it",
                why: "whoever has it can come in as somebody else; the daemon does not take such a file",
                remedy: "chmod 600 \(secret.path), and make what is in it anew if others may have read it")
        }
    }

    static func controlSocket(_ permissions: Known<GatewayFacts.Permissions>) -> Finding {
        switch permissions {
        case .unknown(let reason): .unknown(.controlSocket, reason)
        case .known(let permissions) where permissions.mode & 0o007 == 0:
            .ok(.controlSocket, "mode \(permissions.text): no others can give orders")
        case .known(let permissions) where permissions.mode & 0o777 == 0o666:
            .ok(
                .controlSocket,
                "mode \(permissions.text): the daemon asks who connects, roles come with groups")
        case .known(let permissions):
            Finding(
                .controlSocket, .problem, "mode \(permissions.text), which the daemon never gives it",
                why: "orders over this socket let people in and change the rules",
                remedy:
                    "restart the daemon, which makes it anew with mode 0600 or 0666, and look who changed it")
        }
    }
}
