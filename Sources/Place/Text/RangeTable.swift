/// Which country each range of addresses is in: for every place where it changes, the first address and the country.
///
/// A gap between ranges is a piece of its own, so that a piece ends where the next one begins. That makes 5 bytes a
/// piece for IPv4 and 17 for IPv6, and a look-up one binary search.
struct RangeTable<Bits: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    /// A range as a line of the text has it.
    struct Entry {
        let first: Bits
        let last: Bits
        let country: Countries.Number
        let line: Int
    }

    struct Piece {
        let first: Bits
        let last: Bits
        let country: Countries.Number
    }

    /// Ascending; the first is the lowest address that a range has.
    private let starts: [Bits]
    private let countries: [Countries.Number]

    /// Ranges in any order.
    ///
    /// - Throws: a fault for two ranges that overlap, at the line of the later one.
    init(_ entries: [Entry], name: (Bits) -> String) throws(DatabaseFault) {
        let isSorted = zip(entries, entries.dropFirst()).allSatisfy { $0.first <= $1.first }
        let entries = isSorted ? entries : entries.sorted { ($0.first, $0.line) < ($1.first, $1.line) }
        var starts: [Bits] = []
        var countries: [Countries.Number] = []
        starts.reserveCapacity(entries.count)
        countries.reserveCapacity(entries.count)
        var previous: Entry?
        for entry in entries {
            if let previous {
                guard previous.last < entry.first else { throw Self.overlap(previous, entry, name) }
                if previous.last + 1 < entry.first {
                    starts.append(previous.last + 1)
                    countries.append(Countries.unlisted)
                }
            }
            starts.append(entry.first)
            countries.append(entry.country)
            previous = entry
        }
        if let last = previous?.last, last < .max {
            starts.append(last + 1)
            countries.append(Countries.unlisted)
        }
        self.starts = starts
        self.countries = countries
    }

    var count: Int { starts.count }

    /// Nil when no range has the address.
    func find(_ address: Bits) -> Piece? {
        let index = place(of: address)
        guard index >= 0, countries[index] != Countries.unlisted else { return nil }
        let last = index + 1 < starts.count ? starts[index + 1] - 1 : .max
        return Piece(first: starts[index], last: last, country: countries[index])
    }

    func country(_ address: Bits) -> Countries.Number {
        let index = place(of: address)
        return index < 0 ? Countries.unlisted : countries[index]
    }

    /// The last piece that begins at or before the address, or -1.
    private func place(of address: Bits) -> Int {
        var low = 0
        var count = starts.count
        while count > 0 {
            let half = count / 2
            let isAfter = starts[low + half] <= address
            low = isAfter ? low + half + 1 : low
            count = isAfter ? count - half - 1 : half
        }
        return low - 1
    }

    private static func overlap(_ one: Entry, _ other: Entry, _ name: (Bits) -> String) -> DatabaseFault {
        let (earlier, later) = one.line < other.line ? (one, other) : (other, one)
        return DatabaseFault(
            .line(later.line),
            "\(name(later.first)) to \(name(later.last)) overlaps "
                + "\(name(earlier.first)) to \(name(earlier.last)) of line \(earlier.line)")
    }
}
