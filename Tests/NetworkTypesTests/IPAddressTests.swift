import Glibc
import NetworkTypes
import TestSupport
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0", "the least"),
        ("255.255.255.255", "255.255.255.255", "the greatest"),
        ("192.0.2.1", "192.0.2.1", "as documentation writes it"),
        ("::", "::", "all zero"),
        ("::1", "::1", "leading gap"),
        ("fe80::", "fe80::", "trailing gap"),
        ("0:0:0:0:0:0:0:0", "::", "the whole address is one run"),
        (
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "the greatest"
        ),
        ("2001:db8::0001", "2001:db8::1", "RFC 5952 4.1: no leading zeros"),
        (
            "2001:0db8:0000:0000:0000:0000:0002:0001", "2001:db8::2:1",
            "RFC 5952 4.2.1: shorten as much as possible"
        ),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "RFC 5952 4.2.2: one zero group is no gap"),
        (
            "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1",
            "RFC 5952 4.2.2, read: the gap may stand for one group"
        ),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1", "RFC 5952 4.2.3: the longest run"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", "RFC 5952 4.2.3: the first of equal runs"),
        ("1:0:0:2:3:4:0:0", "1::2:3:4:0:0", "the first of equal runs, the other at the end"),
        ("0:0:1:2:3:4:5:6", "::1:2:3:4:5:6", "a run at the start"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", "a gap of one group at the end"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", "a gap of one group at the start"),
        ("2001:DB8::ABCD", "2001:db8::abcd", "RFC 5952 4.3: lower case"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1", "RFC 5952 5: mapped addresses end in a quad"),
        ("::ffff:c000:201", "::ffff:192.0.2.1", "the same address, spelt in groups"),
        ("::ffff:0:0", "::ffff:0.0.0.0", "the least mapped address"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221", "a quad can be read anywhere at the end"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304", "six groups and a quad fill the address"),
        ("::1.2.3.4", "::102:304", "the deprecated compatible form is written as any other"),
    ])
    func reads(text: String, canonical: String, because reason: Comment) throws {
        let address = try #require(IPAddress(text), reason)
        #expect(address.description == canonical, reason)
        #expect(IPAddress(canonical) == address, reason)
    }

    @Test(arguments: [
        ("", "nothing"),
        (" 10.0.0.1", "space before"),
        ("10.0.0.1 ", "space after"),
        ("10.0.0.1\n", "a line end"),
        ("10.0.0", "three octets: some readers fill in a zero"),
        ("10.0.0.1.2", "five octets"),
        ("10.0.0.", "an empty octet"),
        ("10..0.1", "an empty octet inside"),
        ("10.0.0.256", "an octet over 255"),
        ("10.0.0.1000", "four digits"),
        ("010.0.0.1", "octal 8 to some readers, 10 to others"),
        ("10.0.0.00", "two zeros are a leading zero"),
        ("0x0a.0.0.1", "hexadecimal"),
        ("167772161", "one number, as inet_aton reads"),
        ("+10.0.0.1", "a sign"),
        ("10.0.0.-1", "a negative octet"),
        ("١.0.0.1", "a digit that is not ASCII"),
        ("10.0.0.1/32", "a prefix is another type"),
        (":", "a lone colon"),
        (":::", "three colons"),
        ("::1::", "two gaps"),
        ("1:::2", "a gap and a colon"),
        ("1:2:3:4:5:6:7", "seven groups"),
        ("1:2:3:4:5:6:7:8:9", "nine groups"),
        ("1:2:3:4:5:6:7:8::", "a gap that stands for no group"),
        ("::1:2:3:4:5:6:7:8", "a gap that stands for no group, in front"),
        (":1:2:3:4:5:6:7:8", "a colon in front"),
        ("1:2:3:4:5:6:7:", "a colon at the end"),
        ("12345::", "five digits"),
        ("00001::", "five digits, the first ones zero"),
        ("g::", "not a hexadecimal digit"),
        ("fe80::1%eth0", "a zone: it means something on one host only"),
        ("fe80::1%", "an empty zone"),
        ("[::1]", "brackets belong to a port"),
        ("1.2.3.4::", "a quad before the gap"),
        ("1.2.3.4::1", "a quad before the gap, a group after"),
        ("::1.2.3.4:5", "a quad that is not last"),
        ("1:2:3:4:5:6:7:1.2.3.4", "seven groups and a quad"),
        ("::1.2.3", "a short quad"),
        ("::01.2.3.4", "a leading zero in a quad"),
        ("::1.2.3.4.5", "a long quad"),
        ("::１", "a full-width digit"),
    ])
    func refuses(text: String, because reason: Comment) {
        #expect(IPAddress(text) == nil, reason)
    }

    @Test(arguments: AddressFamily.allCases)
    func whatIsWrittenReadsBack(family: AddressFamily) {
        let seed: UInt64 = 20_260_417
        var generator = Seeded(seed)
        for round in 0..<2000 {
            let address = IPAddress.random(family, using: &generator)
            #expect(IPAddress(address.description) == address, "seed \(seed), round \(round): \(address)")
            #expect(IPAddress(bytes: address.bytes) == address, "seed \(seed), round \(round): \(address)")
        }
    }

    /// The C library is the model: `inet_pton` is as strict as we mean to be.
    @Test func readsWhatTheCLibraryReads() {
        let seed: UInt64 = 5952
        var generator = Seeded(seed)
        var accepted = 0
        for round in 0..<20_000 {
            let text = Self.mangled(using: &generator)
            let ours = IPAddress(text)
            #expect(ours == Self.readByCLibrary(text), "seed \(seed), round \(round): '\(text)'")
            if ours != nil { accepted += 1 }
        }
        #expect(
            (2000...18_000).contains(accepted), "the texts must be neither all good nor all bad: \(accepted)")
    }

    @Test func orderAndNeighboursEndAtTheFamily() {
        let last4 = IPAddress(ipv4: .max)
        let first6 = IPAddress(ipv6: 0)
        #expect(last4 < first6, "IPv4 sorts first")
        #expect(last4.next == nil, "no IPv4 address is followed by an IPv6 one")
        #expect(first6.previous == nil)
        #expect(IPAddress(ipv6: .max).next == nil)
        #expect(IPAddress(ipv4: 0).previous == nil)
        #expect(IPAddress(ipv4: 0).next == IPAddress(ipv4: 1))
        #expect(IPAddress(ipv4: 0) != first6, "equal bits, other family")
        #expect(IPAddress(family: .ipv4, bits: 1 << 32) == nil, "33 bits are no IPv4 address")
        for count in 0...17 where count != 4 && count != 16 {
            #expect(IPAddress(bytes: [UInt8](repeating: 0, count: count)) == nil)
        }
    }

    /// The text of a random address with up to two bytes changed, dropped or doubled.
    private static func mangled(using generator: inout Seeded) -> String {
        let family: AddressFamily = Int.random(in: 0..<3, using: &generator) == 0 ? .ipv4 : .ipv6
        let alphabet = Array("0123456789afAF:.:.g ".utf8)
        var text = Array(IPAddress.random(family, using: &generator).description.utf8)
        for _ in 0..<Int.random(in: 0...2, using: &generator) where !text.isEmpty {
            let place = Int.random(in: text.indices, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: text.remove(at: place)
            case 1: text.insert(text[place], at: place)
            case 2: text[place] = alphabet[Int.random(in: alphabet.indices, using: &generator)]
            default: text.insert(contentsOf: "1.2.3.4".utf8, at: place)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func readByCLibrary(_ text: String) -> IPAddress? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if unsafe inet_pton(AF_INET, text, &bytes) == 1 { return IPAddress(bytes: bytes.prefix(4)) }
        if unsafe inet_pton(AF_INET6, text, &bytes) == 1 { return IPAddress(bytes: bytes) }
        return nil
    }
}
