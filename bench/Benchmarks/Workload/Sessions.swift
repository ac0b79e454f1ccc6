import Harness
package import PacketPath
package import Reference

package enum Family: String, CaseIterable {
    case ipv4 = "v4", ipv6 = "v6", mixed

    /// Whether session n is one of IPv6.
    package func isIPv6(_ session: Int) -> Bool {
        switch self {
        case .ipv4: false
        case .ipv6: true
        case .mixed: session & 1 == 1
        }
    }
}

/// SplitMix64: the same data in every run.
package struct Random {
    private var state: UInt64

    package init(_ seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Self.mixed(state)
    }

    package mutating func below(_ limit: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(limit)).high)
    }

    package static func mixed(_ word: UInt64) -> UInt64 {
        var word = word
        word = (word ^ (word &>> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word &>> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word &>> 31)
    }
}

/// Memory that stays where it is and is never freed: a benchmark's data lives as long as its process needs it, and
/// bare pointers keep the arrays' checks and counts out of what is measured.
package func table<Element: BitwiseCopyable>(_ count: Int, _ element: (Int) -> Element)
    -> UnsafeMutablePointer<Element>
{
    let memory = UnsafeMutablePointer<Element>.allocate(capacity: count)
    for index in 0..<count { (memory + index).initialize(to: element(index)) }
    return memory
}

/// The sessions of a run.
package struct Sessions {
    package static let interface: UInt32 = 7
    package static let key: (UInt64, UInt64) = (0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344)

    /// A pool of addresses without gaps, in an order of its own; unique below 2²⁴.
    package static func ipv4(_ session: Int) -> UInt32 {
        0x0a00_0000 | UInt32(truncatingIfNeeded: session &* 0x9e_3779) & 0xff_ffff
    }

    /// Interface identifiers as privacy extensions choose them (RFC 8981).
    package static func ipv6(_ session: Int) -> (high: UInt64, low: UInt64) {
        (0xfd00_0000_0000_0001, Random.mixed(UInt64(session) &+ 0x1000))
    }

    package static func ipv4Key(_ session: Int, _ interface: UInt32 = interface) -> IPv4SessionKey {
        IPv4SessionKey(interface: interface, address: ipv4(session))
    }

    package static func ipv6Key(_ session: Int, _ interface: UInt32 = interface) -> IPv6SessionKey {
        let address = ipv6(session)
        return IPv6SessionKey(interface: interface, high: address.high, low: address.low)
    }

    package static func word(_ key: IPv4SessionKey) -> UInt64 {
        UInt64(key.interface) << 32 | UInt64(key.address)
    }

    package static func reference(_ key: IPv6SessionKey) -> reference_key6 {
        reference_key6(high: key.high, low: key.low, interface: key.interface)
    }
}

/// Through a function of which the compiler knows nothing.
package func bench<Pointee>(_ pointer: UnsafeMutablePointer<Pointee>) -> UnsafeMutablePointer<Pointee> {
    guard let same = bench_opaque(pointer) else { fail("a pointer was lost") }
    return same.assumingMemoryBound(to: Pointee.self)
}

/// Ends the process: what was measured would mean nothing.
package func fail(_ message: String) -> Never { bench_fail("bench: \(message)\n") }
