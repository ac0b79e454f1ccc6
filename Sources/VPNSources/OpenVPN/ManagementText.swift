/// Cutting lines of the management protocol at their ASCII separators.
///
/// All of it works on UTF-8 code units. Swift's `Character` does not: a combining mark after `=` or a tab fuses with
/// it, so a client that starts a value with one would make the separator disappear.
extension Substring {
    /// What follows `prefix`, or nil when the text does not begin with it.
    func dropping(prefix: String) -> Substring? {
        guard utf8.starts(with: prefix.utf8) else { return nil }
        return Substring(utf8.dropFirst(prefix.utf8.count))
    }

    /// The pieces between separators, empty ones included, so never none; the last of `limit` holds the rest.
    func fields(_ separator: Unicode.Scalar, limit: Int = .max) -> [Substring] {
        let code = UInt8(truncatingIfNeeded: separator.value)
        return utf8.split(separator: code, maxSplits: limit - 1, omittingEmptySubsequences: false).map(
            Substring.init)
    }

    /// A number in the one spelling that the server uses: digits only, no sign, no leading zero.
    func number<Number: FixedWidthInteger & UnsignedInteger>(as type: Number.Type = Number.self) -> Number? {
        guard !utf8.isEmpty, utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard utf8.count == 1 || utf8.first != 0x30 else { return nil }
        return Number(self)
    }
}

extension String {
    /// This text cut down to what may stand in a message for people: no control characters, at most `limit` characters.
    func excerpt(limit: Int = 80) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if scalars.count == limit {
                scalars.append("…")
                break
            }
            scalars.append(scalar.isControl ? "?" : scalar)
        }
        return String(scalars)
    }
}

extension Unicode.Scalar {
    /// Control and format characters and the line separators of Unicode: nothing that moves a cursor, ends a line or
    /// turns the direction of writing.
    var isControl: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            true
        default: false
        }
    }
}
