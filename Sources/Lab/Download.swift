import Foundation
package import NetworkTypes

/// A download that is running: curl, at no more than a megabyte a second.
package struct Download: Sendable {
    package let family: AddressFamily
    package let process: Child
    private let file: String

    package static func start(
        from host: Network.Host, family: AddressFamily, in space: Network.Space, site: Site,
        children: Children
    ) async throws -> Self {
        let file = site.path("www/\(space.rawValue)-\(family)")
        try? FileManager.default.removeItem(atPath: file)
        let url = "http://\(Network.urlHost(host.address(family)))/\(ServerFiles.bigFile.name)"
        let process = try await children.start(
            "download-\(space.rawValue)", in: space,
            ["curl", "-q", "--globoff", "--silent", "--show-error", "--noproxy", "*", "--output", file]
                + ["--limit-rate", String(ServerFiles.bytesPerSecond), "--max-time", "80", url])
        return Self(family: family, process: process, file: file)
    }

    /// Bytes that the client has written down.
    package var received: Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }
}
