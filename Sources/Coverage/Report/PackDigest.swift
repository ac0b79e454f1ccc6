import Crypto

/// The SHA-256 of each file of a pack, and one of them all.
///
/// Anyone can make them again without this program: the one of all is that of the text that `sha256sum` prints for the
/// files in the order of their paths' bytes.
package struct PackDigest: Sendable, Hashable {
    package struct File: Sendable, Hashable {
        package let path: String
        /// 64 lower-case hexadecimal digits.
        package let digest: String
    }

    /// By path.
    package let files: [File]
    package let whole: String

    /// - Parameter files: paths inside the pack, each once, and bytes.
    package init(_ files: [(path: String, bytes: [UInt8])]) {
        self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
            .map { File(path: $0.path, digest: Self.digest($0.bytes)) }
        let listing = self.files.map { "\($0.digest)  \($0.path)\n" }.joined()
        whole = Self.digest(Array(listing.utf8))
    }

    private static func digest(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = SHA256.hash(data: bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
