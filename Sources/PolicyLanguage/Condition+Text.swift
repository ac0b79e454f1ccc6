import Evidence
import Sessions

extension Condition: CustomStringConvertible {
    /// As an administrator would say it: `one-time code within 12h`.
    package var description: String {
        switch test {
        case .certificate(let authorities): "certificate of \(Self.list(authorities.map(\.name)))"
        case .organisation(let name): "organisation '\(name)'"
        case .attribute(let attribute, let patterns):
            "certificate \(attribute) \(Self.list(patterns.map { "'\($0)'" }))"
        case .device(let statuses): "device \(Self.list(statuses.map(\.rawValue)))"
        case .deviceKind(let kinds): "device kind \(Self.list(kinds.map(\.rawValue)))"
        case .deviceManaged(let isManaged): isManaged ? "device managed" : "device not managed"
        case .deviceOrganisation(let names): "device of \(Self.list(names))"
        case .deviceOwned: "device given to this user"
        case .deviceLent: "device lent to this user"
        case .deviceOnSite(let age): "device on site within \(TimeText.text(age))"
        case .unregistered: "device not on the register"
        case .posture(let need): need.description
        case .client(let need): need.description
        case .mfa(let age): "one-time code within \(TimeText.text(age))"
        case .tenant(let tenant):
            "device of \(tenant.organisation), or one-time code of \(tenant.name) within "
                + TimeText.text(tenant.mfaWithin)
        case .user(let names): "user \(Self.list(names))"
        case .group(let groups): "group \(Self.list(groups))"
        case .userOrganisation(let names): "user of \(Self.list(names))"
        case .steps(let steps): "steps \(steps.sorted().joined(separator: " and "))"
        case .acknowledged(let age): "acknowledged within \(TimeText.text(age))"
        case .approval(let need): need.description
        case .country(let codes): "country \(Self.list(codes.map(\.description)))"
        case .office(let offices): "office \(Self.list(offices.map(\.name)))"
        case .hours(let hours): "hours \(hours)"
        case .contract(let contract): "contract \(contract.reference)"
        case .behaviour(let kinds):
            "behaviour \(Self.list(kinds.map { "\($0.rawValue) within \(TimeText.text($1))" }))"
        case .never(let label): "label \(label): never remote"
        }
    }

    private static func list(_ names: some Sequence<String>) -> String {
        names.sorted().joined(separator: " or ")
    }
}

extension CertificateAttribute: CustomStringConvertible {
    package var description: String {
        switch self {
        case .subject(let name): "subject \(name)"
        case .email: "email"
        case .uri: "uri"
        case .dns: "dns"
        case .userPrincipalName: "upn"
        case .extension(let identifier): "extension \(identifier)"
        }
    }
}

extension PostureNeed: CustomStringConvertible {
    package var description: String {
        switch self {
        case .antivirus(let age): "anti-virus signatures within \(TimeText.text(age))"
        case .patches(let age): "updates within \(TimeText.text(age))"
        case .diskEncryption(let age): "disk encryption on, seen within \(TimeText.text(age))"
        case .firewall(let age): "firewall on, seen within \(TimeText.text(age))"
        case .screenLock(let minutes, let age):
            "screen lock after at most \(minutes)m, seen within \(TimeText.text(age))"
        }
    }
}

extension ClientNeed: CustomStringConvertible {
    package var description: String {
        switch self {
        case .platform(let platforms):
            "client on \(platforms.map(\.rawValue).sorted().joined(separator: " or "))"
        case .version(let least): "client of version \(least) or later"
        case .noSplitTunnel: "client without split tunnel"
        }
    }
}

extension ApprovalNeed: CustomStringConvertible {
    package var description: String {
        switch self {
        case .remoteWorking: "approval of remote working"
        case .travel: "approval of travel"
        case .system(let name, _): "approval of system \(name)"
        case .exception(let name): "exception \(name)"
        }
    }
}
