/// What a record can say beside its number, time and kind, in the order in which a line has it.
///
/// The words are those of the files: never change one that was ever written. A new field goes where it belongs.
package enum AuditField: String, Sendable, Hashable, CaseIterable {
    /// Source and client number, as people type it: `office/21`.
    case session
    /// The process id of the VPN server that the client was connected to.
    case server
    case user
    case commonName = "common-name"
    /// The inventory id.
    case device
    /// The SHA-256 of the leaf certificate.
    case certificate
    /// The outer address, with its port where it is known.
    case outer
    /// The inner addresses.
    case addresses

    /// What came of it.
    case outcome
    case className = "class"
    /// The class of before.
    case former
    /// The systems that the session reaches.
    case scope
    /// When it is looked at again at the latest.
    case until
    /// Where the class stands in the rule files.
    case rule
    case clauses
    /// What the nearest class, or the system, needed and did not find: conditions, as the rules have them.
    case missing
    /// In words for people.
    case why

    /// Who it was.
    case by
    /// Their number on the gateway.
    case uid
    /// What they may do here.
    case role
    /// What was asked for.
    case order
    /// Whom or what it is about.
    case subject
    /// What is so from now on.
    case changes
    /// Of a request, an approval, a contract.
    case reference
    case reason
    /// By what a draw can be made again.
    case seed
    /// How many there were to draw from.
    case population
    /// Sessions that were drawn by lot, in their order.
    case drawn

    /// The SHA-256 of the rules in force.
    case pack
    /// The SHA-256 of the rules of before.
    case packBefore = "pack-before"
    /// The SHA-256 of what rules opened and closed, exactly, as the database has it.
    case difference

    case destination
    case system
    case packets
    case bytes

    /// How many, in the sense of the kind.
    case count
    case since
    /// When the last of several was that are counted.
    case latest
    /// The last of several records.
    case through
    /// The hash of the last of several records, or of what was cut off.
    case digest

    package enum Form: Sendable, Hashable {
        case text, number, list
    }

    package var form: Form {
        switch self {
        case .addresses, .scope, .clauses, .missing, .changes, .drawn: .list
        case .server, .uid, .population, .packets, .bytes, .count, .through: .number
        case .session, .user, .commonName, .device, .certificate, .outer, .outcome, .className, .former,
            .until, .rule, .why, .by, .role, .order, .subject, .reference, .reason, .seed, .pack,
            .packBefore, .difference, .destination, .system, .since, .latest,
            .digest:
            .text
        }
    }

    /// What becomes of it where names are not to be shown.
    package var privacy: Privacy {
        switch self {
        case .session, .server, .outcome, .className, .former, .scope, .until, .rule, .clauses,
            .role, .order, .population, .drawn, .pack, .packBefore, .difference, .system, .packets, .bytes,
            .count, .since,
            .latest, .through, .digest:
            .open
        case .user, .by: .keyed("person")
        // A number of the gateway's accounts is a person too.
        case .uid: .withheld
        case .device, .commonName: .keyed("device")
        case .certificate: .keyed("certificate")
        case .outer, .addresses, .destination: .keyed("address")
        case .subject: .keyed("subject")
        case .reference: .keyed("reference")
        // Words that people wrote, or that hold what was seen of somebody. A rule can ask for a person's certificate.
        case .why, .missing, .changes, .reason, .seed: .withheld
        }
    }
}

/// Whether something is shown where names are not.
package enum Privacy: Sendable, Hashable {
    /// As it is.
    case open
    /// By a pseudonym, of this kind: the same name has the same one, wherever it stands among its kind.
    case keyed(String)
    /// Not at all.
    case withheld
}
