import NetworkTypes
import TestSupport

extension IPAddress {
    /// Any address, with zero groups as often as not: the compression of "::" is where the cases are.
    static func random(_ family: AddressFamily, using generator: inout Seeded) -> IPAddress {
        switch family {
        case .ipv4: IPAddress(ipv4: .random(in: 0 ... .max, using: &generator))
        case .ipv6:
            IPAddress(
                ipv6: (0..<8).reduce(UInt128(0)) { bits, _ in
                    let group: UInt16 =
                        Bool.random(using: &generator) ? 0 : .random(in: 0 ... .max, using: &generator)
                    return bits << 16 | UInt128(group)
                })
        }
    }
}
