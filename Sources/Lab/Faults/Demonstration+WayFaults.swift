import NetworkTypes

/// What goes wrong with the interfaces of the gateway.
extension Demonstration {
    /// An interface is down for a second, and then up with the addresses and routes that it lost.
    func takeDown(_ interface: String) async throws {
        let lost = try await addressesAndRoutes(of: interface)
        try await ip("link set \(interface) down\n")
        try await Task.sleep(for: .seconds(1))
        try await ip("link set \(interface) up\n" + lost)
    }

    /// The interface to the inside is deleted and made again: it has the same name, and another number.
    func replaceInside() async throws {
        let lost = try await addressesAndRoutes(of: Network.insideInterface)
        try await ip("link delete \(Network.insideInterface)\n")
        try await Task.sleep(for: .seconds(1))
        try await Command(["ip", "-batch", "-"]).input(Network.insideAgain).succeed()
        try await Command(["ip", "-n", Network.Space.inside.name, "-batch", "-"])
            .input(Network.insidePort).succeed()
        try await ip("link set \(Network.insideInterface) up\n" + lost)
    }

    private func ip(_ batch: String) async throws {
        try await Command(["ip", "-n", Network.Space.gateway.name, "-batch", "-"]).input(batch).succeed()
    }

    /// For `ip -batch`: what the kernel takes from an interface that goes down, or is deleted.
    private func addressesAndRoutes(of interface: String) async throws -> String {
        var lines: [String] = []
        for family in ["-4", "-6"] {
            let show = ["ip", "-n", Network.Space.gateway.name, family]
            let addresses = try await Command(
                show + ["-o", "address", "show", "dev", interface, "scope", "global"]
            )
            .succeed()
            // "3: in0    inet 10.10.0.1/24 scope global in0\       valid_lft forever ..."
            lines += addresses.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                guard words.count > 3 else { return nil }
                return "address replace \(words[3]) dev \(interface)" + (family == "-6" ? " nodad" : "")
            }
            let routes = try await Command(show + ["route", "show", "dev", interface]).succeed()
            lines += routes.split(separator: "\n").filter { !$0.contains("proto kernel") }
                .map { "route replace \($0) dev \(interface)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
