import Evidence
import NetworkTypes
import Place
import TestSupport
import Testing

@Suite struct MaxMindTests {
    private static let networks = [
        ("1.0.0.0/8", "AU"), ("81.2.69.160/27", "GB"), ("81.2.69.164/32", "SE"), ("193.0.0.0/16", "EU"),
        ("2001:218::/32", "JP"), ("2a00:1450::/29", "ie"), ("2a00:1450:4001::/48", "DE"),
    ]

    private static func database(_ writer: MaxMindWriter) throws -> CountryDatabase {
        try CountryDatabase(path: "a.mmdb", bytes: writer.file())
    }

    private static func database(_ networks: [(String, String)]) throws -> CountryDatabase {
        try database(try MaxMindWriter(networks))
    }

    struct Case: Sendable, CustomStringConvertible {
        let address: String
        let country: String?
        let range: String?
        let why: String
        var description: String { "\(address): \(why)" }

        init(_ address: String, _ country: String?, _ range: String?, _ why: String) {
            (self.address, self.country, self.range, self.why) = (address, country, range, why)
        }
    }

    @Test(
        arguments: [
            Case("1.2.3.4", "AU", "1.0.0.0-1.255.255.255", "in a network"),
            Case(
                "81.2.69.163", "GB", "81.2.69.160-81.2.69.163",
                "the tree splits a network around a smaller one"),
            Case("81.2.69.164", "SE", "81.2.69.164", "a single address"),
            Case("81.2.69.192", nil, nil, "just after a network"),
            Case("193.0.6.139", nil, "193.0.0.0-193.0.255.255", "listed, as a region that is no country"),
            Case("2001:218::1", "JP", "2001:218::-2001:218:ffff:ffff:ffff:ffff:ffff:ffff", "IPv6"),
            Case(
                "2a00:1450:4001::1", "DE", "2a00:1450:4001::-2a00:1450:4001:ffff:ffff:ffff:ffff:ffff", "inner"
            ),
            Case(
                "2a00:1451::", "IE", "2a00:1451::-2a00:1451:ffff:ffff:ffff:ffff:ffff:ffff",
                "a code in small letters"),
            Case(
                "::ffff:1.2.3.4", "AU", "1.0.0.0-1.255.255.255", "an IPv4-mapped address is the IPv4 address"),
            Case("::1.2.3.4", nil, nil, "the tree's IPv4 half, but nobody's address"),
            Case("2002:102:304::", nil, nil, "6to4"),
            Case("2001:0:102:304::", nil, nil, "Teredo, by way of a server in AU"),
            Case("::", nil, nil, "the first"),
            Case("255.255.255.255", nil, nil, "the last"),
        ], [24, 28, 32])
    func lookUp(_ example: Case, recordSize: Int) throws {
        var writer = try MaxMindWriter(Self.networks, recordSize: recordSize)
        // As MaxMind's databases have them: 6to4 and Teredo lead to the node where the IPv4 addresses begin.
        writer.insert(try IPPrefix(parsing: "2002::/16"), try Self.ipv4Start(writer))
        writer.insert(try IPPrefix(parsing: "2001::/32"), try Self.ipv4Start(writer))
        let database = try Self.database(writer)
        let address = try #require(IPAddress(example.address))
        #expect(database.country(of: address)?.description == example.country)
        let match = database.match(address)
        #expect(match?.country?.description == example.country)
        #expect(match?.range.description == example.range)
    }

    private static func ipv4Start(_ writer: MaxMindWriter) throws -> MaxMindWriter.Record {
        var record = MaxMindWriter.Record.node(0)
        for _ in 0..<96 {
            guard case .node(let number) = record else { throw WrongTree() }
            record = writer.nodes[number].left
        }
        return record
    }

    private struct WrongTree: Error {}

    @Test func aboutTheFile() throws {
        let file = try #require(try Self.database(Self.networks).files.first)
        #expect(file.kind == .maxMind)
        #expect(file.title == "Test-Country")
        #expect(file.built == "2026-05-28T20:26:40Z")
    }

    @Test func treeOfIPv4Only() throws {
        let writer = try MaxMindWriter([("1.0.0.0/8", "AU"), ("1.2.3.4/32", "NZ")], ipVersion: 4)
        let database = try Self.database(writer)
        #expect(database.match(IPAddress(ipv4: 0x0102_0304))?.range.description == "1.2.3.4")
        #expect(database.country(of: IPAddress(ipv4: 0x0102_0305))?.description == "AU")
        #expect(database.match(try #require(IPAddress("2001:db8::1"))) == nil)
    }

    /// A record above the IPv4 half: every IPv4 address is in it.
    @Test func recordAboveTheIPv4Half() throws {
        let database = try Self.database([("::/8", "FR"), ("2001:218::/32", "JP")])
        let match = database.match(IPAddress(ipv4: 0x0808_0808))
        #expect(match?.country?.description == "FR")
        #expect(match?.range == .all(.ipv4))
    }

    struct Layout: Sendable, CustomStringConvertible {
        let description: String
        let record: @Sendable () -> MaxMindWriter.Value
        let country: String?
    }

    @Test(arguments: [
        Layout(
            description: "flat, a code",
            record: { .map([("country_code", .text("NO")), ("country", .text("Norway"))]) }, country: "NO"),
        Layout(
            description: "flat, the code under 'country'",
            record: { .map([("continent", .text("EU")), ("country", .text("NO"))]) }, country: "NO"),
        Layout(
            description: "where the network is registered does not count",
            record: { .map([("registered_country", .map([("iso_code", .text("NO"))]))]) }, country: nil),
        Layout(
            description: "whose army it is does not count",
            record: { .map([("represented_country", .map([("iso_code", .text("US"))]))]) }, country: nil),
        Layout(description: "a name alone", record: { .map([("country", .text("Norway"))]) }, country: nil),
        Layout(
            description: "a code that is a number", record: { .map([("country_code", .uint32(47))]) },
            country: nil),
        Layout(description: "a record that is no map", record: { .text("NO") }, country: nil),
    ])
    func layouts(_ layout: Layout) throws {
        var writer = MaxMindWriter()
        let offset = writer.add(layout.record())
        writer.insert(try IPPrefix(parsing: "10.0.0.0/8"), .data(offset))
        let file = writer.file()
        if let country = layout.country {
            let database = try CountryDatabase(path: "a.mmdb", bytes: file)
            #expect(database.country(of: IPAddress(ipv4: 0x0a00_0001))?.description == country)
        } else {
            let error = #expect(throws: CountryDatabaseError.self) {
                try CountryDatabase(path: "a.mmdb", bytes: file)
            }
            #expect(error?.description == "a.mmdb: no record of this database (Test-Country) names a country")
        }
    }

    @Test func pointersAreFollowed() throws {
        var writer = MaxMindWriter()
        let code = writer.add(.text("PT"))
        let country = writer.add(.map([("iso_code", .pointer(code))]))
        let record = writer.add(.map([("country", .pointer(country))]))
        writer.insert(try IPPrefix(parsing: "10.0.0.0/8"), .data(record))
        #expect(try Self.database(writer).country(of: IPAddress(ipv4: 0x0a00_0001))?.description == "PT")
    }

    // MARK: Wrong files

    struct Wrong: Sendable, CustomStringConvertible {
        let description: String
        let says: String
        let damage: @Sendable (inout MaxMindWriter) -> Void

        init(
            _ description: String, _ says: String, _ damage: @escaping @Sendable (inout MaxMindWriter) -> Void
        ) {
            (self.description, self.says, self.damage) = (description, says, damage)
        }
    }

    @Test(arguments: [
        Wrong("format 3", "binary_format_major_version is 3") {
            $0.metadata["binary_format_major_version"] = .uint16(3)
        },
        Wrong("no such record size", "record_size is 26") { $0.metadata["record_size"] = .uint16(26) },
        Wrong("no such version of IP", "ip_version is 5") { $0.metadata["ip_version"] = .uint16(5) },
        Wrong("IPv6 depth in a tree of IPv4", "deeper than an address is long") {
            $0.metadata["ip_version"] = .uint16(4)
        },
        Wrong("no nodes", "a tree of 0 nodes") { $0.metadata["node_count"] = .uint32(0) },
        Wrong("more nodes than the file has", "a tree of 4294967295 nodes") {
            $0.metadata["node_count"] = .uint32(.max)
        },
        Wrong("a node too few", "expected 16 zero bytes") {
            $0.metadata["node_count"] = .uint32(UInt32($0.nodes.count - 1))
        },
        Wrong("a count that is text", "no node_count") { $0.metadata["node_count"] = .text("7") },
        Wrong("a type that is no text", "no database_type") { $0.metadata["database_type"] = .uint16(1) },
        Wrong("built after the end of time", "build_epoch is 18446744073709551615") {
            $0.metadata["build_epoch"] = .uint64(.max)
        },
        Wrong("languages without end", "outside its section") {
            $0.metadata["languages"] = .raw([0x1f, 0x04, 0xff, 0xff, 0xff])
        },
        Wrong("languages that are a number", "libmaxminddb") { $0.metadata["languages"] = .uint16(1) },
        Wrong("something in the separator", "expected 16 zero bytes") { $0.separator[15] = 1 },
        Wrong("a record into the separator", "neither a node nor in the data") {
            $0.nodes[$0.nodes.count - 1].left = .raw($0.nodes.count + 1)
        },
        Wrong("a record past the data", "neither a node nor in the data") {
            $0.nodes[$0.nodes.count - 1].left = .data($0.data.count)
        },
        Wrong("a node that leads to itself", "leads back to a node above it") {
            $0.nodes[$0.nodes.count - 1].left = .node($0.nodes.count - 1)
        },
        Wrong("a circle of nodes", "leads back to a node above it") {
            $0.nodes[$0.nodes.count - 1].right = .node(0)
        },
        Wrong("a way of more than 128 nodes", "deeper than an address is long") {
            for _ in 0..<129 {
                $0.nodes[$0.nodes.count - 1].left = .node($0.nodes.count)
                $0.nodes.append(.init())
            }
        },
        Wrong("a node that nothing leads to", "no node leads to") { $0.nodes.append(.init()) },
        Wrong("a value cut off", "past the end of its section") { point(&$0, .raw([0x5c, 0x41])) },
        Wrong("a map of more than there is", "outside its section") { point(&$0, .raw([0xfc])) },
        Wrong("an array of 16 million", "outside its section") {
            point(&$0, .raw([0x1f, 0x04, 0xff, 0xff, 0xff]))
        },
        Wrong("a key that is a number", "a map's key is no text") {
            point(&$0, .raw([0xe1, 0xa1, 1, 0xa1, 1]))
        },
        Wrong("text that is not UTF-8", "not UTF-8") { point(&$0, .raw([0x42, 0xc3, 0x28])) },
        Wrong("a key that is not UTF-8", "not UTF-8") {
            point(&$0, .raw([0xe1, 0x42, 0xc3, 0x28, 0xa1, 1]))
        },
        Wrong("a double of five bytes", "cannot have the size 5") {
            point(&$0, .raw([0x65, 1, 2, 3, 4, 5]))
        },
        Wrong("a type that the format has not", "unknown type") { point(&$0, .raw([0x01, 0x0f, 0])) },
        Wrong("a container of the cache", "unknown type") { point(&$0, .raw([0x01, 0x05, 0])) },
        Wrong("a pointer out of the section", "a pointer to outside") { point(&$0, .pointer(1 << 30)) },
        Wrong("a key that points out of the section", "a pointer to outside") {
            point(&$0, .raw([0xe1, 0x38, 0x40, 0, 0, 0, 0xa1, 1]))
        },
        Wrong("a pointer to itself", "a pointer to a pointer") { point(&$0, .pointer($0.data.count)) },
        Wrong("a map in itself", "in a circle") { point(&$0, .map([("a", .pointer($0.data.count))])) },
        Wrong("nested a thousand deep", "nest deeper than 64") {
            point(&$0, .raw(Array(repeating: [0x01, 0x04], count: 1000).flatMap { $0 } + [0x40]))
        },
        Wrong("pointers nested deeper than is looked at", "nest deeper than 64") {
            var inner = $0.add(.text("x"))
            for _ in 0..<70 { inner = $0.add(.array([.pointer(inner)])) }
            point(&$0, .pointer(inner))
        },
        Wrong("values that overlap, so that each look costs the rest", "overlap each other without end") {
            overlap(&$0)
        },
        Wrong("no marker", "unless its end is missing") { $0.marker[3] = UInt8(ascii: "m") },
    ])
    func refused(_ wrong: Wrong) throws {
        var writer = try MaxMindWriter(Self.networks)
        wrong.damage(&writer)
        let file = writer.file()
        let error = #expect(throws: CountryDatabaseError.self) {
            try CountryDatabase(path: "a.mmdb", bytes: file)
        }
        #expect(error?.description.contains(wrong.says) == true, "\(error?.description ?? "-")")
        if case .byte(let offset)? = error?.position { #expect(offset <= file.count, "\(offset)") }
    }

    /// Lets an unused record lead to a value at the end of the data.
    private static func point(_ writer: inout MaxMindWriter, _ value: MaxMindWriter.Value) {
        let offset = writer.add(value)
        writer.nodes[0].right = .data(offset)
    }

    /// Arrays that all reach over the same long tail; each skips the ones after it as bytes.
    private static func overlap(_ writer: inout MaxMindWriter) {
        let (heads, headLength, gap, tail) = (100, 8, 300, 30_000)
        let start = writer.data.count
        for index in 0..<heads {
            let skipped = (heads - index) * headLength + gap - 7
            writer.data += MaxMindWriter.control(11, tail) + MaxMindWriter.control(4, skipped) + [0]
            if let prefix = try? IPPrefix(parsing: "3\(100 + index)::/16") {
                writer.insert(prefix, .data(start + index * headLength))
            }
        }
        writer.data += [UInt8](repeating: 0, count: gap) + [UInt8](repeating: 0x40, count: tail)
    }

    @Test func everyTruncation() throws {
        let file = try MaxMindWriter(Self.networks).file()
        for length in 0..<file.count {
            #expect(throws: CountryDatabaseError.self) {
                try CountryDatabase(path: "a.mmdb", bytes: Array(file[..<length]))
            }
        }
    }

    /// What a flipped bit leaves readable may be another database, but never one that crashes.
    @Test func everyFlip() throws {
        let file = try MaxMindWriter([("1.0.0.0/8", "AU"), ("2001:218::/32", "JP")], recordSize: 28).file()
        var generator = Seeded(20_260_901)
        var addresses = (0..<8).map { _ in IPAddress(ipv4: UInt32.random(in: 0...(.max), using: &generator)) }
        addresses += (0..<8).map { _ in IPAddress(ipv6: UInt128.random(in: 0...(.max), using: &generator)) }
        addresses += [IPAddress(ipv4: 0x0100_0001), IPAddress(ipv6: 0x2001_0218 << 96)]
        var refused = 0
        for offset in file.indices {
            for bit in 0..<8 {
                var damaged = file
                damaged[offset] ^= 1 << UInt8(bit)
                guard let database = try? CountryDatabase(path: "a.mmdb", bytes: damaged) else {
                    refused += 1
                    continue
                }
                for address in addresses {
                    #expect(database.match(address)?.country == database.country(of: address))
                }
            }
        }
        #expect(refused > file.count * 4)
    }

    @Test(arguments: [UInt64(1), 2, 3]) func severalBytesWrong(seed: UInt64) throws {
        let file = try MaxMindWriter(Self.networks).file()
        var generator = Seeded(seed)
        for _ in 0..<500 {
            var damaged = file
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let offset = Int.random(in: 0..<file.count, using: &generator)
                damaged[offset] = UInt8.random(in: 0...255, using: &generator)
            }
            guard let database = try? CountryDatabase(path: "a.mmdb", bytes: damaged) else { continue }
            for _ in 0..<20 {
                let address = IPAddress(ipv4: UInt32.random(in: 0...(.max), using: &generator))
                #expect(database.match(address)?.country == database.country(of: address))
            }
        }
    }

    // MARK: Against a model

    /// Random networks, later ones inside earlier ones, against "the last one that contains it".
    @Test(arguments: [UInt64(11), 12, 13, 14]) func againstAModel(seed: UInt64) throws {
        var generator = Seeded(seed)
        let codes = ["GB", "IE", "FR", "DE", "US", "XX"]
        var networks: [Network] = []
        for _ in 0..<60 {
            let isFour = Bool.random(using: &generator)
            let length = Int.random(in: isFour ? 4...32 : 16...64, using: &generator)
            let bits =
                isFour
                ? UInt128(UInt32.random(in: 0...(.max), using: &generator))
                : UInt128(0x2400 + UInt16.random(in: 0...3, using: &generator)) << 112
                    | UInt128(UInt64.random(in: 0...(.max), using: &generator))
            let width = isFour ? 32 : 128
            let masked = (bits >> UInt128(width - length)) << UInt128(width - length)
            let address = try #require(IPAddress(family: isFour ? .ipv4 : .ipv6, bits: masked))
            let code = try #require(codes.randomElement(using: &generator))
            networks.append(Network(prefix: try IPPrefix(address: address, length: length), code: code))
        }
        // The tree lets a later network take all of an earlier one's place, so the shorter ones come first.
        networks.sort { $0.prefix.length < $1.prefix.length }
        let database = try Self.database(networks.map { ($0.prefix.description, $0.code) })
        for _ in 0..<500 {
            let network = try #require(networks.randomElement(using: &generator))
            let range = network.prefix.range
            let bits = UInt128.random(in: range.first.bits...range.last.bits, using: &generator)
            let address = try #require(IPAddress(family: range.family, bits: bits))
            let expected = networks.last { $0.prefix.contains(address) }?.code
            let match = database.match(address)
            #expect(
                database.country(of: address)?.description == (expected == "XX" ? nil : expected),
                "seed \(seed)")
            #expect(match?.range.contains(address) == true)
        }
    }

    struct Network {
        let prefix: IPPrefix
        let code: String
    }
}
