import Evidence
import Foundation
import NetworkTypes
import Place
import TestSupport
import Testing

@Suite struct TextDatabaseTests {
    private static func database(_ text: String) throws -> CountryDatabase {
        try CountryDatabase(path: "geoip", bytes: Array(text.utf8))
    }

    /// Both families, out of order, with what such files also have.
    private static let text = """
        # Location Database Export
        #
        # Generated: Thu, 25 Jun 2026 04:33:59 GMT
        16777216,16777471,AU
        16777472,16778239,CN

        92733440,92733471,CZ\r
        35299328,35299583,cz
        15726992,15726999,??
        34603008,34604543,EU
        50331648,50331903,A1
        50331904,50331904,UK
        4294967295,4294967295,SE
        2001:200:135::,2001:200:135:ffff:ffff:ffff:ffff:ffff,US
        2001:200:136::,2001:200:179:ffff:ffff:ffff:ffff:ffff,JP
        ::ffff:0:0,::ffff:ffff:ffff,FR
        2002::,2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff,FR
        2001::,2001:0:ffff:ffff:ffff:ffff:ffff:ffff,FR
        ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,NO
        """

    @Test(arguments: [
        MaxMindTests.Case("1.0.0.0", "AU", "1.0.0.0-1.0.0.255", "the first of a range"),
        .init("1.0.0.255", "AU", "1.0.0.0-1.0.0.255", "the last of a range"),
        .init("1.0.1.0", "CN", "1.0.1.0-1.0.3.255", "the next range, without a gap"),
        .init("1.0.4.0", nil, nil, "after it"),
        .init("5.135.0.0", "CZ", "5.135.0.0-5.135.0.31", "a line that ends in a carriage return"),
        .init("2.26.160.0", "CZ", "2.26.160.0-2.26.160.255", "small letters, and lines in another order"),
        .init("0.239.249.144", nil, "0.239.249.144-0.239.249.151", "listed as not known"),
        .init("2.16.0.1", nil, "2.16.0.0-2.16.5.255", "a region is no country"),
        .init("3.0.0.1", nil, "3.0.0.0-3.0.0.255", "a proxy is no country"),
        .init("3.0.1.0", "GB", "3.0.1.0", "the United Kingdom by another name"),
        .init("255.255.255.255", "SE", "255.255.255.255", "the last address there is"),
        .init("0.0.0.0", nil, nil, "before every range"),
        .init(
            "2001:200:135::1", "US", "2001:200:135::-2001:200:135:ffff:ffff:ffff:ffff:ffff", "IPv6"),
        .init("2001:200:17a::", nil, nil, "IPv6 after a range"),
        .init("::ffff:1.0.0.1", "AU", "1.0.0.0-1.0.0.255", "an IPv4-mapped address is the IPv4 address"),
        .init("2002:100:1::", nil, nil, "6to4, whatever the file says"),
        .init("2001::1", nil, nil, "Teredo, whatever the file says"),
        .init(
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "NO",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "the last"),
    ])
    func lookUp(_ example: MaxMindTests.Case) throws {
        let database = try Self.database(Self.text)
        let address = try #require(IPAddress(example.address))
        #expect(database.country(of: address)?.description == example.country)
        let match = database.match(address)
        #expect(match?.country?.description == example.country)
        #expect(match?.range.description == example.range)
    }

    @Test func aboutTheFile() throws {
        let file = try #require(try Self.database(Self.text).files.first)
        #expect(file.kind == .text)
        #expect(file.title == nil)
        #expect(file.built == "Thu, 25 Jun 2026 04:33:59 GMT")
    }

    struct Wrong: Sendable, CustomStringConvertible {
        let text: String
        let says: String
        let why: String
        var description: String { why }

        init(_ text: String, _ says: String, _ why: String) {
            (self.text, self.says, self.why) = (text, says, why)
        }
    }

    @Test(arguments: [
        Wrong("", "geoip: empty", "an empty file"),
        Wrong("# nothing\n\n", "geoip: has no range of addresses", "comments alone"),
        Wrong("1,2", "geoip:1: expected FIRST,LAST,CC, not '1,2'", "a field too few"),
        Wrong(
            "#\n1,2,GB,x", "geoip:2: expected a country code of two letters, or '??', not 'GB,x'",
            "one too many"),
        Wrong(
            "1,2,GBR", "geoip:1: expected a country code of two letters, or '??', not 'GBR'",
            "three letters"),
        Wrong("1,2,", "geoip:1: expected a country code of two letters, or '??', not ''", "no code"),
        Wrong(
            "1,2,?B", "geoip:1: expected a country code of two letters, or '??', not '?B'", "half a code"),
        Wrong(
            "1,2,Ö", "geoip:1: expected a country code of two letters, or '??', not '\\xc3\\x96'",
            "two bytes"),
        Wrong("2,1,GB", "geoip:1: the first address is after the last, not '2,1,GB'", "the wrong way round"),
        Wrong("2001:db8::1,2001:db8::,GB", "geoip:1: the first address is after the last", "likewise, IPv6"),
        Wrong("1,4294967296,GB", "geoip:1: expected two IPv4 addresses", "more than 32 bits"),
        Wrong("1,99999999999999999999999999,GB", "geoip:1: expected two IPv4 addresses", "more than 64 bits"),
        Wrong("-1,2,GB", "geoip:1: expected two IPv4 addresses", "a sign"),
        Wrong(" 1,2,GB", "geoip:1: expected two IPv4 addresses", "a space"),
        Wrong(
            "1.0.0.0,1.0.0.255,GB", "geoip:1: expected two IPv4 addresses as decimal numbers", "dotted quads"),
        Wrong("1,2001:db8::,GB", "geoip:1: expected two IPv4 addresses", "one of each family"),
        Wrong("2001:::,2001::1,GB", "geoip:1: expected two IPv4 addresses", "three colons"),
        Wrong(
            "1,4,GB\n7,8,FR\n4,5,DE", "geoip:3: 0.0.0.4 to 0.0.0.5 overlaps 0.0.0.1 to 0.0.0.4 of line 1",
            "one address twice"),
        Wrong(
            "5,6,GB\n1,9,FR", "geoip:2: 0.0.0.1 to 0.0.0.9 overlaps 0.0.0.5 to 0.0.0.6 of line 1",
            "one around another"),
        Wrong(
            "1,2,GB\n1,2,GB", "geoip:2: 0.0.0.1 to 0.0.0.2 overlaps 0.0.0.1 to 0.0.0.2 of line 1",
            "a line twice"),
        Wrong("::1,::5,GB\n::5,::6,GB", "geoip:2: ::5 to ::6 overlaps ::1 to ::5 of line 1", "IPv6"),
        Wrong("1,2,GB\n\u{0}", "geoip: byte 7: no text", "a zero byte"),
        Wrong(
            "1,2,\u{1b}[31m", "geoip:1: expected a country code of two letters, or '??', not '\\x1b[31m'",
            "a terminal's colours"),
        Wrong("1,2", "geoip:1: expected FIRST,LAST,CC", "cut in the middle of a line"),
        Wrong("not a database\n", "geoip:1: expected FIRST,LAST,CC, not 'not a database'", "something else"),
    ])
    func refused(_ wrong: Wrong) {
        let error = #expect(throws: CountryDatabaseError.self) { try Self.database(wrong.text) }
        #expect(error?.description.hasPrefix(wrong.says) == true, "\(error?.description ?? "-")")
    }

    @Test func longLinesAreShownInPart() throws {
        let error = #expect(throws: CountryDatabaseError.self) {
            try Self.database(String(repeating: "x", count: 1 << 20))
        }
        #expect((error?.description.utf8.count ?? .max) < 200)
    }

    /// Random ranges of both families against a walk over all of them.
    @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6]) func againstALinearModel(seed: UInt64) throws {
        var generator = Seeded(seed)
        var lines: [Line] = []
        for family in [AddressFamily.ipv4, .ipv6] {
            // Within a few hundred addresses, so that neighbours touch and gaps are hit.
            let base: UInt128 = family == .ipv4 ? 0x0a00_0000 : 0x2a00 << 112
            var bits = base
            for _ in 0..<80 {
                if Bool.random(using: &generator) { bits += UInt128.random(in: 1...4, using: &generator) }
                let last = bits + UInt128.random(in: 0...5, using: &generator)
                let code = try #require(["GB", "FR", "DE", "??", "EU"].randomElement(using: &generator))
                let first = try #require(IPAddress(family: family, bits: bits))
                let end = try #require(IPAddress(family: family, bits: last))
                let range = try #require(AddressRange(first: first, last: end))
                lines.append(Line(range: range, code: code))
                bits = last + 1
            }
        }
        lines.shuffle(using: &generator)
        let database = try Self.database(lines.map(\.text).joined(separator: "\n"))
        for family in [AddressFamily.ipv4, .ipv6] {
            let base: UInt128 = family == .ipv4 ? 0x0a00_0000 : 0x2a00 << 112
            for offset in 0..<600 {
                let address = try #require(IPAddress(family: family, bits: base - 10 + UInt128(offset)))
                let line = lines.first { $0.range.contains(address) }
                let code = line.flatMap { ["??", "EU"].contains($0.code) ? nil : $0.code }
                #expect(database.country(of: address)?.description == code, "seed \(seed), \(address)")
                #expect(database.match(address)?.range == line?.range, "seed \(seed), \(address)")
            }
        }
    }

    struct Line {
        let range: AddressRange
        let code: String

        var text: String {
            range.family == .ipv4
                ? "\(range.first.bits),\(range.last.bits),\(code)" : "\(range.first),\(range.last),\(code)"
        }
    }

    /// The reader of addresses against the one that everybody else uses: right addresses, and such with a byte changed.
    @Test(arguments: [UInt64(21), 22]) func addressesAsEverywhere(seed: UInt64) throws {
        var generator = Seeded(seed)
        let letters = Array("0123456789abcdefABCDEF:::.g".utf8)
        for _ in 0..<3000 {
            var groups = (0..<8).map { _ in UInt16.random(in: 0...(.max), using: &generator) }
            for index in groups.indices where Bool.random(using: &generator) { groups[index] = 0 }
            let bits = groups.reduce(UInt128(0)) { $0 << 16 | UInt128($1) }
            var text = Array(IPAddress(ipv6: bits).description.utf8)
            if Bool.random(using: &generator) {
                let index = Int.random(in: 0..<text.count, using: &generator)
                let letter = try #require(letters.randomElement(using: &generator))
                if Bool.random(using: &generator) {
                    text[index] = letter
                } else {
                    text.insert(letter, at: index)
                }
            }
            let written = String(decoding: text, as: UTF8.self)
            // Dotted quads, which no such file has, are not read here.
            let expected = written.contains(".") ? nil : IPAddress(written)
            let database = try? Self.database("\(written),\(written),GB")
            #expect((database != nil) == (expected?.family == .ipv6), "seed \(seed): \(written)")
            if let expected, expected.bits >> 32 != 0, expected.bits >> 112 != 0x2002,
                expected.bits >> 96 != 0x2001_0000,
                expected.bits >> 32 != 0xffff
            {
                #expect(database?.country(of: expected)?.description == "GB", "seed \(seed): \(written)")
            }
        }
    }

    @Test(arguments: [UInt64(31), 32, 33]) func wrongBytesNeverCrash(seed: UInt64) throws {
        let text = Array(Self.text.utf8)
        var generator = Seeded(seed)
        for _ in 0..<1000 {
            var damaged = text
            for _ in 0..<Int.random(in: 1...5, using: &generator) {
                let offset = Int.random(in: 0..<text.count, using: &generator)
                damaged[offset] = UInt8.random(in: 0...255, using: &generator)
            }
            let database = try? CountryDatabase(path: "geoip", bytes: damaged)
            _ = database?.match(IPAddress(ipv4: 0x0100_0001))
        }
    }

    // MARK: Several files, and codes

    @Test func theFirstFileThatKnowsWins() throws {
        let folder = try Folder()
        let paths = try [
            folder.write("a", "1,10,??\n11,20,GB\n"), folder.write("b", "1,30,FR\n"),
        ]
        let database = try CountryDatabase(paths: paths)
        #expect(database.country(of: IPAddress(ipv4: 5))?.description == "FR")
        #expect(database.country(of: IPAddress(ipv4: 15))?.description == "GB")
        #expect(database.match(IPAddress(ipv4: 15))?.file.path == paths[0])
        #expect(database.match(IPAddress(ipv4: 25))?.file.path == paths[1])
    }

    /// All two-letter codes: those that are told are countries.
    @Test func codes() throws {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        let codes = letters.flatMap { first in letters.map { "\(first)\($0)" } }
        let text = codes.enumerated().map { "\($0),\($0),\($1)" }.joined(separator: "\n")
        let database = try Self.database(text)
        let told = codes.indices.map { database.country(of: IPAddress(ipv4: UInt32($0)))?.description }
        let countries = zip(codes, told).filter { $0.0 == $0.1 }.map(\.0)
        #expect(countries.count == 250, "249 that are assigned, and XK")
        for code in ["GB", "IE", "NO", "XK", "AX", "TW"] { #expect(countries.contains(code)) }
        for code in ["EU", "AP", "XX", "ZZ", "AA", "XD", "CS", "AN", "SU", "YU", "UN"] {
            #expect(!countries.contains(code))
        }
        let others = zip(codes, told).filter { $0.0 != $0.1 && $0.1 != nil }
        #expect(others.map { "\($0.0) is \($0.1 ?? "-")" } == ["UK is GB"])
    }

    /// The beginning of what Debian ships, where it is installed: all of it takes seconds in a debug build.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/share/tor/geoip6"), "needs tor-geoipdb"))
    func installedDatabase() throws {
        for (name, address, code) in [("geoip", "1.0.16.1", "JP"), ("geoip6", "2001:218::1", "JP")] {
            let file = try #require(FileHandle(forReadingAtPath: "/usr/share/tor/\(name)"))
            let start = Array(try file.read(upToCount: 1 << 18) ?? Data())
            let end = try #require(start.lastIndex(of: UInt8(ascii: "\n")))
            let database = try CountryDatabase(path: name, bytes: Array(start[...end]))
            #expect(database.country(of: try #require(IPAddress(address)))?.description == code)
            #expect(database.files.first?.built?.hasSuffix("GMT") == true)
        }
    }
}

/// A folder for a test's files, removed with it.
final class Folder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "gatehouse-place-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }

    func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: url.appending(path: name))
        return path(name)
    }

    /// Puts another file in the place of the one of that name.
    func replace(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: url.appending(path: name), options: .atomic)
    }
}
