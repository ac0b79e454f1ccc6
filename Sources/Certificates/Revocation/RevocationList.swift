package import Sessions

/// A certificate revocation list (RFC 5280 section 5), taken apart; whether it is the issuer's own is not known yet.
///
/// Keeps the bytes that it was made of, and 16 bytes more for each entry: a list of a million entries, 37 MB, costs
/// 53 MB.
/// Making it takes time in proportion to n log n; looking a serial number up takes time in proportion to log n.
package struct RevocationList: Sendable {
    /// Some 3 million entries.
    package static let maximumBytes = 128 * 1024 * 1024

    private let der: [UInt8]
    let signedBytes: ArraySlice<UInt8>
    let signature: ArraySlice<UInt8>
    let innerAlgorithm: AlgorithmIdentifier
    let outerAlgorithm: AlgorithmIdentifier
    let issuer: DirectoryName
    package let thisUpdate: Instant
    /// Nil when the list does not say, which RFC 5280 section 5.1.2.5 forbids: such a list cannot be told from one that
    /// is kept back, so ``IssuerRevocation`` believes only what stands on it, not what does not.
    package let nextUpdate: Instant?
    /// The content of the INTEGER; nil when the list has none, as those of small authorities.
    let number: [UInt8]?
    /// Why the list says nothing of the certificates that are not on it, in words for an administrator; nil for one
    /// that does.
    package let obstacle: String?
    /// The certificates that are on it are the issuer's and revoked, in spite of an obstacle.
    let entriesCount: Bool
    private let entries: [Entry]

    /// Where an entry stands; sorted by a key made of its serial number.
    private struct Entry {
        let key: UInt64
        let offset: UInt32
    }

    package init(der: [UInt8]) throws(DERError) {
        guard der.count <= Self.maximumBytes else {
            throw DERError(offset: 0, "\(der.count) bytes are more than a list may have")
        }
        self.der = der
        var document = DERReader(der[...])
        let list = try document.next("the list", tag: DERTag.sequence)
        try document.expectEnd("the list")
        var outer = list.reader
        let signed = try outer.next("the signed part", tag: DERTag.sequence)
        outerAlgorithm = try AlgorithmIdentifier(
            try outer.next("the signature's algorithm", tag: DERTag.sequence))
        signature = try outer.next("the signature", tag: DERTag.bitString).wholeBytes
        try outer.expectEnd("the signature")
        signedBytes = signed.bytes

        var reader = signed.reader
        var obstacle = Obstacle()
        if let version = try reader.optional("the version", tag: DERTag.integer) {
            let number = try version.smallNumber("the version")
            if number != 1 { obstacle.add("has version \(number + 1), not 2 (RFC 5280 section 5.1.2.1)") }
        }
        innerAlgorithm = try AlgorithmIdentifier(
            try reader.next("the signed algorithm", tag: DERTag.sequence))
        issuer = try DirectoryName(try reader.next("the issuer"), "the issuer")
        thisUpdate = try reader.next("thisUpdate").time("thisUpdate")
        let hasNextUpdate = reader.nextTag == DERTag.utcTime || reader.nextTag == DERTag.generalizedTime
        nextUpdate = hasNextUpdate ? try reader.next("nextUpdate").time("nextUpdate") : nil
        entries = try Self.entries(
            try reader.optional("the revoked certificates", tag: DERTag.sequence), &obstacle)
        number = try Self.number(
            try reader.optional("the list's extensions", tag: DERTag.constructed(0)), &obstacle)
        try reader.expectEnd("the signed part")
        self.obstacle = obstacle.text
        entriesCount = obstacle.entriesCount
    }

    /// The first thing that stands in the way of using the list.
    private struct Obstacle {
        private(set) var text: String?
        private(set) var entriesCount = true

        mutating func add(_ text: String, entriesCount: Bool = false) {
            self.text = self.text ?? text
            self.entriesCount = self.entriesCount && entriesCount
        }
    }

    package var count: Int { entries.count }
    package var shownIssuer: String { issuer.isEmpty ? "(no name)" : issuer.shown }

    /// Since when a certificate is revoked; nil when the list does not say that it is.
    func revocation(of serial: some Collection<UInt8>) -> Instant? {
        let key = Self.key(serial)
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].key < key { low = middle + 1 } else { high = middle }
        }
        while low < entries.count, entries[low].key == key {
            // A serial number that stands twice is revoked if either entry says so.
            if let found = try? read(entries[low]), found.serial.elementsEqual(serial),
                found.reason != Self.removeFromCRL
            {
                return found.date
            }
            low += 1
        }
        return nil
    }

    /// RFC 5280 section 5.3.1: taken off hold again. It belongs on delta lists; on a whole one it revokes nothing.
    private static let removeFromCRL = 8

    /// Later than the other: by thisUpdate, then by number.
    func isNewer(than other: RevocationList) -> Bool {
        if thisUpdate != other.thisUpdate { return thisUpdate > other.thisUpdate }
        let (mine, theirs) = (number ?? [], other.number ?? [])
        return mine.count == theirs.count ? theirs.lexicographicallyPrecedes(mine) : mine.count > theirs.count
    }

    private func read(
        _ entry: Entry
    ) throws(DERError) -> (serial: ArraySlice<UInt8>, date: Instant, reason: Int?) {
        var reader = DERReader(der[Int(entry.offset)...])
        let element = try reader.next("an entry", tag: DERTag.sequence)
        var obstacle = Obstacle()
        return try Self.parts(of: element, &obstacle)
    }

    private static func entries(_ list: DERElement?, _ obstacle: inout Obstacle) throws(DERError) -> [Entry] {
        guard let list else { return [] }
        var entries: [Entry] = []
        var reader = list.reader
        while !reader.isAtEnd {
            let element = try reader.next("an entry", tag: DERTag.sequence)
            let parts = try parts(of: element, &obstacle)
            // An offset fits: a list has fewer than 2^32 bytes.
            entries.append(Entry(key: key(parts.serial), offset: UInt32(element.offset)))
        }
        entries.sort { $0.key < $1.key }
        return entries
    }

    private static func parts(
        of element: DERElement, _ obstacle: inout Obstacle
    ) throws(DERError) -> (serial: ArraySlice<UInt8>, date: Instant, reason: Int?) {
        var reader = element.reader
        let serial = try reader.next("a serial number", tag: DERTag.integer).integerBytes("a serial number")
        let date = try reader.next("a revocation date").time("a revocation date")
        var reason: Int?
        if let list = try reader.optional("an entry's extensions", tag: DERTag.sequence) {
            for item in try DecodedCertificate.list(of: list) {
                var value = DERReader(item.value)
                switch item.identifier {
                case .reasonCode:
                    let code = try value.next("reasonCode")
                    guard code.tag == DERTag.enumerated else { throw code.failure("reasonCode is no reason") }
                    reason = try code.smallNumber("reasonCode")
                    try value.expectEnd("reasonCode")
                // Section 5.3.3: from here on the entries are another issuer's.
                case .certificateIssuer:
                    obstacle.add("lists certificates of other issuers, which is not supported")
                default:
                    if item.isCritical { obstacle.add(unknown(item.identifier, "an entry with ")) }
                }
            }
        }
        try reader.expectEnd("an entry")
        return (serial, date, reason)
    }

    /// Reads the list's extensions, and returns its number.
    private static func number(_ tagged: DERElement?, _ obstacle: inout Obstacle) throws(DERError) -> [UInt8]?
    {
        guard let tagged else { return nil }
        var wrapper = tagged.reader
        let list = try wrapper.next("the list's extensions", tag: DERTag.sequence)
        try wrapper.expectEnd("the list's extensions")
        var number: [UInt8]?
        var seen: Set<ObjectIdentifier> = []
        for item in try DecodedCertificate.list(of: list) {
            if !seen.insert(item.identifier).inserted {
                obstacle.add("has the extension \(item.identifier.name) twice")
            }
            switch item.identifier {
            case .crlNumber:
                var value = DERReader(item.value)
                number = Array(try value.next("cRLNumber", tag: DERTag.integer).integerBytes("cRLNumber"))
                try value.expectEnd("cRLNumber")
                if item.isCritical {
                    obstacle.add("marks cRLNumber as critical, which RFC 5280 section 5.2.3 forbids")
                }
            // Refused even where the critical flag is missing: a list of changes, or of some certificates only, says
            // nothing of those that are not on it.
            case .deltaCRLIndicator:
                obstacle.add(
                    "is a list of changes (deltaCRLIndicator), which is not supported", entriesCount: true)
            case .issuingDistributionPoint:
                obstacle.add(
                    "covers a part of its issuer's certificates (issuingDistributionPoint), which is not supported",
                    entriesCount: try !isIndirect(item))
            case .authorityKeyIdentifier, .issuerAlternativeName: break
            default:
                if item.isCritical { obstacle.add(unknown(item.identifier, "")) }
            }
        }
        return number
    }

    /// RFC 5280 section 5.2.5: a list with entries of other issuers.
    private static func isIndirect(_ item: DecodedCertificate.Extension) throws(DERError) -> Bool {
        var value = DERReader(item.value)
        var parts = try value.next("issuingDistributionPoint", tag: DERTag.sequence).reader
        try value.expectEnd("issuingDistributionPoint")
        while !parts.isAtEnd {
            let part = try parts.next("a part of issuingDistributionPoint")
            if part.tag == DERTag.context(4) { return try part.boolean("indirectCRL") }
        }
        return false
    }

    private static func unknown(_ identifier: ObjectIdentifier, _ place: String) -> String {
        "has \(place)a critical extension that is not known here, \(identifier.name) (RFC 5280 section 5.2)"
    }

    /// Made of the first eight bytes of a serial number and its length: most serial numbers differ there, and a search
    /// looks at all that do not.
    private static func key(_ serial: some Collection<UInt8>) -> UInt64 {
        let start = serial.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return start &* 31 &+ UInt64(serial.count)
    }
}
