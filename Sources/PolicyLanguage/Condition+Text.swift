import Evidence

extension Condition: CustomStringConvertible {
    /// As an administrator would say it: `one-time code within 12h`.
    package var description: String {
        switch test {
        case .certificate(let authorities): "certificate of \(Self.list(authorities.map(\.name)))"
        case .organisation(let name): "organisation '\(name)'"
        case .device(let statuses): "device \(Self.list(statuses.map(\.rawValue)))"
        case .unregistered: "device not on the register"
        case .mfa(let age): "one-time code within \(Self.words(age))"
        case .hours(let hours): "hours \(hours)"
        case .user(let names): "user \(Self.list(names))"
        case .group(let groups): "group \(Self.list(groups))"
        case .contract(let contract): "contract \(contract.reference)"
        }
    }

    private static func list(_ names: some Sequence<String>) -> String {
        names.sorted().joined(separator: " or ")
    }

    /// The largest units that say it exactly: `12h`, `1h30m`, `30d`.
    private static func words(_ duration: Duration) -> String {
        var rest = duration.components.seconds
        var text = ""
        for (unit, seconds) in [("d", Int64(86_400)), ("h", 3_600), ("m", 60), ("s", 1)] where rest >= seconds
        {
            text += "\(rest / seconds)\(unit)"
            rest %= seconds
        }
        return text.isEmpty ? "0s" : text
    }
}
