package import Alerts
import Foundation

/// What was said of ends, in a file: so that a restart says nothing twice.
package struct ToldNotices: Sendable {
    private let folder: SpoolFolder

    /// - Parameter folder: Made when it is not there.
    package init(_ folder: String) { self.folder = SpoolFolder(path: folder) }

    private static let name = "told.json"
    private static let longest = 64 << 20

    /// Nothing where there is no file, or one that cannot be read: then it is said again.
    package func read() -> [String: EndNotices.Told] {
        let bytes = (try? folder.read(Self.name, atMost: Self.longest)) ?? []
        return (try? JSONDecoder().decode([String: EndNotices.Told].self, from: Data(bytes))) ?? [:]
    }

    /// Puts it in the file's place at once. Returns why that did not work; nil when it did, or nothing changed.
    package func keep(_ told: [String: EndNotices.Told]) -> String? {
        guard told != read() else { return nil }
        do throws(SpoolError) {
            try folder.prepare()
            try folder.write(Self.name, AlertJSON.encode(told))
            try folder.sync()
            return nil
        } catch {
            return error.description
        }
    }
}
