import RulesetCompiler

/// Packets of sessions at one hook, as far as interfaces tell them apart.
struct TrafficClass: Hashable {
    let point: ForeignTables.Hook.Point
    /// Names of tunnels; nil for an interface that is none.
    let input: String?
    let output: String?

    /// `from tun0`, `to tun0`
    var words: String {
        if let input { return "from \(input)" }
        return output.map { "to \($0)" } ?? "to tunnels"
    }

    /// What passes a hook that a ruleset may permit. Tunnel to tunnel is never permitted.
    static func all(_ point: ForeignTables.Hook.Point, tunnels: [String], devices: [String]) -> [TrafficClass]
    {
        let from = tunnels.map { TrafficClass(point: point, input: $0, output: nil) }
        let to = tunnels.map { TrafficClass(point: point, input: nil, output: $0) }
        switch point {
        // Answers come in from elsewhere, and where they go is not known yet.
        case .prerouting: return from + [TrafficClass(point: point, input: nil, output: nil)]
        case .input: return from
        case .forward, .postrouting: return from + to
        case .output: return to
        case .ingress:
            return from.filter { devices.contains($0.input ?? "") }
                + (devices.allSatisfy(tunnels.contains)
                    ? [] : [TrafficClass(point: point, input: nil, output: nil)])
        case .egress: return to.filter { devices.contains($0.output ?? "") }
        }
    }

    /// Whether a match holds; nil when it may or may not.
    func holds(_ match: ForeignTables.InterfaceMatch, tunnels: [String]) -> Bool? {
        // The kernel knows the one before routing, and the other after it.
        let hasInput = ![.output, .egress].contains(point)
        let hasOutput = [.forward, .output, .postrouting, .egress].contains(point)
        guard match.isInput ? hasInput : hasOutput else { return nil }
        let fits = { (name: String) in match.isPrefix ? name.hasPrefix(match.name) : name == match.name }
        guard let name = match.isInput ? input : output else {
            // Some interface that is no tunnel. Packets of sessions do not come by the loopback either.
            let isAnother = !match.isPrefix && (tunnels.contains(match.name) || match.name == "lo")
            return isAnother ? !match.isEqual : nil
        }
        return fits(name) == match.isEqual
    }
}
