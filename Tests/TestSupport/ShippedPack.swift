import Foundation

/// A pack under `rules`, as its files.
public struct ShippedPack: Sendable, Hashable, CustomStringConvertible {
    public let name: String
    public var description: String { name }

    private static let rules = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "rules")

    public init(_ name: String) { self.name = name }

    /// Every folder that has a policy.
    public static let all: [ShippedPack] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: rules.path)) ?? []
        return names.sorted().map(Self.init).filter { pack in
            FileManager.default.fileExists(atPath: rules.appending(path: "\(pack.name)/policy.yaml").path)
        }
    }()

    /// Those that were written for an organisation's own policy, with its clauses.
    public static let written = all.filter { $0.name != "default" }

    /// By path inside the pack.
    public func files() throws -> [(path: String, text: String)] {
        let folder = Self.rules.appending(path: name)
        return try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
            .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".csv") }
            .map { ($0, try String(contentsOf: folder.appending(path: $0), encoding: .utf8)) }
    }
}
