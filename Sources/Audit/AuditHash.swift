import Crypto

/// The SHA-256 of a record's line: what the next record names.
package struct AuditHash: Sendable, Hashable, CustomStringConvertible {
    /// 32.
    package let bytes: [UInt8]

    /// What the first record of all names.
    package static let zero = AuditHash(unchecked: [UInt8](repeating: 0, count: 32))

    private init(unchecked: [UInt8]) { bytes = unchecked }

    /// Returns nil unless there are exactly 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    package init(of data: ArraySlice<UInt8>) { bytes = Array(SHA256.hash(data: data)) }

    /// Reads 64 small hexadecimal digits, as lines have them.
    package init?(hexadecimal digits: some Collection<UInt8>) {
        self.init(Array(digits).span)
    }

    init?(hexadecimal digits: ArraySlice<UInt8>) { self.init(digits.span) }

    private init?(_ digits: Span<UInt8>) {
        guard digits.count == 64 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        for index in 0..<32 {
            guard let high = Self.value(digits[2 * index]), let low = Self.value(digits[2 * index + 1]) else {
                return nil
            }
            bytes[index] = high << 4 | low
        }
        self.bytes = bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    package var description: String {
        var line: [UInt8] = []
        write(to: &line)
        return String(decoding: line, as: UTF8.self)
    }

    func write(to line: inout [UInt8]) {
        for byte in bytes {
            line.append(Self.digits[Int(byte >> 4)])
            line.append(Self.digits[Int(byte & 15)])
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
