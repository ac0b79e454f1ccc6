import NetworkTypes
import Testing

@Suite struct IPPrefixTests {
    @Test(arguments: [
        ("0.0.0.0/0", "0.0.0.0-255.255.255.255", "length 0: the whole family"),
        ("::/0", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "length 0: the whole family"),
        ("192.0.2.1/32", "192.0.2.1", "full length: one address"),
        ("2001:db8::1/128", "2001:db8::1", "full length: one address"),
        ("192.0.2.1", "192.0.2.1", "no length is full length"),
        ("2001:db8::1", "2001:db8::1", "no length is full length"),
        ("255.255.255.254/31", "255.255.255.254-255.255.255.255", "ends at the last address"),
        ("128.0.0.0/1", "128.0.0.0-255.255.255.255", "length 1"),
        ("8000::/1", "8000::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "length 1"),
        ("10.1.0.0/16", "10.1.0.0-10.1.255.255", "a byte boundary"),
        ("10.0.0.16/28", "10.0.0.16-10.0.0.31", "within a byte"),
        ("2001:db8::/32", "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "a group boundary"),
        ("2001:db8:0:8::/61", "2001:db8:0:8::-2001:db8:0:f:ffff:ffff:ffff:ffff", "within a group"),
        ("0.0.0.0/32", "0.0.0.0", "the least address alone"),
        ("::/128", "::", "the least address alone"),
    ])
    func holds(text: String, range: String, because reason: Comment) throws {
        let prefix = try IPPrefix(parsing: text)
        #expect(prefix.range.description == range, reason)
        #expect(try IPPrefix(parsing: prefix.description) == prefix, reason)
        #expect(prefix.contains(prefix.range.first) && prefix.contains(prefix.range.last), reason)
        if let after = prefix.range.last.next { #expect(!prefix.contains(after), reason) }
        if let before = prefix.range.first.previous { #expect(!prefix.contains(before), reason) }
    }

    @Test(
        arguments: [
            ("", .notAnAddress, "nothing"),
            ("/24", .notAnAddress, "a length alone"),
            ("10.0.0/24", .notAnAddress, "a short quad"),
            ("010.0.0.0/8", .notAnAddress, "octal"),
            ("fe80::%eth0/64", .notAnAddress, "a zone"),
            ("10.0.0.0/24 ", .badLength, "space after"),
            ("10.0.0.0/", .badLength, "an empty length"),
            ("10.0.0.0/33", .badLength, "longer than the family"),
            ("::/129", .badLength, "longer than the family"),
            ("10.0.0.0/-1", .badLength, "negative"),
            ("10.0.0.0/+8", .badLength, "a sign"),
            ("10.0.0.0/08", .badLength, "a leading zero"),
            ("10.0.0.0/00", .badLength, "a leading zero"),
            ("10.0.0.0/8/8", .badLength, "two lengths"),
            ("10.0.0.0/255.0.0.0", .badLength, "a netmask"),
            ("10.0.0.0/99999999999999999999", .badLength, "more than any integer"),
        ] as [(String, IPPrefix.Mistake, Comment)])
    func refuses(text: String, mistake: IPPrefix.Mistake, because reason: Comment) {
        #expect(throws: mistake, reason) { try IPPrefix(parsing: text) }
    }

    @Test(arguments: [
        ("10.0.0.1/24", "10.0.0.0/24", "the gateway's address instead of the network's"),
        ("10.0.0.1/0", "0.0.0.0/0", "any bit is a host bit at length 0"),
        ("10.0.0.1/31", "10.0.0.0/31", "the last bit"),
        ("2001:db8::1/64", "2001:db8::/64", "IPv6 alike"),
        ("::1/0", "::/0", "any bit is a host bit at length 0"),
        ("8000::/0", "::/0", "the first bit, too"),
        ("ffff::1/127", "ffff::/127", "the last bit"),
    ])
    func refusesHostBits(text: String, meant: String, because reason: Comment) throws {
        let network = try IPPrefix(parsing: meant)
        #expect(throws: IPPrefix.Mistake.hostBits(meant: network), reason) { try IPPrefix(parsing: text) }
    }

    @Test(arguments: AddressFamily.allCases)
    func everyLengthMasksWhatItSays(family: AddressFamily) throws {
        let all = try #require(IPAddress(family: family, bits: family.maximum))
        for length in 0..<family.bitWidth {
            #expect(throws: IPPrefix.Mistake.self) { try IPPrefix(address: all, length: length) }
            let network = try #require(Self.meant(all, length))
            #expect(network.length == length)
            #expect(network.range.last == all, "the last network of a length ends with the family")
            #expect(network.address.bits.nonzeroBitCount == length)
        }
        #expect(try IPPrefix(address: all, length: family.bitWidth).range == AddressRange(all))
        #expect(throws: IPPrefix.Mistake.badLength) {
            try IPPrefix(address: all, length: family.bitWidth + 1)
        }
        #expect(throws: IPPrefix.Mistake.badLength) { try IPPrefix(address: all, length: -1) }
    }

    @Test func wholeFamilies() throws {
        #expect(try IPPrefix(parsing: "0.0.0.0/0").range == .all(.ipv4))
        #expect(try IPPrefix(parsing: "::/0").range == .all(.ipv6))
        #expect(!AddressRange.all(.ipv6).contains(IPAddress(ipv4: 0)), "no range holds two families")
        #expect(!AddressRange.all(.ipv4).overlaps(.all(.ipv6)))
        #expect(AddressRange(first: IPAddress(ipv4: 0), last: IPAddress(ipv6: 0)) == nil, "two families")
        #expect(AddressRange(first: IPAddress(ipv4: 2), last: IPAddress(ipv4: 1)) == nil, "backwards")
    }

    private static func meant(_ address: IPAddress, _ length: Int) -> IPPrefix? {
        do {
            return try IPPrefix(address: address, length: length)
        } catch .hostBits(let meant) {
            return meant
        } catch {
            return nil
        }
    }
}
