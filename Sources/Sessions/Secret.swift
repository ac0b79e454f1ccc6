/// Bytes that must never be printed, logged, stored in clear or compared in variable time: a password, a code.
///
/// Neither `print`, string interpolation, `dump` nor an encoder shows what is inside. Whoever needs the bytes asks
/// for them with `withBytes`, which a reviewer can find by name.
package struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    package init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    package var isEmpty: Bool { bytes.isEmpty }

    package func withBytes<Result>(_ body: ([UInt8]) throws -> Result) rethrows -> Result { try body(bytes) }

    /// Compares in time that depends on the lengths only, never on where two secrets differ.
    package func matches(_ other: Secret) -> Bool {
        guard bytes.count == other.bytes.count else { return false }
        return zip(bytes, other.bytes).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    package var description: String { "<secret>" }
    package var debugDescription: String { "<secret>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
