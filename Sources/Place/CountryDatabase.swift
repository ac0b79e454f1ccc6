package import Evidence
package import NetworkTypes
import Sessions

/// Which country an address is in, as one or several files tell: MaxMind files (.mmdb), and the texts of Debian's
/// `tor-geoipdb`, which come as one file for IPv4 and one for IPv6.
///
/// The files are read and checked whole when it is made, which takes up to a second and belongs on no thread that
/// others wait for; a look-up then does no I/O and cannot fail. What a file says is known by its content, not by its
/// name. The first file, in the order given, that names a country wins.
///
/// An IPv4-mapped IPv6 address is looked up as the IPv4 address. Not known, whatever a file says, are addresses that
/// hold an IPv4 address of somebody's choosing: 6to4 (RFC 3056), Teredo (RFC 4380; MaxMind's tree follows the address
/// of the Teredo *server* there), and the IPv4-compatible addresses, where the tree keeps its IPv4 half (RFC 4291
/// section 2.5.5.1, deprecated).
package final class CountryDatabase: CountryLookup, Sendable {
    /// What is known of one of the files.
    package struct File: Sendable, Hashable {
        package enum Kind: String, Sendable {
            case maxMind = "maxmind"
            case text
        }

        package let path: String
        package let kind: Kind
        /// What the file says of itself: MaxMind's database type; nothing for a text.
        package let title: String?
        /// When it was made, as the file says.
        package let built: String?
    }

    package let files: [File]
    private let contents: [Content]

    private enum Content: Sendable {
        case maxMind(MaxMindDatabase)
        case text(TextDatabase)
    }

    /// Reads and checks the files.
    ///
    /// - Throws: the first file's fault, with its place. A file that is written to meanwhile is one, too.
    package convenience init(paths: [String]) throws(CountryDatabaseError) {
        var files: [DatabaseBytes] = []
        for path in paths {
            do throws(ReadFault) {
                files.append(try DatabaseBytes(reading: path))
            } catch {
                switch error {
                case .unreadable(let fault): throw CountryDatabaseError(path: path, fault)
                case .changing:
                    throw CountryDatabaseError(path: path, .init(.file, "written to while it was read"))
                }
            }
        }
        try self.init(files)
    }

    /// A database whose bytes are in memory already; the path is what is said of it.
    package convenience init(path: String, bytes: [UInt8]) throws(CountryDatabaseError) {
        try self.init([DatabaseBytes(path: path, bytes: bytes)])
    }

    init(_ files: [DatabaseBytes]) throws(CountryDatabaseError) {
        var contents: [Content] = []
        for file in files {
            do throws(DatabaseFault) {
                contents.append(try Self.content(file.bytes))
            } catch {
                throw CountryDatabaseError(path: file.path, error)
            }
        }
        self.contents = contents
        self.files = zip(files, contents).map { Self.describe($0.path, $1) }
    }

    private static func content(_ bytes: [UInt8]) throws(DatabaseFault) -> Content {
        guard !bytes.isEmpty else { throw DatabaseFault(.file, "empty") }
        if let start = MaxMindLayout.metadataStart(bytes) {
            return .maxMind(try MaxMindDatabase(bytes, metadataStart: start))
        }
        // A zero byte is in every MaxMind file, and in no text.
        if let zero = bytes.firstIndex(of: 0) {
            throw DatabaseFault(.byte(zero), "no text, and no MaxMind file either, unless its end is missing")
        }
        return .text(try TextDatabase(bytes))
    }

    private static func describe(_ path: String, _ content: Content) -> File {
        switch content {
        case .maxMind(let database):
            File(
                path: path, kind: .maxMind, title: database.layout.databaseType,
                built: Instant(secondsSince1970: database.layout.buildEpoch).description)
        case .text(let database): File(path: path, kind: .text, title: nil, built: database.generated)
        }
    }

    // MARK: Looking up

    package func country(of address: IPAddress) -> CountryCode? {
        guard let address = Self.subject(address) else { return nil }
        for content in contents {
            let code =
                switch content {
                case .maxMind(let database): database.country(of: address)
                case .text(let database): database.country(of: address)
                }
            if let code { return code }
        }
        return nil
    }

    /// What was found, for people to see: the country, the range that has the address, and the file that says so.
    ///
    /// Without a country when a file lists the address and names none. Nil when no file lists it.
    package func match(_ address: IPAddress) -> CountryMatch? {
        guard let address = Self.subject(address) else { return nil }
        var listed: CountryMatch?
        for (file, content) in zip(files, contents) {
            let found =
                switch content {
                case .maxMind(let database): database.match(address)
                case .text(let database): database.match(address)
                }
            guard let found else { continue }
            let match = CountryMatch(country: found.country, range: found.range, file: file)
            if match.country != nil { return match }
            if listed == nil { listed = match }
        }
        return listed
    }

    /// The address to look up in place of the given one; nil for one that is nowhere.
    private static func subject(_ address: IPAddress) -> IPAddress? {
        guard address.family == .ipv6 else { return address }
        if address.bits >> 32 == 0xffff { return IPAddress(ipv4: UInt32(truncatingIfNeeded: address.bits)) }
        let isCompatible = address.bits >> 32 == 0
        let is6to4 = address.bits >> 112 == 0x2002
        let isTeredo = address.bits >> 96 == 0x2001_0000
        return isCompatible || is6to4 || isTeredo ? nil : address
    }
}

/// What a database says of an address.
package struct CountryMatch: Sendable, Hashable {
    /// Nil when the file lists the address without a country, or with a code that is none.
    package let country: CountryCode?
    package let range: AddressRange
    package let file: CountryDatabase.File
}
