/// Why a database is refused, and where in which file.
package struct CountryDatabaseError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Position: Hashable, Sendable {
        /// The file as a whole: it cannot be read, or is of no known kind.
        case file
        /// A line of a text, counted from 1.
        case line(Int)
        /// An offset from the file's first byte.
        case byte(Int)
    }

    package let path: String
    package let position: Position
    package let reason: String

    init(path: String, _ fault: DatabaseFault) {
        self.path = path
        position = fault.position
        reason = fault.reason
    }

    package var description: String {
        switch position {
        case .file: "\(path): \(reason)"
        case .line(let line): "\(path):\(line): \(reason)"
        case .byte(let offset): "\(path): byte \(offset): \(reason)"
        }
    }
}

/// What a reader of bytes objects to; whoever knows the file's name makes a ``CountryDatabaseError`` of it.
struct DatabaseFault: Error, Hashable {
    let position: CountryDatabaseError.Position
    let reason: String

    init(_ position: CountryDatabaseError.Position, _ reason: String) {
        self.position = position
        self.reason = reason
    }
}

/// Text from a file, fit for a terminal: what is not printable ASCII is escaped, and there is an end to it.
func shown(_ bytes: some Collection<UInt8>, atMost limit: Int = 60) -> String {
    var text = ""
    for byte in bytes.prefix(limit) {
        switch byte {
        case UInt8(ascii: "\\"): text += "\\\\"
        case 0x20..<0x7f: text.unicodeScalars.append(UnicodeScalar(byte))
        default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return bytes.count > limit ? text + "…" : text
}
