import Crypto

/// A pack of rule files as it is kept: what was put in force, to the byte.
package struct KeptPack: Sendable, Hashable {
    package struct File: Sendable, Hashable {
        /// Relative to the pack's folder, with slashes.
        package let path: String
        package let text: String
        /// Of the text.
        let digest: String

        package init(path: String, text: String) {
            self.path = path
            self.text = text
            digest = KeptPack.digest([text])
        }
    }

    /// By path.
    package let files: [File]
    /// Of paths and texts, in hexadecimal digits: packs with the same digest are the same.
    package let digest: String

    package init(_ files: [File]) {
        // By bytes: Swift takes some different paths for equal.
        self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        digest = Self.digest(self.files.flatMap { [$0.path, $0.digest] })
    }

    /// With the lengths, so that no two lists run together to the same bytes.
    private static func digest(_ texts: [String]) -> String {
        var hash = SHA256()
        for text in texts {
            hash.update(data: Array("\(text.utf8.count):".utf8))
            hash.update(data: Array(text.utf8))
        }
        return hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
