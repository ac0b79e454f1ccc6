package import NetworkTypes

/// Many pages asked for at once, by one program: as many programs would take longer to start than to ask.
package enum Sweep {
    /// A web server's page.
    package struct Door: Sendable, Hashable {
        package let name: String
        package let host: Network.Host
        package let port: UInt16
        package let family: AddressFamily

        package init(_ rung: Rung, _ family: AddressFamily) {
            (name, host, port, self.family) = (rung.id, .ladder, rung.port, family)
        }

        package func url(_ page: String = "") -> String {
            "http://\(Network.urlHost(host.address(family))):\(port)/\(page)"
        }

        /// As the daemon's `explain` takes it.
        package var destination: String { "\(Network.urlHost(host.address(family))):\(port)/tcp" }
    }

    /// A finding for each door, in order. Who answers says so in a header.
    package static func run(_ doors: [Door], from space: Network.Space) async throws -> [Probe.Finding] {
        let arguments =
            client + ["--connect-timeout", "2", "--max-time", "4"]
            + ["--write-out", "%{urlnum}\\t%{exitcode}\\t%header{answers}\\t%{errormsg}\\n"]
            + doors.flatMap { ["--output", "/dev/null", $0.url()] }
        let output = try await Command(in: space, arguments).output()
        return findings(output.standardOutput, of: doors.map(\.name))
    }

    private static let client = [
        "curl", "-q", "--globoff", "--silent", "--noproxy", "*", "--parallel", "--parallel-immediate",
        "--parallel-max", "300",
    ]

    /// Reads what curl wrote of each transfer: number, exit status, the name that answered, and what went wrong.
    package static func findings(_ text: String, of names: [String]) -> [Probe.Finding] {
        var findings = Array(repeating: Probe.Finding.odd("not tried"), count: names.count)
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 4, let index = Int(fields[0]), names.indices.contains(index),
                let status = Int32(fields[1])
            else { continue }
            let said = fields[2].isEmpty ? "" : "\(fields[2]) answers "
            let output = Command.Output(status: status, standardOutput: said, standardError: fields[3])
            findings[index] = Probe.page(output, of: names[index])
        }
        return findings
    }

    /// Long downloads from all of these doors, that have begun when this returns; nobody waits for their ends.
    package static func stream(
        _ doors: [Door], in space: Network.Space, site: Site, children: Children
    ) async throws -> Child {
        let files = doors.indices.map { site.path("www/stream-\($0)") }
        try site.clear(files)
        let process = try await children.start(
            "streams", in: space,
            client + ["--max-time", "60"]
                + zip(doors, files).flatMap { ["--output", $1, $0.url(ServerFiles.bigFile.name)] })
        try await Wait.until("every stream to flow", log: process.log) {
            files.allSatisfy { site.size(of: $0) > 2_000 }
        }
        return process
    }
}
