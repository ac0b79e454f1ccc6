import Evidence

extension Condition: CustomStringConvertible {
    /// As an administrator would say it: `one-time code within 12h`.
    package var description: String {
        switch test {
        case .certificate(let authorities): "certificate of \(Self.list(authorities.map(\.name)))"
        case .organisation(let name): "organisation '\(name)'"
        case .device(let statuses): "device \(Self.list(statuses.map(\.rawValue)))"
        case .unregistered: "device not on the register"
        case .mfa(let age): "one-time code within \(TimeText.text(age))"
        case .hours(let hours): "hours \(hours)"
        case .user(let names): "user \(Self.list(names))"
        case .group(let groups): "group \(Self.list(groups))"
        case .contract(let contract): "contract \(contract.reference)"
        case .behaviour(let kinds):
            "behaviour \(Self.list(kinds.map { "\($0.rawValue) within \(TimeText.text($1))" }))"
        }
    }

    private static func list(_ names: some Sequence<String>) -> String {
        names.sorted().joined(separator: " or ")
    }
}
