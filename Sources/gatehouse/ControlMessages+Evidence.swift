import Classification
import Control
import ControlAPI
import Enforcement
import Evidence
import PolicyLanguage
import Sessions

/// Registers, posture and evidence, as the daemon and the command line say them.
extension ControlMessages {
    /// A session that an order put elsewhere.
    struct Move: Codable {
        var session: String
        var user: String
        /// Classes; nil for none.
        var from: String?
        var to: String?
        /// What it reaches now.
        var scope: [String]
        var isCut: Bool

        init(_ move: SessionMove) {
            session = move.session.description
            user = move.user
            from = move.from
            to = move.to
            scope = move.scope
            isCut = move.isCut
        }
    }

    struct RegisterListArguments: Codable {
        /// `device`, `user`, `loan` or `approval`.
        var kind: String
        /// One line; nil for all.
        var key: String?
        /// Also lines of which something is stated, but not enough to be in force.
        var withUnwhole: Bool?
    }

    struct RegisterList: Codable {
        var lines: [RegisterLineMessage]
        /// What the lines were at: `register.state` takes it as `ifRevision`. Nil in what a command prints of some lines.
        var revision: String?
    }

    /// One line of a register, as it is in force.
    struct RegisterLineMessage: Codable {
        var key: String
        var fields: [String: [String]]
        /// Fields that somebody stated; the others are from the rule files.
        var stated: [StatedField]
    }

    struct StatedField: Codable {
        var field: String
        /// Empty when it was taken back.
        var value: [String]
        var at: String
        var by: String
        var reason: String
        /// What the rule files say.
        var over: [String]?

        init(_ fact: RegisterFact) {
            field = fact.field
            value = fact.value
            at = fact.at.description
            by = fact.by
            reason = fact.reason
            over = fact.over
        }
    }

    struct RegisterStatementMessage: Codable {
        var kind: String
        var key: String
        /// A field with no values is not stated any more.
        var fields: [String: [String]]
        /// What lists have on top, and no more.
        var added: [String: [String]]?
        var removed: [String: [String]]?
        /// Fields for which the rule files count again.
        var asInFiles: [String]?
        /// `new`, `known` or `free-device`; nil for none.
        var requirement: String?
    }

    struct RegisterStateArguments: Codable {
        var statements: [RegisterStatementMessage]
        var reason: String
        /// Say what would happen, and do nothing.
        var dryRun: Bool?
        /// Refuse with `registers-moved`, also a dry run, when the registers are not those any more that `register.list`
        /// had; nil: whatever they are.
        var ifRevision: String?
        /// What came before in parts is stated together with this; nil when nothing did.
        var batch: RegisterBatch?
    }

    struct PostureListArguments: Codable { var device: String? }

    struct PostureList: Codable { var devices: [PostureLine] }

    struct PostureLine: Codable {
        var device: String
        var items: [PostureItem]
    }

    struct PostureItem: Codable {
        var item: String
        /// A time, `on`, `off`, or minutes.
        var value: String
        var observedAt: String

        init(_ item: DevicePosture.Shown) {
            self.item = item.name
            value = item.value
            observedAt = item.observedAt.description
        }
    }

    struct PostureReportArguments: Codable {
        var device: String
        /// When the signatures and the updates were made, as RFC 3339.
        var antivirus: String?
        var patches: String?
        var diskEncryption: Bool?
        var firewall: Bool?
        /// 0 for never.
        var screenLockMinutes: Int?
        /// When it was seen; now when not said.
        var observedAt: String?
        /// Say what would happen, and do nothing.
        var dryRun: Bool?

        func posture(at now: Instant) throws -> DevicePosture {
            let seen = try observedAt.map(Self.instant) ?? now
            var posture = DevicePosture()
            posture.antivirus = try antivirus.map { .init(try Self.instant($0), observedAt: seen) }
            posture.patches = try patches.map { .init(try Self.instant($0), observedAt: seen) }
            posture.diskEncryption = diskEncryption.map { .init($0, observedAt: seen) }
            posture.firewall = firewall.map { .init($0, observedAt: seen) }
            posture.screenLockMinutes = screenLockMinutes.map { .init($0, observedAt: seen) }
            return posture
        }

        private static func instant(_ text: String) throws -> Instant {
            guard let instant = TimeText.timestamp(text) else {
                throw ControlFailure(
                    id: "bad-request",
                    message: "'\(PlainText.shown(text))' is no time such as 2026-04-01T09:00:00Z")
            }
            return instant
        }
    }

    struct EvidenceList: Codable {
        var session: String
        var facts: [EvidenceFact]
    }

    /// One fact about a session.
    struct EvidenceFact: Codable {
        /// `certificate`, `device`, `user`, `mfa`, `posture`, `client`, `approval`, `loan`, `place`, `behaviour`, `hold`.
        var kind: String
        var what: String
        var value: String
        /// When it was so, or was stated.
        var at: String?
        /// When it ends by itself.
        var until: String?
    }
}

extension DevicePosture {
    /// An item in words.
    struct Shown {
        var name: String
        var value: String
        var observedAt: Instant
    }

    var items: [Shown] {
        [
            antivirus.map { Shown(name: "antivirus", value: "\($0.value)", observedAt: $0.observedAt) },
            patches.map { Shown(name: "patches", value: "\($0.value)", observedAt: $0.observedAt) },
            diskEncryption.map {
                Shown(name: "disk-encryption", value: $0.value ? "on" : "off", observedAt: $0.observedAt)
            },
            firewall.map {
                Shown(name: "firewall", value: $0.value ? "on" : "off", observedAt: $0.observedAt)
            },
            screenLockMinutes.map {
                Shown(
                    name: "screen-lock", value: $0.value == 0 ? "never" : "\($0.value)m",
                    observedAt: $0.observedAt)
            },
        ].compactMap(\.self)
    }
}
