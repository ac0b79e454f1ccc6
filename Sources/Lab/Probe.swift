import Foundation
package import NetworkTypes

/// One try at reaching something, and what came of it.
package enum Probe {
    package enum Finding: Sendable, Equatable {
        /// The right machine answered.
        case reached
        /// Something told the client so at once.
        case refused(String)
        /// Nothing came back.
        case silent
        /// Something else answered, or the try itself failed.
        case odd(String)

        package var text: String {
            switch self {
            case .reached: "reached"
            case .refused(let how): "refused: \(how)"
            case .silent: "refused: no answer"
            case .odd(let what): what
            }
        }

        package func matches(_ expected: Row.Expectation) -> Bool {
            switch (self, expected) {
            case (.reached, .reached), (.refused, .refused), (.silent, .refused): true
            default: false
            }
        }
    }

    package static func run(
        _ target: Target, family: AddressFamily, address: String, from space: Network.Space
    ) async throws -> Finding {
        switch target.method {
        case .page(let name, let port, let byProxy):
            let arguments = pageArguments(family, address: address, port: port, byProxy: byProxy)
            return page(try await Command(in: space, arguments).output(), of: name)
        case .ping:
            return try await Exchange(with: address, family, by: .icmp).ask(EchoRequest(family), from: space)
        case .question(let port):
            return try await Exchange(with: address, family, by: .udp(port: port))
                .ask(NameQuestion(name: ServerFiles.internetName), from: space)
        }
    }

    private static func pageArguments(
        _ family: AddressFamily, address: String, port: UInt16, byProxy: Bool
    ) -> [String] {
        let proxy = "http://\(Network.urlHost(Network.Host.proxy.address(family))):\(Network.proxyPort)"
        return ["curl", "-q", "--globoff", "--silent", "--show-error", "--noproxy", byProxy ? "" : "*"]
            + ["--connect-timeout", "2", "--max-time", "4"] + (byProxy ? ["--proxy", proxy] : [])
            + ["http://\(Network.urlHost(address)):\(port)/"]
    }

    /// By curl's exit status (curl(1)): 7 is a refused connection, 28 a timeout, 56 a connection reset.
    package static func page(_ output: Command.Output, of name: String) -> Finding {
        switch output.status {
        case 0 where output.standardOutput.hasPrefix("\(name) answers "): .reached
        case 0: .odd("answered: \(output.standardOutput.prefix(40))")
        case 7: .refused(refusal(output.standardError))
        case 28, Command.timedOutStatus: .silent
        default: .odd("curl \(output.status): \(output.standardError.prefix(60))")
        }
    }

    /// curl says which error it met only in some versions; "connection" covers a reset and an ICMP refusal.
    private static func refusal(_ message: String) -> String {
        if message.contains("No route to host") { return "host prohibited" }
        if message.contains("Permission denied") { return "prohibited" }
        return "connection"
    }
}
