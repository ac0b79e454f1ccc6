import Evidence
import NetworkTypes

/// The database as Debian's `tor-geoipdb` has it: a text of ranges, held as sorted arrays.
///
/// A line is `FIRST,LAST,CC`: IPv4 addresses as decimal numbers (the file `geoip`), IPv6 addresses in groups
/// (`geoip6`); both may stand in one file. Empty lines and those after `#` say nothing. The order of the lines does not
/// matter; ranges that overlap do, since then a look-up would depend on it.
final class TextDatabase: Sendable {
    private let four: RangeTable<UInt32>
    private let six: RangeTable<UInt128>
    /// What the comment in front says after `Generated:`, escaped.
    let generated: String?

    /// - Throws: a fault with its line, for the first line that is wrong.
    init(_ text: [UInt8]) throws(DatabaseFault) {
        var reader = TextReader()
        var line = 0
        var start = 0
        // UTF-8's byte order mark, which some editors leave behind.
        if text.starts(with: [0xef, 0xbb, 0xbf]) { start = 3 }
        while start < text.count {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
            line += 1
            try reader.read(text[start..<end], line: line)
            start = end + 1
        }
        guard !reader.four.isEmpty || !reader.six.isEmpty else {
            throw DatabaseFault(.file, "has no range of addresses")
        }
        four = try RangeTable(reader.four) { IPAddress(ipv4: $0).description }
        six = try RangeTable(reader.six) { IPAddress(ipv6: $0).description }
        generated = reader.generated
    }

    /// How many pieces the tables have, gaps among them.
    var count: Int { four.count + six.count }

    func country(of address: IPAddress) -> CountryCode? {
        switch address.family {
        case .ipv4: Countries.code(four.country(UInt32(truncatingIfNeeded: address.bits)))
        case .ipv6: Countries.code(six.country(address.bits))
        }
    }

    /// Nil when no range has the address.
    func match(_ address: IPAddress) -> DatabaseMatch? {
        switch address.family {
        case .ipv4:
            guard let piece = four.find(UInt32(truncatingIfNeeded: address.bits)) else { return nil }
            return DatabaseMatch(
                IPAddress(ipv4: piece.first), IPAddress(ipv4: piece.last), Countries.code(piece.country))
        case .ipv6:
            guard let piece = six.find(address.bits) else { return nil }
            return DatabaseMatch(
                IPAddress(ipv6: piece.first), IPAddress(ipv6: piece.last), Countries.code(piece.country))
        }
    }
}

/// What one file says of an address.
struct DatabaseMatch {
    let range: AddressRange
    let country: CountryCode?

    init?(_ first: IPAddress, _ last: IPAddress, _ country: CountryCode?) {
        guard let range = AddressRange(first: first, last: last) else { return nil }
        self.range = range
        self.country = country
    }
}

/// The lines of a text database, one by one.
private struct TextReader {
    var four: [RangeTable<UInt32>.Entry] = []
    var six: [RangeTable<UInt128>.Entry] = []
    var generated: String?

    /// The longest line is two IPv6 addresses and a code, 82 bytes; comments may be longer.
    private static let shownBytes = 100
    private static let comma = UInt8(ascii: ",")

    mutating func read(_ raw: ArraySlice<UInt8>, line: Int) throws(DatabaseFault) {
        let text = raw.last == UInt8(ascii: "\r") ? raw.dropLast() : raw
        guard let byte = text.first else { return }
        if byte == UInt8(ascii: "#") { return readComment(text.dropFirst()) }
        guard let comma = text.firstIndex(of: Self.comma),
            let second = text[(comma + 1)...].firstIndex(of: Self.comma)
        else { throw Self.fault(line, "expected FIRST,LAST,CC", text) }
        let country = try Self.country(text[(second + 1)...], line)
        let (first, last) = (text[..<comma], text[(comma + 1)..<second])
        if let from = AddressText.integer(first), let to = AddressText.integer(last) {
            guard from <= to else { throw Self.fault(line, "the first address is after the last", text) }
            four.append(.init(first: from, last: to, country: country, line: line))
        } else if let from = AddressText.ipv6(first), let to = AddressText.ipv6(last) {
            guard from <= to else { throw Self.fault(line, "the first address is after the last", text) }
            six.append(.init(first: from, last: to, country: country, line: line))
        } else {
            throw Self.fault(
                line, "expected two IPv4 addresses as decimal numbers, or two IPv6 addresses", text)
        }
    }

    /// Two letters; `A1` and `??` are how databases write that they do not know.
    private static func country(
        _ text: ArraySlice<UInt8>, _ line: Int
    ) throws(DatabaseFault) -> Countries.Number {
        guard text.count == 2, let first = text.first, let second = text.last,
            isLetter(first) && (isLetter(second) || isDigit(second))
                || first == UInt8(ascii: "?") && second == first
        else { throw fault(line, "expected a country code of two letters, or '??'", text) }
        return Countries.number(first, second)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func fault(_ line: Int, _ expected: String, _ text: ArraySlice<UInt8>) -> DatabaseFault {
        DatabaseFault(.line(line), "\(expected), not '\(shown(text, atMost: shownBytes))'")
    }

    private mutating func readComment(_ text: ArraySlice<UInt8>) {
        let words = text.drop { $0 == UInt8(ascii: " ") }
        let label = "Generated:"
        guard generated == nil, words.starts(with: label.utf8) else { return }
        generated = shown(words.dropFirst(label.utf8.count).drop { $0 == UInt8(ascii: " ") })
    }
}
